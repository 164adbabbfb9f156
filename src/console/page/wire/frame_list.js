// The list of the frames of a store.

import { clear, el } from '../shared/dom.js';
import { nameOf } from '../protocol/frames.js';
import { number, t } from '../shared/words.js';
import { all, parse, pretty } from '../shared/xml.js';

/** XML indented and coloured, as a <pre> with text inside. */
export function code(text) {
  const body = el('code');
  // Pretty-printed text has no bare < or > except around tags. Text that is not well-formed is shown as it came.
  const lines = pretty(text);
  if (parse(text)) {
    for (const part of lines.split(/(<[^>]*>)/)) body.append(...(part.startsWith('<') ? tag(part) : [part]));
  } else {
    body.append(lines);
  }
  return el('pre', { class: 'code' }, body);
}

/** A frame pretty-printed, with what is escaped inside of an event. */
export function content(entry) {
  const parts = [code(entry.text)];
  const payloads = entry.key === 'event' ? all(parse(entry.text), 'notification').map((element) => element.textContent) : [];
  for (const payload of payloads) if (payload.trim()) parts.push(el('p', { class: 'hint' }, t('frames.payload')), code(payload));
  if (entry.masked) parts.push(el('p', { class: 'hint' }, t('frames.masked')));
  if (entry.length > entry.text.length) parts.push(el('p', { class: 'hint' }, t('frames.cut', { n: number(entry.length) })));
  return parts;
}

/** The list of a store: filter, pause, one line a frame, a click opens it. `actions` go into its head. */
export class FrameList {
  #store;
  #rows = new Map();
  #open = new Set();
  #shown = 0;
  #generation = 0;
  #paused = false;
  #scheduled = 0;
  #unlisten;
  #current = null;
  #follows = true;

  constructor(store, { title, empty, sessions = false, actions = [] }) {
    this.#store = store;
    this.empty = empty;
    this.sessions = sessions;
    this.filter = el('input', { type: 'search', placeholder: t('frames.filter'), 'aria-label': t('frames.filter'), on: { input: () => this.#all() } });
    this.direction = el('select', { 'aria-label': t('frames.direction'), on: { change: () => this.#all() } },
      ['both', 'out', 'in'].map((name) => el('option', { value: name }, t(`frames.${name}`))));
    this.pings = el('input', { type: 'checkbox', checked: true, on: { change: () => this.#all() } });
    this.pause = el('button', { class: 'button small', type: 'button', on: { click: () => this.#pause() } }, t('frames.pause'));
    this.count = el('span', { class: 'hint frames-count' });
    this.list = el('ol', { class: 'frames-list', 'aria-label': title, on: { keydown: (event) => this.#key(event), focusin: (event) => this.#focus(event) } });
    this.note = el('p', { class: 'frames-empty hint' });
    this.node = el('section', { class: `card frames${sessions ? ' frames-many' : ''}`, 'aria-label': title },
      el('div', { class: 'frames-head' }, el('h2', {}, title), this.count, el('div', { class: 'row spread' }, actions)),
      el('div', { class: 'frames-tools' }, this.filter, this.direction,
        el('label', { class: 'check' }, this.pings, t('frames.pings')), this.pause,
        el('button', { class: 'button small', type: 'button', on: { click: () => store.clear({ zero: store.zero }) } }, t('frames.clear'))),
      el('div', { class: 'frame-line frames-names', 'aria-hidden': 'true' }, [
        el('span', { class: 'frame-n' }, t('frames.number')),
        el('span', { class: 'frame-time' }, t('frames.time')),
        el('span', { class: 'frame-way' }),
        el('span', { class: 'frame-size' }, t('frames.size')),
        sessions && el('span', { class: 'frame-session' }, t('frames.session')),
        el('span', { class: 'frame-what' }, t('frames.what')),
        el('span', { class: 'frame-text' }, t('frames.content')),
      ]),
      el('div', { class: 'frames-scroll' }, this.list, this.note),
    );
    this.scroll = this.list.parentNode;
    // The list stays where the user has scrolled to.
    this.scroll.addEventListener('scroll', () => {
      this.#follows = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 40;
    }, { passive: true });
    this.#unlisten = store.listen(() => this.#schedule());
    this.#all();
    // The list has no height before it is in the page.
    queueMicrotask(() => this.#toEnd());
  }

  close() {
    this.#unlisten();
    clearTimeout(this.#scheduled);
  }

  // Frames come faster than a user can read, so the list is drawn ten times a second.
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = setTimeout(() => {
      this.#scheduled = 0;
      this.#add();
    }, 100);
  }

  #all() {
    this.#rows.clear();
    clear(this.list);
    this.#shown = 0;
    this.#current = null;
    this.#add(true);
  }

  #add(force = false) {
    const { frames, count, generation } = this.#store;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#open.clear();
      this.#all();
      return;
    }
    if (!this.#paused || force) {
      const oldest = frames[0]?.n ?? Infinity;
      for (const [n, row] of this.#rows) {
        if (n >= oldest) break;
        row.remove();
        this.#rows.delete(n);
        this.#open.delete(n);
      }
      const fresh = document.createDocumentFragment();
      // New frames are at the end, so only the end is read.
      let index = frames.length;
      while (index > 0 && frames[index - 1].n > this.#shown) index -= 1;
      for (const entry of frames.slice(index)) {
        if (!this.#matches(entry)) continue;
        const row = this.#row(entry);
        this.#rows.set(entry.n, row);
        fresh.append(row);
      }
      this.#shown = count;
      this.list.append(fresh);
      if (!this.#current?.isConnected) this.#rove(this.list.querySelector('.frame'));
      this.#toEnd();
    }
    this.#tell();
  }

  // The list follows the newest frame, unless the user has scrolled up or an open frame is in sight.
  #toEnd() {
    if (!this.#follows) return;
    const { top, bottom } = this.scroll.getBoundingClientRect();
    const reads = [...this.#open].some((n) => {
      const row = this.#rows.get(n)?.getBoundingClientRect();
      return row && row.bottom > top && row.top < bottom;
    });
    if (!reads) this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  #tell() {
    const { frames, dropped, count } = this.#store;
    const parts = [];
    parts.push(this.#rows.size === frames.length || this.#paused
      ? t('frames.count', { n: number(frames.length) })
      : t('frames.shown', { shown: number(this.#rows.size), n: number(frames.length) }));
    if (dropped) parts.push(t('frames.dropped', { n: number(dropped) }));
    if (this.#paused && count > this.#shown) parts.push(t('frames.held', { n: count - this.#shown }));
    this.count.textContent = frames.length ? parts.join(' · ') : '';
    this.note.hidden = this.#rows.size > 0;
    this.note.textContent = frames.length ? t('frames.nothing') : this.empty;
  }

  #matches(entry) {
    if (this.direction.value !== 'both' && entry.direction !== this.direction.value) return false;
    if (!this.pings.checked && entry.key.startsWith('ping-')) return false;
    const wanted = this.filter.value.trim().toLowerCase();
    if (!wanted) return true;
    return [entry.text, nameOf(entry), entry.detail, entry.session, entry.user].some((text) => text?.toLowerCase().includes(wanted));
  }

  #row(entry) {
    const out = entry.direction === 'out';
    const bad = ['failure', 'iq-error', 'stream-error', 'presence-gone'].includes(entry.key);
    const button = el('button', { class: 'flat frame frame-line', type: 'button', tabindex: -1, 'aria-expanded': 'false', on: { click: () => this.#toggle(entry, row) } },
      el('span', { class: 'frame-n' }, entry.n),
      el('span', { class: 'frame-time' }, this.#store.timeOf(entry)),
      el('span', { class: `frame-way ${entry.direction}` },
        el('span', { 'aria-hidden': 'true' }, out ? '↑' : '↓'), el('span', { class: 'visually-hidden' }, t(out ? 'frames.out' : 'frames.in'))),
      el('span', { class: 'frame-size' }, number(entry.size)),
      this.sessions && el('span', { class: 'frame-session' }, [entry.session, entry.user].filter(Boolean).join(' · ')),
      el('span', { class: `frame-what${bad ? ' bad' : ''}` }, nameOf(entry), entry.detail && el('span', { class: 'frame-detail' }, entry.detail)),
      el('span', { class: 'frame-text' }, entry.text.slice(0, 300)),
    );
    const row = el('li', {}, button);
    if (this.#open.has(entry.n)) this.#toggle(entry, row);
    return row;
  }

  #toggle(entry, row) {
    const button = row.firstChild;
    const opens = button.getAttribute('aria-expanded') === 'false';
    button.setAttribute('aria-expanded', String(opens));
    if (opens) {
      this.#open.add(entry.n);
      row.append(el('div', { class: 'frame-body' }, copyButton(entry), content(entry)));
      if (row.isConnected) row.scrollIntoView({ block: 'nearest' });
    } else {
      this.#open.delete(entry.n);
      row.lastChild.remove();
    }
  }

  #pause() {
    this.#paused = !this.#paused;
    this.pause.textContent = t(this.#paused ? 'frames.resume' : 'frames.pause');
    this.pause.classList.toggle('on', this.#paused);
    this.#add();
  }

  // The Tab key stops once at the list, and the arrows go on from there.
  #key(event) {
    const here = event.target.closest('.frame');
    if (!here) return;
    const buttons = [...this.list.querySelectorAll('.frame')];
    const index = buttons.indexOf(here);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + 10, PageUp: index - 10, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(to, buttons.length - 1))].focus();
  }

  #focus(event) {
    const button = event.target.closest('.frame');
    if (button) this.#rove(button);
  }

  #rove(button) {
    this.#current?.setAttribute('tabindex', '-1');
    this.#current = button;
    button?.setAttribute('tabindex', '0');
  }
}

function tag(text) {
  const [, start, name, attributes, end] = /^(<\/?)([^\s/>]+)([^]*?)(\/?>)$/.exec(text) ?? [null, '', text, '', ''];
  const parts = [el('span', { class: 'x-mark' }, start), el('span', { class: 'x-tag' }, name)];
  for (const part of attributes.split(/(\s[^\s=]+="[^"]*")/)) {
    const match = /^(\s[^\s=]+)="([^"]*)"$/.exec(part);
    if (match) parts.push(el('span', { class: 'x-name' }, match[1]), '=', el('span', { class: 'x-value' }, `"${match[2]}"`));
    else if (part) parts.push(part);
  }
  parts.push(el('span', { class: 'x-mark' }, end));
  return parts;
}

function copyButton(entry) {
  // Browsers let only pages of a secure context write to the clipboard.
  if (!navigator.clipboard) return null;
  const button = el('button', { class: 'button small frame-copy', type: 'button' }, t('frames.copy'));
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(entry.text);
      button.textContent = t('frames.copied');
      setTimeout(() => (button.textContent = t('frames.copy')), 1_500);
    } catch {
      // The browser forbids it. The text can still be selected.
    }
  });
  return button;
}
