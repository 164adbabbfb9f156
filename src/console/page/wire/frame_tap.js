// Other clients: the list of sessions, and their frames as they pass (role Administrator).

import { clear, el } from '../shared/dom.js';
import { Stream } from '../shared/events.js';
import { FrameStore } from '../protocol/frames.js';
import { FrameList } from './frame_list.js';
import { PolledTable } from './polled_table.js';
import { t } from '../shared/words.js';

const CELLS = ['id', 'transport', 'user', 'state', 'peer', 'for'];

/** The panel; `node` to be put into the page, `close()` to end it. */
export class FrameTap {
  #stream = null;
  #watching = null;

  constructor(context) {
    this.api = context.api;
    this.store = new FrameStore();
    this.off = el('p', { class: 'tap-off', hidden: context.directory.frameTap !== false }, t('tap.off'));
    this.note = el('p', { class: 'hint', role: 'status' });
    this.all = el('button', { class: 'button small', type: 'button', on: { click: () => this.#toggle('') } }, t('tap.all'));
    this.table = new PolledTable({
      heads: CELLS.map((name) => `tap.${name}`),
      words: { title: 'tap.title', none: 'tap.none', more: 'tap.more', bad: 'tap.bad' },
      ask: () => this.api.get('/callboard/api/sessions'),
      read: ({ sessions }) => ({ list: sessions, total: sessions.length }),
      id: ({ id }) => id,
      row: ({ id }) => this.#row(id),
      onDraw: () => this.#mark(),
    });
    this.frames = new FrameList(this.store, { title: t('tap.frames'), empty: t('frames.emptyTap'), sessions: true });
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
    this.frames.node.hidden = true;
  }

  close() {
    this.table.close();
    this.#stream?.close();
    this.frames.close();
  }

  #row(id) {
    const cells = CELLS.map((name) => el('td', { id: name === 'id' ? `tap-${id}` : null, class: name === 'user' || name === 'peer' ? 'mono' : null }));
    const button = el('button', { class: 'button small', type: 'button', 'aria-describedby': `tap-${id}`, on: { click: () => this.#toggle(id) } }, t('tap.watch'));
    return {
      node: el('tr', {}, cells, el('td', { class: 'number' }, button)),
      button,
      draw: ({ transport, user, jid, available, peer, seconds }) => {
        const state = user === null ? 'login' : available ? 'available' : 'quiet';
        [id, transport, jid ?? user ?? '–', null, peer ?? '', length(seconds)].forEach((text, index) => {
          if (text !== null && cells[index].textContent !== String(text)) cells[index].textContent = text;
        });
        // Event streams have no presence.
        const name = transport === 'sse' ? 'available' : state;
        if (cells[3].dataset.state === name) return;
        cells[3].dataset.state = name;
        clear(cells[3]).append(el('span', { class: `badge ${name === 'available' ? 'good' : 'quiet'}` }, t(`tap.${name}`)));
      },
    };
  }

  #toggle(id) {
    if (this.#watching === id) this.#stop();
    else this.#watch(id);
    this.#mark();
  }

  #watch(id) {
    this.#stream?.close();
    this.#watching = id;
    this.store.clear();
    this.frames.node.hidden = false;
    const what = id === '' ? t('tap.everything') : t('tap.one', { id });
    this.note.textContent = t('tap.watching', { what });
    this.#stream = new Stream(this.api, {
      types: ['frame', 'gone', 'missed'],
      url: (ticket) => `/callboard/api/frames?ticket=${encodeURIComponent(ticket)}${id ? `&session=${encodeURIComponent(id)}` : ''}`,
      onEvent: (event) => this.#event(event, id),
      onState: (state, why) => {
        if (state === 'open') {
          this.note.textContent = t('tap.watching', { what });
        } else if (why?.status === 403) {
          this.off.hidden = false;
          this.off.textContent = `${t('tap.off')} (${why.text})`;
          this.#stop();
          this.#mark();
        } else {
          this.note.textContent = t('tap.lost', { why: why ? `${why.status}: ${why.text}` : '' });
        }
      },
    });
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
      this.store.add({ ...given, direction: given.direction === 'in' ? 'out' : 'in' });
    } else if (event.type === 'missed') {
      this.note.textContent = t('tap.missed', { count: given.frames });
    } else if (id !== '') {
      this.note.textContent = t('tap.gone', { id: given.session, reason: given.reason ?? '' });
      this.#stop(true);
      this.#mark();
    }
  }

  #stop(keep = false) {
    this.#stream?.close();
    this.#stream = null;
    this.#watching = null;
    if (!keep) this.note.textContent = '';
    if (!keep && !this.store.frames.length) this.frames.node.hidden = true;
  }

  #mark() {
    const label = (button, mine, text) => {
      button.classList.toggle('on', mine);
      button.textContent = mine ? t('tap.stop') : text;
    };
    label(this.all, this.#watching === '', t('tap.all'));
    for (const [id, { button }] of this.table.rows) label(button, this.#watching === id, t('tap.watch'));
  }
}

function length(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
