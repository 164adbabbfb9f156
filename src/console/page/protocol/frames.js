// The frames of one or many sessions, in a bounded store.

import { FrameNamer } from './frame_names.js';
import { t } from '../shared/words.js';

const MOST_FRAMES = 1_000;
const MOST_CHARACTERS = 8_000_000;
const LONGEST_FRAME = 64_000;
const MOST_SESSIONS = 200;

const bytes = new TextEncoder();

/** The last 1,000 frames, without passwords. Times are shown since `zero`, or as times of day if it is null. */
export class FrameStore {
  #namers = new Map();
  #listeners = new Set();
  #characters = 0;

  constructor() {
    this.frames = [];
    this.dropped = 0;
    this.count = 0;
    this.zero = null;
    /** How often the store was cleared, so that a list notices it. */
    this.generation = 0;
  }

  /** Adds a frame: `{ direction, text, time, size, session, user }`, `time` in milliseconds since 1970. */
  add({ direction, text, time, size, session = '', user = '' }) {
    const name = this.#namer(session).name(direction, text);
    const { text: shown, masked } = mask(text);
    const entry = {
      n: (this.count += 1),
      direction,
      time,
      size: size ?? bytes.encode(text).length,
      session,
      user,
      key: name.key,
      detail: name.detail,
      asked: name.asked,
      masked,
      text: shown.length > LONGEST_FRAME ? shown.slice(0, LONGEST_FRAME) : shown,
      length: shown.length,
    };
    this.frames.push(entry);
    this.#characters += entry.text.length;
    while (this.frames.length > MOST_FRAMES || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.frames.shift().text.length;
      this.dropped += 1;
    }
    this.#tell();
    return entry;
  }

  clear({ zero = null } = {}) {
    this.generation += 1;
    this.frames = [];
    this.dropped = 0;
    this.count = 0;
    this.zero = zero;
    this.#characters = 0;
    this.#namers.clear();
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
    const two = (number) => String(number).padStart(2, '0');
    return `${two(clock.getHours())}:${two(clock.getMinutes())}:${two(clock.getSeconds())}.${String(clock.getMilliseconds()).padStart(3, '0')}`;
  }

  #namer(session) {
    let namer = this.#namers.get(session);
    if (!namer) {
      namer = new FrameNamer();
      this.#namers.set(session, namer);
      if (this.#namers.size > MOST_SESSIONS) this.#namers.delete(this.#namers.keys().next().value);
    }
    return namer;
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

/** The name of a frame in words: `subscribe request`. */
export function nameOf(entry) {
  return t(`frame.${entry.key}`);
}

// Base64 of a password is the password.
function mask(text) {
  const shown = text.replace(/(<(?:\w+:)?(?:auth|response)\b[^>]*[^/]>)([^<]+)/g, '$1••••••••');
  return { text: shown, masked: shown !== text };
}
