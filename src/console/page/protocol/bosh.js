// Long polling as XMPP has it: BOSH (XEP-0124, XEP-0206). The server holds one request until it has something to say or
// `wait` is over; each answer is followed by the next request, so that there is always one that can be answered.

import { all, escape, parse } from '../shared/xml.js';
import { base64 } from '../shared/api.js';

const HTTPBIND = 'http://jabber.org/protocol/httpbind';
const RETRIES = 3;
const RETRY_AFTER = 1_000;
const GOODBYE = 1_500;

/**
 * A session over BOSH. `onRequest()` is told of each request and returns what is told of its answer: `(empty) => {}`.
 * `onEvent({ node, id, payload, to, at })` gets events, `onState(name, detail)` the steps: created, authenticated,
 * bound, available, failed, closed.
 */
export class BoshSession {
  #rid = firstRid();
  #sid = '';
  #queue = [];
  #flying = 0;
  #order = Promise.resolve();
  #waiting = new Map();
  #ended = false;
  #stop = new AbortController();
  #ids = 0;

  constructor({ url, domain, user, password, resource, run, wait = 10, onRequest, onEvent, onState }) {
    Object.assign(this, { domain, user, password, resource, wait });
    this.url = run ? `${url}?run=${encodeURIComponent(run)}` : url;
    this.onRequest = onRequest ?? (() => () => {});
    this.onEvent = onEvent ?? (() => {});
    this.onState = onState ?? (() => {});
    /** How many requests were sent, and how many answers were empty. */
    this.requests = 0;
    this.empty = 0;
    this.jid = '';
  }

  /** Resolves when the session is bound and available; from then on one request is always held. */
  async connect() {
    try {
      const created = await this.#ask({
        to: this.domain,
        'xml:lang': 'en',
        'xmpp:version': '1.0',
        wait: this.wait,
        hold: 1,
        ver: '1.11',
        content: 'text/xml; charset=utf-8',
      });
      this.#sid = created.getAttribute('sid') ?? '';
      if (!this.#sid) throw new Error('no session');
      await this.#until(created, 'mechanisms');
      this.onState('created');

      const secret = base64(`\0${this.user}\0${this.password}`);
      const auth = `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${secret}</auth>`;
      await this.#until(await this.#ask({}, auth), 'success');
      this.onState('authenticated');

      await this.#until(await this.#ask({ to: this.domain, 'xml:lang': 'en', 'xmpp:restart': 'true' }), 'bind');
      const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${escape(this.resource)}</resource></bind>`;
      const bound = await this.#until(await this.#ask({}, `<iq type="set" id="bind" xmlns="jabber:client">${bind}</iq>`), 'jid');
      this.jid = bound.textContent;
      this.onState('bound', this.jid);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#say('<presence xmlns="jabber:client"/>');
    this.onState('available');
  }

  /** Subscribes the full JID to a node; resolves with the server's answer. */
  subscribe(node) {
    const id = `s${++this.#ids}`;
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const subscribe = `<subscribe node="${escape(node)}" jid="${escape(this.jid)}"/>`;
    const pubsub = `<pubsub xmlns="http://jabber.org/protocol/pubsub">${subscribe}</pubsub>`;
    this.#say(`<iq type="set" id="${id}" to="pubsub.${escape(this.domain)}" xmlns="jabber:client">${pubsub}</iq>`);
    return answered;
  }

  /** Ends the session and the held request. Resolves when both are answered, or after a moment. */
  async close() {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#sid) {
      const goodbye = this.#ask({ type: 'terminate' }, '<presence type="unavailable" xmlns="jabber:client"/>').catch(() => {});
      const both = Promise.all([goodbye, this.#idle()]);
      await Promise.race([both, new Promise((resolve) => setTimeout(resolve, GOODBYE))]);
    }
    this.#stop.abort();
    this.#letGo(new Error('closed'));
    this.onState('closed');
  }

  /** Sends a stanza at once, in a request beside the held one, which the server then answers. */
  #say(stanza) {
    this.#queue.push(stanza);
    this.#hold();
  }

  /** Sends the queued stanzas, and keeps one request held. */
  #hold() {
    if (this.#ended) return;
    if (this.#flying > (this.#queue.length ? 1 : 0)) return;
    const stanzas = this.#queue.splice(0).join('');
    this.#ask({}, stanzas).then(
      (body) => {
        this.#read(body);
        this.#hold();
      },
      (error) => this.#fail(error),
    );
  }

  /** One request; resolves with the `<body>` of its answer, in the order of the requests. */
  #ask(attributes, inner = '') {
    const rid = this.#rid++;
    const given = { ...attributes, rid, ...(this.#sid ? { sid: this.#sid } : {}) };
    const written = Object.entries(given).map(([name, value]) => `${name}="${escape(value)}"`);
    const xbosh = Object.keys(given).some((name) => name.startsWith('xmpp:')) ? ' xmlns:xmpp="urn:xmpp:xbosh"' : '';
    const body = `<body ${written.join(' ')} xmlns="${HTTPBIND}"${xbosh}${inner ? `>${inner}</body>` : '/>'}`;
    const answer = this.#post(body);
    // A request may fail while an earlier one is under way. Callers hear of both in order.
    answer.catch(() => {});
    const inOrder = this.#order.then(() => answer);
    this.#order = inOrder.catch(() => {});
    return inOrder;
  }

  async #post(body) {
    this.#flying += 1;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const answered = this.onRequest();
        this.requests += 1;
        try {
          const response = await fetch(this.url, {
            method: 'POST',
            headers: { 'Content-Type': 'text/xml; charset=utf-8' },
            body,
            credentials: 'omit',
            cache: 'no-store',
            signal: this.#stop.signal,
          });
          const text = await response.text();
          const element = parse(text)?.documentElement;
          if (element?.localName !== 'body') throw new Refused(`${response.status} ${text.slice(0, 200)}`);
          const over = element.getAttribute('type') === 'terminate';
          const empty = !over && element.children.length === 0;
          if (empty) this.empty += 1;
          answered(empty);
          if (over && !this.#ended) throw new Refused(element.getAttribute('condition') ?? 'terminated');
          return element;
        } catch (error) {
          answered(true);
          // A request with the same rid gets the same answer again.
          if (error instanceof Refused || this.#ended || attempt >= RETRIES) throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
        }
      }
    } finally {
      this.#flying -= 1;
    }
  }

  /** Looks for an element in an answer, and in those of further empty requests, as the server may be slower than its answer. */
  async #until(body, name) {
    for (let tries = 0; tries < 5; tries += 1) {
      const failure = all(body, 'failure')[0] ?? all(body, 'error')[0];
      if (failure) throw new Error(failure.firstElementChild?.localName ?? failure.localName);
      const found = all(body, name)[0];
      if (found) return found;
      body = await this.#ask({});
    }
    throw new Error(`no <${name}>`);
  }

  #read(body) {
    const at = performance.now();
    for (const stanza of body.children) {
      if (stanza.localName === 'iq') this.#answer(stanza);
      if (stanza.localName === 'error') this.#fail(new Error(stanza.firstElementChild?.localName ?? 'stream error'));
      if (stanza.localName !== 'message') continue;
      for (const items of all(stanza, 'items')) {
        for (const item of all(items, 'item')) {
          this.onEvent({
            node: items.getAttribute('node') ?? '',
            id: item.getAttribute('id') ?? '',
            payload: item.textContent,
            to: stanza.getAttribute('to') ?? '',
            at,
          });
        }
      }
    }
  }

  #answer(iq) {
    const waiting = this.#waiting.get(iq.getAttribute('id'));
    if (!waiting) return;
    this.#waiting.delete(iq.getAttribute('id'));
    if (iq.getAttribute('type') === 'result') waiting.resolve(iq);
    else waiting.reject(new Error(all(iq, 'error')[0]?.firstElementChild?.localName ?? 'error'));
  }

  async #idle() {
    while (this.#flying) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #fail(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop.abort();
    this.#letGo(error);
    this.onState('failed', error.message);
  }

  #letGo(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** An answer that another attempt would not change. */
class Refused extends Error {}

// Far below 2^53, so that counting up stays exact for longer than any session lasts.
function firstRid() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x7ffff) * 2 ** 32 + low + 1;
}
