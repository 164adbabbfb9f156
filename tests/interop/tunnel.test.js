// The desktop's own event tunnel, as far as it decides what a server has to do.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Tunnel, subscriptionIn } from './clients/tunnel.js';
import { lab } from './lab/lab.js';
import { payloads } from './lab/payloads.js';
import { within } from './lab/wait.js';

const USER = '/finesse/api/User/administrator';
const TEAM = '/finesse/api/Team/1/Users';

/** A test with tunnels that are gone afterwards. */
const desktop = (body) =>
  lab(async (it) => {
    const tunnels = [];
    const open = (id, password, options) => {
      const tunnel = new Tunnel(it.server.url('wss'));
      tunnels.push(tunnel);
      tunnel.init(id, password, options);
      return tunnel;
    };
    try {
      await body({ ...it, open });
    } finally {
      for (const tunnel of tunnels) tunnel.reset();
    }
  });

const state = (tunnel, wanted) => tunnel.states.first((state) => state === wanted, `the tunnel to be ${wanted}`);

test('the tunnel is connected when the presence of finesse has come, and not by its own presence', desktop(async ({ open }) => {
  const tunnel = open('administrator', '1234');
  await state(tunnel, 'connected');
  assert.deepEqual(tunnel.states.all, ['connecting', 'connected']);
  await tunnel.tick();
  const [first, ...more] = tunnel.presences.all;
  assert.match(first, /^finesse@localhost\/./);
  assert.ok(more.includes('administrator@localhost/desktop'), 'its own presence is echoed too');
}));

test('the tunnel is not connected and gets no event before it has sent its presence', desktop(async ({ server, open }) => {
  const tunnel = open('administrator', '1234', { quiet: true });
  await within(tunnel.loggedIn, 'the end of the login');
  await tunnel.subscribe(USER);
  await server.publish(USER, 'too early');
  assert.equal(await tunnel.tick(), 'result');
  assert.deepEqual(tunnel.states.all, ['connecting']);
  assert.deepEqual([tunnel.presences.all, tunnel.events.all], [[], []]);
}));

test('the tunnel hands every event to the topic of its node, the payload as it was published', desktop(async ({ server, open }) => {
  const tunnel = open('ADMINISTRATOR', '1234');
  await state(tunnel, 'connected');
  for (const node of [USER, TEAM]) assert.equal(subscriptionIn(await tunnel.subscribe(node)), 'subscribed');
  const expected = [];
  for (const [node, topic, copies] of [
    [USER, 'finesse.api.User.administrator', 2], // by the automatic subscription and by its own
    [TEAM, 'finesse.api.Team.1.Users', 1],
  ]) {
    for (const [, payload] of payloads(node)) {
      await server.publish(node, payload);
      expected.push(...Array(copies).fill({ topic, payload }));
    }
  }
  assert.equal(await tunnel.tick(), 'result');
  assert.deepEqual(tunnel.events.all, expected);
}));

test('the tunnel takes every answer to its pings for a sign of life', desktop(async ({ server, open }) => {
  const tunnel = open('administrator', '1234');
  await state(tunnel, 'connected');
  const large = payloads(USER).at(-1)[1];
  for (let tick = 0; tick < 5; tick++) {
    // Whatever else is going on.
    const publications = [server.publish(USER, large), server.publish(USER, large)];
    assert.equal(await within(tunnel.tick(), 'the answer to a ping'), 'result');
    await Promise.all(publications);
  }
  assert.deepEqual(tunnel.states.all, ['connecting', 'connected']);
}));

test('the tunnel tells a conflict from a wrong password', desktop(async ({ open }) => {
  const wrong = open('1001', 'secret');
  await state(wrong, 'unauthorized');
  const first = open('1001', '1001');
  await state(first, 'connected');
  const second = open('1001', '1001');
  await state(first, 'conflict');
  await state(first, 'disconnected');
  await state(second, 'connected');
  // Strophe tells of the end twice: for the stream error and for the <close/> behind it.
  assert.deepEqual([...new Set(first.states.all)], ['connecting', 'connected', 'conflict', 'disconnected']);
  assert.ok(!wrong.states.all.includes('connected'));
}));

test('the tunnel leaves nothing behind when its page goes away', desktop(async ({ server, open }) => {
  const tunnel = open('administrator', '1234');
  await state(tunnel, 'connected');
  await tunnel.subscribe(USER);
  await tunnel.subscribe(TEAM);
  tunnel.unload();
  await state(tunnel, 'disconnected');
  await server.logged(closed(tunnel, 'closed by the client'), 'the log to say that the client closed the session');

  const next = open('administrator', '1234');
  await state(next, 'connected');
  await server.publish(TEAM, 'for nobody');
  await server.publish(USER, 'once');
  await next.tick();
  assert.deepEqual(next.events.all, [{ topic: 'finesse.api.User.administrator', payload: 'once' }]);
}));

test('a client that just closes its socket, as the sample of Cisco does, is gone', desktop(async ({ server, open }) => {
  const tunnel = open('1001', '1001');
  await state(tunnel, 'connected');
  tunnel.reset();
  const { code } = await within(tunnel.socket.ended, 'the close of the WebSocket');
  assert.equal(code, 1001, 'the server answers the close');
  await server.logged(closed(tunnel, 'the client closed the WebSocket .* without <close/>'), 'the log to say how it went');
}));

const closed = (tunnel, reason) => new RegExp(`:${tunnel.socket.localPort} wss .*: closed after .*: ${reason}`);
