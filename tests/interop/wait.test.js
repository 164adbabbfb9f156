// Tests that wait instead of sleeping: a request to callboard answers when what was asked for has happened.

import assert from 'node:assert/strict';
import test from 'node:test';

import { stanza } from './clients/stanza.js';
import { lab } from './lab/lab.js';

const USER = '/finesse/api/User/1001';

const authorization = (user, password = user) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Asks callboard's own API as the administrator. */
const control = (server, method, path) =>
  fetch(`http://${server.addresses.http}/callboard/api/${path}`, { method, headers: { Authorization: authorization('administrator', '1234') } });

/** Waits until the record has what the query says behind a number. Returns the entry. */
async function waitFor(server, after, query) {
  const answer = await (await control(server, 'GET', `wait?after=${after}&timeout=1m&${query}`)).json();
  assert.ok(answer.matched, JSON.stringify(answer));
  return answer.entries[0];
}

/** Changes the state of agent 1001. Returns the number behind which everything stands that follows. */
async function change(server, body, requestId = '') {
  const answer = await fetch(`http://${server.addresses.http}${USER}`, {
    method: 'PUT',
    headers: { Authorization: authorization('1001'), 'Content-Type': 'application/xml', requestId },
    body: `<User>${body}</User>`,
  });
  assert.equal(answer.status, 202);
  return Number(answer.headers.get('X-Callboard-Sequence'));
}

const state = (server, after, name) => waitFor(server, after, `kind=state&user=1001&contains=${name}`);

test('StanzaJS: READY is followed by RESERVED, twenty times and without a sleep', lab(async ({ server, connect }) => {
  const session = await connect(stanza, { user: '1001' });
  session.available();
  await session.subscribe(USER);
  for (let round = 0; round < 20; round += 1) {
    await state(server, await change(server, '<state>LOGIN</state><extension>1001</extension>'), 'NOT_READY');
    await state(server, await change(server, '<state>READY</state>'), 'READY');
    const called = await control(server, 'POST', 'calls?to=9001');
    assert.equal(called.status, 202);
    const number = Number(called.headers.get('X-Callboard-Sequence'));
    const reserved = await state(server, number, 'RESERVED');
    // What the client was sent of it stands behind that.
    await waitFor(server, reserved.seq, `kind=frame-out&node=${USER}&contains=RESERVED`);
    await session.messages.first(({ text }) => text.includes('RESERVED'), 'the event');
    assert.equal((await control(server, 'POST', 'reset')).status, 204);
  }
}));

test('StanzaJS: an agent who has left is signed out with 255 when the clock is moved on, and another stays connected', lab(async ({ server, connect }) => {
  const watcher = await connect(stanza, { user: '1003' });
  watcher.available();
  await watcher.subscribe('/finesse/api/Team/1/Users');
  const agent = await connect(stanza, { user: '1001' });
  agent.available();
  const number = await change(server, '<state>LOGIN</state><extension>1001</extension>');
  await state(server, number, 'NOT_READY');
  await agent.disconnect();
  await waitFor(server, number, 'kind=session&user=1001&contains=ended');
  assert.equal((await control(server, 'PUT', 'clock?advance=60s')).status, 200);
  const told = await watcher.messages.first(({ text }) => text.includes('>LOGOUT<'), 'the event');
  assert.match(told.text, /<code>255<\/code>/);
  // Its connection has heard nothing of that minute.
  await change(server, '<state>LOGIN</state><extension>1001</extension>', 'again');
  await watcher.messages.first(({ text }) => text.includes('>again<'), 'the next event');
}));
