// A whole session of a Finesse desktop over BOSH, by the clients that have it: from the first request to the last.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';

import { BOSH_CLIENTS, stanza } from './clients/index.js';
import { LoginError, PUBSUB, becomeAvailable } from './clients/common.js';
import { openPage, startBrowser } from './lab/browser.js';
import { lab } from './lab/lab.js';
import { payloads } from './lab/payloads.js';
import { LabRequest } from './lab/request.js';
import { within } from './lab/wait.js';
import { children, parse } from './lab/xml.js';

const BARE = 'administrator@localhost';
const FULL = `${BARE}/desktop`;
const USER = '/finesse/api/User/administrator';
const TEAM = '/finesse/api/Team/1/Users';
const AUTOMATIC = [USER, `${USER}/Dialogs`, `${USER}/Media`, '/finesse/api/SystemInfo'];

for (const client of BOSH_CLIENTS) {
  for (const transport of ['https', 'http']) {
    const how = `${client.name} over BOSH and ${transport}`;

    test(`${how} gets every event once per subscription, in order, byte for byte, and leaves cleanly`, lab(async ({ server, connect }) => {
      const first = LabRequest.made.length;
      const requests = () => LabRequest.made.slice(first);
      const session = await connect(client, { user: 'administrator', transport });
      assert.equal(session.jid, FULL);
      checkOpening(requests());

      await becomeAvailable(session);
      assert.deepEqual(await subscribed(session), ones(BARE, AUTOMATIC), 'the automatic subscriptions');
      for (const node of [USER, TEAM]) {
        assert.deepEqual(await session.subscribe(node), { node, jid: FULL, state: 'subscribed' });
      }
      assert.equal((await subscribed(session)).length, AUTOMATIC.length + 2);

      const published = await publishAll(server);
      await session.ping();
      checkEvents(session, published, { [USER]: [BARE, FULL], [TEAM]: [FULL] });

      await session.unsubscribe(USER);
      await session.unsubscribe(TEAM);
      assert.deepEqual(await subscribed(session), ones(BARE, AUTOMATIC), 'what is left');
      const later = await publishAll(server);
      await session.ping();
      checkEvents(session, later, { [USER]: [BARE], [TEAM]: [] });

      await within(session.disconnect(), 'the library to say that it is disconnected');
      await server.logged(new RegExp(`bosh ${FULL}: closed after .*: closed by the client$`), 'the end in the log');
      checkRequests(requests());
    }));
  }

  test(`${client.name} says over BOSH that a password is wrong`, lab(async ({ connect }) => {
    const login = connect(client, { user: '1001', password: '1002', transport: 'http' });
    await assert.rejects(within(login, 'the end of the login'), (error) => {
      assert.ok(error instanceof LoginError, error);
      assert.match(error.said, client.refusal);
      return true;
    });
    const session = await connect(client, { user: '1001', transport: 'http' });
    assert.equal(session.jid, '1001@localhost/desktop');
  }));

  // StanzaJS 12 throws where the answer that ends a session has anything inside, as XEP-0206 §6 wants it here.
  if (client === stanza) continue;

  test(`${client.name} over BOSH hears that its resource is taken by a WebSocket`, lab(async ({ connect }) => {
    const first = LabRequest.made.length;
    const old = await connect(client, { user: '1001', transport: 'http' });
    await becomeAvailable(old);
    const other = await connect(client, { user: '1001', transport: 'ws' });
    await within(old.closed, 'the library to say that its session is over');
    const said = LabRequest.made.slice(first).flatMap(received).filter((text) => text.includes('<conflict '));
    assert.equal(said.length, 1);
    await other.ping();
  }));
}

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.close());

/** A real page at `host`, which is another origin than the server's 127.0.0.1, where Strophe begins to connect. */
async function pageAt(host, server) {
  const port = server.addresses.http.split(':').at(-1);
  const { page } = await openPage(browser, `http://${host}:${port}/healthz`);
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('strophe-1') });
  await page.evaluate((url) => {
    window.connection = new Strophe.Connection(url);
    connection.connect('1001@localhost/desktop', '1001', (status) => (connection.status = status));
  }, `http://127.0.0.1:${port}/http-bind/`);
  return page;
}

const connected = (page) => page.waitForFunction(() => connection.status === Strophe.Status.CONNECTED);

test('a page of another origin on the machine of the browser gets events over BOSH', lab(async ({ server }) => {
  const page = await pageAt('localhost', server);
  await connected(page);
  await page.evaluate(() => {
    window.texts = [];
    connection.addHandler((message) => texts.push(message.textContent), null, 'message');
    return new Promise((resolve) => {
      connection.addHandler(() => resolve(), null, 'presence');
      connection.send($pres());
    });
  });
  const node = '/finesse/api/User/1001';
  const sent = payloads(node).map(([, text]) => text);
  for (const text of sent) await server.publish(node, text);
  await page.waitForFunction((count) => texts.length >= count, sent.length);
  assert.deepEqual(await page.evaluate(() => texts), sent);
  // The page goes away with a request that is held, and comes back as another client.
  await page.context().close();
  const again = await pageAt('localhost', server);
  await connected(again);
  await server.logged(/bosh 1001@localhost\/desktop: closed after .*: conflict$/, 'the end of the session before');
  await again.context().close();
}));

test('a page from elsewhere makes no session', lab(async ({ server }) => {
  const page = await pageAt('evil.example', server);
  await server.logged(/ \/http-bind\/ from a page of .*evil\.example.* refused/, 'the refusal');
  assert.deepEqual(server.log.filter((line) => / bosh: connected/.test(line)), []);
  await page.context().close();
}));

/** What has come in answer to one request: one text, or nothing yet. */
const received = (request) => request.frames.filter(({ way }) => way === '<').map(({ text }) => text);
const sent = (request) => request.frames.filter(({ way }) => way === '>').map(({ text }) => text);

/** What the server said before the library called the session up. */
function checkOpening(requests) {
  const [created, ...answers] = requests.flatMap(received).map(parse);
  assert.equal(created.namespaceURI, 'http://jabber.org/protocol/httpbind');
  assert.ok(created.getAttribute('sid').length >= 22);
  assert.equal(created.getAttribute('requests'), '2');
  assert.equal(created.getAttributeNS('urn:xmpp:xbosh', 'restartlogic'), 'true');
  const offers = [created, ...answers].flatMap((body) => children(body, 'features'));
  assert.deepEqual(offers.map((features) => children(features)[0].localName), ['mechanisms', 'bind']);
  for (const request of requests.filter(({ readyState }) => readyState === 4)) {
    assert.equal(request.getResponseHeader('content-type'), 'text/xml; charset=utf-8');
  }
}

/** Every request has another number and an answer, and none was an error. */
function checkRequests(requests) {
  const rids = requests.flatMap(sent).map((text) => Number(parse(text).getAttribute('rid')));
  assert.deepEqual(rids, rids.map((_, index) => rids[0] + index), 'no request came again');
  const types = requests.flatMap(received).map((text) => parse(text).getAttribute('type')).filter(Boolean);
  assert.deepEqual(types, ['terminate'], 'one answer is the end');
  const conditions = requests.flatMap(received).map((text) => parse(text).getAttribute('condition')).filter(Boolean);
  assert.deepEqual(conditions, []);
}

const byNodeAndJid = (a, b) => (a.node + a.jid < b.node + b.jid ? -1 : 1);
const subscribed = async (session) => (await session.subscriptions()).sort(byNodeAndJid);
const ones = (jid, nodes) => nodes.map((node) => ({ node, jid, state: 'subscribed' })).sort(byNodeAndJid);

/** Publishes all payloads over HTTP, the nodes in turns. */
async function publishAll(server) {
  const published = [];
  for (const index of payloads(USER).keys()) {
    for (const node of [USER, TEAM]) {
      const [what, text] = payloads(node)[index];
      published.push({ node, what, text, itemId: await server.publish(node, text) });
    }
  }
  return published;
}

/**
 * Checks everything that came since the last look. A ping was answered after the last publication: what is owed has
 * come, since a session gets everything in order.
 */
function checkEvents(session, published, receivers) {
  const messages = session.messages.take();
  const expected = published.flatMap((event) => receivers[event.node].map((to) => ({ ...event, to })));
  assert.equal(messages.length, expected.length, 'the number of messages');
  for (const to of [BARE, FULL]) {
    const got = messages.filter((message) => message.to === to);
    const owed = expected.filter((event) => event.to === to);
    assert.deepEqual(got.map(({ itemId }) => itemId), owed.map(({ itemId }) => itemId), `the events for ${to}`);
    for (const [index, { what, text, node }] of owed.entries()) {
      assert.equal(got[index].text, text, `the payload as the library reads it: ${what}`);
      assert.equal(got[index].from, PUBSUB);
      assert.equal(got[index].node, node);
    }
  }
}
