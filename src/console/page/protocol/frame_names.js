// Names of frames in the words of the steps, by their content and by the requests before them.

import { parse } from '../shared/xml.js';

const MOST_ASKED = 100;

// Before and after the login.
const OPEN = {
  out: ['open-request', 'open-again'],
  in: ['open-response', 'open-again-response'],
};

const EVENT = /^<message\b[^>]*><event\b[^>]*><items\b[^>]*?\snode=(["'])([^"'<>]*)\1/;

// The start tag of a stream over TCP, which no parser reads as a whole, with what stands before it; and its end.
const HEADER = /^(?:<\?xml[^>]*\?>\s*)?<stream:stream\b[^>]*?\s(?:to|from)=(["'])([^"'<>]*)\1/;
const END = /^<\/stream:stream\s*>$/;

const PUBSUB_REQUESTS = { __proto__: null, subscribe: 'subscribe-request', unsubscribe: 'unsubscribe-request' };

/** Names the frames of one session, in their order. */
export class FrameNamer {
  #loggedIn = false;
  #n = 0;
  #asked = new Map();

  /**
   * Names frame number `n`: `{ key, detail, request }`, the key of a word `frame.KEY`, what it is about (a node, a JID, a
   * condition), and the number of the request that it answers.
   */
  name(direction, text, n = 0) {
    this.#n = n;
    // Most frames are events. What they are about is found without reading them whole.
    const node = EVENT.exec(text)?.[2];
    if (node !== undefined && !node.includes('&')) return { key: 'event', detail: node };
    const header = HEADER.exec(text);
    if (header) return { key: OPEN[direction][Number(this.#loggedIn)], detail: header[2] };
    if (END.test(text)) return { key: 'close', detail: '' };
    const root = parse(text)?.documentElement;
    // A frame in which the server has masked a password may not be XML any more.
    if (!root) return { key: /<auth\b/.test(text) ? 'auth-request' : 'other', detail: '' };
    return root.localName === 'body' ? this.#body(direction, root) : this.#element(direction, root);
  }

  // A BOSH body carries any number of stanzas; the first one gives the name.
  #body(direction, root) {
    const children = [...root.children];
    if (!children.length) {
      const type = root.getAttribute('type');
      if (type === 'terminate') return { key: 'close', detail: root.getAttribute('condition') ?? 'terminate' };
      return root.hasAttribute('wait') ? { key: 'bosh-session', detail: '' } : { key: 'bosh-empty', detail: '' };
    }
    const names = children.map((child) => this.#element(direction, child));
    return names.length === 1 ? names[0] : { key: names[0].key, detail: `${names[0].detail} (+${names.length - 1})`.trim() };
  }

  #element(direction, root) {
    switch (root.localName) {
      case 'open':
        return { key: OPEN[direction][Number(this.#loggedIn)], detail: root.getAttribute('to') ?? root.getAttribute('from') ?? '' };
      case 'features': {
        if (descendant(root, 'bind')) return { key: 'features-bind', detail: '' };
        return { key: 'features', detail: descendant(root, 'mechanism')?.textContent ?? '' };
      }
      case 'auth':
        return { key: 'auth-request', detail: [root.getAttribute('mechanism'), root.getAttribute('authcid')].filter(Boolean).join(' ') };
      case 'challenge':
        return { key: 'auth-challenge', detail: '' };
      case 'response':
        return { key: 'auth-answer', detail: root.getAttribute('authcid') ?? '' };
      case 'starttls':
      case 'proceed':
        return { key: root.localName, detail: '' };
      case 'success':
        this.#loggedIn = true;
        return { key: 'success', detail: '' };
      case 'failure':
        return { key: 'failure', detail: root.children[0]?.localName ?? '' };
      case 'presence':
        return presence(direction, root);
      case 'message': {
        const items = descendant(root, 'items');
        return items ? { key: 'event', detail: items.getAttribute('node') ?? '' } : { key: 'message', detail: root.getAttribute('from') ?? '' };
      }
      case 'iq':
        return this.#iq(direction, root);
      case 'error':
        return { key: 'stream-error', detail: root.children[0]?.localName ?? '' };
      case 'close':
        return { key: 'close', detail: '' };
      case 'Update':
        return { key: 'event', detail: '' };
      default:
        return { key: 'other', detail: root.localName };
    }
  }

  #iq(direction, root) {
    const type = root.getAttribute('type');
    const id = root.getAttribute('id') ?? '';
    if (type === 'get' || type === 'set') {
      const asked = request(root);
      this.#asked.set(`${direction}:${id}`, { ...asked, n: this.#n });
      if (this.#asked.size > MOST_ASKED) this.#asked.delete(this.#asked.keys().next().value);
      return asked;
    }
    const key = `${direction === 'in' ? 'out' : 'in'}:${id}`;
    const asked = this.#asked.get(key);
    this.#asked.delete(key);
    if (type === 'error') {
      const error = [...root.children].find((child) => child.localName === 'error');
      return { key: 'iq-error', detail: error?.children[0]?.localName ?? '', request: asked?.n };
    }
    const name = asked?.key.replace(/request$/, 'response') ?? 'iq-response';
    return { key: name, detail: descendant(root, 'jid')?.textContent ?? asked?.detail ?? '', request: asked?.n };
  }
}

function request(root) {
  const child = root.children[0];
  switch (child?.localName) {
    case 'bind':
      return { key: 'bind-request', detail: descendant(child, 'resource')?.textContent ?? '' };
    case 'session':
      return { key: 'session-request', detail: '' };
    case 'ping':
      return { key: 'ping-request', detail: '' };
    case 'pubsub': {
      const action = child.children[0];
      return { key: PUBSUB_REQUESTS[action?.localName] ?? 'iq-request', detail: action?.getAttribute('node') ?? '' };
    }
    default:
      return { key: 'iq-request', detail: child?.namespaceURI ?? '' };
  }
}

function presence(direction, root) {
  const gone = root.getAttribute('type') === 'unavailable';
  const from = root.getAttribute('from') ?? '';
  if (direction === 'out') return { key: gone ? 'presence-leave' : 'presence-request', detail: '' };
  if (from.startsWith('finesse@')) return { key: gone ? 'presence-gone' : 'presence-finesse', detail: from };
  if (from && from === root.getAttribute('to')) return { key: 'presence-echo', detail: from };
  return { key: 'presence-other', detail: from };
}

function descendant(node, name) {
  return node.getElementsByTagNameNS('*', name)[0];
}
