// Faults of a pair of Finesse nodes, as clients written elsewhere meet them on one server: each is caused for one client, seen by it, and healed.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS, strophe5 } from './clients/index.js';
import { Tunnel } from './clients/tunnel.js';
import { authorization, fault, heal } from './lab/faults.js';
import { lab } from './lab/lab.js';
import { within } from './lab/wait.js';

const USER = '/finesse/api/User/1001';
const EVENTS = 'finesse.api.User.1001';
const SYSTEM_INFO = 'finesse.api.SystemInfo';

const state = (tunnel, wanted) => tunnel.states.first((one) => one === wanted, `the tunnel to be ${wanted}`);

/** Asks the REST API. */
const rest = (server, user, method, path, body) =>
  fetch(`http://${server.addresses.http}${path}`, {
    method,
    headers: { Authorization: authorization(user, user === 'administrator' ? '1234' : user), 'Content-Type': 'application/xml' },
    body,
  });

/** A test with tunnels that are gone afterwards: `come` makes one of an agent, and waits until it is connected. */
const desktops = (body, options) =>
  lab(async (given) => {
    const tunnels = [];
    const come = async (user, url = given.server.url('wss')) => {
      const tunnel = new Tunnel(url);
      tunnels.push(tunnel);
      tunnel.init(user, user);
      await state(tunnel, 'connected');
      return tunnel;
    };
    try {
      const witness = await come('1002');
      await body({ ...given, come });
      assert.equal(await within(witness.tick(), 'the answer to a ping of the witness'), 'result');
      assert.deepEqual(witness.states.all, ['connecting', 'connected'], 'the witness stays connected');
    } finally {
      for (const tunnel of tunnels) tunnel.reset();
    }
  }, options);

/** The first of an element in a text. */
const between = (text, name) => text.match(new RegExp(`<${name}>(.*?)</${name}>`, 's'))?.[1];

for (const release of ['11.6', '12.5', '12.6', '15']) {
  test(`a desktop of ${release} finds the other node in SystemInfo, and goes there when its own is out of service`, desktops(async ({ server, come }) => {
    const [host, port] = server.addresses.also.split(':');
    const info = async () => (await rest(server, '1001', 'GET', '/finesse/api/SystemInfo')).text();
    const tunnel = await come('1001');
    assert.equal(between(await info(), 'secondaryNode'), undefined);
    await fault(server, `kind=secondary-node&host=${host}&port=${port}`);
    const node = between(await info(), 'secondaryNode');
    assert.equal(between(node, 'host'), host);
    // Ports came with 12.6; before that they are known.
    assert.equal(between(node, 'httpsPort'), ['12.6', '15'].includes(release) ? port : undefined);
    const other = await come('1001', `wss://${between(node, 'host')}:${between(node, 'httpsPort') ?? port}/ws/`);
    assert.equal(await within(other.tick(), 'the answer of the other side'), 'result');
    await heal(server);
    assert.equal(between(await info(), 'secondaryNode'), undefined);
    tunnel.reset();
  }, { release, also: '127.0.0.1:0' }));
}

for (const profile of ['uccx', 'ucce']) {
  test(`the configuration cannot be changed on a secondary node (${profile}), and agents go on there`, desktops(async ({ server, come }) => {
    const code = '<ReasonCode><category>NOT_READY</category><code>77</code><label>Errand</label><forAll>true</forAll></ReasonCode>';
    const change = () => rest(server, 'administrator', 'POST', '/finesse/api/ReasonCode', code);
    await fault(server, 'kind=role-secondary');
    const refused = await change();
    assert.deepEqual([refused.status, refused.headers.get('x-callboard-fault')], [403, 'f']);
    assert.equal(between(await refused.text(), 'ErrorType'), 'Forbidden');
    const read = await rest(server, 'administrator', 'GET', '/finesse/api/ReasonCode/1');
    assert.equal(read.status, profile === 'ucce' ? 403 : 200);
    const tunnel = await come('1001');
    assert.equal((await rest(server, '1001', 'GET', `${USER}/ReasonCodes?category=NOT_READY`)).status, 200);
    await heal(server);
    assert.equal((await change()).status, 200);
    assert.equal(await within(tunnel.tick(), 'the answer to a ping'), 'result');
  }, { profile }));
}

test('a desktop that comes back is signed out by the side that it has left, and its connection goes on', desktops(async ({ server, come }) => {
  const signIn = async (tunnel) => {
    const answer = await rest(server, '1001', 'PUT', USER, '<User><state>LOGIN</state><extension>1001</extension></User>');
    assert.equal(answer.status, 202);
    await tunnel.events.first(({ topic, payload }) => topic === EVENTS && payload.includes('<state>NOT_READY<'), 'the sign-in');
  };
  const isOut = ({ topic, payload }) => topic === EVENTS && payload.includes('<state>LOGOUT<');
  const left = async () => {
    // The server hears of the end of a socket at its own time.
    while ((await (await rest(server, 'administrator', 'GET', '/callboard/api/sessions')).text()).includes('1001@'));
  };
  const first = await come('1001');
  await signIn(first);
  await fault(server, 'kind=late-logout&delay=200ms&user=1001');
  first.reset();
  await left();
  const back = await come('1001');
  const { payload } = await back.events.first(isOut, 'the sign-out');
  assert.match(payload, /<code>255</);
  assert.equal(await within(back.tick(), 'the answer to a ping'), 'result');
  await heal(server);
  await signIn(back);
  back.reset();
  await left();
  const again = await come('1001');
  assert.equal(await within(again.tick(), 'the answer to a ping'), 'result');
  assert.match(await (await rest(server, '1001', 'GET', USER)).text(), /<state>NOT_READY</);
}));

test('a desktop gets the notice of maintenance mode, and is let go unless it is over before', desktops(async ({ server, come }) => {
  const mode = (wanted) => ({ topic, payload }) => topic === SYSTEM_INFO && between(payload, 'finesseMMode') === wanted;
  const tunnel = await come('1001');
  await fault(server, 'kind=maintenance&notice=1h&user=1001');
  await tunnel.events.first(mode('IN_PROGRESS'), 'the notice');
  await heal(server);
  await tunnel.events.first(mode(''), 'the end of it');
  assert.equal(await within(tunnel.tick(), 'the answer to a ping'), 'result');
  await fault(server, 'kind=maintenance&notice=100ms&user=1001');
  await state(tunnel, 'disconnected');
}, { release: '12.6' }));

for (const client of CLIENTS) {
  test(`${client.name}: a session ends in maintenance mode, and another one when it is over does not`, lab(async ({ server, connect }) => {
    const witness = await connect(strophe5, { user: '1002' });
    const session = await connect(client, { user: '1001' });
    session.available();
    await session.ping();
    await fault(server, 'kind=maintenance&notice=100ms&user=1001');
    await within(session.closed, 'the end of the session');
    session.abandon();
    await heal(server);
    const next = await connect(client, { user: '1001' });
    next.available();
    await next.ping();
    await witness.ping();
  }));
}
