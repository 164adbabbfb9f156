// The frames of one or many sessions, in a bounded store.

import { FrameNamer } from './frame_names.js';
import { number, t } from '../shared/words.js';

const MOST_FRAMES = 50_000;
const DROPPED_AT_ONCE = 1_000;
const MOST_CHARACTERS = 48_000_000;
const LONGEST_FRAME = 64_000;
const MOST_SESSIONS = 200;
const MOST_REQUESTS = 1_000;

const bytes = new TextEncoder();

/** The kinds by which frames are filtered, as the words `kind.NAME`. Each frame has one. */
export const KINDS = ['stream', 'presence', 'iq', 'ping', 'message', 'event', 'rest', 'error'];

const ERRORS = ['failure', 'iq-error', 'stream-error', 'presence-gone'];
const STANZAS = /^(presence|message|event|ping|rest)\b/;
const IQS = /^(iq|bind|session|subscribe|unsubscribe)-/;

/**
 * The last 50,000 frames, without passwords. Times are shown since `zero`, or as times of day if it is null. At the bound the
 * oldest thousand are dropped at once and counted.
 */
export class FrameStore {
  #namers = new Map();
  #latest = new Map();
  #requests = new Map();
  #listeners = new Set();
  #characters = 0;

  constructor() {
    this.frames = [];
    this.dropped = 0;
    this.count = 0;
    this.zero = null;
    /** How often the store was cleared, so that a list notices it. */
    this.generation = 0;
    /** How many frames were marked after they had come. */
    this.marks = 0;
  }

  /**
   * Adds a frame: `{ direction, text, time, size, session, user, fault, http }`, `time` in milliseconds since 1970. `cut`: the text is only its start; `http` is
   * `{ method, path, status, requestId }` of a request or response of REST, and `fault` the name of a fault that touched the frame.
   */
  add({ direction, text, time, size, session = '', user = '', fault = '', http = null, cut = false }) {
    const n = this.count + 1;
    const name = http ? this.#http(http, n) : this.#namer(session).name(direction, text, n);
    const { text: shown, masked } = mask(text);
    const error = ERRORS.includes(name.key) || http?.status >= 400;
    const entry = {
      n: (this.count = n),
      direction,
      time,
      delta: time - (this.#latest.get(session) ?? time),
      size: size ?? bytes.encode(text).length,
      session,
      user,
      key: name.key,
      kind: error ? 'error' : STANZAS.exec(name.key)?.[1] ?? (IQS.test(name.key) ? 'iq' : 'stream'),
      detail: name.detail,
      request: name.request ?? 0,
      responses: [],
      fault,
      http,
      masked,
      text: shown.length > LONGEST_FRAME ? shown.slice(0, LONGEST_FRAME) : shown,
      length: shown.length,
      /** Whether it is only the start of the frame. */
      cut: cut || shown.length > LONGEST_FRAME,
    };
    if (entry.kind === 'event') entry.request = this.#requests.get(requestIdOf(entry.text)) ?? 0;
    if (entry.request) this.get(entry.request)?.responses.push(n);
    remember(this.#latest, session, time, MOST_SESSIONS);
    this.frames.push(entry);
    this.#characters += entry.text.length;
    if (this.frames.length >= MOST_FRAMES + DROPPED_AT_ONCE || this.#characters > MOST_CHARACTERS) this.#drop();
    this.#tell();
    return entry;
  }

  /** Tells that a fault has touched a frame. */
  mark(n, fault) {
    const entry = this.get(n);
    if (!entry || entry.fault) return;
    entry.fault = fault;
    this.marks += 1;
    this.#tell();
  }

  /** The frame of a number, unless it is dropped. */
  get(n) {
    return this.frames[n - (this.frames[0]?.n ?? 0)];
  }

  clear({ zero = null } = {}) {
    this.generation += 1;
    this.frames = [];
    this.dropped = 0;
    this.count = 0;
    this.zero = zero;
    this.#characters = 0;
    for (const map of [this.#namers, this.#latest, this.#requests]) map.clear();
    this.#tell();
  }

  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The time of a frame as it is shown. */
  timeOf(entry) {
    if (this.zero !== null) return ((entry.time - this.zero) / 1000).toFixed(3);
    const clock = new Date(entry.time);
    const two = (value) => String(value).padStart(2, '0');
    return `${two(clock.getHours())}:${two(clock.getMinutes())}:${two(clock.getSeconds())}.${String(clock.getMilliseconds()).padStart(3, '0')}`;
  }

  #drop() {
    let many = 0;
    while (many < this.frames.length && (many < DROPPED_AT_ONCE || this.#characters > MOST_CHARACTERS)) {
      this.#characters -= this.frames[many].text.length;
      many += 1;
    }
    this.frames = this.frames.slice(many);
    this.dropped += many;
  }

  #namer(session) {
    return this.#namers.get(session) ?? remember(this.#namers, session, new FrameNamer(), MOST_SESSIONS);
  }

  // A response names the request that it belongs to by `of`, and an event its requestId.
  #http({ method = '', path = '', status = 0, requestId = '', of = 0 }, n) {
    if (status) return { key: 'rest-response', detail: String(status), request: of };
    if (requestId) remember(this.#requests, requestId, n, MOST_REQUESTS);
    return { key: 'rest-request', detail: `${method} ${path}` };
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** The name of a frame in words: `subscribe request`. */
export function nameOf(entry) {
  return t(`frame.${entry.key}`);
}

/** Milliseconds as they are shown. A browser that counts whole ones shows no tenths. */
export function milliseconds(value) {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : number(Math.round(value))} ms`;
}

function requestIdOf(text) {
  return /(?:<|&lt;)requestId(?:>|&gt;)([^<&]+)/.exec(text)?.[1] ?? '';
}

// The oldest entry makes room for one beyond the bound.
function remember(map, key, value, most) {
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value);
  return value;
}

/** The text without a password: base64 of it is the password. */
export function mask(text) {
  const shown = text.replace(/(<(?:\w+:)?(?:auth|response)\b[^>]*[^/]>)([^<]+)/g, '$1••••••••');
  return { text: shown, masked: shown !== text };
}
