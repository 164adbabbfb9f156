// Server-sent events, as an EventSource has them: by password and by ticket, over a network that fails, over a restart.

import assert from 'node:assert/strict';
import test from 'node:test';

import { EventSource } from 'eventsource';

import { lab } from './lab/lab.js';
import { startProxy } from './lab/proxy.js';
import { Inbox } from './lab/wait.js';

const USER = '/finesse/api/User/1001';
const ALARMS = '/lab/alarms';

/** A stream and everything that came on it: `open`, `error`, `closed` and events, in order. */
class Listener {
  heard = new Inbox();
  requests = [];

  constructor(address, nodes, { query = {}, headers = {} } = {}) {
    const url = new URL(`http://${address}/events`);
    for (const node of nodes) url.searchParams.append('node', node);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    this.source = new EventSource(url, {
      fetch: (input, init) => {
        this.requests.push(init.headers);
        return fetch(input, { ...init, headers: { ...init.headers, ...headers } });
      },
    });
    this.source.onopen = () => this.heard.push({ type: 'open' });
    this.source.onerror = ({ code }) => this.heard.push({ type: 'error', code });
    for (const node of [...nodes, 'missed']) {
      this.source.addEventListener(node, ({ type, data, lastEventId }) => this.heard.push({ type, data, id: lastEventId }));
    }
  }

  /** The next thing that comes, which has to be this. */
  async expect(expected) {
    const next = await this.heard.first(() => true, JSON.stringify(expected));
    this.heard.all.shift();
    for (const [name, value] of Object.entries(expected)) assert.equal(next[name], value, JSON.stringify(next));
    return next;
  }
}

const basic = (user, password) => ({ Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` });

/** A test with a proxy and streams that are gone afterwards. */
const streams = (body) =>
  lab(async (it) => {
    const listeners = [];
    const proxy = await startProxy(it.server.addresses.http);
    const listen = (nodes, options) => {
      const listener = new Listener(proxy.address, nodes, options);
      listeners.push(listener);
      return listener;
    };
    try {
      await body({ ...it, proxy, listen });
    } finally {
      for (const { source } of listeners) source.close();
      proxy.stop();
    }
  });

const ticket = async (server, user = '1001') => {
  const { status, text } = await server.post('/callboard/api/ticket', '', { user, password: user });
  assert.equal(status, 200, text);
  const { ticket, seconds } = JSON.parse(text);
  assert.equal(seconds, 60);
  return ticket;
};

const WAYS = [
  ['HTTP Basic', async () => ({ headers: basic('1001', '1001') })],
  ['a ticket', async (server) => ({ query: { ticket: await ticket(server) } })],
];

for (const [way, options] of WAYS) {
  test(`an EventSource with ${way} gets events as they were published`, streams(async ({ server, listen }) => {
    const listener = listen([USER, ALARMS], await options(server));
    await listener.expect({ type: 'open' });
    for (const [node, data] of [
      [ALARMS, '<Update>\n  <data>1 &amp; 2</data>\n\n</Update>\n'],
      [USER, '漢字 \u{1F600} <img src=x onerror=alert(1)>'],
      [ALARMS, 'data: x\nevent: y\nid: z\n:'],
      [USER, ''],
    ]) {
      const id = await server.publish(node, data);
      await listener.expect({ type: node, data, id });
    }
  }));

  test(`an EventSource with ${way} comes back after its connection was cut and misses nothing`, streams(async ({ server, proxy, listen }) => {
    const listener = listen([USER, ALARMS], await options(server));
    await listener.expect({ type: 'open' });
    const last = await server.publish(ALARMS, 'before');
    await listener.expect({ type: ALARMS, data: 'before', id: last });
    proxy.cut();
    await listener.expect({ type: 'error', code: undefined });
    for (const data of ['1', '2\n3']) await server.publish(USER, data);
    await server.publish(ALARMS, '4');
    proxy.heal();
    await listener.expect({ type: 'open' });
    await listener.expect({ type: USER, data: '1' });
    await listener.expect({ type: USER, data: '2\n3' });
    await listener.expect({ type: ALARMS, data: '4' });
    await server.publish(ALARMS, 'live');
    await listener.expect({ type: ALARMS, data: 'live' });
    assert.equal(listener.requests[0]['Last-Event-ID'], undefined);
    assert.equal(listener.requests.at(-1)['Last-Event-ID'], last);
  }));
}

test('an EventSource with HTTP Basic is told after a restart that it has missed something', streams(async ({ server, start, listen }) => {
  const listener = listen([ALARMS], { headers: basic('1001', '1001') });
  await listener.expect({ type: 'open' });
  await server.publish(ALARMS, 'before');
  await listener.expect({ type: ALARMS, data: 'before' });
  await server.stop();
  await listener.expect({ type: 'error', code: undefined });
  const again = await start(server.addresses);
  await listener.heard.first(({ type }) => type === 'open', 'the EventSource to be back');
  while (listener.heard.all[0].type === 'error') listener.heard.all.shift();
  await listener.expect({ type: 'open' });
  const { data } = await listener.expect({ type: 'missed' });
  assert.match(data, /missed/);
  const id = await again.publish(ALARMS, 'after');
  await listener.expect({ type: ALARMS, data: 'after', id });
}));

test('an EventSource with a ticket gives up after a restart, and a new one goes on from the last id', streams(async ({ server, start, listen }) => {
  const listener = listen([ALARMS], { query: { ticket: await ticket(server) } });
  await listener.expect({ type: 'open' });
  const last = await server.publish(ALARMS, 'before');
  await listener.expect({ type: ALARMS, data: 'before', id: last });
  await server.stop();
  const again = await start(server.addresses);
  await listener.heard.first(({ code }) => code === 401, 'the end of the ticket');
  assert.equal(listener.source.readyState, EventSource.CLOSED);
  const next = listen([ALARMS], { query: { ticket: await ticket(again), after: last } });
  await next.expect({ type: 'open' });
  await next.expect({ type: 'missed' });
  await again.publish(ALARMS, 'after');
  await next.expect({ type: ALARMS, data: 'after' });
}));

test('an EventSource that may not come in is told so once and for all', streams(async ({ server, listen }) => {
  for (const [code, nodes, options] of [
    // First, as the log counts those that follow.
    [401, [ALARMS], { query: { ticket: 'x' } }],
    [401, [ALARMS], {}],
    [401, [ALARMS], { headers: basic('1001', 'wrong') }],
    [404, ['/no/such'], { headers: basic('1001', '1001') }],
    [400, [], { headers: basic('1001', '1001') }],
  ]) {
    const listener = listen(nodes, options);
    await listener.expect({ type: 'error', code });
    assert.equal(listener.source.readyState, EventSource.CLOSED);
  }
  await server.logged(/GET \/events\?node=%2Flab%2Falarms&ticket=\(masked\) 401/, 'the line of the log');
}));
