// The real server, as a user starts and stops it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Inbox, within } from './wait.js';

/** The program. */
export const BINARY = process.env.CALLBOARD ?? fileURLToPath(new URL('../../../target/debug/callboard', import.meta.url));

const DEMO = fileURLToPath(new URL('../../../deploy/demo.toml', import.meta.url));

/** Where servers keep their certificates, in place of the folder of the user who runs the tests. */
const STATE = mkdtempSync(join(tmpdir(), 'callboard-state-'));
process.once('exit', () => rmSync(STATE, { recursive: true }));

/**
 * Starts the server with its embedded demo configuration, on any free ports or on those of a server before it, with the
 * files of a folder if there is one; or with more keys and limits, or as another release or product, in a file of its own.
 * What `without` matches is not in that. `also` is one more listener with TLS. A test that asserts that the administrator's password
 * stands nowhere gives it one that no port, time or id contains by chance.
 */
export async function startServer({ https: secure = '127.0.0.1:0', http: plain = '127.0.0.1:0', also, www, keys, limits, release, profile, password = '1234', without = '' } = {}) {
  const flags = www ? ['--www', www] : [];
  if (also) flags.push('--listen', also);
  let folder;
  if (keys || limits || release || profile || password !== '1234') {
    folder = mkdtempSync(join(tmpdir(), 'callboard-lab-'));
    const file = join(folder, 'callboard.toml');
    const demo = readFileSync(DEMO, 'utf8')
      .replace(without, '')
      .replace('password = "1234"', `password = "${password}"`)
      .replace('release = "12.5"', `release = "${release ?? '12.5'}"`)
      .replace('profile = "uccx"', `profile = "${profile ?? 'uccx'}"`);
    const text = `${keys ?? ''}\n${demo}\n${limits ? `[limits]\n${limits}` : ''}\n`;
    writeFileSync(file, text, { mode: 0o600 });
    flags.push('--config', file);
  }
  const child = spawn(BINARY, ['serve', '--listen', secure, '--listen-plain', plain, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_STATE_HOME: STATE, STATE_DIRECTORY: '' },
  });
  child.once('close', () => folder && rmSync(folder, { recursive: true }));
  // A test process that is ended early, by a timeout for example, must not leave its server behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('close', () => process.off('exit', kill));
  // What is printed and what is logged: a test does not care which stream the log goes to.
  const output = new Inbox();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => output.push(line));
  }
  const over = new Promise((resolve, reject) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', reject);
  });
  const address = async (scheme) => {
    const pattern = new RegExp(`^listening ${scheme}://(.+)$`);
    const line = output.first((line) => pattern.test(line), `the line "listening ${scheme}://…"`);
    // A server that ends instead of listening says why; nobody has to wait for that.
    const early = over.then(({ code }) => {
      throw new Error(`the server ended with ${code}: ${output.all.join('\n')}`);
    });
    return pattern.exec(await Promise.race([line, early]))[1];
  };
  const addresses = { https: await address('https'), http: await address('http') };
  // Printed before that of the listener without TLS.
  if (also) addresses.also = output.all.filter((line) => line.startsWith('listening https://'))[1].slice('listening https://'.length);
  return new Server(child, addresses, output, over, password);
}

class Server {
  #child;
  #output;
  #over;
  #stopped = false;

  constructor(child, addresses, output, over, password) {
    this.#child = child;
    this.#output = output;
    this.#over = over;
    /** `ADDRESS:PORT` of the listeners, by scheme. */
    this.addresses = addresses;
    /** Of the administrator. */
    this.password = password;
  }

  /** Where a client connects to: `wss` or `ws`, or `https` or `http` for BOSH. */
  url(transport) {
    if (transport.startsWith('http')) return `${transport}://${this.addresses[transport]}/http-bind/`;
    return `${transport}://${this.addresses[transport === 'wss' ? 'https' : 'http']}/ws/`;
  }

  /** Everything the server has said, for a failed test. */
  get log() {
    return this.#output.all;
  }

  /** Waits for a line in the log. */
  logged(pattern, what) {
    return this.#output.first((line) => pattern.test(line), what);
  }

  /** Publishes over HTTPS as the administrator. Returns the item id from the answer. */
  async publish(node, payload) {
    const { status, text } = await this.post(`/callboard/api/publish?node=${encodeURIComponent(node)}`, payload);
    assert.equal(status, 202, text);
    assert.match(text, /^\S+\n?$/, 'the answer is the item id and nothing else');
    return text.trimEnd();
  }

  async post(path, body, { user = 'administrator', password = this.password, scheme = 'https' } = {}) {
    const request = (scheme === 'https' ? https : http).request(`${scheme}://${this.addresses[scheme]}${path}`, {
      method: 'POST',
      auth: `${user}:${password}`,
      headers: { 'Content-Type': 'application/xml' },
      agent: false,
      rejectUnauthorized: false,
    });
    request.end(body);
    const [response] = await within(once(request, 'response'), 'the answer to a POST');
    const pieces = [];
    for await (const piece of response) pieces.push(piece);
    return { status: response.statusCode, text: String(Buffer.concat(pieces)) };
  }

  /** Ends it as an operator does, and sees that it ends well. */
  async stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#child.kill('SIGTERM');
    let end;
    try {
      end = await within(this.#over, 'the end of the server after SIGTERM');
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
    assert.deepEqual(end, { code: 0, signal: null }, 'the exit status after SIGTERM');
    const panics = this.log.filter((line) => /panic/i.test(line));
    assert.deepEqual(panics, [], 'the server must not panic');
  }
}
