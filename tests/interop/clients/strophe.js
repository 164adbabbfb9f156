// Strophe: 1.2.16 is what Cisco's desktop and sample bring along, 5 is what one gets today. Their APIs are the same.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';

import { Inbox } from '../lab/wait.js';
import { LabRequest } from '../lab/request.js';
import { LabSocket } from '../lab/socket.js';
import { DOMParser, children, newDocument, readMessage } from '../lab/xml.js';
import { IqError, LoginError, NS, PUBSUB, DOMAIN, later } from './common.js';

/** Strophe 1.2.16 in a page of its own: it takes everything from the browser's globals. */
export function loadStrophe1() {
  const page = vm.createContext({
    window: { XMLHttpRequest: LabRequest },
    document: newDocument(),
    DOMParser,
    WebSocket: LabSocket,
    XMLHttpRequest: LabRequest,
    setTimeout,
    clearTimeout,
    btoa,
    atob,
  });
  const file = createRequire(import.meta.url).resolve('strophe-1');
  vm.runInContext(readFileSync(file, 'utf8'), page, { filename: 'strophe-1.2.16.js' });
  return page;
}

async function loadStrophe5() {
  const library = await import('strophe.js');
  // On import it makes the WebSocket of `ws` a global, in place of the browser's; it is read at every connect.
  globalThis.WebSocket = LabSocket;
  globalThis.XMLHttpRequest = LabRequest;
  library.Strophe.setLogLevel(library.Strophe.LogLevel.FATAL);
  return library;
}

export const strophe1 = client('Strophe 1.2.16', loadStrophe1());
export const strophe5 = client('strophe.js 5', await loadStrophe5(), {
  // In Node it brings its own parser along, with the line ends of XML 1.1; a browser leaves these alone.
  reads: (text) => text.replace(/[\u0085\u2028]/g, '\n'),
});

function client(name, library, quirks) {
  const { Strophe } = library;
  const names = Object.fromEntries(Object.entries(Strophe.Status).map(([key, value]) => [value, key]));
  return {
    name,
    refusal: /^AUTHFAIL/,
    ...quirks,
    connect({ url, user, password, resource }) {
      const connection = new Strophe.Connection(url);
      const session = new StropheSession(library, connection);
      session.login = () =>
        new Promise((resolve, reject) => {
          connection.connect(`${user}@${DOMAIN}/${resource}`, password, (status, condition) => {
            session.status(names[status], condition);
            if (status === Strophe.Status.CONNECTED) resolve(session);
            if ([Strophe.Status.AUTHFAIL, Strophe.Status.CONNFAIL].includes(status)) {
              reject(new LoginError(`${names[status]} ${condition}`));
            }
          });
          session.socket = LabSocket.made.at(-1);
        });
      return session.login();
    },
  };
}

class StropheSession {
  messages = new Inbox();
  presences = new Inbox();
  #streamError = later();
  #closed = later();

  constructor(library, connection) {
    this.library = library;
    this.connection = connection;
    this.streamError = this.#streamError.promise;
  }

  get jid() {
    // Both versions keep the JID from the answer to bind as it was escaped in XML.
    return this.library.Strophe.xmlunescape(this.connection.jid);
  }

  get closed() {
    return this.#closed.promise;
  }

  status(name, condition) {
    if (name === 'CONNECTED') {
      this.#closed = later();
      this.#listen(); // its handlers end with a connection
    }
    if (name === 'ERROR') this.#streamError.resolve(condition);
    if (name === 'DISCONNECTED') this.#closed.resolve();
  }

  #listen() {
    const keep = (inbox, read) => (element) => {
      inbox.push(read(element));
      return true; // a handler that does not say so is called once only
    };
    this.connection.addHandler(keep(this.messages, readMessage), null, 'message');
    this.connection.addHandler(keep(this.presences, readPresence), null, 'presence');
  }

  available() {
    this.connection.send(this.library.$pres());
  }

  async subscribe(node, jid = this.jid) {
    const answer = await this.#pubsub('set', (iq) => iq.c('subscribe', { node, jid }));
    const subscription = children(children(answer, 'pubsub')[0], 'subscription')[0];
    return readSubscription(subscription);
  }

  async unsubscribe(node, jid = this.jid) {
    await this.#pubsub('set', (iq) => iq.c('unsubscribe', { node, jid }));
  }

  async subscriptions() {
    const answer = await this.#pubsub('get', (iq) => iq.c('subscriptions'));
    const list = children(children(answer, 'pubsub')[0], 'subscriptions')[0];
    return children(list, 'subscription').map(readSubscription);
  }

  async publish(node, { text, alarm }) {
    const answer = await this.#pubsub('set', (iq) => {
      const item = iq.c('publish', { node }).c('item');
      return alarm
        ? item.c('alarm', { xmlns: NS.alarm, severity: alarm.severity }).t(alarm.text)
        : item.c('notification', { xmlns: NS.push }).t(text);
    });
    const publish = children(children(answer, 'pubsub')[0], 'publish')[0];
    return children(publish, 'item')[0].getAttribute('id');
  }

  async ping() {
    await this.#iq(this.library.$iq({ type: 'get', to: DOMAIN, id: this.#id('ping') }).c('ping', { xmlns: NS.ping }));
  }

  async discoInfo(to, node) {
    const iq = this.library.$iq({ type: 'get', to, id: this.#id('disco') });
    const answer = await this.#iq(iq.c('query', { xmlns: NS.disco, node }));
    const query = children(answer, 'query')[0];
    return {
      node: query.getAttribute('node'),
      identities: children(query, 'identity').map((identity) => ({
        category: identity.getAttribute('category'),
        type: identity.getAttribute('type'),
      })),
      features: children(query, 'feature').map((feature) => feature.getAttribute('var')),
    };
  }

  chat(to, body) {
    const id = this.#id('chat');
    this.connection.send(this.library.$msg({ to, type: 'chat', id }).c('body').t(body));
    return id;
  }

  /** It never connects again by itself: the application calls connect once more. */
  reconnected(serverIsBack) {
    return serverIsBack.then(() => this.login());
  }

  async disconnect() {
    if (!this.#closed.done) this.connection.disconnect();
    await this.closed;
  }

  abandon() {
    this.connection.reset();
  }

  #id(suffix) {
    return this.connection.getUniqueId(suffix);
  }

  #pubsub(type, fill) {
    const iq = this.library.$iq({ type, to: PUBSUB, id: this.#id('pubsub') });
    return this.#iq(fill(iq.c('pubsub', { xmlns: NS.pubsub })));
  }

  #iq(iq) {
    return new Promise((resolve, reject) => {
      this.connection.sendIQ(iq, resolve, (answer) => {
        const error = answer && children(answer, 'error')[0];
        reject(new IqError(error ? children(error)[0].localName : 'timeout'));
      });
    });
  }
}

function readPresence(presence) {
  return {
    from: presence.getAttribute('from'),
    to: presence.getAttribute('to'),
    type: presence.getAttribute('type') ?? 'available',
  };
}

function readSubscription(subscription) {
  return {
    node: subscription.getAttribute('node'),
    jid: subscription.getAttribute('jid'),
    state: subscription.getAttribute('subscription'),
  };
}
