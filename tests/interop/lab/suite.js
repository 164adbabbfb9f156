// A suite of tests as a user of callboard writes it: workers with users of their own log in, ask, wait and assert, without a sleep.

import assert from 'node:assert/strict';
import http from 'node:http';
import { once } from 'node:events';

import { stanza } from '../clients/stanza.js';

const ADMINISTRATOR = ['administrator', '1234'];

/** The keys of the server for such a suite: a sign-in is over at once. */
export const SUITE = { limits: 'sign_in = "0s"\n' };

const agent = new http.Agent({ keepAlive: true });

/** A request; returns its status, its text, and the number behind which everything stands that follows. */
async function ask(server, [user, password], method, path, body = '') {
  const request = http.request(`http://${server.addresses.http}${path}`, {
    method,
    agent,
    auth: `${user}:${password}`,
    headers: { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(body) },
  });
  request.end(body);
  const [response] = await once(request, 'response');
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return { status: response.statusCode, text: String(Buffer.concat(pieces)), number: Number(response.headers['x-callboard-sequence']) };
}

async function control(server, method, path, status) {
  const answer = await ask(server, ADMINISTRATOR, method, `/callboard/api/${path}`);
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
  return answer;
}

/** Waits until the record has what the query says behind a number. */
export async function waitFor(server, after, query) {
  const { text } = await control(server, 'GET', `wait?after=${after}&timeout=1m&${query}`, 200);
  const answer = JSON.parse(text);
  assert.ok(answer.matched, `${query}: ${text}`);
  return answer.entries[0];
}

/** A worker: eight users, a team and a queue of its own, and a session of each user that is there all the time; the first follows the team. */
export class Worker {
  sessions = [];
  /** The sessions of the tests, by user. */
  #own = new Map();
  #server;
  #users;
  #queue;
  #prefix;

  static async start(server, prefix) {
    const worker = new Worker();
    const made = JSON.parse((await control(server, 'POST', `users?count=8&prefix=${prefix}&team=new`, 201)).text);
    worker.#server = server;
    worker.#users = made.users;
    worker.#queue = made.queue;
    worker.#prefix = prefix;
    for (const user of made.users) {
      const session = await worker.#connect(user, 'all-day');
      session.available();
      if (user === made.users[0]) await session.subscribe(`/finesse/api/Team/${made.team}/Users`);
      worker.sessions.push(session);
    }
    return worker;
  }

  #connect({ id, password }, resource) {
    return stanza.connect({ url: this.#server.url('ws'), user: id, password, resource });
  }

  async #state(user, body) {
    const { status, text, number } = await ask(this.#server, [user.id, user.password], 'PUT', `/finesse/api/User/${user.id}`, `<User>${body}</User>`);
    assert.equal(status, 202, text);
    return number;
  }

  /** A test: an agent logs in, is ready and gets a call; the caller hangs up, and the agent leaves. */
  async test(round) {
    const user = this.#users[round % this.#users.length];
    const node = `/finesse/api/User/${user.id}`;
    let session = this.#own.get(user);
    if (session) await session.again();
    else this.#own.set(user, (session = await this.#connect(user, 'test')));
    session.messages.take();
    session.available();
    await session.subscribe(`${node}/Dialogs`);
    const told = (number, name) => waitFor(this.#server, number, `kind=state&user=${user.id}&contains=${name}`);
    await told(await this.#state(user, `<state>LOGIN</state><extension>${user.extension}</extension>`), 'NOT_READY');
    await told(await this.#state(user, '<state>READY</state>'), 'READY');
    const called = await control(this.#server, 'POST', `calls?to=${this.#queue.number}`, 202);
    await told(called.number, 'RESERVED');
    const rings = await session.messages.first(({ text }) => text.includes('>ALERTING<'), 'the call');
    assert.ok(rings.text.includes(`>${called.text.trim()}<`), rings.text);
    const over = await control(this.#server, 'DELETE', `calls/${called.text.trim()}`, 202);
    await told(over.number, 'READY');
    await told(await this.#state(user, '<state>LOGOUT</state>'), 'LOGOUT');
    await session.disconnect();
  }

  /** What its sessions have seen is of its own users; returns how many events that were. */
  check(others) {
    let events = 0;
    for (const session of this.sessions) {
      for (const { text } of session.messages.all) {
        events += 1;
        for (const other of others) assert.ok(!text.includes(other), `${this.#prefix} sees ${text}`);
      }
    }
    assert.ok(events > 0, `${this.#prefix} sees nothing`);
    return events;
  }

  async end() {
    await Promise.all(this.sessions.map((session) => session.disconnect()));
    await control(this.#server, 'DELETE', `users?prefix=${this.#prefix}`, 204);
  }
}

/** Runs so many tests, by two workers at a time. Returns how many events their sessions have seen. */
export async function suite(server, tests) {
  const prefixes = ['one-', 'two-'];
  const workers = await Promise.all(prefixes.map((prefix) => Worker.start(server, prefix)));
  await Promise.all(
    workers.map(async (worker, which) => {
      for (let round = which; round < tests; round += workers.length) await worker.test(round >> 1);
    }),
  );
  const events = workers.map((worker, which) => worker.check(prefixes.filter((_, other) => other !== which)));
  await Promise.all(workers.map((worker) => worker.end()));
  return events;
}

/** An agent who has left is signed out when the clock is moved on. Returns how many milliseconds the event took from then. */
export async function leave(server) {
  const connect = (user) => stanza.connect({ url: server.url('ws'), user, password: user, resource: 'desktop' });
  const watcher = await connect('1003');
  watcher.available();
  await watcher.subscribe('/finesse/api/Team/1/Users');
  const first = await connect('1001');
  first.available();
  const login = await ask(server, ['1001', '1001'], 'PUT', '/finesse/api/User/1001', '<User><state>LOGIN</state><extension>1001</extension></User>');
  await waitFor(server, login.number, 'kind=state&user=1001&contains=NOT_READY');
  await first.disconnect();
  await waitFor(server, login.number, 'kind=session&user=1001&contains=ended');
  const begin = performance.now();
  await control(server, 'PUT', 'clock?advance=60s', 200);
  const told = await watcher.messages.first(({ text }) => text.includes('>LOGOUT<'), 'the event');
  const time = performance.now() - begin;
  assert.match(told.text, /<code>255<\/code>/);
  await control(server, 'POST', 'reset', 204);
  // It is still connected.
  await watcher.unsubscribe('/finesse/api/Team/1/Users');
  await watcher.disconnect();
  return time;
}
