// XMPP over WebSocket (RFC 7395), one step at a time, so that a view can show each of them and where it ends.

import { base64 } from '../shared/api.js';
import { escape, parse } from '../shared/xml.js';

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const CLIENT = 'jabber:client';
const PUBSUB = 'http://jabber.org/protocol/pubsub';

const PING_EVERY = 10_000;
const PATIENCE = 10_000;
const MOST_WAITING = 64;

/** The failure of a session: its step, the condition on the wire if there was one, and the frame. */
export class Failure extends Error {
  constructor(step, cause, { condition = '', frame = '', code = 0, detail = '' } = {}) {
    super(cause);
    this.name = 'Failure';
    this.step = step;
    this.why = cause;
    this.condition = condition;
    this.frame = frame;
    this.code = code;
    this.detail = detail;
  }
}

/**
 * A session over a WebSocket.
 *
 * `onFrame({ direction, text, at, step })` gets every frame, `onState(name, detail)` every step: connecting, upgraded,
 * open, opened, features, auth, success, reopen, reopened, bind, bound, presence, available, subscribe, subscribed, live,
 * failed (a `Failure`), closed (`{ code, reason, clean }`). `onEvent({ node, id, payload, to, at })` gets the events,
 * `onPresence({ from, type })` what others do, `onPing(milliseconds | null)` how fast the pings are answered.
 * `before(step, text)` may return a promise: the frame with this text waits for it, or, without a text, what follows the answer of
 * the step: upgraded, features, success, bound, userDone, teamDone. `needsFinesse: false` goes on when Finesse's own
 * presences do not come, as Cisco's desktop would not.
 */
export class Session {
  #socket = null;
  #inbox = [];
  #waiting = null;
  #answers = new Map();
  #count = 0;
  #timer = 0;
  #ended = null;
  #step = 'upgrade';
  #finesse = new Set();
  #onFinesse = null;

  constructor({
    url, protocols = 'xmpp', domain, user, password, resource = 'desktop', priority = null, patience = PATIENCE,
    needsFinesse = true,
    onFrame, onState, onEvent, onPresence, onPing, before,
  }) {
    Object.assign(this, { url, protocols, domain, user, password, resource, priority, patience, needsFinesse });
    Object.assign(this, { onFrame, onState, onEvent, onPresence, onPing, before });
    this.jid = '';
    this.events = 0;
  }

  /** Connects until bound and available. Throws a `Failure`. */
  async connect() {
    try {
      await this.#upgrade();
      await this.#openStream('open', 'opened');
      this.#state('features', await this.#features('features', 'mechanism'));
      await this.before?.('features');
      await this.#auth();
      await this.before?.('success');
      await this.#openStream('reopen', null);
      this.#state('reopened', await this.#features('reopen', 'bind'));
      await this.#bind();
      await this.before?.('bound');
      await this.#presence();
    } catch (error) {
      throw this.#fail(error);
    }
    return this.jid;
  }

  /** Subscribes to a node with the full JID, or the bare one; throws a `Failure` if the answer is an error. */
  async subscribe(node, { bare = false, step = 'subscribe' } = {}) {
    const jid = bare ? this.jid.split('/')[0] : this.jid;
    const body = `<pubsub xmlns="${PUBSUB}"><subscribe node="${escape(node)}" jid="${escape(jid)}"/></pubsub>`;
    const request = this.#request('set', `pubsub.${this.domain}`, body, 'subscribe');
    await this.before?.(step, request.text);
    this.#state('subscribe', { node, step });
    const result = await this.#ask(step, request, 'subscribe');
    this.#state('subscribed', { node, step });
    await this.before?.(`${step}Done`);
    return result;
  }

  /** Ends the subscription of the full JID to a node; throws a `Failure` if the answer is an error. */
  unsubscribe(node) {
    const body = `<pubsub xmlns="${PUBSUB}"><unsubscribe node="${escape(node)}" jid="${escape(this.jid)}"/></pubsub>`;
    return this.#iq('unsubscribe', 'set', `pubsub.${this.domain}`, body);
  }

  /** The subscriptions of the user and its sessions: `[{ node, jid, status }]`. */
  async subscriptions() {
    const body = `<pubsub xmlns="${PUBSUB}"><subscriptions/></pubsub>`;
    const result = await this.#iq('subscriptions', 'get', `pubsub.${this.domain}`, body);
    return [...result.getElementsByTagNameNS('*', 'subscription')].map((one) => ({
      node: one.getAttribute('node'),
      jid: one.getAttribute('jid'),
      status: one.getAttribute('subscription'),
    }));
  }

  /** Reports that everything is set up, and begins to ping. */
  live() {
    this.#step = 'live';
    this.#state('live', {});
    this.#timer ||= setInterval(() => this.ping().catch(() => {}), PING_EVERY);
  }

  /** A ping to the domain, as Cisco's desktop sends every 10 seconds: resolves to the milliseconds until the answer. */
  async ping() {
    const start = performance.now();
    try {
      await this.#iq('live', 'get', this.domain, '<ping xmlns="urn:xmpp:ping"/>', 'ping');
    } catch (error) {
      this.onPing?.(null);
      throw error;
    }
    const taken = performance.now() - start;
    this.onPing?.(taken);
    return taken;
  }

  /** Closes the stream (RFC 7395 §3.6) and the socket. */
  close() {
    clearInterval(this.#timer);
    this.#ended ??= new Failure(this.#step, 'left');
    if (this.#socket?.readyState === WebSocket.OPEN) {
      if (this.jid) this.#send('close', `<presence xmlns="${CLIENT}" type="unavailable"/>`);
      this.#send('close', `<close xmlns="${FRAMING}"/>`);
      const socket = this.#socket;
      // A server that does not answer with its own <close/> is not waited for.
      setTimeout(() => socket.close(), 1_000);
    } else {
      this.#socket?.close();
    }
  }

  /** Drops the connection without a word, as a crashed browser does. */
  drop() {
    clearInterval(this.#timer);
    this.#socket?.close();
  }

  get finesse() {
    return this.#finesse.size;
  }

  async #upgrade() {
    this.#state('connecting', { url: this.url });
    await this.before?.('upgrade');
    if (this.#ended) throw this.#ended;
    await new Promise((resolve, reject) => {
      try {
        this.#socket = this.protocols ? new WebSocket(this.url, this.protocols) : new WebSocket(this.url);
      } catch (error) {
        reject(new Failure('upgrade', 'browser', { detail: error.message }));
        return;
      }
      this.#socket.onopen = resolve;
      this.#socket.onmessage = ({ data }) => this.#receive(String(data));
      this.#socket.onclose = ({ code, reason, wasClean }) => {
        this.#closed({ code, reason, clean: wasClean });
        reject(new Failure('upgrade', 'closed', { code, detail: reason }));
      };
    });
    this.#state('upgraded', { protocol: this.#socket.protocol });
    await this.before?.('upgraded');
  }

  async #openStream(step, done) {
    const open = `<open xmlns="${FRAMING}" to="${escape(this.domain)}" version="1.0"/>`;
    await this.before?.(step, open);
    this.#step = step;
    this.#state(step, {});
    this.#send(step, open);
    const { root, text } = await this.#expect(step);
    if (root.localName !== 'open' || root.namespaceURI !== FRAMING) throw new Failure(step, 'framing', { frame: text });
    if (done) this.#state(done, {});
  }

  async #features(step, wanted) {
    this.#step = step;
    const { root, text } = await this.#expect(step);
    if (root.localName !== 'features') throw new Failure(step, 'unexpected', { frame: text });
    const found = [...root.getElementsByTagNameNS('*', wanted)].map((element) => element.textContent.trim());
    if (!found.length || (wanted === 'mechanism' && !found.includes('PLAIN'))) throw new Failure(step, 'features', { frame: text });
    return { found };
  }

  async #auth() {
    const step = 'auth';
    const secret = base64(`${this.user}@${this.domain}\0${this.user}\0${this.password}`);
    const auth = `<auth xmlns="${SASL}" mechanism="PLAIN">${secret}</auth>`;
    await this.before?.(step, auth);
    this.#step = step;
    this.#state('auth', {});
    this.#send(step, auth);
    this.#step = 'success';
    const { root, text } = await this.#expect('success');
    if (root.localName === 'failure') {
      throw new Failure('success', 'sasl', { condition: root.children[0]?.localName ?? '', frame: text });
    }
    if (root.localName !== 'success') throw new Failure('success', 'unexpected', { frame: text });
    this.#state('success', {});
  }

  async #bind() {
    const step = 'bind';
    const resource = this.resource ? `<resource>${escape(this.resource)}</resource>` : '';
    const request = this.#request('set', null, `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">${resource}</bind>`, 'bound');
    await this.before?.(step, request.text);
    this.#state('bind', {});
    const result = await this.#ask(step, request, 'bound');
    this.jid = result.getElementsByTagNameNS('*', 'jid')[0]?.textContent.trim() ?? '';
    if (!this.jid) throw new Failure('bound', 'unexpected');
    this.#state('bound', { jid: this.jid });
  }

  async #presence() {
    const step = 'presence';
    const inside = this.priority === null ? '' : `<priority>${this.priority}</priority>`;
    const presence = `<presence xmlns="${CLIENT}"${inside ? `>${inside}</presence>` : '/>'}`;
    await this.before?.(step, presence);
    this.#step = step;
    this.#state('presence', {});
    this.#send(step, presence);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (this.needsFinesse) reject(new Failure(step, 'finesse'));
        else resolve();
      }, this.patience);
      this.#onFinesse = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting = { reject: (error) => {
        clearTimeout(timer);
        reject(error);
      } };
      if (this.#finesse.size || this.#ended) this.#ended ? this.#waiting.reject(this.#ended) : this.#onFinesse();
    }).finally(() => {
      this.#waiting = null;
      this.#onFinesse = null;
    });
    this.#state('available', { finesse: this.#finesse.size });
  }

  #iq(step, type, to, body, answerStep = step) {
    return this.#ask(step, this.#request(type, to, body, answerStep), answerStep);
  }

  #request(type, to, body, answerStep) {
    const id = `${(this.#count += 1)}:${answerStep}`;
    const target = to ? ` to="${escape(to)}"` : '';
    return { id, text: `<iq type="${type}"${target} id="${id}" xmlns="${CLIENT}">${body}</iq>` };
  }

  #ask(step, { id, text }, answerStep) {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const timer = setTimeout(() => {
        this.#answers.delete(id);
        reject(new Failure(answerStep, 'silence'));
      }, this.patience);
      const end = (f) => (value) => {
        clearTimeout(timer);
        f(value);
      };
      this.#answers.set(id, { step: answerStep, resolve: end(resolve), reject: end(reject) });
      this.#step = step;
      this.#send(step, text);
    });
  }

  #send(step, text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(text);
    this.onFrame?.({ direction: 'out', text, at: performance.now(), step });
  }

  #expect(step) {
    if (this.#inbox.length) return Promise.resolve(this.#inbox.shift());
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Failure(step, 'silence')), this.patience);
      const end = (f) => (value) => {
        clearTimeout(timer);
        this.#waiting = null;
        f(value);
      };
      this.#waiting = { resolve: end(resolve), reject: end(reject), step };
    });
  }

  #receive(text) {
    const at = performance.now();
    this.onFrame?.({ direction: 'in', text, at, step: this.#step });
    const root = parse(text)?.documentElement;
    if (!root) {
      // The stream of a server older than RFC 7395 is one element, which is not closed.
      const why = text.trimStart().startsWith('<stream:stream') ? 'framing' : 'broken';
      this.#end(new Failure(this.#step, why, { frame: text }));
      return;
    }
    switch (root.localName) {
      case 'iq':
        this.#answer(root, text);
        break;
      case 'message':
        this.#events(root, at);
        break;
      case 'presence':
        this.#presenceOf(root);
        break;
      case 'error':
        this.#end(new Failure(this.#step, 'stream', { condition: root.children[0]?.localName ?? '', frame: text }));
        break;
      case 'close':
        this.#end(new Failure(this.#step, 'close', { frame: text }));
        this.#socket.close();
        break;
      default:
        if (this.#waiting?.resolve) this.#waiting.resolve({ root, text });
        else if (this.#inbox.length < MOST_WAITING) this.#inbox.push({ root, text });
    }
  }

  #answer(root, text) {
    const id = root.getAttribute('id');
    const type = root.getAttribute('type');
    const asked = this.#answers.get(id);
    if (!asked || (type !== 'result' && type !== 'error')) {
      if (type === 'get' || type === 'set') this.#refuse(root);
      return;
    }
    this.#answers.delete(id);
    if (type === 'result') {
      asked.resolve(root);
      return;
    }
    const error = [...root.children].find((child) => child.localName === 'error');
    asked.reject(new Failure(asked.step, 'stanza', { condition: error?.children[0]?.localName ?? '', frame: text }));
  }

  // RFC 6120 §8.2.3: every request is answered, also one that is not understood.
  #refuse(root) {
    const id = escape(root.getAttribute('id') ?? '');
    const to = root.getAttribute('from');
    const target = to ? ` to="${escape(to)}"` : '';
    const error = '<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>';
    this.#send(this.#step, `<iq type="error"${target} id="${id}" xmlns="${CLIENT}">${error}</iq>`);
  }

  #events(root, at) {
    const to = root.getAttribute('to') ?? '';
    for (const items of root.getElementsByTagNameNS('*', 'items')) {
      for (const item of items.getElementsByTagNameNS('*', 'item')) {
        this.events += 1;
        this.onEvent?.({
          node: items.getAttribute('node') ?? '',
          id: item.getAttribute('id') ?? '',
          payload: item.children[0]?.textContent ?? item.textContent,
          to,
          at,
        });
      }
    }
  }

  #presenceOf(root) {
    const from = root.getAttribute('from') ?? '';
    const type = root.getAttribute('type') ?? '';
    if (from.startsWith('finesse@')) {
      if (type === 'unavailable') this.#finesse.delete(from);
      else this.#finesse.add(from);
      if (this.#finesse.size) this.#onFinesse?.();
    }
    this.onPresence?.({ from, type });
  }

  #closed({ code, reason, clean }) {
    clearInterval(this.#timer);
    this.#end(new Failure(this.#step, 'closed', { code, detail: reason }));
    this.#state('closed', { code, reason, clean });
  }

  // The first failure is the cause. Failures that follow from it are not reported.
  #end(failure) {
    clearInterval(this.#timer);
    this.#ended ??= failure;
    this.#waiting?.reject(this.#ended);
    for (const { reject } of this.#answers.values()) reject(this.#ended);
    this.#answers.clear();
  }

  #fail(error) {
    const failure = error instanceof Failure ? error : new Failure(this.#step, 'browser', { detail: String(error) });
    this.#ended ??= failure;
    this.#state('failed', failure);
    return failure;
  }

  /** What ended the session, if something did. */
  get ended() {
    return this.#ended;
  }

  #state(name, detail) {
    this.onState?.(name, detail);
  }
}
