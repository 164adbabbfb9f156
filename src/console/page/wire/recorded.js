// The record of the server: what a session said before somebody looked, what came of it by REST, and what follows.

import { good } from '../shared/api.js';
import { Stream } from '../shared/events.js';

const PATH = '/callboard/api/record';
const AT_ONCE = 1_000;
const MOST_ENTRIES = 50_000;
const FRAMES = 'frame-in,frame-out,fault,session';
const REQUESTS = 'request,response';

/**
 * Entries of the record as frames in a store: `session` is '' for all, and `user` the id of its user, if there is one. `event` is
 * `{ node, item, requestId }` of one event instead: its deliveries, and the request that has caused it.
 */
export class Recorded {
  #numbers = new Map();
  #streams = [];
  #closed = false;

  constructor(api, store, { session, user, event, isOver, onState, onMissed, onGone }) {
    Object.assign(this, { api, store, onState, onMissed, onGone });
    const queries = session ? [{ session, kind: FRAMES }, ...(user ? [{ user, kind: REQUESTS }] : [])] : [{ kind: `${FRAMES},${REQUESTS}` }];
    this.#begin(event ? [] : queries, isOver, event);
  }

  close() {
    this.#closed = true;
    for (const stream of this.#streams) stream.close();
  }

  async #begin(queries, isOver, event) {
    try {
      const found = await Promise.all(queries.map((query) => this.#past(query)));
      if (this.#closed) return;
      const entries = [...found.flatMap((one) => one.entries), ...(event ? await this.#trail(event) : [])].sort((one, other) => one.seq - other.seq);
      for (const [index, entry] of entries.entries()) {
        // The page stays alive meanwhile.
        if (index % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve));
        if (this.#closed) return;
        this.#add(entry);
      }
      if (isOver) {
        this.onState('open');
        return;
      }
      this.#streams = queries.map((query, index) => new Stream(this.api, {
        types: ['entry', 'missed'],
        url: (ticket, last) => `${PATH}?${new URLSearchParams({ ...query, ticket, after: last || found[index].next })}`,
        onEvent: (event) => this.#event(event),
        onState: (state, why) => index === 0 && this.onState(state, why),
      }));
    } catch (error) {
      if (!this.#closed) this.onState('lost', { text: error.message });
    }
  }

  // All that the record has, a thousand entries at once.
  async #past(query, after = 0) {
    const entries = [];
    let next = after;
    while (entries.length < MOST_ENTRIES && !this.#closed) {
      const page = good(await this.api.get(`${PATH}?${new URLSearchParams({ ...query, after: next, limit: AT_ONCE })}`)).json();
      entries.push(...page.entries);
      const isLast = !page.entries.length || page.next === next;
      next = page.next;
      if (isLast) break;
    }
    return { entries, next };
  }

  // What the record has of one event. Its frames stand behind it, and the request before it.
  async #trail({ node, item, requestId }) {
    const { entries: events } = await this.#past({ node, kind: 'event' });
    const event = events.find((entry) => entry.item === item);
    const caused = requestId ? (await this.#past({ requestId, kind: REQUESTS })).entries : [];
    const { entries } = event ? await this.#past({ node, kind: FRAMES }, event.seq) : { entries: [] };
    return [...caused, ...entries.filter((entry) => entry.item === item)];
  }

  #event(event) {
    let given;
    try {
      given = JSON.parse(event.data);
    } catch {
      return;
    }
    if (event.type === 'missed') this.onMissed(given.entries);
    else this.#add(given);
  }

  #add({ seq, kind, time, session = '', user = '', size, text = '', cut = false, fault, method, path, status, requestId, of, what, reason = '' }) {
    if (kind === 'session') {
      if (what === 'ended') this.onGone(session, reason);
      return;
    }
    if (kind === 'fault') {
      if (of) this.store.mark(this.#numbers.get(of), fault);
      return;
    }
    const http = kind === 'request' ? { method, path, requestId } : kind === 'response' ? { status, method, path, of: this.#numbers.get(of) ?? 0 } : null;
    const { n } = this.store.add({ direction: kind === 'frame-in' || kind === 'request' ? 'out' : 'in', text, time, size, session, user, fault, http, cut });
    this.#numbers.set(seq, n);
    if (this.#numbers.size > MOST_ENTRIES) this.#numbers.delete(this.#numbers.keys().next().value);
  }
}
