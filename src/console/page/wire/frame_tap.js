// Other clients: the list of sessions, and their frames as they pass (role Administrator).

import { clear, el, say, told } from '../shared/dom.js';
import { Stream } from '../shared/events.js';
import { FrameStore } from '../protocol/frames.js';
import { FrameList } from './frame_list.js';
import { Recorded } from './recorded.js';
import { PolledTable } from './polled_table.js';
import { endOf, foreign, refusal } from '../shared/refusals.js';
import { t } from '../shared/words.js';

const MOST_GONE = 1_000;
const MOST_ENDED = 50;
const MOST_TOUCHED = 1_000;
const CELLS = ['id', 'transport', 'user', 'state', 'peer', 'for'];

/** What is watched. It lives until the user logs out, whichever view is shown. */
export class Watch {
  #stream = null;

  constructor(context) {
    this.api = context.api;
    this.store = new FrameStore();
    /** The session that is watched: '' for all, or null. */
    this.watching = null;
    /** Faults on events whose frames are still to come, by session and item. */
    this.touched = new Map();
    /** The sessions that have ended while they were watched. */
    this.gone = new Set();
    /** What the panel says, as the key of a word and its values. */
    this.note = null;
    /** Whether the server records: then frames from before somebody looked, and sessions that have ended, are there too. */
    this.records = context.directory.record === true;
    this.off = context.directory.frameTap === false && !this.records;
    this.why = '';
    this.onChange = () => {};
    context.signal?.addEventListener('abort', () => this.stop());
  }

  /** Watches a session, or all with ''. Frames of what was watched before are gone then. `user` is the session's, if it has one. */
  watch(id, { user = '', isOver = false } = {}) {
    this.#stream?.close();
    this.watching = isOver ? null : id;
    this.store.clear();
    this.gone.clear();
    this.touched.clear();
    const watching = { key: isOver ? 'tap.opened' : id === '' ? 'tap.watchingAll' : 'tap.watching', values: { id } };
    this.#say(watching);
    if (this.records) {
      this.#stream = new Recorded(this.api, this.store, {
        session: id,
        user,
        isOver,
        onState: (state, why) => this.#say(state === 'open' ? watching : { key: 'tap.lost', values: { why: why?.status ? refusal(why.status, why.text) : (why?.text ?? '') } }),
        onMissed: (count) => this.#say({ key: 'tap.missed', values: { count } }),
        onGone: (session, reason) => this.#gone(session, reason, isOver ? '' : id),
      });
      return;
    }
    this.#stream = new Stream(this.api, {
      types: ['frame', 'fault', 'gone', 'missed'],
      url: (ticket) => `/callboard/api/frames?ticket=${encodeURIComponent(ticket)}${id ? `&session=${encodeURIComponent(id)}` : ''}`,
      onEvent: (event) => this.#event(event, id),
      onState: (state, why) => {
        if (state === 'open') {
          this.#say(watching);
        } else if (why?.status === 403) {
          this.off = true;
          this.why = foreign(why.text);
          this.stop();
        } else {
          this.#say({ key: 'tap.lost', values: { why: why?.status ? refusal(why.status, why.text) : (why?.text ?? '') } });
        }
      },
    });
  }

  /** Shows what the record has of an event, `{ node, item, requestId }`; `onShown()` is called when its frames are in the store. */
  showEvent(event, onShown) {
    this.#stream?.close();
    this.watching = null;
    this.store.clear();
    this.gone.clear();
    this.#say(null);
    this.#stream = new Recorded(this.api, this.store, {
      event,
      isOver: true,
      onState: (state, why) => {
        const found = this.store.frames.some(({ kind }) => kind === 'event');
        this.#say(state === 'open' ? { key: found ? 'tap.event' : 'tap.eventGone', values: event } : { key: 'tap.lost', values: { why: why?.text ?? '' } });
        onShown();
      },
      onMissed: () => {},
      onGone: () => {},
    });
  }

  /** Watches nothing. The frames stay. */
  stop(note = null) {
    this.#stream?.close();
    this.#stream = null;
    this.watching = null;
    this.#say(note);
  }

  #event(event, id) {
    let given;
    try {
      given = JSON.parse(event.data);
    } catch {
      return;
    }
    if (event.type === 'frame') {
      // The server's `in` is a frame from the client, which the list shows as out.
      const direction = given.direction === 'in' ? 'out' : 'in';
      this.store.add({ ...given, user: given.user ?? '', direction, fault: given.fault ?? (direction === 'in' ? this.#faultOf(given) : '') });
    } else if (event.type === 'fault') {
      this.#hit(given);
    } else if (event.type === 'missed') {
      this.#say({ key: 'tap.missed', values: { count: given.frames } });
    } else {
      this.#gone(given.session, given.reason ?? '', id);
    }
  }

  // A fault has acted on the event of an item, whose frame comes behind it, or on what the client has just said.
  #hit({ session, fault, item }) {
    if (item) {
      this.touched.set(`${session} ${item}`, fault);
      if (this.touched.size > MOST_TOUCHED) this.touched.delete(this.touched.keys().next().value);
      return;
    }
    const last = this.store.frames.findLast((frame) => frame.session === session);
    if (last?.direction === 'out') this.store.mark(last.n, fault);
  }

  #faultOf({ session, text }) {
    if (!this.touched.size) return '';
    const items = text.matchAll(/<item\b[^>]*\bid=["']([^"']*)["']/g);
    return [...items].map(([, item]) => this.touched.get(`${session} ${item}`)).find(Boolean) ?? '';
  }

  #gone(session, reason, id) {
    if (this.gone.size < MOST_GONE) this.gone.add(session);
    if (id !== '') this.stop({ key: 'tap.gone', values: { id: session, reason: endOf(reason) } });
  }

  #say(note) {
    this.note = note;
    this.onChange();
  }
}

/** The panel of what is watched; `node` to be put into the page, `close()` to take it down. `own()` knows this page's session. */
export class FrameTap {
  constructor(watch, { own, actions }) {
    this.watch = watch;
    this.own = own;
    this.off = el('p', { class: 'tap-off' });
    this.note = el('p', { class: 'hint', role: 'status' });
    this.all = el('button', { class: 'button small', type: 'button', on: { click: () => this.#toggle('') } });
    this.table = new PolledTable({
      heads: CELLS.map((name) => `tap.${name}`),
      words: { title: 'tap.title', none: 'tap.none', more: 'tap.more', bad: 'tap.bad' },
      ask: () => this.#ask(),
      read: (list) => ({ list, total: list.length }),
      id: ({ id }) => id,
      row: ({ id }) => this.#row(id),
      onDraw: () => this.#draw(),
    });
    this.frames = new FrameList(watch.store, { title: t('tap.frames'), empty: t('frames.emptyTap'), sessions: true, actions });
    this.node = el('section', { class: 'tap panel stack', 'aria-labelledby': 'tap-title' },
      el('div', { class: 'card stack' },
        el('div', { class: 'row' }, el('h2', { id: 'tap-title' }, t('tap.title')), el('div', { class: 'spread' }, this.all)),
        el('p', { class: 'hint' }, t('tap.lead')),
        this.off,
        this.table.node,
        this.note,
      ),
      this.frames.node,
    );
    watch.onChange = () => this.#draw();
    this.#draw();
  }

  close() {
    this.watch.onChange = () => {};
    this.table.close();
    this.frames.close();
  }

  /** Asks for the list of sessions now: that of this page has changed. */
  refresh() {
    this.table.refresh();
  }

  // Sessions that are there, and behind them those that have ended, as far as the record has them.
  async #ask() {
    const { api, records } = this.watch;
    const answers = await Promise.all(['', ...(records ? ['?ended=true'] : [])].map((query) => api.get(`/callboard/api/sessions${query}`)));
    const refused = answers.find(({ ok }) => !ok);
    if (refused) return refused;
    const [live, ended = []] = answers.map((answer) => answer.json().sessions);
    const list = [...live, ...ended.slice(0, MOST_ENDED).map((session) => ({ ...session, isOver: true }))];
    return { ok: true, json: () => list };
  }

  #row(id) {
    let given = {};
    const cells = CELLS.map((name) => el('td', { id: name === 'id' ? `tap-${id}` : null, class: name === 'user' || name === 'peer' ? 'mono' : null }));
    const button = el('button', { class: 'button small', type: 'button', 'aria-describedby': `tap-${id}`, on: { click: () => this.#toggle(id, given) } }, t('tap.watch'));
    return {
      get isOver() {
        return given.isOver;
      },
      node: el('tr', {}, cells, el('td', { class: 'number' }, button)),
      button,
      draw: (session) => {
        given = session;
        const { transport, user, jid, available, peer, seconds, isOver, reason } = session;
        const state = isOver ? 'ended' : session.state === 'waiting' ? 'waiting' : user === null ? 'login' : available ? 'available' : 'quiet';
        const mine = !isOver && this.own({ jid, peer }) ? t('tap.own') : '';
        [mine ? `${id} · ${mine}` : id, transport, jid ?? user ?? '–', null, peer ?? '', length(seconds)].forEach((text, index) => {
          if (text !== null) say(cells[index], String(text));
        });
        cells[1].title = t(`tap.transport.${transport}`);
        cells[0].parentNode.classList.toggle('own', Boolean(mine));
        // Event streams have no presence.
        const name = transport === 'sse' && !isOver ? 'available' : state;
        if (cells[3].dataset.state === name) return;
        cells[3].dataset.state = name;
        clear(cells[3]).append(el('span', { class: `badge ${name === 'available' ? 'good' : 'quiet'}` }, t(`tap.${name}`)), isOver && reason ? told('span', {}, ` ${endOf(reason)}`) : '');
      },
    };
  }

  #toggle(id, { user = '', isOver = false } = {}) {
    if (this.watch.watching === id) this.watch.stop();
    else this.watch.watch(id, { user: user ?? '', isOver });
  }

  #draw() {
    const { watching, note, off, why, store } = this.watch;
    say(this.note, note ? t(note.key, note.values) : '');
    this.off.hidden = !off;
    say(this.off, why ? `${t('tap.off')} (${why})` : t('tap.off'));
    if (this.frames) this.frames.node.hidden = watching === null && !store.frames.length;
    const label = (button, mine, text) => {
      button.classList.toggle('on', mine);
      say(button, mine ? t('tap.stop') : text);
    };
    label(this.all, watching === '', t('tap.all'));
    for (const [id, { button, isOver }] of this.table?.rows ?? []) label(button, watching === id, t(isOver ? 'tap.open' : 'tap.watch'));
  }
}

function length(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
