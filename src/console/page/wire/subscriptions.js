// The subscriptions of all users (role Administrator), each with a button that ends it.

import { reason } from '../shared/api.js';
import { timeOfDay } from '../shared/clock.js';
import { el, say } from '../shared/dom.js';
import { t } from '../shared/words.js';
import { PolledTable } from './polled_table.js';

const PATH = '/callboard/api/subscriptions';
const LATER = 300;

/** The panel; `node` to be put into the page, `close()` to end it. */
export class Subscriptions {
  #later = 0;

  constructor(context) {
    this.api = context.api;
    const filter = (name, attributes) => el('input', { name, type: 'search', ...attributes, on: { input: () => this.#soon() } });
    this.user = filter('user', { list: 'subscribers' });
    this.forNode = filter('node', { placeholder: '/finesse/api/User/1001' });
    this.note = el('p', { class: 'hint', role: 'status' });
    this.table = new PolledTable({
      heads: ['node', 'subscriber', 'by', 'since'].map((name) => `subs.${name}`),
      words: { title: 'subs.title', none: 'subs.none', more: 'subs.more', bad: 'subs.bad' },
      ask: () => this.#ask(),
      read: ({ subscriptions, total }) => ({ list: subscriptions, total }),
      id: ({ node, jid, by, session }) => JSON.stringify([node, jid, by, session]),
      row: (entry) => this.#row(entry),
    });
    const field = (name, node) => el('label', { class: 'field' }, el('span', {}, t(`subs.${name}`)), node);
    this.node = el('section', { class: 'card stack panel', 'aria-labelledby': 'subs-title' },
      el('h2', { id: 'subs-title' }, t('subs.title')),
      el('p', { class: 'hint' }, t('subs.lead')),
      el('div', { class: 'row' }, field('user', this.user), field('node', this.forNode),
        el('datalist', { id: 'subscribers' }, context.directory.users.map(({ id }) => el('option', { value: id })))),
      this.table.node,
      this.note,
    );
  }

  close() {
    clearTimeout(this.#later);
    this.table.close();
  }

  #soon() {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.table.refresh(), LATER);
  }

  async #ask() {
    const query = new URLSearchParams();
    if (this.user.value.trim()) query.set('user', this.user.value.trim());
    if (this.forNode.value.trim()) query.set('node', this.forNode.value.trim());
    return this.api.get(`${PATH}?${query}`);
  }

  #row(entry) {
    const { node, jid, by, session, since } = entry;
    const label = `${t('subs.end')}: ${jid} ${node}`;
    const end = el('button', { class: 'button small', type: 'button', 'aria-label': label, on: { click: () => this.#end(entry) } }, t('subs.end'));
    return {
      node: el('tr', {},
        el('td', { class: 'mono' }, node),
        el('td', { class: 'mono' }, by === 'stream' ? `${jid} (${session})` : jid),
        el('td', {}, t(`subs.by.${by}`)),
        el('td', {}, timeOfDay(Date.parse(since))),
        el('td', { class: 'number' }, end)),
      draw() {},
    };
  }

  async #end({ node, jid, by, session }) {
    const query = new URLSearchParams({ node, ...(by === 'stream' ? { session } : { jid }) });
    let text;
    try {
      const given = await this.api.remove(`${PATH}?${query}`);
      text = given.ok ? t('subs.ended', { jid, node }) : t('subs.notEnded', { reason: reason(given) });
    } catch (error) {
      text = error.message;
    }
    say(this.note, text);
    await this.table.refresh();
    this.table.refocus();
  }
}
