// StanzaJS: typed objects in place of elements, a pubsub API of its own.

import { createRequire } from 'node:module';

import { Inbox } from '../lab/wait.js';
import { labFetch } from '../lab/request.js';
import { LabSocket } from '../lab/socket.js';
import { DOMAIN, IqError, LoginError, NS, PUBSUB, later } from './common.js';

const require = createRequire(import.meta.url);
// It has no option for the socket: it takes the WebSocket of its platform module, read at every connect. So it is with
// fetch.
const platform = require('stanza/platform/node');
platform.WebSocket = LabSocket;
platform.fetch = labFetch;
const { JXT, createClient } = require('stanza');

export const stanza = {
  name: 'StanzaJS',
  refusal: /^auth:failed/,
  connect({ url, user, password, resource }) {
    const client = createClient({
      jid: `${user}@${DOMAIN}`,
      resource,
      credentials: { username: user, password },
      transports: url.startsWith('ws') ? { websocket: url, bosh: false } : { websocket: false, bosh: url },
    });
    // What it does not know it drops: these say which elements an item may have.
    client.stanzas.define([
      {
        element: 'notification',
        namespace: NS.push,
        path: 'pushNotification',
        fields: { text: JXT.text() },
      },
      {
        aliases: JXT.pubsubItemContentAliases(),
        element: 'alarm',
        namespace: NS.alarm,
        path: 'alarm',
        type: NS.alarm,
        typeField: 'itemType',
        fields: { severity: JXT.attribute('severity'), text: JXT.text() },
      },
    ]);
    const session = new StanzaSession(client);
    return new Promise((resolve, reject) => {
      client.on('session:started', () => resolve(session));
      client.on('auth:failed', () => reject(new LoginError('auth:failed')));
      client.on('disconnected', () => reject(new LoginError('disconnected')));
      client.connect();
      session.socket = LabSocket.made.at(-1);
    });
  },
};

class StanzaSession {
  messages = new Inbox();
  presences = new Inbox();
  #streamError = later();
  #closed = later();

  constructor(client) {
    this.client = client;
    this.streamError = this.#streamError.promise;
    // Not 'stream:error': that is for errors it finds itself.
    client.on('streamError', ({ condition }) => this.#streamError.resolve(condition));
    client.on('session:started', () => (this.#closed = later()));
    client.on('disconnected', () => this.#closed.resolve());
    client.on('presence', ({ from, to, type }) => this.presences.push({ from, to, type: type ?? 'available' }));
    client.on('message', (message) => this.messages.push(read(message)));
  }

  get jid() {
    return this.client.jid;
  }

  get closed() {
    return this.#closed.promise;
  }

  available() {
    this.client.sendPresence();
  }

  async subscribe(node, jid = this.jid) {
    const { node: of, jid: whose, state } = await answered(this.client.subscribeToNode(PUBSUB, { node, jid }));
    return { node: of, jid: whose, state };
  }

  async unsubscribe(node, jid = this.jid) {
    await answered(this.client.unsubscribeFromNode(PUBSUB, { node, jid }));
  }

  async subscriptions() {
    const { items } = await answered(this.client.getSubscriptions(PUBSUB));
    return items.map(({ node, jid, state }) => ({ node, jid, state }));
  }

  async publish(node, { text, alarm }) {
    const item = alarm ? { itemType: NS.alarm, ...alarm } : { itemType: NS.push, text };
    const { pubsub } = await answered(this.client.publish(PUBSUB, node, item));
    return pubsub.publish.item.id;
  }

  async ping() {
    await answered(this.client.ping(DOMAIN));
  }

  async discoInfo(to, node) {
    const info = await answered(this.client.getDiscoInfo(to, node));
    const identities = info.identities.map(({ category, type }) => ({ category, type }));
    return { node: info.node, identities, features: info.features };
  }

  chat(to, body) {
    return this.client.sendMessage({ to, type: 'chat', body });
  }

  /** It connects again by itself if it was told to, here with hardly a pause between attempts. */
  reconnected() {
    this.client.updateConfig({ autoReconnect: true, maxReconnectBackoff: 0.1 });
    return new Promise((resolve) => {
      this.client.once('session:started', () => {
        this.socket = LabSocket.made.at(-1);
        resolve();
      });
    });
  }

  /** Logs in again after the end: another client takes StanzaJS much longer to make than a login takes. */
  again() {
    return new Promise((resolve, reject) => {
      this.client.once('session:started', resolve);
      this.client.once('disconnected', () => reject(new LoginError('disconnected')));
      this.client.connect();
      this.socket = LabSocket.made.at(-1);
    });
  }

  async disconnect() {
    if (!this.#closed.done) this.client.disconnect();
    await this.closed;
  }

  abandon() {
    this.client.updateConfig({ autoReconnect: false });
    clearTimeout(this.client.reconnectTimer);
    this.client.transport?.disconnect(false);
  }
}

function read({ from, to, id, type, body, pubsub }) {
  const item = pubsub?.items?.published?.[0];
  const { itemType, severity, text } = item?.content ?? {};
  return {
    from,
    to,
    id,
    type: type ?? null,
    body,
    node: pubsub?.items?.node,
    itemId: item?.id,
    payload: itemType && { namespace: itemType, severity },
    text: text ?? body,
  };
}

async function answered(request) {
  try {
    return await request;
  } catch (iq) {
    throw iq.error ? new IqError(iq.error.condition) : iq;
  }
}
