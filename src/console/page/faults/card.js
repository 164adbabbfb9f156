// The card of a kind of faults: what a client sees of it, and the form that sets it.

import { reason } from '../shared/api.js';
import { clear, el, say } from '../shared/dom.js';
import { foreign } from '../shared/refusals.js';
import { has, t } from '../shared/words.js';
import { curlLine } from './curl.js';
import { canTry, tryFault } from './try.js';

const PATH = '/callboard/api/faults/';
const AFTER = ['connect', 'open', 'login', 'bind', 'presence'];
/** Patterns that fields of a target show while they are empty. */
const EXAMPLES = { node: '/finesse/api/User/*', path: '/finesse/api/*' };

/**
 * `{ node, count(faults) }`. `values` are those of the form, kept from one view to the next; `open` has the names of the cards
 * that are open; `changed()` is called after a fault was set.
 */
export function faultCard(row, { common, listeners, address, context, values, open, changed }) {
  const state = el('span', { class: 'badge warn', hidden: true });
  const body = el('div', { class: 'fault-body' });
  const node = el('details', { class: 'card fault', open: open.has(row.name), data: { kind: row.name }, on: { toggle } },
    el('summary', {}, el('span', { class: 'fault-name mono' }, row.name), state, el('span', { class: 'fault-about' }, row.symptom ?? row.sentence)),
    body);
  if (open.has(row.name)) build();

  return {
    node,
    count(faults) {
      const hits = faults.reduce((sum, fault) => sum + fault.hits, 0);
      state.hidden = faults.length === 0;
      say(state, faults.length ? t('faults.on', { n: hits }) : '');
    },
  };

  function toggle() {
    open[node.open ? 'add' : 'delete'](row.name);
    if (node.open && !body.children.length) build();
    if (!node.open) clear(body);
  }

  function build() {
    const error = el('p', { class: 'error', role: 'alert', hidden: true });
    const said = el('p', { class: 'hint', role: 'status' });
    const line = curlLine();
    const write = () => line.set(request());
    const complain = (text) => {
      say(error, text ?? '');
      error.hidden = !text;
    };
    const part = (legend, fields) => fields.length > 0 && el('fieldset', { class: 'fault-fields' }, el('legend', {}, t(legend)), fields);
    const form = el('form', { class: 'stack', on: { submit, input: write, change: write } },
      part('faults.parameters', row.parameters.map(parameter)),
      part('faults.whom', row.targets.map(target)),
      part('faults.when', common.map(parameter)),
      el('div', { class: 'row' },
        el('button', { class: 'button primary', data: { action: 'set' } }, t('faults.go')),
        canTry(row) && el('button', { class: 'button', type: 'button', data: { action: 'try' }, on: { click: attempt } }, t('faults.try'))),
      said,
      error,
      line.node,
    );
    const words = [['sees', row.symptom ?? row.sentence], ['cause', row.cause], ['check', row.check], ['transports', transports(row)]];
    body.append(el('dl', { class: 'fault-words' }, words.filter(([, text]) => text).map(([name, text]) => [el('dt', {}, t(`faults.${name}`)), el('dd', {}, text)])), form);
    write();

    async function submit(event) {
      event.preventDefault();
      complain('');
      try {
        const answer = await context.api.put(request().path, '');
        if (answer.ok) say(said, [t('faults.wasSet', { name: row.name }), foreign(answer.json().note)].filter(Boolean).join(' '));
        else complain(reason(answer));
      } catch (problem) {
        complain(problem.message);
      }
      changed();
    }

    async function attempt() {
      complain('');
      const given = Object.fromEntries(row.parameters.map(({ name }) => [name, values[name]]).filter(([, value]) => value));
      const { problem, result } = await tryFault(context, row, given, address);
      complain(problem);
      if (result) say(said, result);
      changed();
    }
  }

  function request() {
    const query = new URLSearchParams({ kind: row.name });
    for (const name of [...row.parameters, ...common].map((one) => one.name).concat(row.targets)) {
      if (values[name]) query.set(name, values[name]);
    }
    return { method: 'PUT', path: `${PATH}${row.name}?${query.toString().replaceAll('%2F', '/')}`, user: context.user };
  }

  function keep(name) {
    return (event) => (values[name] = event.target.value.trim());
  }

  function field(name, input) {
    return el('label', { class: 'field' }, el('span', {}, has(`faults.field.${name}`) ? t(`faults.field.${name}`) : name), input);
  }

  function choice(name, options) {
    return el('select', { name, on: { change: keep(name) } }, options.map(([value, text]) => el('option', { value, selected: value === (values[name] ?? '') }, text)));
  }

  function parameter({ name, words, default: given }) {
    if (words.length) return field(name, choice(name, words.map((word) => [word === given ? '' : word, word])));
    return field(name, el('input', { name, value: values[name] ?? '', placeholder: given, autocomplete: 'off', on: { input: keep(name) } }));
  }

  function target(name) {
    const { teams, users } = context.directory;
    const any = ['', t('faults.any')];
    if (name === 'team') return field(name, choice(name, [any, ...teams.map((team) => [team.id, team.name])]));
    if (name === 'transport') return field(name, choice(name, [any, ...row.transports.map((one) => [one, one])]));
    if (name === 'listener') return field(name, choice(name, [any, ...listeners.map((one) => [one, one])]));
    if (name === 'after_step') return field(name, choice(name, [any, ...AFTER.map((one) => [one, one])]));
    const list = name === 'user' || name === 'session' ? el('datalist', { id: `${row.name}-${name}` }) : null;
    if (name === 'user') list.append(...users.map(({ id, firstName, lastName }) => el('option', { value: id }, [firstName, lastName].filter(Boolean).join(' '))));
    const input = el('input', {
      name,
      value: values[name] ?? '',
      placeholder: name === 'address' ? address : EXAMPLES[name] ?? t('faults.any'),
      list: list?.id,
      autocomplete: 'off',
      spellcheck: 'false',
      on: { input: keep(name), focus: name === 'session' ? () => sessions(list) : null },
    });
    return [field(name, input), list];
  }

  async function sessions(list) {
    const answer = await context.api.get('/callboard/api/sessions').catch(() => null);
    if (!answer?.ok) return;
    clear(list).append(...answer.json().sessions.map(({ id, transport, jid, user }) => el('option', { value: id }, `${jid ?? user ?? '–'} (${transport})`)));
  }
}

// As they are named, with a word on those that a browser cannot open.
function transports({ transports: all }) {
  const named = all.join(', ');
  return all.includes('tls') ? t('faults.overTcp', { all: named }) : named;
}
