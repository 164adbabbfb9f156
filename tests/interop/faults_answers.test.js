// Faults of answers, of presence, of silence and of the service, as clients written elsewhere meet them, and what is there again when they
// are healed.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS, stanza, strophe5 } from './clients/index.js';
import { Tunnel } from './clients/tunnel.js';
import { authorization, fault, heal, hits } from './lab/faults.js';
import { lab } from './lab/lab.js';
import { within } from './lab/wait.js';

const USER = '/finesse/api/User/1001';
const ALARMS = '/lab/alarms';

const send = (server, method, path, body, requestId = 'r-of-the-test') =>
  fetch(`http://${server.addresses.http}${path}`, {
    method,
    headers: { Authorization: authorization('1001'), 'Content-Type': 'application/xml', requestId },
    body,
  });
const acts = async (server) => {
  const end = Date.now() + 10_000;
  while ((await hits(server)) === 0) assert.ok(Date.now() < end, 'the fault acts within 10 s');
};
/** Whether a promise is settled by now. */
const isOver = async (promise) => (await Promise.race([promise.then(() => true, () => true), Promise.resolve(false)]));

test('a desktop whose pings are not answered fails over, and its connection goes on', lab(async ({ server }) => {
  const tunnel = new Tunnel(server.url('wss'));
  try {
    tunnel.init('1001', '1001');
    await tunnel.states.first((one) => one === 'connected', 'the tunnel to be connected');
    await fault(server, 'kind=ping-silence&user=1001');
    for (let n = 0; n < 2; n += 1) tunnel.tick();
    await tunnel.states.first((one) => one === 'disconnected', 'the tunnel to be disconnected');
    await acts(server);
    await heal(server);
    assert.equal(await within(tunnel.tick(), 'the answer to a ping'), 'result');
  } finally {
    tunnel.reset();
  }
}));

for (const client of CLIENTS) {
  for (const step of ['open', 'login', 'bind']) {
    test(`${client.name}: the answer to ${step} comes when the fault heals`, lab(async ({ server, connect }) => {
      // Before the login nobody knows the user.
      await fault(server, `kind=slow-step&step=${step}&delay=1h&count=1${step === 'bind' ? '&user=1001' : ''}`);
      const session = connect(client, { user: '1001' });
      await acts(server);
      await connect(strophe5, { user: '1002' });
      assert.equal(await isOver(session), false);
      await heal(server);
      assert.equal((await within(session, 'the login')).jid, '1001@localhost/desktop');
    }));
  }

  test(`${client.name}: a request is carried out and answered late`, lab(async ({ server, connect }) => {
    const session = await connect(client, { user: '1001' });
    session.available();
    await fault(server, 'kind=iq-delay&delay=1h&user=1001');
    const subscribed = session.subscribe(ALARMS);
    await acts(server);
    await server.publish(ALARMS, 'before the answer');
    await session.messages.first(({ text }) => text === 'before the answer', 'the event');
    assert.equal(await isOver(subscribed), false);
    await heal(server);
    await within(subscribed, 'the answer');
  }));

  test(`${client.name}: a silent connection is closed, as by a proxy`, lab(async ({ server, connect }) => {
    const session = await connect(client, { user: '1001' });
    await fault(server, 'kind=idle-cut&idle=200ms&user=1001');
    await within(session.closed, 'the end of the connection');
    session.abandon();
    await heal(server);
    await (await connect(client, { user: '1001' })).ping();
  }));
}

test('a resource is taken by nobody, and then it is there', lab(async ({ server, connect }) => {
  for (const client of [strophe5, stanza]) {
    await fault(server, 'kind=bind-conflict&user=1001&count=1');
    connect(client, { user: '1001' }).catch(() => {});
    await acts(server);
    await heal(server);
    assert.equal((await connect(client, { user: '1001' })).jid, '1001@localhost/desktop');
  }
}));

test('a request that is not answered was not carried out', lab(async ({ server, connect }) => {
  const session = await connect(strophe5, { user: '1001' });
  session.available();
  await fault(server, 'kind=iq-silence&user=1001&count=1');
  session.subscribe(ALARMS).catch(() => {});
  await acts(server);
  await server.publish(ALARMS, 'not for this session');
  await session.ping();
  assert.deepEqual(session.messages.take(), []);
  await heal(server);
  await session.subscribe(ALARMS);
  await server.publish(ALARMS, 'for this session');
  await session.messages.first(({ text }) => text === 'for this session', 'the event');
}));

test('changes are accepted and fail, or lose their requestId', lab(async ({ server, connect }) => {
  const session = await connect(strophe5, { user: '1001' });
  session.available();
  for (const node of [USER, `${USER}/Dialogs`]) await session.subscribe(node);
  const told = async (change, part) => {
    assert.equal((await change()).status, 202);
    return (await session.messages.first(({ text }) => text?.includes(part), `an event with ${part}`)).text;
  };
  const login = '<User><state>LOGIN</state><extension>1001</extension></User>';
  await fault(server, 'kind=state-fails&error=260&user=1001&count=1');
  assert.match(await told(() => send(server, 'PUT', USER, login, 'r-fails'), 'r-fails'), /<apiError>/);
  await heal(server);
  await fault(server, 'kind=request-id-lost&user=1001&count=1');
  const lost = await told(() => send(server, 'PUT', USER, login, 'r-lost'), '<state>NOT_READY<');
  assert.ok(!lost.includes('r-lost'), lost);
  await heal(server);
  assert.match(await told(() => send(server, 'PUT', USER, '<User><state>READY</state></User>', 'r-kept'), 'r-kept'), /<state>READY</);
  await send(server, 'PUT', USER, '<User><state>NOT_READY</state></User>', 'r-rests');
  await session.messages.first(({ text }) => text?.includes('r-rests'), 'the state in which a call can be made');
  await fault(server, 'kind=call-fails&error=34&user=1001&count=1');
  const call = '<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>1001</fromAddress><toAddress>1002</toAddress></Dialog>';
  assert.match(await told(() => send(server, 'POST', `${USER}/Dialogs`, call, 'r-call'), 'r-call'), /<apiError>/);
}));

test('the service is away for everybody, and comes back', lab(async ({ server, connect }) => {
  const info = async () => (await (await send(server, 'GET', '/finesse/api/SystemInfo')).text()).match(/<status>(\w+)</)[1];
  const session = await connect(strophe5, { user: '1001' });
  session.available();
  await session.subscribe('/finesse/api/SystemInfo');
  await fault(server, 'kind=outage&status=OUT_OF_SERVICE');
  await session.messages.first(({ text }) => text?.includes('OUT_OF_SERVICE'), 'the event of the outage');
  assert.equal(await info(), 'OUT_OF_SERVICE');
  await heal(server);
  await session.messages.first(({ text }) => text?.includes('IN_SERVICE') && !text.includes('OUT_OF'), 'the event of its end');
  assert.equal(await info(), 'IN_SERVICE');
  await session.ping();
}));

test('a handshake goes on when the fault heals, and the other listener has none', lab(async ({ server, connect }) => {
  await fault(server, `kind=tls-hang&listener=${server.addresses.https}`);
  const session = connect(strophe5, { user: '1001', transport: 'wss' });
  await acts(server);
  await (await connect(strophe5, { user: '1002', transport: 'ws' })).ping();
  assert.equal(await isOver(session), false);
  await heal(server);
  await (await within(session, 'the login')).ping();
}));
