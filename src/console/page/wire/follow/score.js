// The score of a client: which rules it keeps, and a button for each that something has to provoke.

import { good, reason } from '../../shared/api.js';
import { clear, el, say } from '../../shared/dom.js';
import { choices, menu } from '../../shared/menu.js';
import { language, t } from '../../shared/words.js';
import { PolledTable } from '../polled_table.js';
import { download } from '../../shared/download.js';
import './score.words.js';

const PATH = '/callboard/api/conformance';
const FORMS = { text: ['txt', 'text/plain'], json: ['json', 'application/json'], junit: ['xml', 'application/xml'] };
const MARKS = { passed: ['good', '✓'], failed: ['bad', '✗'], 'not seen': ['quiet', '–'] };

/** The panel of a view; `choice` is what the user has chosen, and outlives the panel. */
export class Score {
  #table = null;

  constructor(context, choice) {
    this.context = context;
    this.api = context.api;
    this.choice = choice;
    this.session = el('select', { 'data-score': 'session', on: { change: () => {
      choice.session = this.session.value;
      this.#table?.refresh();
    } } });
    this.summary = el('p', { class: 'hint', role: 'status', 'data-score': 'summary' });
    this.note = el('p', { class: 'hint', role: 'status' });
    this.place = el('div');
    const save = menu(t('score.save'), (panel, close) => choices(panel, close, Object.keys(FORMS).map((form) => [t(`score.save.${form}`), () => this.#save(form)])), { 'data-menu': 'score' });
    this.node = el('details', { class: 'card panel follow', 'data-panel': 'score', open: choice.open, on: { toggle: () => this.#toggle() } },
      el('summary', {}, el('h2', {}, t('score.title'))),
      el('div', { class: 'stack' },
        el('p', { class: 'hint' }, t('score.lead')),
        el('div', { class: 'row' }, el('label', { class: 'field' }, el('span', {}, t('score.session')), this.session), save),
        this.summary,
        this.place,
        this.note));
    if (choice.open) this.#toggle();
  }

  close() {
    this.#table?.close();
    this.#table = null;
  }

  // Nothing is asked while the panel is closed.
  #toggle() {
    this.choice.open = this.node.open;
    if (this.node.open === (this.#table !== null)) return;
    if (!this.node.open) {
      this.close();
      clear(this.place);
      return;
    }
    this.#table = new PolledTable({
      heads: ['verdict', 'rule', 'source', 'evidence'].map((name) => `score.${name}`),
      words: { title: 'score.title', none: 'score.none', more: 'score.none', bad: 'score.bad' },
      ask: () => this.#ask(),
      read: (score) => {
        say(this.summary, score.rules ? t('score.summary', score) : '');
        const list = score.score.map((line) => ({ ...line, over: score.over }));
        return { list, total: list.length };
      },
      id: ({ rule }) => `${this.choice.session} ${rule}`,
      row: (line) => this.#row(line),
    });
    this.place.append(this.#table.node);
  }

  async #ask() {
    const [live, ended] = await Promise.all(['', '?ended=true'].map((query) => this.api.get(`/callboard/api/sessions${query}`)));
    if (!live.ok || !ended.ok) return live.ok ? ended : live;
    // Streams of events have no XMPP.
    const list = [...live.json().sessions, ...ended.json().sessions.map((each) => ({ ...each, over: true }))].filter(({ transport }) => transport !== 'sse');
    const named = list.map(({ id, jid, user, transport, over }) => [id, [id, jid ?? user, transport, over && t('score.over')].filter(Boolean).join(' · ')]);
    const { choice } = this;
    if (!named.some(([id]) => id === choice.session)) choice.session = named[0]?.[0] ?? '';
    const key = JSON.stringify(named);
    if (this.session.dataset.choices !== key) {
      this.session.dataset.choices = key;
      this.session.replaceChildren(...named.map(([value, text]) => el('option', { value }, text)));
    }
    this.session.value = choice.session;
    if (!choice.session) return { ok: true, json: () => ({ score: [] }) };
    return this.api.get(this.#query({ lang: language() }));
  }

  #query(more) {
    return `${PATH}?${new URLSearchParams({ session: this.choice.session, ...more })}`;
  }

  #row({ rule, source, provoked }) {
    const verdict = el('span', { class: 'badge' });
    const mark = el('span', { 'aria-hidden': 'true' });
    const word = el('span');
    verdict.append(mark, word);
    const frame = el('code', { class: 'mono' });
    const wrong = el('p', { class: 'error' });
    const check = el('p');
    const armed = el('p', { class: 'hint' });
    const label = t(`score.rule.${rule}`);
    const button = provoked && el('button', { class: 'button small', type: 'button', 'aria-label': `${t('score.provoke')}: ${label}`, on: { click: () => this.#provoke(rule) } }, t('score.provoke'));
    const node = el('tr', { data: { rule } },
      el('td', {}, verdict),
      el('td', {}, label),
      el('td', {}, source),
      el('td', {}, frame, wrong, check, armed),
      el('td', { class: 'number' }, button));
    const fill = (part, text) => {
      say(part, text || '');
      part.hidden = !text;
    };
    return {
      node,
      draw(line) {
        const [kind, sign] = MARKS[line.verdict];
        node.dataset.verdict = line.verdict;
        verdict.className = `badge ${kind}`;
        say(mark, sign);
        say(word, t(`score.verdict.${line.verdict}`));
        fill(frame, line.evidence && `#${line.seq} ${line.evidence}`);
        fill(wrong, line.symptom);
        fill(check, line.check);
        fill(armed, line.armed && t('score.armed'));
        if (button) button.hidden = line.over;
      },
    };
  }

  async #provoke(rule) {
    let text;
    try {
      const given = await this.api.put(this.#query({ rule }), '');
      text = given.ok ? t('score.set', { rule: t(`score.rule.${rule}`) }) : reason(given);
    } catch (error) {
      text = error.message;
    }
    say(this.note, text);
    this.context.bar?.refresh();
    await this.#table?.refresh();
  }

  async #save(form) {
    const [ending, type] = FORMS[form];
    try {
      const given = good(await this.api.get(this.#query({ format: form, lang: language() })));
      download(`callboard-score-${this.choice.session}.${ending}`, type, given.text);
    } catch (error) {
      say(this.note, error.message);
    }
  }
}
