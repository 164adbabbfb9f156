// A table of what the server lists, asked for every few seconds.

import { reason } from '../shared/api.js';
import { el, say } from '../shared/dom.js';
import { t } from '../shared/words.js';

const EVERY = 3_000;
const MOST_SHOWN = 200;

/**
 * A table with the columns `heads` (keys of words) and one for a button. `ask()` resolves to an answer of `Api`, and
 * `read(document)` takes `{ list, total }` from its JSON. Rows are known by `id(entry)`; `row(entry)` makes `{ node, draw(entry) }`.
 * `words` are `title`, `none`, `more` and `bad`.
 */
export class PolledTable {
  #timer = 0;
  #closed = false;
  #turn = 0;

  constructor({ heads, ask, read, id, row, words, onDraw = () => {} }) {
    Object.assign(this, { ask, read, id, row, words, onDraw });
    /** What `row` has made, by id. */
    this.rows = new Map();
    this.body = el('tbody');
    this.problem = el('p', { class: 'error', hidden: true });
    this.more = el('p', { class: 'hint', hidden: true });
    this.none = el('tr', { hidden: true }, el('td', { colspan: heads.length + 1, class: 'hint' }, t(words.none)));
    this.body.append(this.none);
    // The keyboard has to reach what can be scrolled.
    this.scroll = el('div', { class: 'polled-scroll', tabindex: 0, role: 'group', 'aria-label': t(words.title) }, el('table', { class: 'table' },
      el('thead', {}, el('tr', {}, heads.map((key) => el('th', { scope: 'col' }, t(key))), el('td'))),
      this.body));
    this.node = el('div', { class: 'stack' }, this.problem, this.scroll, this.more);
    this.#poll();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Asks now. */
  async refresh() {
    const turn = (this.#turn += 1);
    let problem = null;
    try {
      const given = await this.ask();
      // A later request was sent meanwhile, whose answer is newer.
      if (this.#closed || turn !== this.#turn) return;
      if (given.ok) this.#draw(this.read(given.json()));
      else problem = reason(given);
    } catch (error) {
      problem = error.message;
    }
    this.#stale(problem !== null);
    this.problem.hidden = problem === null;
    say(this.problem, problem === null ? '' : t(this.words.bad, { reason: problem }));
  }

  // While the server does not say what there is, nothing can be done with what was there.
  #stale(stale) {
    this.scroll.classList.toggle('stale', stale);
    for (const button of this.body.querySelectorAll('button')) button.disabled = stale;
  }

  /** Gives the focus to the first row if the row that had it is gone. */
  refocus() {
    if (document.activeElement === document.body) (this.body.querySelector('button') ?? this.scroll).focus();
  }

  async #poll() {
    // A page that nobody looks at asks for nothing.
    if (!document.hidden) await this.refresh();
    if (!this.#closed) this.#timer = setTimeout(() => this.#poll(), EVERY);
  }

  // Rows stay, so that a button keeps the focus over a refresh.
  #draw({ list, total }) {
    const shown = list.slice(0, MOST_SHOWN).map((entry) => [this.id(entry), entry]);
    const there = new Set(shown.map(([id]) => id));
    for (const [id, row] of this.rows) {
      if (there.has(id)) continue;
      row.node.remove();
      this.rows.delete(id);
    }
    for (const [id, entry] of shown) {
      let row = this.rows.get(id);
      if (!row) {
        row = this.row(entry);
        this.rows.set(id, row);
        this.body.append(row.node);
      }
      row.draw(entry);
    }
    const more = total - shown.length;
    this.more.hidden = more <= 0;
    say(this.more, more > 0 ? t(this.words.more, { n: more }) : '');
    this.none.hidden = list.length > 0;
    this.onDraw();
  }
}
