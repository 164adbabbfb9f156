// The view Faults: failures on purpose, for administrators. Kinds, parameters and sentences are the server's.

import { reason } from '../shared/api.js';
import { el, say } from '../shared/dom.js';
import { language, t } from '../shared/words.js';
import { faultCard } from './card.js';
import { recipeCards } from './recipes.js';
import './faults.words.js';

/** The word for the view's name. */
export const title = 'faults.title';

const PATH = '/callboard/api/faults';
const EVERY = 1_000;
/** The parts of a connection in their order. */
const STEPS = ['connection', 'upgrade', 'open', 'login', 'bind', 'presence', 'iq', 'ping', 'events', 'session', 'rest', 'service'];
// What was typed and opened outlives the view, so that a change of language does not undo it.
const kept = { language: '', search: '', step: '', open: new Set(), values: new Map() };

/** Shows the view; returns what takes it down. */
export function show(root, context) {
  const { directory } = context;
  // What was searched for is in the other language.
  if (kept.language !== language()) Object.assign(kept, { language: language(), search: '' });
  root.append(el('header', { class: 'view-head' }, el('h1', {}, t('faults.title')), el('p', { class: 'hint' }, t('faults.lead'))));
  if (!directory.administrator || !directory.faults) {
    root.append(el('p', { class: 'card faults-off' }, t(directory.administrator ? 'faults.off' : 'faults.notYours')));
    return null;
  }
  return new View(root, context).close;
}

class View {
  #timer = 0;
  #closed = false;
  #cards = new Map();
  #rows = new Map();
  #healed = () => this.#refresh();

  constructor(root, context) {
    this.context = context;
    this.set = el('ul', { class: 'faults-set', 'aria-label': t('faults.set') });
    this.none = el('p', { class: 'hint' }, t('faults.none'));
    this.error = el('p', { class: 'error', role: 'alert', hidden: true });
    this.heal = el('button', { class: 'button small', type: 'button', hidden: true, on: { click: () => this.context.bar.healAll() } }, t('bar.heal'));
    this.place = el('div', { class: 'stack faults-kinds' });
    this.nothing = el('p', { class: 'hint', hidden: true }, t('faults.nothing'));
    const search = el('input', { type: 'search', value: kept.search, on: { input: () => this.#filter((kept.search = search.value)) } });
    const step = el('select', { on: { change: () => this.#filter((kept.step = step.value)) } },
      ['', ...STEPS].map((name) => el('option', { value: name, selected: name === kept.step }, name ? t(`faults.step.${name}`) : t('faults.all'))));
    const field = (label, node) => el('label', { class: 'field' }, el('span', {}, t(label)), node);
    root.append(el('div', { class: 'stack faults' },
      el('section', { class: 'card stack' }, el('div', { class: 'row' }, el('h2', {}, t('faults.set')), el('span', { class: 'spread' }, this.heal)), this.none, this.set),
      this.error,
      el('div', { class: 'row faults-tools' }, field('faults.search', search), field('faults.part', step)),
      this.place,
      this.nothing,
      el('section', { class: 'faults-step' }, el('h2', {}, t('faults.recipes')), el('p', { class: 'hint' }, t('faults.recipes.hint')), recipeCards(context)),
    ));
    document.addEventListener('faults-healed', this.#healed);
    this.#begin();
  }

  close = () => {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener('faults-healed', this.#healed);
  };

  async #begin() {
    const kinds = await this.#ask(`${PATH}/kinds?lang=${language()}`);
    if (!kinds || this.#closed) return;
    for (const step of [...STEPS, undefined]) {
      const rows = kinds.kinds.filter((row) => row.step === step || (step === undefined && !STEPS.includes(row.step)));
      if (!rows.length) continue;
      const cards = rows.map((row) => {
        const values = kept.values.get(row.name) ?? {};
        kept.values.set(row.name, values);
        const card = faultCard(row, { ...kinds, context: this.context, values, open: kept.open, changed: () => this.#refresh() });
        this.#cards.set(row.name, { ...card, row, step });
        return card.node;
      });
      this.place.append(el('section', { class: 'faults-step', data: { step } }, step && el('h2', {}, t(`faults.step.${step}`)), el('div', { class: 'fault-cards' }, cards)));
    }
    this.#filter();
    this.#poll();
  }

  // Resolves to the document, or null after it has said what is wrong.
  async #ask(path) {
    let problem = null;
    try {
      const answer = await this.context.api.get(path);
      if (answer.ok) return answer.json();
      problem = reason(answer);
    } catch (error) {
      problem = error.message;
    } finally {
      this.error.hidden = problem === null;
      say(this.error, problem ?? '');
    }
    return null;
  }

  async #poll() {
    if (!document.hidden && !this.context.api.denied) await this.#refresh();
    if (!this.#closed) this.#timer = setTimeout(() => this.#poll(), EVERY);
  }

  async #refresh() {
    const given = await this.#ask(PATH);
    if (!given || this.#closed) return;
    const { faults } = given;
    this.context.bar.count = faults.length;
    this.none.hidden = faults.length > 0;
    this.heal.hidden = faults.length === 0;
    const names = new Set(faults.map(({ name }) => name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.node.remove();
      this.#rows.delete(name);
    }
    for (const fault of faults) {
      // A fault that took the place of another one may be of another kind.
      const key = JSON.stringify([fault.kind, fault.given]);
      let row = this.#rows.get(fault.name);
      if (row?.key !== key) {
        const fresh = { ...setRow(fault, () => this.#heal(fault.name)), key };
        if (row) row.node.replaceWith(fresh.node);
        else this.set.append(fresh.node);
        this.#rows.set(fault.name, (row = fresh));
      }
      row.draw(fault);
    }
    for (const [name, card] of this.#cards) card.count(faults.filter(({ kind }) => kind === name));
  }

  async #heal(name) {
    await this.context.api.remove(`${PATH}/${encodeURIComponent(name)}`).catch(() => null);
    await this.#refresh();
    // The focus stays in the list when its row is gone.
    if (document.activeElement === document.body) (this.set.querySelector('button') ?? this.heal).focus();
  }

  #filter() {
    const wanted = kept.search.trim().toLowerCase();
    let shown = 0;
    for (const { node, row, step } of this.#cards.values()) {
      const text = [row.name, row.sentence, row.symptom, row.cause, row.check].join(' ').toLowerCase();
      const fits = (!kept.step || step === kept.step) && text.includes(wanted);
      node.hidden = !fits;
      shown += Number(fits);
    }
    for (const section of this.place.children) section.hidden = !section.querySelector('.fault:not([hidden])');
    this.nothing.hidden = shown > 0 || this.#cards.size === 0;
  }
}

// A fault that is set: whom it touches, how often it has acted, when it ends.
function setRow({ name, kind, given }, heal) {
  const hits = el('span', { class: 'badge quiet', data: { hits: name } });
  const ends = el('span', { class: 'hint' });
  const button = el('button', { class: 'button small', type: 'button', 'aria-label': `${t('faults.heal')}: ${name}`, on: { click: heal } }, t('faults.heal'));
  const values = Object.entries(given).map(([key, value]) => `${key}=${value}`).join(' ');
  const node = el('li', { data: { fault: name } },
    el('span', {}, el('strong', {}, name), name === kind ? null : el('span', { class: 'hint' }, ` ${kind}`)),
    el('span', { class: 'mono' }, values || t('faults.everybody')), hits, ends, button);
  return {
    node,
    draw({ hits: times, left, begins, ends: end }) {
      hits.classList.toggle('warn', times > 0);
      say(hits, left === null ? t('faults.hits', { n: times }) : t('faults.hitsLeft', { n: times, left }));
      const ended = end === null ? t('faults.lasts') : t('faults.ends', { time: span(end) });
      say(ends, begins > 0 ? t('faults.begins', { time: span(begins) }) : ended);
    },
  };
}

function span(seconds) {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
