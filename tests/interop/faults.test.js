// Faults, as clients written elsewhere meet them: each is caused for one client, seen by it, and healed; what was not cut goes on.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS, stanza, strophe5 } from './clients/index.js';
import { Tunnel } from './clients/tunnel.js';
import { openPage, startBrowser } from './lab/browser.js';
import { authorization, fault, heal, hits } from './lab/faults.js';
import { lab } from './lab/lab.js';
import { LabSocket } from './lab/socket.js';
import { within } from './lab/wait.js';

const USER = '/finesse/api/User/1001';
const ALARMS = '/lab/alarms';

/** A test with a tunnel of agent 1001 and one of agent 1002, whom no fault is for. */
const desktops = (body) =>
  lab(async ({ server }) => {
    const tunnels = ['1001', '1002'].map((id) => {
      const tunnel = new Tunnel(server.url('wss'));
      tunnel.init(id, id);
      return tunnel;
    });
    const [tunnel, witness] = tunnels;
    try {
      await state(witness, 'connected');
      await body({ server, tunnel, witness });
      assert.equal(await within(witness.tick(), 'the answer to a ping of the witness'), 'result');
      assert.deepEqual(witness.states.all, ['connecting', 'connected'], 'the witness notices nothing');
    } finally {
      for (const one of tunnels) one.reset();
    }
  });

const state = (tunnel, wanted) => tunnel.states.first((one) => one === wanted, `the tunnel to be ${wanted}`);

test('a desktop fails over when its ping is answered late, and its connection goes on', desktops(async ({ server, tunnel }) => {
  await state(tunnel, 'connected');
  await fault(server, 'kind=ping-delay&delay=1h&user=1001');
  const late = tunnel.tick();
  tunnel.tick();
  await state(tunnel, 'disconnected');
  await heal(server);
  assert.equal(await within(late, 'the answer that was kept back'), 'result');
}));

test('a desktop fails over when the connection is silent, and hears what it missed when it lives again', desktops(async ({ server, tunnel }) => {
  await state(tunnel, 'connected');
  await fault(server, 'kind=stall&user=1001');
  tunnel.tick();
  const late = tunnel.tick();
  await state(tunnel, 'disconnected');
  await server.publish(USER, 'in between');
  assert.deepEqual(tunnel.events.all, []);
  await heal(server);
  assert.equal(await within(late, 'the answer'), 'result');
  await tunnel.events.first(({ payload }) => payload === 'in between', 'the event');
}));

test('a desktop is disconnected at once by an error for its ping', desktops(async ({ server, tunnel }) => {
  await state(tunnel, 'connected');
  await fault(server, 'kind=ping-error&user=1001&count=1');
  assert.equal(await tunnel.tick(), 'error');
  await state(tunnel, 'disconnected');
  assert.equal(await tunnel.tick(), 'result', 'the same connection goes on');
}));

// The user finesse is hidden, or appears late.
for (const kind of ['finesse-hidden', 'finesse-late&delay=1h']) {
  test(`a desktop stays connecting without the presence of finesse, until ${kind} heals`, lab(async ({ server }) => {
    await fault(server, `kind=${kind}&user=1001`);
    const tunnel = new Tunnel(server.url('wss'));
    try {
      tunnel.init('1001', '1001');
      await within(tunnel.loggedIn, 'the end of the login');
      assert.equal(await tunnel.tick(), 'result');
      assert.deepEqual(tunnel.states.all, ['connecting']);
      await heal(server);
      await state(tunnel, 'connected');
    } finally {
      tunnel.reset();
    }
  }));
}

test('a desktop is told of a conflict', desktops(async ({ server, tunnel }) => {
  await state(tunnel, 'connected');
  await fault(server, 'kind=end&condition=conflict&user=1001&count=1');
  await state(tunnel, 'conflict');
}));

for (const client of CLIENTS) {
  test(`${client.name}: a login is refused although the password is right`, lab(async ({ server, connect }) => {
    await fault(server, 'kind=login-refused&user=1001&count=1');
    await assert.rejects(connect(client, { user: '1001' }), (error) => client.refusal.test(error.said));
    const session = await connect(client, { user: '1001' });
    assert.equal(session.jid, '1001@localhost/desktop');
  }));

  test(`${client.name}: events come late, twice, in another order or never`, lab(async ({ server, connect }) => {
    const session = await connect(client, { user: '1001' });
    session.available();
    await session.subscribe(ALARMS);
    const came = async (query, ...expected) => {
      await fault(server, `${query}&user=1001&node=/lab/*`);
      for (const text of ['one', 'two', 'three']) await server.publish(ALARMS, text);
      await session.ping();
      const texts = session.messages.take().map(({ text }) => text);
      assert.deepEqual(texts, expected, query);
      await heal(server);
      await session.ping();
      return session.messages.take().map(({ text }) => text);
    };
    assert.deepEqual(await came('kind=event-delay&delay=1h'), ['one', 'two', 'three']);
    assert.deepEqual(await came('kind=event-drop'), []);
    assert.deepEqual(await came('kind=event-twice', 'one', 'one', 'two', 'two', 'three', 'three'), []);
    assert.deepEqual(await came('kind=event-order&delay=1h', 'two', 'one'), ['three']);
    assert.deepEqual(await came('kind=payload-broken', 'o', 't', 'th'), []);
  }));

  test(`${client.name}: a connection is cut in each way, and only that`, lab(async ({ server, connect }) => {
    const witness = await connect(strophe5, { user: '1002' });
    for (const how of ['fin', 'rst', 'close&code=1012']) {
      const session = await connect(client, { user: '1001' });
      await fault(server, `kind=cut&how=${how}&user=1001&count=1`);
      await within(session.closed, `the end of the session after ${how}`);
      session.abandon();
      await heal(server);
      await witness.ping();
    }
  }));
}

test('a subscription is refused by a fault, and then it is not', lab(async ({ server, connect }) => {
  const session = await connect(stanza, { user: '1001' });
  await fault(server, 'kind=iq-error&condition=item-not-found&user=1001&count=1');
  await assert.rejects(session.subscribe(ALARMS), /item-not-found/);
  assert.equal((await session.subscribe(ALARMS)).state, 'subscribed');
}));

test('Strophe does not talk to a server from before RFC 7395', lab(async ({ server, connect }) => {
  await fault(server, 'kind=old-framing&count=1');
  let isIn = false;
  connect(strophe5, { user: '1001' }).then(() => (isIn = true), () => {});
  await within(LabSocket.made.at(-1).ended, 'Strophe to close its socket');
  assert.equal(isIn, false);
  assert.equal(await hits(server), 1);
}));

test('an upgrade fails as behind a proxy whose server is down', lab(async ({ server, connect }) => {
  await fault(server, 'kind=upgrade-status&status=503&count=1');
  await assert.rejects(within(connect(strophe5, { user: '1001' }), 'the end of the login'));
  await connect(strophe5, { user: '1001' });
}));

test('requests over HTTP get another status, come late, or wait until the fault heals', lab(async ({ server }) => {
  const url = `http://${server.addresses.http}/finesse/api/User/1001`;
  const get = (user) => fetch(url, { headers: { Authorization: authorization(user) } });
  await fault(server, 'kind=http-status&status=401&user=1001');
  const expired = await get('1001');
  assert.deepEqual([expired.status, expired.headers.get('x-callboard-fault')], [401, 'f']);
  assert.equal((await fetch(url, { headers: { Authorization: authorization('administrator', '1234') } })).status, 200);
  await fault(server, 'kind=http-silence&user=1001&path=/finesse/*');
  const waiting = get('1001');
  while ((await hits(server)) === 0);
  await heal(server);
  assert.equal((await within(waiting, 'the response')).status, 200);
  await fault(server, 'kind=http-cut&user=1001&count=1');
  await assert.rejects(get('1001'));
  assert.equal((await get('1001')).status, 200);
}));

test('an event comes before the response to its request', lab(async ({ server, connect }) => {
  const session = await connect(strophe5, { user: '1001' });
  session.available();
  await fault(server, 'kind=http-delay&delay=1h&user=1001&path=/finesse/*');
  let answered = false;
  const response = fetch(`http://${server.addresses.http}/finesse/api/User/1001`, {
    method: 'PUT',
    headers: { Authorization: authorization('1001'), 'Content-Type': 'application/xml' },
    body: '<User><state>LOGIN</state><extension>1001</extension></User>',
  }).then(({ status }) => ((answered = true), status));
  await session.messages.first(({ text }) => text?.includes('NOT_READY'), 'the event of the sign-in');
  assert.equal(answered, false);
  await heal(server);
  assert.equal(await within(response, 'the response'), 202);
}));

test('Chromium closes a WebSocket whose subprotocol was not named in the response', lab(async ({ server }) => {
  const browser = await startBrowser();
  try {
    const { page } = await openPage(browser, `http://${server.addresses.http}/healthz`);
    const open = () =>
      page.evaluate(
        () =>
          new Promise((resolve) => {
            const socket = new WebSocket(`ws://${location.host}/ws/`, 'xmpp');
            socket.onopen = () => resolve('open');
            socket.onclose = ({ code }) => resolve(code);
          }),
      );
    await fault(server, 'kind=no-subprotocol&count=1');
    assert.equal(await open(), 1006);
    assert.equal(await open(), 'open');
  } finally {
    await browser.close();
  }
}));
