// Marks the frames of this page's own session that a fault has touched. The page cannot tell them from others; the record knows them,
// and without one the tap. Nothing is asked while no fault is on.

import { Watch } from './frame_tap.js';

const EVERY = 1_000;
const SOON = 100;
/** How often it looks on after the last fault is healed: what a fault has touched may be told behind its end. */
const LOOKS_AFTER = 3;
/** How many frames are looked back over. */
const MOST_BACK = 500;

/** Lives as long as the login of the page. */
export class OwnMarks {
  // One for all times: each listens to the end of the login.
  #watch = null;
  #on = false;
  #generation = 0;
  #rises = 0;
  #after = 0;
  #asking = false;
  #scheduled = 0;
  #done = new Set();
  #unlisten = [];

  constructor(context, run) {
    Object.assign(this, { context, run });
    const timer = setInterval(() => this.#look(), EVERY);
    context.signal?.addEventListener('abort', () => {
      clearInterval(timer);
      this.#leave();
    });
  }

  #leave() {
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
    clearTimeout(this.#scheduled);
    this.#scheduled = 0;
    this.#watch?.stop();
    this.#watch?.store.clear();
    this.#on = false;
  }

  async #look() {
    const { bar, api } = this.context;
    const { store } = this.run;
    if (this.#on && (this.#generation !== store.generation || api.denied)) this.#leave();
    if (api.denied || this.#asking || (!bar.count && bar.rises === this.#rises)) return;
    if (!bar.count && (this.#after += 1) > LOOKS_AFTER) {
      this.#after = 0;
      this.#rises = bar.rises;
      this.#leave();
      return;
    }
    if (this.#on || !store.frames.length) return;
    this.#asking = true;
    const { generation } = store;
    const own = await this.#own().catch(() => null);
    this.#asking = false;
    if (!own || generation !== store.generation || this.context.signal?.aborted) return;
    this.#generation = generation;
    this.#done.clear();
    this.#watch ??= new Watch(this.context);
    this.#on = true;
    this.#unlisten = [this.#watch.store, store].map((one) => one.listen(() => this.#soon()));
    this.#watch.watch(own.id, own);
  }

  // The session of this page, also if it has ended and the server records.
  async #own() {
    const { jid, busy, upgrade } = this.run;
    for (const isOver of [false, true]) {
      if (isOver ? !this.context.directory.record || busy : !busy) continue;
      const answer = await this.context.api.get(`/callboard/api/sessions${isOver ? '?ended=true' : ''}`);
      const sessions = answer.ok ? answer.json().sessions : [];
      const own = sessions.find((session) => (upgrade?.peer ? session.peer === upgrade.peer : jid && session.jid === jid));
      if (own) return { id: own.id, isOver };
    }
    return null;
  }

  #soon() {
    this.#scheduled ||= setTimeout(() => {
      this.#scheduled = 0;
      this.#mark();
    }, SOON);
  }

  // A frame of the server's list is that of the page with its text which is nearest to it in time.
  #mark() {
    const { store } = this.run;
    const mine = store.frames.slice(-MOST_BACK);
    for (const theirs of this.#watch?.store.frames.slice(-MOST_BACK) ?? []) {
      if (!theirs.fault || this.#done.has(theirs.n)) continue;
      const fits = mine.filter((frame) => !frame.fault && frame.direction === theirs.direction && (frame.text === theirs.text || (frame.masked && frame.key === theirs.key)));
      const [first] = fits.sort((one, other) => Math.abs(one.time - theirs.time) - Math.abs(other.time - theirs.time));
      if (!first) continue;
      this.#done.add(theirs.n);
      store.mark(first.n, theirs.fault);
    }
    if (this.#done.size > 2 * MOST_BACK) this.#done = new Set([...this.#done].slice(-MOST_BACK));
  }
}
