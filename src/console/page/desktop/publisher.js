// The part of a Finesse desktop on the hub: it publishes events, presence and the state of the connection, and
// answers requests (Cisco's guide, "Finesse Requests" and "Finesse Responses").

import { escape } from '../console/shared/xml.js';
import { topicOf } from './hub.js';
import { tree } from './tree.js';

const INFO = 'finesse.info';

/** The link between a session of XMPP and a hub. `session` is set when there is one. */
export class Publisher {
  #hub;
  #session = null;
  #connection = { status: 'disconnected' };
  /** By node the gadgets that want it, and the promise of the subscription. */
  #nodes = new Map();

  constructor(hub) {
    this.#hub = hub;
    hub.subscribe(`${INFO}.requests`, (topic, json) => this.#request(json === undefined ? null : JSON.parse(json)));
  }

  /** Publishes the status of the connection. Requests go over `session`. */
  status(status, session = null) {
    if (status !== 'connected') this.#nodes.clear();
    this.#session = session;
    const resource = session?.jid.split('/').slice(1).join('/');
    this.#connection = { status, resourceID: resource ?? this.#connection.resourceID };
    this.#hub.publish(`${INFO}.connection`, this.#connection);
  }

  /** Publishes the event of a node. */
  event(node, payload) {
    const object = payload.startsWith('{') ? json(payload) : tree(payload);
    if (object) this.#hub.publish(topicOf(node), { content: `${encodeURI(node)}${payload}`, object });
  }

  /** Publishes the presence of a JID. */
  presence({ from, type }) {
    const content = presenceXml(from, type);
    this.#hub.publish(`${INFO}.presence`, { content, object: tree(content) });
  }

  #request(request) {
    const { type, data, invokeID } = request ?? {};
    if (typeof data !== 'object') return;
    switch (type) {
      case 'ConnectionInfoReq':
        this.#hub.publish(`${INFO}.connection`, invokeID === undefined ? this.#connection : { ...this.#connection, invokeID });
        break;
      case 'SubscribeNodeReq':
        if (typeof data.node === 'string') this.#subscribe(data.node, invokeID);
        break;
      case 'UnsubscribeNodeReq':
        if (typeof data.node === 'string') this.#unsubscribe(data.node, data.subid, invokeID);
        break;
      default:
    }
  }

  async #subscribe(node, id) {
    if (!this.#session) return this.#refuse(id, 'Not connected', 'Cannot subscribe without a connection.');
    const session = this.#session;
    if (!this.#nodes.has(node)) this.#nodes.set(node, { wanted: new Set(), ready: session.subscribe(node) });
    const entry = this.#nodes.get(node);
    entry.wanted.add(id);
    try {
      await entry.ready;
      return this.#respond(id);
    } catch (failure) {
      if (this.#nodes.get(node) === entry) this.#nodes.delete(node);
      return this.#fail(id, failure);
    }
  }

  async #unsubscribe(node, subscriber, id) {
    if (!this.#session) return this.#refuse(id, 'Not connected', 'Cannot unsubscribe without a connection.');
    const entry = this.#nodes.get(node);
    entry?.wanted.delete(subscriber);
    if (!entry || entry.wanted.size) return this.#respond(id);
    this.#nodes.delete(node);
    try {
      await entry.ready;
      await this.#session?.unsubscribe(node);
      return this.#respond(id);
    } catch (failure) {
      return this.#fail(id, failure);
    }
  }

  #respond(id, data) {
    if (id !== undefined) this.#hub.publish(`${INFO}.responses.${id}`, data);
  }

  #refuse(id, errorType, errorMessage) {
    this.#respond(id, { error: { errorType, errorMessage } });
  }

  #fail(id, failure) {
    if (!failure.frame) this.#refuse(id, 'Disconnected', String(failure.message));
    else this.#respond(id, { subscribe: { content: failure.frame, object: tree(failure.frame) } });
  }
}

/** A presence as the event tunnel writes it. */
export function presenceXml(from, type) {
  return `<presence><from>${escape(from)}</from>${type ? `<type>${escape(type)}</type>` : '<type/>'}</presence>`;
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
