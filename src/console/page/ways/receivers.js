// The six ways to hear of a change, each with the same few members: `start()` resolves when it listens, `stop()` when it
// has ended, `requests` and `empty` are its own counts. `onRequest()` is told of each request and returns what is told of
// the answer; `onTold({ payload })` gets events that name their request, `onPolled(stamp)` a poll's document;
// `onError(error)` hears that the way is down, `onWell()` that it is there, also if it always was.

import { reason } from '../shared/api.js';
import { BoshSession } from '../protocol/bosh.js';
import { EventStream } from '../shared/events.js';
import { refusal } from '../shared/refusals.js';
import { t } from '../shared/words.js';
import { first } from '../shared/xml.js';
import { Session } from '../protocol/xmpp.js';

const PATIENCE = 10_000;
/** The most beats that pass without a request while the server is away. */
const MOST_SKIPPED = 15;

/** The beat by which all polls ask. */
export class Beat {
  #timer = 0;
  #turn = 0;
  #polls = [];

  constructor(interval) {
    this.interval = interval;
  }

  /** Begins to ask, all in one go, so that they are as late as each other. */
  start(polls) {
    this.#polls = polls;
    this.began = performance.now();
    this.#next();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#polls = [];
  }

  // The clock sets the beat. Pauses that are added up would lengthen it by the time of each turn.
  #next() {
    this.#turn = Math.max(this.#turn + 1, Math.ceil((performance.now() - this.began) / this.interval));
    const due = this.began + this.#turn * this.interval;
    this.#timer = setTimeout(() => {
      for (const poll of this.#polls) poll.ask();
      if (this.#polls.length) this.#next();
    }, due - performance.now());
  }
}

/**
 * Asks for the user's document at each beat. `whole`: each answer has all of it, and closes its connection (`close`), as HTTP/1.0
 * had it, or keeps it (`keep`), as HTTP/1.1 does. While the server does not answer the pauses grow.
 */
export class Poll {
  #etag = '';
  #last = null;
  #asking = null;
  #failures = 0;
  #skipped = 0;

  constructor({ api, user, run, whole = '', signal, onRequest, onPolled, onError, onWell }) {
    Object.assign(this, { api, whole, signal, onRequest, onPolled, onError, onWell });
    this.path = `/finesse/api/User/${encodeURIComponent(user)}?run=${run}${whole && `&${whole}`}`;
    this.requests = 0;
    this.empty = 0;
    /** Whole documents that brought nothing new: what an empty answer is without ETags. */
    this.unchanged = 0;
  }

  start() {
    return this.#ask();
  }

  /** Asks once, unless the last answer is still on its way. */
  ask() {
    if (this.#skipped < Math.min(2 ** this.#failures - 1, MOST_SKIPPED)) {
      this.#skipped += 1;
      return;
    }
    this.#skipped = 0;
    this.#asking ??= this.#ask()
      .then(() => {
        this.#failures = 0;
        this.onWell();
      })
      .catch((error) => {
        this.#failures += 1;
        this.onError(error);
      })
      .finally(() => (this.#asking = null));
  }

  async stop() {
    await this.#asking;
  }

  async #ask() {
    // Without an ETag the whole document comes every time.
    const headers = !this.whole && this.#etag ? { 'If-None-Match': this.#etag } : {};
    const answered = this.onRequest();
    this.requests += 1;
    // A browser hands its idle connections to whichever request comes next, and a request that closes its connection would
    // take away the one that is to stay. Requests with credentials have connections of their own; there are no cookies.
    const credentials = this.whole === 'close' ? 'same-origin' : 'omit';
    let unchanged = true;
    try {
      const answer = await this.api.get(this.path, { headers, credentials, signal: this.signal, timeout: PATIENCE });
      if (answer.status === 304) {
        this.empty += 1;
        return;
      }
      if (!answer.ok) throw new Error(reason(answer));
      this.#etag = answer.headers.get('ETag') ?? '';
      unchanged = answer.text === this.#last;
      if (unchanged) this.unchanged += 1;
      this.#last = answer.text;
      const stamp = first(answer.xml(), 'User', 'stateChangeTime');
      if (!unchanged && stamp) this.onPolled(stamp);
    } finally {
      answered(unchanged);
    }
  }
}

/** BOSH: one request held until there is something to say. */
export class LongPoll {
  constructor({ directory, login, run, user, onRequest, onTold, onError }) {
    this.node = `/finesse/api/User/${user}`;
    this.session = new BoshSession({
      url: '/http-bind/',
      domain: directory.domain,
      user: login.user,
      password: login.password,
      resource: `ways-bosh-${run.slice(0, 8)}`,
      run,
      wait: 10,
      onRequest,
      onEvent: ({ node, to, payload }) => {
        // An event to the bare JID comes of the automatic subscription, and is the same event again.
        if (node === this.node && to === this.session.jid) onTold({ payload });
      },
      onState: (name, detail) => name === 'failed' && onError(new Error(detail)),
    });
  }

  get requests() {
    return this.session.requests;
  }

  get empty() {
    return this.session.empty;
  }

  async start() {
    await this.session.connect();
    await this.session.subscribe(this.node);
    /** How many requests it took until it listened. */
    this.setup = this.session.requests;
  }

  stop() {
    return this.session.close();
  }
}

/** Server-sent events: one request, and its answer never ends. */
export class ServerSent {
  #stream = null;
  #answered = null;

  constructor({ api, run, user, onRequest, onTold, onError, onWell }) {
    Object.assign(this, { api, run, onRequest, onTold, onError, onWell });
    this.node = `/finesse/api/User/${user}`;
    this.requests = 0;
    this.empty = 0;
  }

  start() {
    return new Promise((resolve, reject) => {
      this.#stream = new EventStream(this.api, [this.node], {
        query: `run=${this.run}`,
        onEvent: ({ data }) => this.onTold({ payload: data }),
        onState: (state, why) => {
          if (state === 'open') {
            this.requests += 1;
            this.#answered = this.onRequest();
            this.onWell();
            resolve();
          } else {
            this.#answered?.(false);
            this.#answered = null;
            const error = new Error(why ? refusal(why.status, why.text) : t('ways.fail.stream'));
            this.onError(error);
            reject(error);
          }
        },
      });
    });
  }

  async stop() {
    this.#stream?.close();
    this.#answered?.(false);
    this.#answered = null;
  }
}

/** WebSocket: one connection for both directions. */
export class Socket {
  #answered = null;
  #closed = null;

  constructor({ directory, login, run, user, onRequest, onTold, onError }) {
    Object.assign(this, { onRequest, onError });
    this.node = `/finesse/api/User/${user}`;
    this.requests = 0;
    this.empty = 0;
    let closed;
    this.#closed = new Promise((resolve) => {
      closed = resolve;
    });
    this.stopping = false;
    this.session = new Session({
      url: `${location.origin.replace(/^http/, 'ws')}/ws/?run=${run}`,
      domain: directory.domain,
      user: login.user,
      password: login.password,
      resource: `ways-ws-${run.slice(0, 8)}`,
      onEvent: ({ node, to, payload }) => {
        if (node === this.node && to === this.session.jid) onTold({ payload });
      },
      onState: (name, detail) => {
        if (name !== 'closed') return;
        this.#answered?.(false);
        closed();
        if (!this.stopping) onError(new Error(t('ways.fail.socket', { code: detail.code })));
      },
    });
  }

  async start() {
    this.requests += 1;
    this.#answered = this.onRequest();
    await this.session.connect();
    await this.session.subscribe(this.node);
    this.session.live();
  }

  async stop() {
    if (this.stopping) return;
    this.stopping = true;
    this.session.close();
    await Promise.race([this.#closed, new Promise((resolve) => setTimeout(resolve, 1_500))]);
    this.session.drop();
  }
}
