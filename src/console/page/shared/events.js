// Server-sent events with tickets. An EventSource cannot send a header, so a ticket lets it in. It reconnects by itself
// after a lost connection, and gives up for good when its ticket has expired. This file then opens a new one.

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const REST_AFTER = 5_000;

/**
 * A stream that stays up. `url(ticket, last)` makes the address, `types` are the events wanted, `onEvent(event)` gets
 * each; `onState('open' | 'lost', why)` tells of the connection, with `{ status, text }` where the server refused. One that
 * `rests` holds no connection while nobody sees the page, and then gets what it has missed: a browser has six for a server.
 */
export class Stream {
  #source = null;
  #timer = 0;
  #wait = FIRST_WAIT;
  #closed = false;
  #rest = 0;
  #resting = false;
  #turn = 0;
  #seen = () => this.#look();

  constructor(api, { url, types, onEvent, onState, rests = false }) {
    this.api = api;
    this.url = url;
    this.types = types;
    this.onEvent = onEvent;
    this.onState = onState ?? (() => {});
    this.last = null;
    this.#open();
    if (!rests) return;
    document.addEventListener('visibilitychange', this.#seen);
    this.#look();
  }

  close() {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.#seen);
    clearTimeout(this.#rest);
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #look() {
    clearTimeout(this.#rest);
    if (document.hidden) {
      this.#rest = setTimeout(() => {
        this.#resting = true;
        clearTimeout(this.#timer);
        this.#source?.close();
        this.#source = null;
      }, REST_AFTER);
    } else if (this.#resting) {
      this.#resting = false;
      this.#wait = FIRST_WAIT;
      this.#open();
    }
  }

  async #open() {
    const turn = (this.#turn += 1);
    let address;
    try {
      address = this.url((await this.api.ticket()).ticket, this.last);
    } catch (error) {
      if (turn === this.#turn) this.#lost(error.status ? { status: error.status, text: error.message } : undefined);
      return;
    }
    if (this.#closed || this.#resting || turn !== this.#turn) return;
    const source = new EventSource(address);
    this.#source = source;
    source.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.onState('open');
    };
    source.onerror = async () => {
      if (this.#source !== source) return;
      if (source.readyState !== EventSource.CLOSED) {
        this.onState('lost');
        return;
      }
      // An EventSource does not say why it failed. The same request by fetch does, and ends as soon as its status is there.
      this.#source = null;
      this.#lost(await whyRefused(address));
    };
    for (const type of this.types) {
      source.addEventListener(type, (event) => {
        if (event.lastEventId) this.last = event.lastEventId;
        this.onEvent(event);
      });
    }
  }

  #lost(why) {
    if (this.#closed || this.#resting) return;
    this.onState('lost', why);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }
}

/**
 * The events of nodes: `onEvent({ node, id, data })`, `onMissed(sentence)`, `onState` and `rests` as above; `query` is added
 * to the address.
 */
export class EventStream extends Stream {
  constructor(api, nodes, { onEvent, onMissed, onState, rests, query = '' }) {
    super(api, {
      rests,
      types: [...nodes, 'missed'],
      onState,
      url: (ticket, last) => {
        const parts = nodes.map((node) => `node=${encodeURIComponent(node)}`);
        parts.push(`ticket=${encodeURIComponent(ticket)}`);
        if (last) parts.push(`after=${encodeURIComponent(last)}`);
        if (query) parts.push(query);
        return `/events?${parts.join('&')}`;
      },
      onEvent: (event) => {
        if (event.type === 'missed') onMissed?.(event.data);
        else onEvent({ node: event.type, id: event.lastEventId, data: event.data });
      },
    });
  }
}

async function whyRefused(address) {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), 5_000);
  try {
    const response = await fetch(address, { credentials: 'omit', cache: 'no-store', signal: end.signal });
    if (response.ok) return undefined;
    return { status: response.status, text: (await response.text()).trim().slice(0, 300) };
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    end.abort();
  }
}
