// What surrounds a test: a server of its own, clients that are gone afterwards, and a transcript if it fails.

import { LabRequest } from './request.js';
import { startServer } from './server.js';
import { LabSocket } from './socket.js';

/**
 * Wraps the body of a test: `test('…', lab(async ({ server, connect }) => { … }))`. The server is started with
 * `options`, if there are any.
 */
export function lab(body, options) {
  return async (t) => {
    const starts = [];
    let over = false;
    const start = (options) => {
      if (over) throw new Error('the test is over');
      const started = startServer(options);
      starts.push(started);
      return started;
    };
    const sessions = [];
    const first = LabSocket.made.length;
    const firstRequest = LabRequest.made.length;
    try {
      const server = await start(options);
      /** Logs a client in; `transport` is `ws` unless the test is about others. */
      const connect = async (client, { user, password, resource = 'desktop', transport = 'ws', to = server }) => {
        const options = { url: to.url(transport), user, password: password ?? (user === 'administrator' ? to.password : user), resource };
        const session = await client.connect(options);
        sessions.push(session);
        return session;
      };
      await body({ t, server, start, connect });
      await Promise.all(sessions.map((session) => session.disconnect()));
    } catch (error) {
      for (const socket of [...LabSocket.made.slice(first), ...LabRequest.made.slice(firstRequest)]) {
        t.diagnostic(`${socket.url} from port ${socket.localPort}`);
        for (const { way, text } of socket.frames) t.diagnostic(`${way} ${shorten(text)}`);
      }
      for (const server of await running(starts)) for (const line of server.log) t.diagnostic(line);
      throw error;
    } finally {
      over = true;
      for (const session of sessions) session.abandon();
      for (const socket of LabSocket.made.slice(first)) socket.terminate();
      for (const request of LabRequest.made.slice(firstRequest)) request.abort();
      for (const server of await running(starts)) await server.stop();
    }
  };
}

/** The servers that did start, also those that were still about to when the test failed. */
async function running(starts) {
  const settled = await Promise.allSettled(starts);
  return settled.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
}

function shorten(text) {
  const line = JSON.stringify(text).slice(1, -1);
  return line.length > 400 ? `${line.slice(0, 400)}… (${text.length} characters)` : line;
}
