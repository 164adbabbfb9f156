// Programs of others that a test starts: proxies and XMPP servers.

import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';

import { within } from './wait.js';

/**
 * Starts a program by its name or its path, and waits until `isUp()` says so, which is asked again and again. `say` is called with
 * all that it prints. The folder goes with it when it is stopped.
 */
export async function startOther(program, flags, { env, folder, isUp, say = () => {} }) {
  // Debian has some of them where a user's PATH does not look.
  const path = ['/usr/sbin', '/usr/bin', '/usr/local/sbin'].map((place) => `${place}/${program}`).find(existsSync) ?? program;
  const child = spawn(path, flags, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  // A test process that is ended early must not leave it behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
      say(String(data));
    });
  }
  let ended = false;
  const over = new Promise((resolve) => child.once('close', resolve).once('error', resolve)).then(() => (ended = true));
  const up = async () => {
    while (!(await isUp())) {
      if (ended) throw new Error(`${program} ended: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  // Erlang takes half a minute on a busy machine.
  await within(up(), `${program} to listen`, 90_000);
  return {
    said: () => said,
    async stop() {
      kill();
      await over;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
