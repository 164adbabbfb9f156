// Cards in which an administrator plays the customers: a form for a new one, and the list of all.

import { clear, el, say } from '../shared/dom.js';
import { t } from '../shared/words.js';
import { button } from './agents.js';

const MOST = 20;

/**
 * A card with a form of `fields` (`[word, element]`, whose names are parameters of the request) and a list of `customers`, a
 * Map by id that outlives the view. `arrive(values)` resolves to `{ id }` or `{ problem }`, `leave(id)` to a problem or null;
 * `line(customer)` is the text of a row and `state(id)` its badge. `words` are those of the heading, the form's button, the list
 * and the button of a row.
 */
export function customerCard({ kind, words, fields, customers, arrive, leave, line, state, onChange }) {
  const error = el('p', { class: 'error', role: 'alert', hidden: true });
  const list = el('ul', { class: 'callers', 'aria-label': t(words.list) });
  let shown = null;

  function complain(text) {
    say(error, text ?? '');
    error.hidden = !text;
  }

  async function submit(event) {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()]));
    const { id, problem } = await arrive(values);
    complain(problem);
    if (!id) return;
    customers.set(id, { ...values, at: Date.now() });
    if (customers.size > MOST) customers.delete(customers.keys().next().value);
    onChange();
  }

  async function end(id) {
    const problem = await leave(id);
    // A 404 says that the customer has left already.
    if (!problem || problem.startsWith('404')) customers.delete(id);
    else complain(problem);
    onChange();
  }

  return {
    node: el('section', { class: 'card stack' },
      el('h2', {}, t(words.heading)),
      el('form', { class: 'call-form', on: { submit } },
        fields.map(([word, node]) => el('label', { class: 'field' }, el('span', {}, t(word)), node)),
        el('button', { class: 'button primary', data: { action: kind } }, t(words.go)),
      ),
      error,
      list,
    ),
    update() {
      const rows = [...customers].map(([id, customer]) => [id, line(customer), state(id)]);
      const now = JSON.stringify(rows.map(([id, text, badge]) => [id, text, badge.textContent]));
      if (now === shown) return;
      shown = now;
      clear(list).append(...rows.map(([id, text, badge]) => el('li', { class: 'row', data: { caller: id } },
        el('span', {}, text),
        badge,
        el('span', { class: 'spread' }, button(t(words.leave), 'hangup', () => end(id))),
      )));
    },
  };
}
