// The score of clients: libraries and the tunnel of Cisco's desktop get the verdicts that they deserve, and the page shows them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { CLIENTS, stanza, strophe5, xmppjs } from './clients/index.js';
import { Tunnel } from './clients/tunnel.js';
import { SHOTS, accessible, enter, fits, until } from './lab/console.js';
import { ask, authorization } from './lab/faults.js';
import { lab } from './lab/lab.js';
import { within } from './lab/wait.js';

const USER = '/finesse/api/User/1001';
const SEEN = ['one-element', 'domain', 'resource', 'priority', 'pings', 'subscriptions'];

/** The id of the session that has this resource. */
async function sessionOf(server, resource) {
  const { sessions } = await (await ask(server, 'GET', 'sessions')).json();
  return sessions.find(({ jid }) => jid?.endsWith(`/${resource}`)).id;
}

async function score(server, id) {
  const answer = await ask(server, 'GET', `conformance?session=${id}`);
  assert.equal(answer.status, 200, await answer.clone().text());
  return Object.fromEntries((await answer.json()).score.map((line) => [line.rule, line]));
}

/** Waits for what is known of a rule. */
async function verdict(server, id, rule, wanted) {
  let line;
  await until(async () => {
    line = (await score(server, id))[rule];
    return line.verdict === wanted || line;
  }, `${rule} to be ${wanted}`);
  return line;
}

async function provoke(server, id, rule) {
  const answer = await ask(server, 'PUT', `conformance?session=${id}&rule=${rule}`);
  assert.equal(answer.status, 201, await answer.text());
}

const readState = (server) => fetch(`http://${server.addresses.http}${USER}`, { headers: { Authorization: authorization('1001') } });

for (const client of CLIENTS) {
  test(`${client.name}: a client that does all well keeps every rule, and goes on after an error and a late ping`, lab(async ({ server, connect }) => {
    const session = await connect(client, { user: '1001', resource: 'mine' });
    session.available();
    await session.subscribe(USER);
    await session.ping();
    await session.ping();
    const id = await sessionOf(server, 'mine');
    const lines = await score(server, id);
    for (const rule of SEEN) assert.equal(lines[rule].verdict, 'passed', JSON.stringify(lines[rule]));
    await provoke(server, id, 'late-ping&delay=500ms');
    await session.ping();
    await session.ping();
    await verdict(server, id, 'late-ping', 'passed');
    await provoke(server, id, 'error');
    await assert.rejects(session.ping());
    await until(async () => {
      await session.ping();
      return (await score(server, id)).error.verdict === 'passed' || 'not yet';
    }, 'the client to go on');
  }));
}

test('a desktop takes the resource desktop, fails over at a late ping, and at once at an error', lab(async ({ server }) => {
  const desktop = async (rule, ticks) => {
    const tunnel = new Tunnel(server.url('wss'));
    try {
      tunnel.init('1001', '1001');
      await tunnel.states.first((state) => state === 'connected', 'the tunnel to be connected');
      await tunnel.subscribe(USER);
      await tunnel.tick();
      await tunnel.tick();
      const id = await sessionOf(server, 'desktop');
      const lines = await score(server, id);
      for (const name of SEEN) assert.equal(lines[name].verdict, name === 'resource' ? 'failed' : 'passed', JSON.stringify(lines[name]));
      await provoke(server, id, rule);
      for (let tick = 0; tick < ticks; tick++) tunnel.tick();
      await tunnel.states.first((state) => state === 'disconnected', 'the tunnel to fail over');
      tunnel.reset();
      return await verdict(server, id, rule.split('&')[0], 'failed');
    } finally {
      tunnel.reset();
    }
  };
  assert.match((await desktop('late-ping&delay=1h', 2)).check, /does not give up at one late ping/);
  assert.match((await desktop('error', 1)).check, /any answer, also an error, for a sign of life/);
}));

for (const client of [stanza, xmppjs]) {
  test(`${client.name}: it comes back by itself, also after a conflict; presence, subscriptions and the state are left to the application`, lab(async ({ server, connect }) => {
    let session = await connect(client, { user: '1001', resource: 'mine' });
    const ready = async () => {
      session.available();
      await session.subscribe(USER);
    };
    await ready();
    let id = await sessionOf(server, 'mine');
    let back = session.reconnected();
    await provoke(server, id, 'restart');
    await within(back, 'the client to come back');
    assert.equal((await score(server, id)).restart.verdict, 'not seen', 'it is there, and not as it was');
    await ready();
    await verdict(server, id, 'restart', 'passed');
    id = await sessionOf(server, 'mine');
    back = session.reconnected();
    await provoke(server, id, 'lost-events');
    await within(back, 'the client to come back');
    assert.equal((await score(server, id))['lost-events'].verdict, 'not seen');
    assert.equal((await readState(server)).status, 200);
    await verdict(server, id, 'lost-events', 'passed');
    id = await sessionOf(server, 'mine');
    back = session.reconnected();
    await provoke(server, id, 'conflict');
    await within(back, 'the client to come back');
    assert.match((await verdict(server, id, 'conflict', 'failed')).check, /but not after conflict/);
    session = null;
  }));
}

test('the page has the score of a client, provokes what it has not met, and saves it', lab(async ({ server, connect }) => {
  const session = await connect(strophe5, { user: '1001', resource: 'mine' });
  session.available();
  await session.subscribe(USER, '1001@localhost');
  const { page, complaints } = await enter(server, 'wire/score', { expected: [/WebSocket/] });
  const panel = page.locator('[data-panel="score"]');
  const row = (rule) => panel.locator(`tr[data-rule="${rule}"]`);
  const id = await sessionOf(server, 'mine');
  await panel.locator('[data-score="session"]').selectOption(id);
  await row('subscriptions').getByText('failed').waitFor();
  assert.match(await row('subscriptions').innerText(), /jid=.1001@localhost.[^]*subscribes with another JID[^]*Put the full JID/);
  assert.equal(await panel.locator('[data-score="summary"]').innerText(), '4 of 11 rules passed, 1 failed.');
  assert.equal(await panel.locator('tbody tr[data-rule]').count(), 11);
  assert.equal(await row('priority').getByRole('button').count(), 0, 'nothing has to provoke it');
  await fits(page, 'the score');
  await accessible(page, 'the score');
  await page.screenshot({ path: `${SHOTS}score-1280.png`, fullPage: true });
  await row('error').getByRole('button', { name: 'Provoke: goes on after an error' }).click();
  await row('error').getByText('The fault is set, and waits for its moment.').waitFor();
  await panel.getByText('Set for this session: goes on after an error.').waitFor();
  await assert.rejects(session.ping());
  await until(async () => {
    await session.ping();
    return (await row('error').getAttribute('data-verdict')) === 'passed' || 'not yet';
  }, 'the client to go on');
  await panel.locator('[data-menu="score"] summary').click();
  const download = page.waitForEvent('download');
  await panel.getByRole('button', { name: 'Save JUnit' }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), `callboard-score-${id}.xml`);
  assert.match(await readFile(await file.path(), 'utf8'), /<testcase classname="conformance" name="error"\/>/);
  await page.getByRole('button', { name: '繁體中文' }).click();
  await row('subscriptions').getByText('未通過').waitFor();
  await row('subscriptions').getByText('用戶端訂閱時使用的 JID 不是自己的完整 JID。').waitFor();
  await accessible(page, 'the score in Chinese');
  // A session that is over keeps its score, and cannot be provoked.
  await session.disconnect();
  await until(async () => (await row('restart').getByRole('button').count()) === 0, 'the session to be over');
  await row('subscriptions').getByText('未通過').waitFor();
  assert.deepEqual(complaints, []);
  // Somebody who may not see others has no score of theirs.
  const agent = await enter(server, 'wire/score', { user: '1002', password: '1002' });
  await agent.page.locator('.follow-summary').waitFor({ state: 'attached' });
  assert.equal(await agent.page.locator('[data-panel="score"]').count(), 0);
}));
