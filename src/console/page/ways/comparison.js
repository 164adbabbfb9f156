// One run of the comparison: six receivers, one maker of changes, what arrived when, and the server's own counts.

import { good, reason, xml } from '../shared/api.js';
import { Arrivals } from './arrivals.js';
import { Beat, LongPoll, Poll, ServerSent, Socket } from './receivers.js';
import { failed } from '../shared/refusals.js';
import { t } from '../shared/words.js';
import { all, first, update } from '../shared/xml.js';

/** The six ways, in the order of the story. */
export const WAYS = ['close', 'keep', 'poll', 'bosh', 'sse', 'ws'];

const METER_EVERY = 1_000;
const GRACE = 1_200;
const PATIENCE = 10_000;
const MOST_BEHIND = 3;

/**
 * `onRequest(way)` returns what is told of the answer, `onChange(change)` is told of each change sent and
 * `onEvent(way, change, at)` of each that arrived; `onError(way | null, error)` of what went wrong, `onWell(way | null)`
 * when that is over; `onGone()` when the server does not know this run, or its user, any more.
 */
export class Comparison {
  #stop = new AbortController();
  #receivers = new Map();
  #made = 0;
  #state = '';
  #before = null;
  #reasonCode = '';
  #rate = 0;
  #rateTimer = 0;
  #meterTimer = 0;
  #sending = Promise.resolve();
  #behind = 0;
  #troubles = new Set();
  #beat = null;
  #down = new Set();
  #ended = false;

  constructor({ context, agent, interval, onRequest, onChange, onEvent, onError, onWell, onGone }) {
    const { api, directory, user, password } = context;
    Object.assign(this, { api, directory, agent, interval, onRequest, onChange, onEvent, onError, onWell, onGone });
    this.login = { user, password };
    this.as = agent.id === user ? undefined : agent.id;
    this.path = `/finesse/api/User/${encodeURIComponent(agent.id)}`;
    this.#beat = new Beat(interval);
    this.arrivals = new Arrivals(WAYS);
    /** What the server has counted: `{ ways, upgrade }`, or null before the first answer. */
    this.counted = null;
    this.id = '';
  }

  /** Signs the agent in if need be, and resolves when all six ways listen. */
  async start() {
    await this.#prepare();
    this.id = await this.api.newMeter();
    this.#alive();
    const made = {
      poll: (given) => new Poll(given),
      close: (given) => new Poll({ ...given, whole: 'close' }),
      keep: (given) => new Poll({ ...given, whole: 'keep' }),
      bosh: (given) => new LongPoll(given),
      sse: (given) => new ServerSent(given),
      ws: (given) => new Socket(given),
    };
    const started = Object.entries(made).map(([way, make]) => {
      const receiver = make({
        api: this.api,
        directory: this.directory,
        login: this.login,
        run: this.id,
        user: this.agent.id,
        signal: this.#stop.signal,
        onRequest: () => this.onRequest(way),
        onTold: ({ payload }) => this.#told(way, payload),
        onPolled: (stamp) => this.#polled(way, stamp),
        onError: (error) => this.#failed(way, error),
        onWell: () => this.#well(way),
      });
      this.#receivers.set(way, receiver);
      // One way that does not come up does not stop the others.
      return soon(receiver.start()).catch((error) => this.#failed(way, error));
    });
    await Promise.all(started);
    this.#alive();
    this.#beat.start(['poll', 'keep', 'close'].map((way) => this.#receivers.get(way)));
    this.#meter();
  }

  /** Makes one change of state; resolves when the server has taken it. */
  make() {
    this.#behind += 1;
    this.#sending = this.#sending.then(() => this.#make()).catch((error) => this.onError(null, error)).finally(() => (this.#behind -= 1));
    return this.#sending;
  }

  /** Makes changes by itself, so many a second on average; 0 stops that. */
  setRate(rate) {
    this.#rate = rate;
    clearTimeout(this.#rateTimer);
    this.#again();
  }

  /** Lets what is under way arrive, then ends everything. */
  async finish() {
    this.setRate(0);
    await this.#sending;
    const patience = performance.now() + this.interval + GRACE;
    while (!this.#ended && !this.arrivals.complete(this.#down) && performance.now() < patience) await pause(50);
    await this.stop();
    await pause(150);
    await this.#read();
  }

  /** Ends everything at once. */
  async stop() {
    if (this.#ended) return;
    this.#ended = true;
    this.#beat.stop();
    clearTimeout(this.#rateTimer);
    clearTimeout(this.#meterTimer);
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.stop().catch(() => {})));
    this.#stop.abort();
    await this.#restore().catch(() => {});
  }

  /** The page's own counts of a way. */
  counts(way) {
    const { requests = 0, empty = 0, unchanged = 0, setup = 0 } = this.#receivers.get(way) ?? {};
    return { requests, empty, unchanged, setup, ...this.arrivals.figures(way) };
  }

  #failed(way, error) {
    if (this.#ended) return;
    this.#down.add(way);
    this.onError(way, error);
  }

  #well(way) {
    if (this.#down.delete(way) && !this.#ended) this.onWell(way);
  }

  async #prepare() {
    const { state, reason: reasonCodeId } = await this.#agentNow();
    this.#state = state;
    const dialogs = await this.api.get(`${this.path}/Dialogs`, { as: this.as });
    if (dialogs.ok && all(dialogs.xml(), 'Dialog').length) throw new Busy();
    this.#before = { state, ...(reasonCodeId && { reasonCodeId }) };
    if (this.#state === 'LOGOUT') {
      const login = xml('User', { state: 'LOGIN', extension: this.agent.extension });
      good(await this.api.put(this.path, login, { as: this.as }));
      for (let tries = 0; tries < 20 && this.#state === 'LOGOUT'; tries += 1) {
        await pause(100);
        this.#state = (await this.#agentNow()).state;
      }
      if (this.#state === 'LOGOUT') throw new NotSignedIn();
    }
    const reasons = await this.api.get(`${this.path}/ReasonCodes?category=NOT_READY`);
    const code = reasons.ok ? all(reasons.xml(), 'ReasonCode')[0] : null;
    this.#reasonCode = code ? first(code, 'uri').split('/').at(-1) : '';
  }

  async #agentNow() {
    const user = good(await this.api.get(this.path)).xml();
    return { state: first(user, 'User', 'state'), reason: first(user, 'User', 'reasonCode', 'id') };
  }

  // The agent is as it was before the run, or a call could go to an agent whom nobody watches. One who has a call keeps it.
  async #restore() {
    const before = this.#before;
    this.#before = null;
    if (!before || !['READY', 'NOT_READY', 'LOGOUT'].includes(before.state)) return;
    const now = await this.#agentNow();
    if (now.state === before.state || !['READY', 'NOT_READY'].includes(now.state)) return;
    // Only an agent who is not ready may sign out.
    if (before.state === 'LOGOUT' && now.state === 'READY') await this.api.put(this.path, xml('User', { state: 'NOT_READY' }), { as: this.as });
    await this.api.put(this.path, xml('User', before), { as: this.as });
  }

  /** The page goes: the agent is given back by requests that outlive it, whose answers nobody reads. */
  letGo() {
    const before = this.#before;
    this.#before = null;
    this.setRate(0);
    if (!before || !['READY', 'NOT_READY', 'LOGOUT'].includes(before.state) || before.state === this.#state) return;
    const put = (fields) => this.api.put(this.path, xml('User', fields), { as: this.as, keepalive: true }).catch(() => {});
    // Requests of one connection may overtake each other, so that only one is sent: nobody signs out an agent who is ready.
    put(before.state === 'LOGOUT' && this.#state === 'READY' ? { state: 'NOT_READY' } : before);
  }

  async #make() {
    if (this.#ended) return;
    const before = this.#state;
    const state = before === 'READY' ? 'NOT_READY' : 'READY';
    const fields = state === 'NOT_READY' && this.#reasonCode ? { state, reasonCodeId: this.#reasonCode } : { state };
    this.#made += 1;
    const requestId = `${this.id}-${this.#made}`;
    const change = this.arrivals.send(requestId, performance.now());
    this.#state = state;
    this.onChange(change);
    let problem = null;
    try {
      const answer = await this.api.put(this.path, xml('User', fields), { as: this.as, requestId });
      if (!answer.ok) problem = new Error(reason(answer));
    } catch (error) {
      problem = error;
    }
    if (!problem) {
      this.#over('change');
      return;
    }
    this.arrivals.fail(requestId);
    this.#state = before;
    this.#trouble('change', problem);
  }

  #trouble(what, error) {
    if (this.#ended) return;
    this.#troubles.add(what);
    this.onError(null, error);
  }

  #over(what) {
    if (this.#troubles.delete(what) && !this.#troubles.size) this.onWell(null);
  }

  // Not quite regular: changes that keep step with the polls would all be as late as each other.
  #again() {
    if (!this.#rate || this.#ended) return;
    const wait = ((0.4 + 1.2 * Math.random()) / this.#rate) * 1_000;
    this.#rateTimer = setTimeout(() => {
      // Requests do not pile up for a server that does not answer.
      if (this.#behind < MOST_BEHIND) this.make();
      this.#again();
    }, wait);
  }

  #told(way, payload) {
    const at = performance.now();
    const told = update(payload);
    if (!told) return;
    const errors = all(told.data, 'apiError')[0];
    if (errors) {
      const news = this.arrivals.fail(told.requestId);
      if (news) this.onError(null, new Error(failed(first(errors, 'errorType'), first(errors, 'errorMessage'))));
      return;
    }
    const state = first(told.data, 'user', 'state');
    if (state) this.#state = state;
    const change = this.arrivals.told(way, told.requestId, first(told.data, 'user', 'stateChangeTime'), at);
    if (change) this.onEvent(way, change, at);
    for (const late of this.arrivals.settle()) this.onEvent(late.way, late.change, late.at);
  }

  #polled(way, stamp) {
    const at = performance.now();
    const change = this.arrivals.polled(way, stamp, at);
    if (change) this.onEvent(way, change, at);
  }

  #meter() {
    this.#meterTimer = setTimeout(async () => {
      await this.#read();
      if (!this.#ended) this.#meter();
    }, METER_EVERY);
  }

  async #read() {
    try {
      this.counted = await this.api.meter(this.id);
      this.#over('meter');
    } catch (error) {
      if (error.status !== 404 && !this.api.denied) this.#trouble('meter', error);
      else if (!this.#ended) this.onGone();
    }
  }

  #alive() {
    if (this.#ended) throw new Ended();
  }
}

/** The agent could not be signed in. */
export class NotSignedIn extends Error {}

/** The agent has a call, and cannot change its state at will. */
export class Busy extends Error {}

/** The run was ended while it began. */
export class Ended extends Error {}

// A way that reports nothing is not waited for either.
function soon(started) {
  return Promise.race([started, pause(PATIENCE).then(() => Promise.reject(new Error(t('ways.fail.silent', { seconds: PATIENCE / 1_000 }))))]);
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
