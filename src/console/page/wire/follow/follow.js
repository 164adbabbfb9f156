// Follow: the frames of any session beside what is expected of a client, with the first deviation and its reason.

import { clear, el, say } from '../../shared/dom.js';
import { milliseconds } from '../../protocol/frames.js';
import { has, t } from '../../shared/words.js';
import { compare, profileOf } from './compare.js';
import './follow.words.js';
import { PROFILES } from './profiles.js';

const EVERY = 500;
const MOST_FRAMES = 2_000;
const MOST_ROWS = 400;
const MARKS = { same: '✓', soft: '~', differs: '✗', missing: '✗', follows: '✗', unseen: '?', waiting: '…', beside: '·' };

/**
 * The panel; `sources()` are the lists whose sessions can be followed: `[{ id, name, store, list, user, isOver(session) }]`. `choice` is what
 * the user has chosen, and outlives the panel.
 */
export class Follow {
  #timer = 0;
  #drawn = '';

  constructor({ sources, choice }) {
    this.sources = sources;
    this.choice = choice;
    const select = (name) => el('select', { 'data-follow': name, on: { change: (event) => {
      choice[name] = event.target.value;
      this.draw();
    } } });
    this.session = select('session');
    this.profile = select('profile');
    this.summary = el('p', { class: 'follow-summary', role: 'status' });
    this.body = el('tbody');
    const field = (name, input) => el('label', { class: 'field' }, el('span', {}, t(`follow.${name}`)), input);
    this.node = el('details', { class: 'card panel follow', open: choice.open, on: { toggle: () => {
      choice.open = this.node.open;
      this.draw();
    } } },
    el('summary', {}, el('h2', {}, t('follow.title'))),
    el('div', { class: 'stack' },
      el('p', { class: 'hint' }, t('follow.lead')),
      el('div', { class: 'row' }, field('session', this.session), field('profile', this.profile)),
      this.summary,
      el('div', { class: 'polled-scroll', tabindex: 0, role: 'group', 'aria-label': t('follow.title') }, el('table', { class: 'table' },
        el('thead', {}, el('tr', {}, ['expected', 'mark', 'client', 'server', 'after', 'differs'].map((name) => el('th', { scope: 'col' }, t(`follow.${name}`))))),
        this.body))));
    this.#timer = setInterval(() => this.draw(), EVERY);
    this.draw();
  }

  close() {
    clearInterval(this.#timer);
  }

  /** Follows a session, and shows the panel. */
  show(session) {
    this.choice.session = session;
    this.node.open = true;
    this.draw();
    this.node.scrollIntoView({ block: 'nearest' });
  }

  draw() {
    if (!this.node.open) return;
    const { choice } = this;
    const sessions = this.#sessions();
    const chosen = sessions.find(({ key }) => key === choice.session) ?? sessions[0];
    const others = sessions.filter(({ key }) => key !== chosen?.key);
    this.#fill(this.session, sessions.map(({ key, name }) => [key, name]), chosen?.key);
    const profiles = [...Object.keys(PROFILES).map((name) => [name, t(`follow.profile.${name}`)]), ...others.map(({ key, name }) => [key, name])];
    const profile = profiles.some(([key]) => key === choice.profile) ? choice.profile : 'desktop';
    this.#fill(this.profile, profiles, profile);
    if (!chosen) {
      this.#say('', t('follow.none'));
      clear(this.body);
      this.#drawn = '';
      return;
    }
    const other = others.find(({ key }) => key === profile);
    const frames = chosen.frames();
    const drawn = [chosen.key, profile, frames.length, frames.at(-1)?.n, chosen.over, other?.store.count, other?.store.generation, chosen.store.generation].join('/');
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const steps = other ? profileOf(other.frames(), other.user) : PROFILES[profile];
    const { rows, first } = compare(frames, steps, { user: chosen.user, over: chosen.over });
    const row = rows[first];
    if (row) this.#say('bad', `${t('follow.first')} ${t(`follow.what.${(row.step ?? row.facts).what}`)}: ${reasonOf(row)}`);
    else this.#say('', t(frames.length ? 'follow.fine' : 'follow.none'));
    const fresh = rows.slice(0, MOST_ROWS).map((each, index) => this.#row(each, index === first, chosen.list));
    if (rows.length > MOST_ROWS) fresh.push(el('tr', {}, el('td', { colspan: 6, class: 'hint' }, t('follow.more', { n: rows.length - MOST_ROWS }))));
    this.body.replaceChildren(...fresh);
  }

  // The sessions of all lists, by a key that names list and session.
  #sessions() {
    const found = [];
    for (const { id, name, store, list, user, isOver } of this.sources()) {
      const users = new Map();
      for (const entry of store.frames) if (!entry.http && !users.get(entry.session)) users.set(entry.session, entry.user);
      for (const [session, owner] of users) {
        found.push({
          key: `${id}:${session}`,
          name: [name, session, owner || user].filter(Boolean).join(' · '),
          user: owner || user,
          over: isOver(session),
          store,
          list,
          frames: () => {
            // What the user did by REST before the session would take the place of its frames.
            const first = store.frames.findIndex((entry) => entry.session === session);
            const own = (entry) => entry.session === session || (entry.http && owner && entry.user === owner);
            return store.frames.slice(first).filter(own).slice(0, MOST_FRAMES);
          },
        });
      }
    }
    return found;
  }

  #row({ step, facts, verdict, reason, values, after }, isFirst, list) {
    const said = facts && el('button', { class: 'flat follow-frame', type: 'button', on: { click: () => list().go(facts.n) } },
      `${facts.n} `, t(`follow.what.${facts.what}`), ' ', el('span', { class: 'mono' }, about(facts.details)));
    const out = facts?.direction === 'out';
    return el('tr', { class: isFirst ? 'first' : null, data: { verdict } },
      el('td', {}, step ? [t(`follow.what.${step.what}`), ' ', el('span', { class: 'mono' }, about(step.details ?? {}))] : ''),
      el('td', { class: `follow-mark ${verdict}` }, el('span', { 'aria-hidden': 'true' }, MARKS[verdict]), el('span', { class: 'visually-hidden' }, t(`follow.verdict.${verdict}`))),
      el('td', {}, out ? said : ''),
      el('td', {}, out ? '' : said),
      el('td', { class: 'number' }, facts ? milliseconds(Math.max(0, after)) : ''),
      el('td', {}, isFirst && el('strong', {}, t('follow.first'), ' '), reasonOf({ step, verdict, reason, values })));
  }

  #say(kind, text) {
    this.summary.className = `follow-summary ${kind === 'bad' ? 'error' : 'hint'}`;
    say(this.summary, text);
  }

  // Choices stay while a list of them is open.
  #fill(select, choices, chosen) {
    const key = JSON.stringify(choices);
    if (select.dataset.choices !== key) {
      select.dataset.choices = key;
      select.replaceChildren(...choices.map(([value, text]) => el('option', { value }, text)));
    }
    select.value = chosen ?? '';
  }
}

function reasonOf({ verdict, reason, values }) {
  if (verdict === 'follows' || verdict === 'unseen' || verdict === 'waiting') return t(`follow.verdict.${verdict}`);
  if (!reason) return '';
  const missing = /^no\.(.*)/.exec(reason)?.[1];
  if (missing) return has(`follow.no.${missing}`) ? t(`follow.no.${missing}`) : t('follow.why.missing');
  return has(`follow.why.${reason}`) ? t(`follow.why.${reason}`, values) : t('follow.why.other', values);
}

function about(details) {
  return ['resource', 'priority', 'node', 'condition', 'line', 'element', 'from'].map((name) => details[name]).filter((text) => text && text !== '*' && text !== '0').join(' ');
}
