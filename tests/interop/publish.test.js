// Publishing over XMPP: the third door beside HTTP and the desk itself.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS } from './clients/index.js';
import { IqError, NS, becomeAvailable } from './clients/common.js';
import { lab } from './lab/lab.js';
import { payloads } from './lab/payloads.js';
import { children, parse } from './lab/xml.js';

const ALARMS = '/lab/alarms';

for (const [index, client] of CLIENTS.entries()) {
  const reader = CLIENTS[(index + 1) % CLIENTS.length];

  test(`${client.name} publishes escaped text to a user's node, ${reader.name} reads it`, lab(async ({ connect }) => {
    const publisher = await connect(client, { user: 'administrator' });
    const receiver = await connect(reader, { user: '1001' });
    await becomeAvailable(receiver);
    const node = '/finesse/api/User/1001';
    const sent = [];
    for (const [what, text] of payloads(node)) {
      sent.push({ what, text, itemId: await publisher.publish(node, { text }) });
    }
    await receiver.ping();
    const received = receiver.messages.take();
    assert.deepEqual(received.map(({ itemId }) => itemId), sent.map(({ itemId }) => itemId));
    for (const [at, { what }] of sent.entries()) {
      // What really left the client: some libraries write a bare carriage return, which XML reads as a line feed.
      const text = parse(publisher.socket.sent.filter((frame) => frame.includes('<publish'))[at]).textContent;
      assert.equal(received[at].text, reader.reads?.(text) ?? text, what);
      assert.equal(received[at].node, node);
      assert.equal(received[at].payload.namespace, NS.push);
    }
  }));

  test(`${client.name} publishes XML to a node of the configuration, ${reader.name} reads it`, lab(async ({ connect }) => {
    const publisher = await connect(client, { user: 'administrator' });
    const receiver = await connect(reader, { user: '1001' });
    await becomeAvailable(receiver);
    await receiver.subscribe(ALARMS);
    const alarm = { severity: 'major', text: 'Door 3 <open> & "unattended" 門' };
    const itemId = await publisher.publish(ALARMS, { alarm });
    await receiver.ping();
    const messages = receiver.messages.take();
    assert.equal(messages.length, 1);
    const [{ node, itemId: id, text, payload, to }] = messages;
    assert.deepEqual(
      { node, id, text, payload, to },
      { node: ALARMS, id: itemId, text: alarm.text, payload: { namespace: NS.alarm, severity: 'major' }, to: receiver.jid },
    );

    // An element stays one: it is not escaped into a <notification/>.
    const frame = receiver.socket.received.findLast((frame) => frame.startsWith('<message'));
    const [event] = children(parse(frame));
    const item = children(children(event)[0])[0];
    assert.deepEqual(children(item).map((child) => [child.localName, child.namespaceURI]), [['alarm', NS.alarm]]);
  }));

  test(`${client.name} is told that an agent may not publish`, lab(async ({ connect }) => {
    const agent = await connect(client, { user: '1002' });
    const watcher = await connect(reader, { user: '1001' });
    await becomeAvailable(watcher);
    await watcher.subscribe(ALARMS);
    await assert.rejects(agent.publish(ALARMS, { text: 'fire!' }), new IqError('forbidden'));
    await assert.rejects(agent.publish('/finesse/api/User/1001', { text: 'fire!' }), new IqError('forbidden'));
    await assert.rejects(agent.publish('/no/such/node', { text: 'fire!' }), new IqError('item-not-found'));
    await watcher.ping();
    assert.deepEqual(watcher.messages.take(), []);
  }));
}
