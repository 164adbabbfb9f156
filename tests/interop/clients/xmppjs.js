// xmpp.js: elements and middleware, no pubsub of its own.

import { client as createClient, jid as parseJid, xml } from '@xmpp/client';

import { Inbox } from '../lab/wait.js';
import { LabSocket } from '../lab/socket.js';
import { DOMAIN, IqError, LoginError, NS, PUBSUB, later } from './common.js';

export const xmppjs = {
  name: 'xmpp.js',
  refusal: /^SASLError not-authorized/,
  async connect({ url, user, password, resource }) {
    // It takes the browser's WebSocket, read at every connect.
    globalThis.WebSocket = LabSocket;
    const entity = createClient({ service: url, domain: DOMAIN, resource, username: user, password });
    const session = new XmppSession(entity);
    // It connects again by itself for ever; only the test about that wants it.
    entity.reconnect.stop();
    const started = entity.start();
    session.socket = LabSocket.made.at(-1);
    try {
      await started;
    } catch (error) {
      throw new LoginError(`${error.name} ${error.condition}`);
    }
    return session;
  },
};

class XmppSession {
  messages = new Inbox();
  presences = new Inbox();
  #streamError = later();
  #closed = later();

  constructor(entity) {
    this.entity = entity;
    this.streamError = this.#streamError.promise;
    entity.on('online', () => (this.#closed = later()));
    entity.on('error', (error) => error.name === 'StreamError' && this.#streamError.resolve(error.condition));
    entity.on('disconnect', () => this.#closed.resolve());
    entity.on('stanza', (stanza) => {
      if (stanza.is('message')) this.messages.push(read(stanza));
      if (stanza.is('presence')) {
        const { from, to, type = 'available' } = stanza.attrs;
        this.presences.push({ from, to, type });
      }
    });
  }

  get jid() {
    return this.entity.jid.toString();
  }

  get closed() {
    return this.#closed.promise;
  }

  available() {
    this.entity.send(xml('presence'));
  }

  async subscribe(node, jid = this.jid) {
    const answer = await this.#pubsub('set', xml('subscribe', { node, jid }));
    return readSubscription(answer.getChild('subscription'));
  }

  async unsubscribe(node, jid = this.jid) {
    await this.#pubsub('set', xml('unsubscribe', { node, jid }));
  }

  async subscriptions() {
    const answer = await this.#pubsub('get', xml('subscriptions'));
    return answer.getChild('subscriptions').getChildren('subscription').map(readSubscription);
  }

  async publish(node, { text, alarm }) {
    const payload = alarm
      ? xml('alarm', { xmlns: NS.alarm, severity: alarm.severity }, alarm.text)
      : xml('notification', { xmlns: NS.push }, text);
    const answer = await this.#pubsub('set', xml('publish', { node }, xml('item', {}, payload)));
    return answer.getChild('publish').getChild('item').attrs.id;
  }

  async ping() {
    await answered(this.entity.iqCaller.get(xml('ping', NS.ping), DOMAIN));
  }

  async discoInfo(to, node) {
    const query = await answered(this.entity.iqCaller.get(xml('query', { xmlns: NS.disco, node }), to));
    return {
      node: query.attrs.node,
      identities: query.getChildren('identity').map(({ attrs: { category, type } }) => ({ category, type })),
      features: query.getChildren('feature').map(({ attrs }) => attrs.var),
    };
  }

  chat(to, body) {
    const id = `chat-${this.entity.jid.local}-to-${parseJid(to).local}`;
    this.entity.send(xml('message', { to, type: 'chat', id }, xml('body', {}, body)));
    return id;
  }

  /** It connects again by itself, here with hardly a pause between attempts. */
  reconnected() {
    this.entity.reconnect.delay = 100;
    this.entity.reconnect.start();
    return new Promise((resolve) => {
      this.entity.once('online', () => {
        this.entity.reconnect.stop();
        this.socket = LabSocket.made.at(-1);
        resolve();
      });
    });
  }

  async disconnect() {
    if (!this.#closed.done) await this.entity.stop();
    await this.closed;
  }

  abandon() {
    this.entity.reconnect.stop();
  }

  #pubsub(type, request) {
    return answered(this.entity.iqCaller[type](xml('pubsub', NS.pubsub, request), PUBSUB));
  }
}

function read(message) {
  const items = message.getChild('event')?.getChild('items');
  const item = items?.getChild('item');
  const payload = item?.getChildElements()[0];
  const { from, to, id, type = null } = message.attrs;
  return {
    from,
    to,
    id,
    type,
    body: message.getChildText('body') ?? undefined,
    node: items?.attrs.node,
    itemId: item?.attrs.id,
    payload: payload && { namespace: payload.getNS(), severity: payload.attrs.severity },
    text: allText(message),
  };
}

/** As textContent in a browser: the text of all descendants. */
function allText(element) {
  return element.children.map((child) => (typeof child === 'string' ? child : allText(child))).join('');
}

const readSubscription = ({ attrs: { node, jid, subscription } }) => ({ node, jid, state: subscription });

async function answered(request) {
  try {
    return await request;
  } catch (error) {
    throw error.name === 'StanzaError' ? new IqError(error.condition) : error;
  }
}
