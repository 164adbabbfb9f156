// The newest events, each with its time, node and content, and its payload when it is opened.

import { timeOfDay } from '../shared/clock.js';
import { code } from '../shared/code.js';
import { copyText } from '../shared/copy.js';
import { clear, el } from '../shared/dom.js';
import { t } from '../shared/words.js';
import { all, first, update } from '../shared/xml.js';

const MOST = 200;
const KINDS = ['all', 'user', 'dialogs', 'team', 'other'];
let wanted = 'all';
// Events outlive the view, so that a change of language does not undo them.
const kept = { context: null, events: [] };

/** A card with the events; `add({ node, data })` puts one on top. */
export function ticker(context) {
  if (kept.context !== context) {
    Object.assign(kept, { context, events: [] });
    context.signal?.addEventListener('abort', () => kept.context === context && Object.assign(kept, { context: null, events: [] }));
  }
  const list = el('ol', { class: 'ticks', data: { kind: wanted } });
  const none = el('p', { class: 'hint' }, t('desk.events.none'));
  const filter = el('select', { 'aria-label': t('desk.filter'), on: { change } }, KINDS.map((kind) => (
    el('option', { value: kind, selected: kind === wanted }, t(`desk.filter.${kind}`))
  )));
  const empty = el('button', { class: 'button small', type: 'button', on: { click: empties } }, t('desk.events.clear'));
  list.append(...kept.events.map((event) => tick(event)).reverse());
  none.hidden = kept.events.length > 0;
  return {
    node: el('section', { class: 'card stack ticker' },
      el('div', { class: 'row' }, el('h2', {}, t('desk.events')), el('div', { class: 'row spread' }, filter, empty)),
      el('p', { class: 'hint' }, t('desk.events.hint', { n: MOST })),
      none,
      list,
    ),
    add({ node, id, data }) {
      none.hidden = true;
      // New events on top do not move an open event, or the list while the user reads further down.
      const reads = list.scrollTop > 0 || list.querySelector('details[open]') !== null;
      const before = reads ? list.scrollHeight : 0;
      const event = { node, id, data, at: Date.now() };
      kept.events.push(event);
      if (kept.events.length > MOST) kept.events.shift();
      list.prepend(tick(event));
      if (reads) list.scrollTop += list.scrollHeight - before;
      if (list.children.length > MOST) list.lastElementChild.remove();
    },
  };

  function empties() {
    kept.events = [];
    clear(list);
    none.hidden = false;
  }

  function change() {
    wanted = filter.value;
    list.dataset.kind = wanted;
  }
}

function tick({ node, id, data, at }) {
  const payload = el('div', { class: 'tick-text' });
  const copy = el('button', { class: 'button small', type: 'button', on: { click: () => copyText(payload, copy) } }, t('copy.copy'));
  const { kind, short } = place(node);
  const details = el('details', {
    on: {
      // The payload is written when it is opened, as most never are.
      toggle: () => {
        if (!details.open || payload.children.length) return;
        const text = code(data);
        text.setAttribute('tabindex', '0');
        payload.append(text);
      },
    },
  },
  el('summary', {},
    el('time', { class: 'mono' }, timeOfDay(at)),
    el('span', { class: 'tick-node mono', title: node }, short),
    el('span', { class: 'tick-words' }, words(data)),
  ),
  el('div', { class: 'tick-payload' }, payload, el('div', { class: 'row tick-tools' },
    id && el('a', { class: 'button small', href: frameLink(node, id, data) }, t('desk.events.frame')), copy)));
  return el('li', { data: { kind } }, details);
}

// The view Session shows the frame with this item, and the request that has caused it.
function frameLink(node, id, data) {
  const requestId = update(data)?.requestId;
  return `#wire/${new URLSearchParams({ event: id, node, ...(requestId && { request: requestId }) })}`;
}

function place(node) {
  const short = node.replace('/finesse/api/', '');
  if (/^User\/[^/]+(\/Media)?$/.test(short)) return { kind: 'user', short };
  if (/^User\/[^/]+\/Dialogs(\/Media)?$/.test(short)) return { kind: 'dialogs', short };
  if (/^Team\//.test(short)) return { kind: 'team', short };
  return { kind: 'other', short };
}

// The line has the words of the wire, since the payload is read beside it.
function words(data) {
  const told = update(data);
  if (!told) return data.slice(0, 120);
  const error = all(told.data, 'apiError')[0];
  if (error) return [first(error, 'errorType'), first(error, 'errorMessage')].filter(Boolean).join(' · ');
  const dialog = all(told.data, 'Dialog')[0] ?? all(told.data, 'dialog')[0];
  if (dialog) {
    const people = all(dialog, 'Participant').map((one) => `${first(one, 'mediaAddress')} ${first(one, 'state')}`);
    return `${told.event} Dialog ${first(dialog, 'id')}: ${people.join(', ') || first(dialog, 'state')}`;
  }
  const message = all(told.data, 'TeamMessage')[0];
  if (message) return `${told.event} ${first(message, 'createdBy', 'id')}: ${first(message, 'content')}`;
  const medium = all(told.data, 'Media')[0];
  if (medium) return `${told.event} ${first(medium, 'name')} ${first(medium, 'state')}`;
  const user = all(told.data, 'user')[0] ?? all(told.data, 'User')[0];
  if (user) {
    const [reason, pending] = [first(user, 'reasonCode', 'label'), first(user, 'pendingState')];
    return `${first(user, 'loginId')} ${first(user, 'state')}${reason ? ` (${reason})` : ''}${pending ? ` → ${pending}` : ''}`;
  }
  const queue = all(told.data, 'Queue')[0];
  if (queue) return `${first(queue, 'name')}: ${first(queue, 'statistics', 'callsInQueue').replace('-1', '–') || '0'}`;
  const status = all(told.data, 'status')[0];
  return status ? status.textContent : `${told.event} ${told.source}`;
}
