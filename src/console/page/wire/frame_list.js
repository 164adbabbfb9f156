// The list of the frames of a store.

import { el, say } from '../shared/dom.js';
import { menu } from '../shared/menu.js';
import { KINDS, milliseconds, nameOf } from '../protocol/frames.js';
import { number, t } from '../shared/words.js';
import { frameBody } from './frame_body.js';
import { expressionOf, filterOf, matcher, newView, shownKinds } from './frame_filter.js';
import { VirtualRows } from './virtual_rows.js';

const MOST_OPEN = 20;
const FILTER_LATER = 150;

/**
 * The list of a store: filter, find, pause, one line a frame, a click opens it. `actions` go into its head. What the user has set is
 * in `store.view`, so that it stays when the list is made again.
 */
export class FrameList {
  #store;
  #view;
  #fits = null;
  #shown = [];
  #last = 0;
  #generation = 0;
  #marks = 0;
  #scheduled = 0;
  #later = 0;
  #unlisten;
  #current = 0;
  #follows = true;
  #matches = null;

  constructor(store, { title, empty, sessions = false, actions = [] }) {
    this.#store = store;
    this.#view = store.view ??= newView();
    this.#generation = store.generation;
    this.empty = empty;
    this.sessions = sessions;
    this.count = el('span', { class: 'hint frames-count' });
    this.list = el('ol', { class: 'frames-list', 'aria-label': title, on: { keydown: (event) => this.#key(event), focusin: (event) => this.#focus(event) } });
    this.note = el('p', { class: 'frames-empty hint' });
    this.scroll = el('div', { class: 'frames-scroll' }, this.list, this.note);
    this.node = el('section', { class: `card frames${sessions ? ' frames-many' : ''}`, 'aria-label': title },
      el('div', { class: 'frames-head' }, el('h2', {}, title), this.count, el('div', { class: 'row spread' }, actions)),
      this.#tools(),
      el('div', { class: 'frame-line frames-names', 'aria-hidden': 'true' },
        ['n', 'time', 'delta', 'way', 'size', sessions && 'session', 'what', 'text'].filter(Boolean)
          .map((name) => el('span', { class: `frame-${name}` }, name === 'way' ? '' : t(`frames.column.${name}`)))),
      this.scroll,
    );
    this.rows = new VirtualRows({
      scroll: this.scroll,
      list: this.list,
      make: (entry) => this.#row(entry),
      isOpen: (n) => this.#view.open.has(n),
      onDraw: () => this.#drawn(),
    });
    // The list stays where the user has scrolled to.
    this.scroll.addEventListener('scroll', () => {
      this.#follows = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 40;
    }, { passive: true });
    this.#unlisten = store.listen(() => this.#schedule());
    this.#all();
    // The list has no height before it is in the page.
    queueMicrotask(() => {
      this.rows.draw();
      this.#toEnd();
    });
  }

  get #highlight() {
    return this.sessions ? 'found-others' : 'found';
  }

  get store() {
    return this.#store;
  }

  /** The frames that the filter lets through. */
  get shown() {
    if (this.#later) this.#all();
    return this.#shown;
  }

  close() {
    globalThis.CSS?.highlights?.delete(this.#highlight);
    this.#unlisten();
    this.rows.close();
    clearTimeout(this.#scheduled);
    clearTimeout(this.#later);
  }

  /** Shows a frame: opens it, and gives it the focus. */
  go(n) {
    if (!this.#shown.some((entry) => entry.n === n)) {
      // A frame that the filter hides is shown without it.
      Object.assign(this.#view, { filter: '', direction: 'both', hidden: new Set() });
      this.filter.value = '';
      this.direction.value = 'both';
      this.#all();
    }
    const entry = this.#store.get(n);
    if (!entry) return;
    this.#follows = false;
    const node = this.rows.reveal(this.rows.indexOf(n));
    if (node && !this.#view.open.has(n)) this.#toggle(entry, node);
    this.#reach(this.rows.indexOf(n));
  }

  #tools() {
    const view = this.#view;
    const soon = () => {
      clearTimeout(this.#later);
      this.#later = setTimeout(() => this.#all(), FILTER_LATER);
    };
    const search = (name, attributes = {}) => el('input', {
      type: 'search', value: view[name], placeholder: t(`frames.${name}`), 'aria-label': t(`frames.${name}`), ...attributes,
      on: {
        input: (event) => {
          view[name] = event.target.value;
          soon();
        },
        keydown: (event) => name === 'find' && event.key === 'Enter' && this.#find(event.shiftKey ? -1 : 1),
      },
    });
    const button = (key, click, attributes = {}) => el('button', { class: 'button small', type: 'button', ...attributes, on: { click } }, t(key));
    const expression = button('frames.regex', () => {
      view.regex = !view.regex;
      expression.setAttribute('aria-pressed', String(view.regex));
      this.#all();
    }, { 'aria-pressed': String(view.regex), title: t('frames.regexHint'), 'aria-label': t('frames.regexHint') });
    this.bad = el('p', { class: 'error', role: 'alert', hidden: true });
    this.filter = search('filter');
    this.find = search('find');
    this.found = el('span', { class: 'hint frames-found', role: 'status' });
    this.direction = el('select', { 'aria-label': t('frames.direction'), on: { change: (event) => {
      view.direction = event.target.value;
      this.#all();
    } } }, ['both', 'out', 'in'].map((name) => el('option', { value: name, selected: name === view.direction }, t(`frames.${name}`))));
    this.kinds = menu('', (panel) => panel.append(...KINDS.map((kind) => el('label', { class: 'check menu-choice' },
      el('input', {
        type: 'checkbox', value: kind, checked: !view.hidden.has(kind),
        on: { change: (event) => {
          view.hidden[event.target.checked ? 'delete' : 'add'](kind);
          this.#all();
        } },
      }), t(`kind.${kind}`)))), { 'data-menu': 'kinds' });
    this.pause = button('frames.pause', () => this.#pause());
    return el('div', { class: 'frames-tools' }, this.filter, expression, this.direction, this.kinds,
      el('span', { class: 'row frames-find' }, this.find,
        button('frames.previous', () => this.#find(-1)), button('frames.next', () => this.#find(1)), this.found),
      this.pause,
      button('frames.clear', () => this.#store.clear({ zero: this.#store.zero })),
      this.bad);
  }

  // Frames come faster than a user can read, so the list is drawn ten times a second.
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = setTimeout(() => {
      this.#scheduled = 0;
      this.#add();
    }, 100);
  }

  // Filters all frames again. An expression that is none is told, and filters nothing.
  #all() {
    clearTimeout(this.#later);
    this.#later = 0;
    const view = this.#view;
    let problem = '';
    for (const [name, input] of [['filter', this.filter], ['find', this.find]]) {
      try {
        if (name === 'filter') this.#fits = filterOf(view);
        else this.#matches = matcher(view.find, view.regex);
        input.removeAttribute('aria-invalid');
      } catch (error) {
        if (name === 'filter') this.#fits = filterOf({ ...view, filter: '' });
        else this.#matches = null;
        input.setAttribute('aria-invalid', 'true');
        problem = t('frames.bad', { reason: error.message });
      }
    }
    this.bad.hidden = !problem;
    say(this.bad, problem);
    say(this.kinds.firstElementChild, view.hidden.size ? t('frames.kindsSome', { n: shownKinds(view), all: KINDS.length }) : t('frames.kinds'));
    say(this.found, '');
    this.pause.classList.toggle('on', view.paused);
    say(this.pause, t(view.paused ? 'frames.resume' : 'frames.pause'));
    this.#shown = this.#store.frames.filter(this.#fits);
    this.#last = this.#store.count;
    this.rows.entries = this.#shown;
    this.rows.renew();
    this.#toEnd();
    this.#tell();
  }

  #add() {
    const { frames, count, generation, marks } = this.#store;
    if (marks !== this.#marks) {
      this.#marks = marks;
      this.rows.renew();
    }
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#view.open.clear();
      this.#follows = true;
      this.#all();
      return;
    }
    if (!this.#view.paused) {
      const oldest = frames[0]?.n ?? Infinity;
      const gone = this.#shown.length && this.#shown[0].n < oldest ? this.rows.above(oldest) : 0;
      let shown = gone ? this.#shown.filter(({ n }) => n >= oldest) : this.#shown;
      for (const n of this.#view.open) if (n < oldest) this.#view.open.delete(n);
      // New frames are at the end, so only the end is read.
      let index = frames.length;
      while (index > 0 && frames[index - 1].n > this.#last) index -= 1;
      for (const entry of frames.slice(index)) if (this.#fits(entry)) shown.push(entry);
      this.#shown = shown;
      this.#last = count;
      // What the user reads stays in sight when frames before it are dropped.
      if (gone && !this.#follows) this.scroll.scrollTop -= gone;
      this.rows.set(shown);
      this.#toEnd();
    }
    this.#tell();
  }

  // The list follows the newest frame, unless the user has scrolled up or an open frame is in sight.
  #toEnd() {
    if (!this.#follows) return;
    const { top, bottom } = this.scroll.getBoundingClientRect();
    const reads = [...this.#view.open].some((n) => {
      const row = this.rows.node(n)?.getBoundingClientRect();
      return row && row.bottom > top && row.top < bottom;
    });
    if (reads) return;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.rows.draw();
  }

  #tell() {
    const { frames, dropped, count } = this.#store;
    const parts = [];
    parts.push(this.#shown.length === frames.length || this.#view.paused
      ? t('frames.count', { n: number(frames.length) })
      : t('frames.shown', { shown: number(this.#shown.length), n: number(frames.length) }));
    if (dropped) parts.push(t('frames.dropped', { n: number(dropped) }));
    if (this.#view.paused && count > this.#last) parts.push(t('frames.held', { n: count - this.#last }));
    say(this.count, frames.length ? parts.join(' · ') : '');
    this.note.hidden = this.#shown.length > 0;
    say(this.note, frames.length ? t('frames.nothing') : this.empty);
  }

  #row(entry) {
    const out = entry.direction === 'out';
    const button = el('button', { class: 'flat frame frame-line', type: 'button', tabindex: -1, 'aria-expanded': 'false', on: { click: () => this.#toggle(entry, row) } },
      el('span', { class: 'frame-n' }, entry.n), ' ',
      el('span', { class: 'frame-time' }, this.#store.timeOf(entry)), ' ',
      el('span', { class: 'frame-delta', 'aria-hidden': 'true' }, entry.delta > 0 ? `+${milliseconds(entry.delta)}` : ''),
      el('span', { class: `frame-way ${entry.direction}` },
        el('span', { 'aria-hidden': 'true' }, out ? '↑' : '↓'), el('span', { class: 'visually-hidden' }, t(out ? 'frames.out' : 'frames.in'))), ' ',
      el('span', { class: 'frame-size', 'aria-hidden': 'true' }, number(entry.size)),
      this.sessions && [el('span', { class: 'frame-session' }, [entry.session, entry.user].filter(Boolean).join(' · ')), ' '],
      el('span', { class: `frame-what${entry.kind === 'error' ? ' bad' : ''}`, title: entry.detail }, nameOf(entry),
        entry.detail && [' ', el('span', { class: 'frame-detail' }, entry.detail)],
        entry.fault && el('span', { class: 'frame-bolt', title: t('frames.fault', { name: entry.fault }) },
          el('span', { 'aria-hidden': 'true' }, ' ⚡'), el('span', { class: 'visually-hidden' }, ` ${t('frames.fault', { name: entry.fault })}`))),
      el('span', { class: 'frame-text', 'aria-hidden': 'true' }, entry.text.slice(0, 300)),
    );
    const row = el('li', { data: { fault: entry.fault || null } }, button);
    if (this.#view.open.has(entry.n)) this.#open(entry, row);
    return row;
  }

  #open(entry, row) {
    row.firstChild.setAttribute('aria-expanded', 'true');
    row.append(frameBody(entry, { store: this.#store, view: this.#view, go: (n) => this.go(n) }));
  }

  #toggle(entry, row) {
    const { open } = this.#view;
    if (open.has(entry.n)) {
      open.delete(entry.n);
      row.firstChild.setAttribute('aria-expanded', 'false');
      row.lastChild.remove();
      this.rows.draw();
      return;
    }
    open.add(entry.n);
    this.#open(entry, row);
    if (open.size > MOST_OPEN) {
      const [oldest] = open;
      open.delete(oldest);
      this.rows.renew();
    }
    this.rows.draw();
    this.rows.reveal(this.rows.indexOf(entry.n));
  }

  #pause() {
    this.#view.paused = !this.#view.paused;
    this.#all();
  }

  // The next or previous frame with the text that is looked for.
  #find(step) {
    this.#all();
    if (!this.#matches) return;
    const found = this.#shown.filter(this.#matches);
    if (!found.length) {
      say(this.found, t('frames.foundNone'));
      return;
    }
    const here = this.#view.found;
    let index = step > 0 ? found.findIndex(({ n }) => n > here) : found.findLastIndex(({ n }) => n < here);
    if (index < 0) index = step > 0 ? 0 : found.length - 1;
    this.#view.found = found[index].n;
    this.#follows = false;
    this.rows.reveal(this.rows.indexOf(this.#view.found));
    say(this.found, t('frames.found', { n: number(index + 1), all: number(found.length) }));
  }

  // Marks what was found in the rows that are in the page.
  #drawn() {
    const { found, find, regex } = this.#view;
    for (const row of this.list.children) row.classList.toggle('found', Boolean(this.#matches) && Number(row.dataset.n) === found);
    const button = this.rows.node(this.#current)?.firstChild ?? this.list.querySelector('.frame');
    for (const other of this.list.querySelectorAll('.frame[tabindex="0"]')) if (other !== button) other.setAttribute('tabindex', '-1');
    button?.setAttribute('tabindex', '0');
    if (!globalThis.Highlight) return;
    CSS.highlights.delete(this.#highlight);
    if (!this.#matches) return;
    const ranges = [];
    const expression = expressionOf(find.trim(), regex, 'gi');
    const walker = document.createTreeWalker(this.list, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() && ranges.length < 500) {
      for (const match of walker.currentNode.data.matchAll(expression)) {
        if (!match[0]) break;
        const range = new Range();
        range.setStart(walker.currentNode, match.index);
        range.setEnd(walker.currentNode, match.index + match[0].length);
        ranges.push(range);
      }
    }
    CSS.highlights.set(this.#highlight, new Highlight(...ranges));
  }

  // The Tab key stops once at the list, and the arrows go on from there.
  #key(event) {
    const here = event.target.closest('.frame');
    if (!here) return;
    const index = this.rows.indexOf(Number(here.parentNode.dataset.n));
    const end = this.#shown.length - 1;
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + 10, PageUp: index - 10, Home: 0, End: end }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#reach(Math.max(0, Math.min(to, end)));
  }

  #reach(index) {
    this.rows.reveal(index)?.firstChild.focus({ preventScroll: true });
  }

  #focus(event) {
    const row = event.target.closest('li');
    if (!row) return;
    this.#current = Number(row.dataset.n);
    this.#drawn();
  }
}
