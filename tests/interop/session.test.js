// A whole session of a Finesse desktop, by every client over both transports: from the upgrade to the close.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS } from './clients/index.js';
import { NS, PUBSUB, becomeAvailable } from './clients/common.js';
import { lab } from './lab/lab.js';
import { payloads } from './lab/payloads.js';
import { within } from './lab/wait.js';
import { children, parse, readMessage } from './lab/xml.js';

const BARE = 'administrator@localhost';
const FULL = `${BARE}/desktop`;
const USER = '/finesse/api/User/administrator';
const TEAM = '/finesse/api/Team/1/Users';
const AUTOMATIC = [USER, `${USER}/Dialogs`, `${USER}/Media`, '/finesse/api/SystemInfo'];
const CLOSE = '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />';

for (const client of CLIENTS) {
  for (const transport of ['wss', 'ws']) {
    const how = `${client.name} over ${transport}`;

    test(`${how} gets every event once per subscription, in order, byte for byte, and leaves cleanly`, lab(async ({ server, connect }) => {
      const session = await connect(client, { user: 'administrator', transport });
      assert.equal(session.jid, FULL);
      checkOpening(session.socket);

      await becomeAvailable(session);
      assert.deepEqual(await subscribed(session), bareOnes(AUTOMATIC), 'the automatic subscriptions');
      for (const node of [USER, TEAM]) {
        assert.deepEqual(await session.subscribe(node), { node, jid: FULL, state: 'subscribed' });
      }
      assert.deepEqual(
        await subscribed(session),
        [...bareOnes(AUTOMATIC), ...fullOnes([USER, TEAM])].sort(byNodeAndJid),
        'the automatic and the explicit subscriptions',
      );

      const published = await publishAll(server, [USER, TEAM]);
      await session.ping();
      checkEvents(client, session, published, { [USER]: [BARE, FULL], [TEAM]: [FULL] });

      await session.unsubscribe(USER);
      await session.unsubscribe(TEAM);
      assert.deepEqual(await subscribed(session), bareOnes(AUTOMATIC), 'what is left');
      const later = await publishAll(server, [USER, TEAM]);
      await session.ping();
      checkEvents(client, session, later, { [USER]: [BARE], [TEAM]: [] });

      await session.unsubscribe(USER, BARE);
      await publishAll(server, [USER, TEAM]);
      await session.ping();
      checkEvents(client, session, [], {});

      await within(session.disconnect(), 'the library to say that it is disconnected');
      const { code } = await within(session.socket.ended, 'the close of the WebSocket');
      assert.notEqual(code, 1006, 'the WebSocket is closed by both sides, not broken off');
      const closing = new RegExp(`:${session.socket.localPort} ${transport} ${FULL}: closed after .*: closed by the client$`);
      await server.logged(closing, 'the log to say that the client closed the session');
    }));

    test(`${how} gets <close/> for <close/>, and nothing behind it`, lab(async ({ connect }) => {
      const session = await connect(client, { user: 'administrator', transport });
      await becomeAvailable(session);
      await within(session.disconnect(), 'the library to say that it is disconnected');
      const { code } = await within(session.socket.ended, 'the close of the WebSocket');
      assert.equal(session.socket.received.at(-1), CLOSE);
      assert.ok([1000, 1005].includes(code), `closed with ${code}`);
    }));
  }
}

/** What the server said before the library called the session up, as it was on the wire. */
function checkOpening(socket) {
  assert.equal(socket.protocol, 'xmpp');
  assert.equal(socket.upgrade['sec-websocket-protocol'], 'xmpp');
  const [open, features, success, openAgain, featuresAgain] = socket.received;
  for (const frame of [open, openAgain]) {
    assert.ok(frame.startsWith('<open '), frame);
    const element = parse(frame);
    assert.equal(element.namespaceURI, 'urn:ietf:params:xml:ns:xmpp-framing');
    assert.equal(element.getAttribute('from'), 'localhost');
    assert.equal(element.getAttribute('version'), '1.0');
  }
  assert.notEqual(parse(open).getAttribute('id'), parse(openAgain).getAttribute('id'));
  for (const frame of [features, featuresAgain]) {
    assert.ok(frame.startsWith('<stream:features '), frame);
    assert.equal(parse(frame).namespaceURI, 'http://etherx.jabber.org/streams');
  }
  const mechanisms = children(parse(features), 'mechanisms')[0];
  assert.deepEqual(children(mechanisms).map((mechanism) => mechanism.textContent), ['PLAIN']);
  assert.equal(parse(success).localName, 'success');
  // Strophe knows them by their names without a prefix.
  assert.deepEqual(children(parse(featuresAgain)).map((feature) => feature.nodeName), ['bind', 'session', 'c']);
}

const byNodeAndJid = (a, b) => (a.node + a.jid < b.node + b.jid ? -1 : 1);
const subscribed = async (session) => (await session.subscriptions()).sort(byNodeAndJid);
const ones = (jid) => (nodes) => nodes.map((node) => ({ node, jid, state: 'subscribed' })).sort(byNodeAndJid);
const bareOnes = ones(BARE);
const fullOnes = ones(FULL);

/** Publishes all payloads over HTTP, the nodes in turns. */
async function publishAll(server, nodes) {
  const published = [];
  const perNode = nodes.map((node) => payloads(node).map(([what, text]) => ({ node, what, text })));
  for (const round of perNode[0].keys()) {
    for (const { node, what, text } of perNode.map((list) => list[round])) {
      published.push({ node, what, text, itemId: await server.publish(node, text) });
    }
  }
  assert.equal(new Set(published.map(({ itemId }) => itemId)).size, published.length, 'item ids differ');
  return published;
}

const seen = new WeakMap();

/** The messages on the wire since the last look. */
function newMessageFrames(socket) {
  const frames = socket.received.filter((frame) => frame.startsWith('<message'));
  const fresh = frames.slice(seen.get(socket) ?? 0);
  seen.set(socket, frames.length);
  return fresh;
}

/**
 * Checks everything that came since the last look. A ping was answered after the last publication: what is owed has
 * come, since a session gets everything in order.
 */
function checkEvents(client, session, published, receivers) {
  const messages = session.messages.take();
  const frames = newMessageFrames(session.socket);
  assert.equal(frames.length, messages.length, 'the library tells of every message on the wire');
  const expected = published.flatMap((event) => receivers[event.node].map((to) => ({ ...event, to })));

  // What each subscription gives, in the order of the publications.
  for (const to of [BARE, FULL]) {
    const fields = ({ to, node, itemId }) => ({ to, node, itemId });
    assert.deepEqual(
      messages.filter((message) => message.to === to).map(fields),
      expected.filter((event) => event.to === to).map(fields),
      `the events for ${to}`,
    );
  }
  // And all of them together: the order of the two copies of one event is free, that of the events is not.
  const once = (list) => list.map(({ itemId }) => itemId).filter((id, index, ids) => id !== ids[index - 1]);
  assert.equal(messages.length, expected.length, 'the number of messages');
  assert.deepEqual(once(messages), once(expected), 'the order of the events');

  const byId = new Map(published.map((event) => [event.itemId, event]));
  for (const [index, message] of messages.entries()) {
    const { what, text, node } = byId.get(message.itemId);
    assert.equal(message.text, client.reads?.(text) ?? text, `the payload as the library reads it: ${what}`);
    assert.equal(parse(frames[index]).textContent, text, `the payload as a browser reads it: ${what}`);
    for (const view of [message, readMessage(parse(frames[index]))]) {
      assert.equal(view.from, PUBSUB);
      assert.equal(view.node, node);
      assert.equal(view.type, null, 'an event has no type');
      assert.equal(view.body, undefined, 'an event has no body');
      assert.equal(view.payload.namespace, NS.push);
    }
    const element = parse(frames[index]);
    assert.deepEqual(children(element).map((child) => child.nodeName), ['event'], 'nothing beside the event');
  }
  assert.equal(new Set(messages.map(({ id }) => id)).size, messages.length, 'message ids differ');
}
