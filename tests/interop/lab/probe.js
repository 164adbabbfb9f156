// `callboard probe`, as a user runs it.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BINARY } from './server.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'callboard-probe-'));
process.once('exit', () => rmSync(FOLDER, { recursive: true }));

/** A file that the flags of a probe can name. */
export function file(name, text) {
  const path = join(FOLDER, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const PASSWORDS = { right: file('right', '1001\n'), wrong: file('wrong', 'wrong\n') };

/** The flags of agent 1001 with a password. */
export const as = (password) => ['--user', '1001', '--password-file', PASSWORDS[password]];

/**
 * Runs it. Returns its exit code, what it printed and complained of, and what it found: lines `step symptom`, in order of the
 * steps, and each step's facts and words by its name.
 */
export function probe(...flags) {
  return new Promise((resolve) => {
    // No name is looked up outside, and no proxy of the environment is in the way.
    execFile(BINARY, ['probe', '--json', ...flags], { timeout: 30_000 }, (error, printed, complained) => {
      const code = error ? error.code : 0;
      let reports = [];
      try {
        reports = JSON.parse(printed);
      } catch {
        // The caller sees what was printed in its place.
      }
      resolve({ code, printed, complained, reports: reports.map(read), ...(reports[0] && read(reports[0])) });
    });
  });
}

function read({ url, verdict, symptom, steps }) {
  const of = Object.fromEntries(
    steps.map((step) => [step.step, { ...step, facts: Object.assign({}, ...step.facts) }]),
  );
  // How fast a machine is that runs other things at the same time is no matter of a test.
  const findings = steps.filter((step) => step.symptom && step.symptom !== 'slow').map((step) => `${step.step} ${step.symptom}`);
  return { url, verdict, symptom, of, findings };
}
