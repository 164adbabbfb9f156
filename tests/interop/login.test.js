// Logins that go wrong, and the one that ends another session.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS } from './clients/index.js';
import { LoginError, becomeAvailable } from './clients/common.js';
import { lab } from './lab/lab.js';
import { LabSocket } from './lab/socket.js';
import { within } from './lab/wait.js';
import { children, parse } from './lab/xml.js';

for (const [index, client] of CLIENTS.entries()) {
  test(`${client.name} says that a password is wrong`, lab(async ({ server, connect }) => {
    const login = connect(client, { user: '1001', password: '1002' });
    await assert.rejects(within(login, 'the end of the login'), (error) => {
      assert.ok(error instanceof LoginError, error);
      assert.match(error.said, client.refusal);
      return true;
    });
    const failures = LabSocket.made.at(-1).received.filter((frame) => frame.startsWith('<failure'));
    assert.equal(failures.length, 1);
    const failure = parse(failures[0]);
    assert.equal(failure.namespaceURI, 'urn:ietf:params:xml:ns:xmpp-sasl');
    assert.equal(children(failure)[0].localName, 'not-authorized');
    await server.logged(/login of 1001 refused: not-authorized/, 'the log to say whose login failed');

    // The right one is not held against the wrong one before.
    const session = await connect(client, { user: '1001' });
    assert.equal(session.jid, '1001@localhost/desktop');
  }));

  test(`${client.name} says that its session ended with a conflict when the resource is taken again`, lab(async ({ server, connect }) => {
    // The other one is another library, as a desktop beside a client of one's own would be.
    const other = CLIENTS[(index + 1) % CLIENTS.length];
    const old = await connect(client, { user: '1001' });
    await becomeAvailable(old);
    const fresh = await connect(other, { user: '1001' });
    assert.equal(fresh.jid, old.jid);

    assert.equal(await within(old.streamError, 'the library to tell of a stream error'), 'conflict');
    await within(old.closed, 'the library to say that it is disconnected');
    const { code } = await within(old.socket.ended, 'the close of the WebSocket');
    assert.equal(code, 1000);
    const [error, close] = old.socket.received.slice(-2);
    assert.equal(parse(error).nodeName, 'stream:error');
    assert.equal(close, '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />');

    // The new session has the address, the events and nothing of the old one.
    await becomeAvailable(fresh);
    const id = await server.publish('/finesse/api/User/1001', 'for whoever is 1001 now');
    await fresh.ping();
    assert.deepEqual(fresh.messages.take().map(({ itemId }) => itemId), [id]);
    assert.deepEqual(old.messages.take(), []);
  }));
}

test('a second resource of the same user is no conflict', lab(async ({ server, connect }) => {
  const sessions = [];
  for (const [index, client] of CLIENTS.entries()) {
    const session = await connect(client, { user: '1001', resource: `desk ${index} & more` });
    assert.equal(session.jid, `1001@localhost/desk ${index} & more`);
    await becomeAvailable(session);
    sessions.push(session);
  }
  const id = await server.publish('/finesse/api/User/1001', 'for all of them');
  for (const session of sessions) {
    await session.ping();
    assert.deepEqual(session.messages.take().map(({ itemId, to }) => [itemId, to]), [[id, '1001@localhost']]);
  }
}));

for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-1']) {
  test(`libraries log in by ${mechanism} where nothing else is offered`, lab(async ({ server, connect }) => {
    const able = CLIENTS.filter(({ name }) => mechanism === 'SCRAM-SHA-1' || !/xmpp\.js|1\.2\.16/.test(name));
    assert.ok(able.length > 1);
    for (const client of able) {
      const session = await connect(client, { user: '1001' });
      assert.equal(session.jid, '1001@localhost/desktop', client.name);
      const auth = LabSocket.made.at(-1).sent.find((frame) => /<auth\b/.test(frame));
      assert.ok(auth.includes(mechanism), `${client.name}: ${auth}`);
      await assert.rejects(within(connect(client, { user: '1002', password: '1001' }), 'the end of the login'), LoginError, client.name);
    }
    await server.logged(/login of 1002 refused: not-authorized/, 'the log to say whose login failed');
  }, { keys: `sasl = ["${mechanism}"]` }));
}
