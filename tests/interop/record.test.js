// The record of what real clients have done: logins, a change and its events, and a session as a file.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS } from './clients/index.js';
import { lab } from './lab/lab.js';

const USER = '/finesse/api/User/1001';

const authorization = (user, password = user) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Asks callboard's own API as the administrator. */
const ask = (server, path) =>
  fetch(`http://${server.addresses.http}/callboard/api/${path}`, { headers: { Authorization: authorization('administrator', '1234') } });

const record = async (server, query) => (await (await ask(server, `record?${query}`)).json()).entries;

/** Changes the state of agent 1001. */
async function change(server, requestId, body) {
  const answer = await fetch(`http://${server.addresses.http}${USER}`, {
    method: 'PUT',
    headers: { Authorization: authorization('1001'), 'Content-Type': 'application/xml', requestId },
    body: `<User>${body}</User>`,
  });
  assert.equal(answer.status, 202);
  return Number(answer.headers.get('X-Callboard-Sequence'));
}

for (const client of CLIENTS) {
  test(`${client.name}: a login that failed says who tried, and one that went well leads to the session`, lab(async ({ server, connect }) => {
    await assert.rejects(connect(client, { user: '1001', password: 'geheim-password' }));
    await connect(client, { user: '1001' });
    const logins = await record(server, 'kind=login&user=1001');
    assert.deepEqual([logins[0].what, logins.at(-1).what], ['not-authorized', 'success'], JSON.stringify(logins));
    for (const { mechanism, authcid } of logins) assert.deepEqual([mechanism, authcid.split('@')[0]], ['PLAIN', '1001']);
    const [{ session }] = logins;
    assert.match(JSON.stringify(await record(server, `session=${session}&kind=frame-in`)), /masked=\\"true\\"/);
    const all = JSON.stringify(await record(server, 'after=0&limit=1000'));
    for (const secret of ['geheim-password', Buffer.from('\x001001\x00geheim-password').toString('base64'), Buffer.from('\x001001\x001001').toString('base64')]) {
      assert.ok(!all.includes(secret), secret);
    }
    const bound = await record(server, `session=${logins.at(-1).session}&kind=session`);
    assert.equal(bound[1].jid, '1001@localhost/desktop');
  }));

  test(`${client.name}: a change over REST is joined with its events, and the session is an archive`, lab(async ({ server, connect }) => {
    const session = await connect(client, { user: '1001' });
    session.available();
    await session.subscribe(USER);
    const number = await change(server, 'r-1', '<state>LOGIN</state><extension>1001</extension>');
    await session.messages.first(({ text }) => text.includes('r-1'), 'the event');
    const joined = await record(server, `requestId=r-1&after=${number - 1}`);
    assert.equal(joined[0].seq, number);
    const kinds = joined.map(({ kind }) => kind);
    for (const kind of ['request', 'response', 'state', 'event']) assert.ok(kinds.includes(kind), `${kind}: ${kinds}`);
    const event = joined.find(({ kind, node }) => kind === 'event' && node === USER);
    const [delivery] = await record(server, `kind=frame-out&node=${USER}&after=${event.seq}`);
    assert.equal(delivery.item, event.item);
    const har = await (await ask(server, `record/${delivery.session}.har`)).json();
    isArchive(har);
    const socket = har.log.entries.find(({ _webSocketMessages }) => _webSocketMessages);
    const frames = socket._webSocketMessages.map(({ type, data }) => [type, data]);
    assert.ok(frames.some(([type, data]) => type === 'receive' && data.includes('&lt;requestId&gt;r-1')), 'the event');
    assert.ok(frames.some(([type, data]) => type === 'send' && data.startsWith('<open')), 'the opening');
    assert.ok(har.log.entries.some(({ request, response }) => request.method === 'PUT' && request.url.endsWith(USER) && response.status === 202));
  }));
}

/** What the specification of HTTP Archive 1.2 requires of a file. */
function isArchive({ log }) {
  assert.equal(log.version, '1.2');
  assert.equal(log.creator.name, 'callboard');
  assert.match(log.creator.comment, /profile uccx, release 12\.5/);
  assert.ok(Array.isArray(log.pages) && log.entries.length > 0);
  for (const { startedDateTime, time, request, response, cache, timings, _webSocketMessages } of log.entries) {
    assert.ok(!Number.isNaN(Date.parse(startedDateTime)) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(startedDateTime), startedDateTime);
    assert.ok(time >= 0 && Math.abs(time - timings.send - timings.wait - timings.receive) < 0.001);
    for (const message of [request, response]) {
      for (const list of ['cookies', 'headers']) assert.ok(Array.isArray(message[list]));
      assert.ok(message.httpVersion && Number.isInteger(message.headersSize) && Number.isInteger(message.bodySize));
    }
    assert.ok(new URL(request.url) && request.method && Array.isArray(request.queryString));
    assert.ok(Number.isInteger(response.status) && typeof response.statusText === 'string' && response.redirectURL === '');
    assert.ok(Number.isInteger(response.content.size) && response.content.mimeType);
    assert.ok(cache && typeof cache === 'object');
    for (const { type, time: at, opcode, data } of _webSocketMessages ?? []) {
      assert.ok(['send', 'receive'].includes(type) && at > 1e9 && opcode === 1 && typeof data === 'string');
    }
  }
}
