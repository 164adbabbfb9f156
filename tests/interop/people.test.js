// Agents among themselves, and what clients ask before they do anything.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS } from './clients/index.js';
import { IqError, NS, PUBSUB, becomeAvailable } from './clients/common.js';
import { lab } from './lab/lab.js';

for (const [index, client] of CLIENTS.entries()) {
  const other = CLIENTS[(index + 1) % CLIENTS.length];

  test(`1001 with ${client.name} and 1002 with ${other.name} chat by their full JIDs`, lab(async ({ connect }) => {
    const a = await connect(client, { user: '1001' });
    const b = await connect(other, { user: '1002' });
    await becomeAvailable(a);
    await becomeAvailable(b);
    for (const [from, to, body] of [
      [a, b, 'Can you take <this> & "that"? 請接手 🙏'],
      [b, a, "Sure, it's mine\nnow"],
    ]) {
      const id = from.chat(to.jid, body);
      const message = await to.messages.first((message) => message.body !== undefined, 'the chat message');
      const { from: sender, to: receiver, id: sameId, type, body: same } = message;
      assert.deepEqual(
        { sender, receiver, sameId, type, same },
        { sender: from.jid, receiver: to.jid, sameId: id, type: 'chat', same: body },
      );
    }
    await a.ping();
    await b.ping();
    assert.deepEqual([a.messages.all.length, b.messages.all.length], [1, 1], 'each got one message');
  }));

  test(`${client.name} asks for the features of a node before it uses it, as Smack does`, lab(async ({ connect }) => {
    const session = await connect(client, { user: '1001' });
    for (const node of ['/finesse/api/User/1001', '/finesse/api/Team/1/Users', '/lab/alarms']) {
      const info = await session.discoInfo(PUBSUB, node);
      assert.equal(info.node, node);
      // Smack's getNode takes anything else for a collection, or gives up.
      assert.deepEqual(info.identities, [{ category: 'pubsub', type: 'leaf' }]);
      assert.ok(info.features.includes(NS.pubsub), info.features.join(' '));
    }
    await assert.rejects(session.discoInfo(PUBSUB, '/finesse/api/User/nobody'), new IqError('item-not-found'));
    const service = await session.discoInfo(PUBSUB);
    assert.deepEqual(service.identities, [{ category: 'pubsub', type: 'service' }]);
  }));

  test(`${client.name} is told what is wrong with a subscription`, lab(async ({ connect }) => {
    const session = await connect(client, { user: '1001' });
    await assert.rejects(session.subscribe('/finesse/api/User/nobody'), new IqError('item-not-found'));
    await assert.rejects(session.subscribe('/finesse/api/User/1002', '1002@localhost'), new IqError('bad-request'));
    await assert.rejects(session.unsubscribe('/finesse/api/Team/1/Users'), new IqError('unexpected-request'));
  }));
}
