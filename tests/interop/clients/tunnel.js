// A client in the manner of the event tunnel of Cisco's desktop, on the Strophe that Cisco ships. It does what that
// one does where it matters to a server: when it calls itself connected, how it reads an event, how it pings, how it
// leaves. It is written after a description of it and shares no code with it.

import { Inbox } from '../lab/wait.js';
import { LabSocket } from '../lab/socket.js';
import { children } from '../lab/xml.js';
import { DOMAIN, NS, PUBSUB, later } from './common.js';
import { loadStrophe1 } from './strophe.js';

const { Strophe, $iq, $pres } = loadStrophe1();

export class Tunnel {
  /** What gadgets are told: connecting, connected, disconnected, unauthorized, conflict. */
  states = new Inbox();
  /** `{ topic, payload }` as handed to gadgets. */
  events = new Inbox();
  /** Presences, by the address they come from. */
  presences = new Inbox();
  #connected = false;
  #login = later();
  /** Kept when Strophe is logged in, which for a gadget is not connected yet. */
  loggedIn = this.#login.promise;
  #finesse = false;
  #pings = 0;
  #nodes = new Set();

  constructor(url) {
    this.connection = new Strophe.Connection(url);
  }

  /** Logs in. `quiet` leaves the initial presence out, which the desktop never does. */
  init(id, password, { resource = 'desktop', quiet = false } = {}) {
    this.states.push('connecting');
    // The desktop does not care how the agent wrote the id.
    const jid = `${id.toLowerCase()}@${DOMAIN}/${resource}`;
    this.connection.connect(jid, password, (status, condition) => this.#status(status, condition, quiet));
    this.socket = LabSocket.made.at(-1);
  }

  #status(status, condition, quiet) {
    if (status === Strophe.Status.CONNECTED) {
      this.#connected = true;
      this.#login.resolve();
      this.connection.addHandler((message) => this.#message(message), null, 'message');
      this.connection.addHandler((presence) => this.#presence(presence), null, 'presence');
      if (!quiet) this.connection.send($pres());
      this.#look();
    }
    if (status === Strophe.Status.AUTHFAIL) this.states.push('unauthorized');
    if (status === Strophe.Status.ERROR && condition === 'conflict') this.states.push('conflict');
    if (status === Strophe.Status.DISCONNECTED) this.states.push('disconnected');
  }

  /** Connected is who is logged in and has seen the user `finesse`: only then do events come. */
  #look() {
    if (this.#connected && this.#finesse && !this.states.all.includes('connected')) this.states.push('connected');
  }

  #presence(presence) {
    const from = presence.getAttribute('from');
    if (Strophe.getNodeFromJid(from) === 'finesse' && presence.getAttribute('type') === null) {
      this.#finesse = true;
      this.#look();
    }
    this.presences.push(from);
    return true;
  }

  #message(message) {
    const items = message.getElementsByTagName('items')[0];
    if (items) {
      const topic = items.getAttribute('node').replace(/^\//, '').replaceAll('/', '.');
      // All text of the message, wherever it stands: anything beside the payload would spoil it.
      this.events.push({ topic, payload: message.textContent });
    }
    return true;
  }

  /** Subscribes by the full JID; whatever the answer is, it counts as success, as it does for the desktop. */
  subscribe(node) {
    this.#nodes.add(node);
    return this.#iq('subscribe', node);
  }

  #iq(action, node) {
    const { connection } = this;
    const iq = $iq({ type: 'set', from: connection.jid, to: PUBSUB, id: connection.getUniqueId(`${action}node`) })
      .c('pubsub', { xmlns: NS.pubsub })
      .c(action, { node, jid: connection.jid });
    return new Promise((resolve) => connection.sendIQ(iq, resolve, resolve));
  }

  /**
   * One tick of its ping timer. A ping still unanswered at the next tick means that the server is gone, and an error
   * for an answer means the same at once. Resolves with the answer.
   */
  tick() {
    this.#pings++;
    const answer = new Promise((resolve) => {
      const iq = $iq({ type: 'get', to: DOMAIN, id: this.connection.getUniqueId('ping') }).c('ping', { xmlns: NS.ping });
      this.connection.sendIQ(
        iq,
        () => {
          this.#pings = 0;
          resolve('result');
        },
        () => {
          this.states.push('disconnected');
          resolve('error');
        },
      );
    });
    if (this.#pings === 2) this.states.push('disconnected');
    return answer;
  }

  /** The page goes away: every node is unsubscribed, then the session ends; nobody waits for an answer. */
  unload() {
    for (const node of this.#nodes) this.#iq('unsubscribe', node);
    this.connection.disconnect();
  }

  /** As Cisco's sample signs out: Strophe forgets everything, and the page is loaded anew, which closes the socket. */
  reset() {
    this.connection.reset();
    this.socket.close(1001);
  }
}

/** The `subscription` of an answer to `subscribe`. */
export const subscriptionIn = (answer) =>
  children(children(answer, 'pubsub')[0], 'subscription')[0].getAttribute('subscription');
