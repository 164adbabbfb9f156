// Cards of agents: state, time in it, actions, calls.

import { elapsed } from '../shared/clock.js';
import { clear, el, say } from '../shared/dom.js';
import { choices, menu, question } from '../shared/menu.js';
import { stateKind, stateName, taskStateName } from '../shared/states.js';
import { has, t } from '../shared/words.js';
import { escape } from '../shared/xml.js';

const SIMPLE = new Set([
  'ANSWER', 'HOLD', 'RETRIEVE', 'DROP', 'TRANSFER', 'CONFERENCE', 'BARGE_CALL', 'START_RECORDING', 'ACCEPT', 'REJECT', 'CLOSE', 'CANCEL_SCHEDULED_CALLBACK',
]);
const SIMPLE_OF_TASKS = new Set(['ACCEPT', 'START', 'PAUSE', 'RESUME', 'WRAP_UP', 'CLOSE']);
const CLASSIFICATIONS = ['VOICE', 'FAX', 'ANS_MACHINE', 'INVALID', 'BUSY', 'DO_NOT_CALL'];
const MEDIUM_STATES = ['LOGIN', 'READY', 'NOT_READY', 'LOGOUT'];
const FIRST = ['ANSWER', 'ACCEPT', 'RETRIEVE', 'HOLD', 'TRANSFER', 'CONFERENCE', 'DROP'];
/** What makes one call of two. */
const JOINS = ['TRANSFER', 'CONFERENCE'];
const ERROR_STAYS = 15_000;

/** A badge with the word of a state, which `name` finds; `set(state)` changes it. */
export function badge(state, name = stateName) {
  const node = el('span', { class: 'badge' });
  const set = (next) => {
    if (node.dataset.state === next) return;
    node.dataset.state = next;
    node.className = `badge ${stateKind(next)}`;
    node.textContent = name(next);
  };
  set(state);
  return { node, set };
}

/** The card of an agent: `{ node, update(), tick(), complain(text) }`. */
export function agentCard(agent, centre, commands) {
  const standing = commands.standing(agent);
  const state = badge(agent.state || 'UNKNOWN');
  const time = el('span', { class: 'time', data: { figure: 'time' } });
  const name = el('span', { class: 'agent-name' });
  const heading = `agent-${agent.id}`;
  const note = el('p', { class: 'hint agent-note' });
  const error = el('p', { class: 'error', role: 'alert', hidden: true });
  const calls = el('ul', { class: 'calls' });
  const media = el('ul', { class: 'agent-media' });
  const mediumRows = new Map();
  let shown = null;
  let forget = 0;

  const buttons = standing ? stateButtons() : null;
  const node = el('article', { class: 'agent', 'aria-labelledby': heading, data: { agent: agent.id } },
    el('header', {}, el('h3', { id: heading }, name, agent.name === agent.id ? null : el('span', { class: 'hint' }, agent.id)), state.node, time),
    note,
    buttons && el('div', { class: 'row agent-actions' }, Object.values(buttons)),
    media,
    error,
    calls,
  );
  update();
  return { node, update, tick, complain };

  function stateButtons() {
    const go = (fields) => order(() => commands.setState(agent, fields));
    const withReason = (label, key, to) => {
      if (standing === 'supervisor') return button(label, key, () => go({ state: to }));
      return menu(label, async (panel, close) => {
        const reasons = await commands.reasons(agent, to);
        if (reasons.length) {
          choices(panel, close, reasons.map(({ id, label: text }) => [text, () => go({ state: to, reasonCodeId: id })]));
        } else {
          choices(panel, close, [[t('desk.noReason'), () => go({ state: to })]]);
        }
        panel.querySelector('button')?.focus();
      }, { data: { action: key } });
    };
    return {
      login: standing === 'self' && button(t('desk.signIn'), 'login', () => {
        if (agent.home) go({ state: 'LOGIN', extension: agent.home });
        else complain(t('desk.noExtension'));
      }),
      ready: button(t('desk.ready'), 'ready', () => go({ state: 'READY' })),
      dial: standing === 'self' && menu(t('desk.dial'), (panel, close) => question(panel, close, {
        label: t('desk.ask.number'),
        button: t('desk.dial.go'),
        autocomplete: 'off',
        inputmode: 'tel',
        action: (to) => order(() => commands.create(agent, 'MAKE_CALL', to)),
      }), { data: { action: 'dial' } }),
      monitor: commands.supervises(agent) && button(t('desk.monitor'), 'monitor', () => order(() => commands.create(listener(), 'SILENT_MONITOR', agent.extension))),
      barge: commands.supervises(agent) && button(t('desk.action.BARGE_CALL'), 'barge', () => order(() => commands.act(listener(), listening().id, 'BARGE_CALL'))),
      notReady: withReason(t('desk.notReady'), 'notready', 'NOT_READY'),
      logout: withReason(t('desk.signOut'), 'logout', 'LOGOUT'),
    };
  }

  // The user who is logged in, as a supervisor with a telephone.
  function listener() {
    return centre.agents.get(commands.user);
  }

  // The call by which the supervisor listens to this agent.
  function listening() {
    const me = listener();
    const isHere = ({ participants }, address) => participants.some((one) => one.address === address);
    return me && centre.callsOf(me).find((dialog) => isHere(dialog, agent.extension) && dialog.participants.some((one) => (
      one.address === me.extension && one.actions.includes('BARGE_CALL')
    )));
  }

  function update() {
    say(name, agent.name);
    state.set(agent.state || 'UNKNOWN');
    const notes = [
      (agent.extension || agent.home) && t('desk.extension', { n: agent.extension || agent.home }),
      agent.reason,
      agent.pending && t('desk.pending', { state: stateName(agent.pending) }),
    ];
    say(note, notes.filter(Boolean).join(' · '));
    if (buttons) {
      const out = agent.state === 'LOGOUT';
      if (buttons.login) buttons.login.hidden = !out;
      buttons.ready.hidden = out || agent.state === 'READY';
      buttons.notReady.hidden = out;
      buttons.logout.hidden = out;
      if (buttons.dial) buttons.dial.hidden = out;
      if (buttons.monitor) {
        const heard = Boolean(listening());
        buttons.monitor.hidden = heard || !listener()?.extension || !centre.callsOf(agent).some((dialog) => !isTask(dialog));
        buttons.barge.hidden = !heard;
      }
    }
    tick();
    updateMedia();
    updateCalls();
  }

  // Rows stay, so that a menu stays open and the focus where it is.
  function updateMedia() {
    for (const [id, row] of mediumRows) {
      if (agent.media.has(id)) continue;
      row.node.remove();
      mediumRows.delete(id);
    }
    for (const medium of agent.media.values()) {
      if (!mediumRows.has(medium.id)) {
        const now = badge(medium.state, taskStateName);
        const choose = (panel, close) => choices(panel, close, MEDIUM_STATES.map((to) => (
          [t(`desk.medium.${to}`), () => order(() => commands.setMediumState(agent, agent.media.get(medium.id) ?? medium, to))]
        )));
        const name = standing === 'self' ? menu(medium.name, choose, { data: { action: 'medium' } }) : el('span', {}, medium.name);
        const node = el('li', { class: 'row', data: { medium: medium.id } }, name, now.node);
        mediumRows.set(medium.id, { node, now });
        media.append(node);
      }
      mediumRows.get(medium.id).now.set(medium.state);
    }
  }

  function tick() {
    say(time, agent.since === null ? '' : elapsed(centre.now() - agent.since));
    for (const one of calls.querySelectorAll('[data-since]')) say(one, elapsed(centre.now() - Number(one.dataset.since)));
  }

  // Calls are drawn anew only when one has changed, so that a menu stays open and the focus where it is.
  function updateCalls() {
    const list = centre.callsOf(agent);
    const now = JSON.stringify(list);
    if (now === shown) return;
    shown = now;
    const focused = calls.contains(document.activeElement) ? document.activeElement : null;
    const [dialog, action] = ['dialog', 'action'].map((name) => focused?.closest(`[data-${name}]`)?.dataset[name]);
    clear(calls).append(...list.map((one) => call(one, list)));
    if (focused) refocus(dialog, action);
    tick();
  }

  // The focus goes to the same action of the call, or to the first: never to another button, which could end the call.
  function refocus(dialog, action) {
    const place = [...calls.children].find((one) => one.dataset.dialog === dialog) ?? calls;
    const same = action && place.querySelector(`[data-action="${action}"]`);
    const next = same ?? place.querySelector('.call-actions > *') ?? node.querySelector('.agent-actions > :not([hidden])');
    (next?.querySelector('summary') ?? next)?.focus();
  }

  function call(dialog, list) {
    // The address of a participant in a task is the id of its agent.
    const mine = isTask(dialog) ? [agent.id] : [agent.extension, agent.home].filter(Boolean);
    const isOwn = ({ address }) => mine.includes(address);
    // The agent itself stands last, with its actions.
    const participants = [...dialog.participants].sort((a, b) => isOwn(a) - isOwn(b));
    const about = [has(`desk.type.${dialog.type}`) && t(`desk.type.${dialog.type}`), dialog.queue, ...dialog.variables.slice(0, 2).map(([, value]) => value)].filter(Boolean).join(' · ');
    return el('li', { class: 'call', data: { dialog: dialog.id } },
      el('p', { class: 'call-head' },
        el('strong', {}, isTask(dialog) ? dialog.medium : `${dialog.from || '–'} → ${dialog.to || '–'}`),
        about && el('span', { class: 'hint' }, about),
      ),
      el('ul', { class: 'participants' }, participants.map((participant) => {
        const own = isOwn(participant);
        return el('li', { class: own ? 'own' : null },
          el('span', { class: 'address' }, participant.address),
          badge(participant.state, isTask(dialog) ? taskStateName : stateName).node,
          participant.since && el('span', { class: 'time', data: { since: participant.since } }),
          participant.cause && el('span', { class: 'hint' }, participant.cause),
          own && standing === 'self' && el('div', { class: 'row call-actions' }, joins(dialog, list), actions(dialog, participant, list)),
          !own && hasCustomer(dialog) && outside(participant) && commands.directory.administrator && button(t(participant.address === dialog.to ? 'desk.hangUpCalled' : 'desk.hangUp'), 'hangup', () => order(() => commands.leave('calls', dialog.id))),
        );
      })),
    );
  }

  // The call that waits while its agent consults. What joins the two stands with the consultation.
  function waiting(consultation, list) {
    if (consultation.type !== 'CONSULT') return null;
    return list.find((one) => one !== consultation && !isTask(one) && own(one)?.actions.some((action) => JOINS.includes(action)));
  }

  function own({ participants }) {
    return participants.find(({ address }) => [agent.extension, agent.home].includes(address));
  }

  function joins(dialog, list) {
    const first = waiting(dialog, list);
    return first && JOINS.filter((action) => own(first).actions.includes(action)).map((action) => (
      button(t(`desk.action.${action}`), action, () => order(() => commands.act(agent, first.id, action)), true)
    ));
  }

  function outside({ address, state: now }) {
    return now !== 'DROPPED' && address && ![...centre.agents.values()].some(({ extension, home }) => address === extension || address === home);
  }

  function actions(dialog, { actions: listed, state: phase }, list) {
    const joined = list.some((one) => waiting(one, list) === dialog);
    // No document lists START_RECORDING, which Express takes while a participant talks.
    const records = phase === 'ACTIVE' && dialog.type !== 'SUPERVISOR_MONITOR' && !isTask(dialog) && commands.directory.profile === 'uccx';
    const offered = [...listed.filter((action) => !joined || !JOINS.includes(action)), ...(records ? ['START_RECORDING'] : [])];
    const rank = (action) => (FIRST.includes(action) ? FIRST.indexOf(action) : FIRST.length - 1.5);
    return [...offered].sort((a, b) => rank(a) - rank(b)).map((action) => {
      const task = isTask(dialog);
      const act = (more) => order(() => commands.act(agent, dialog.id, action, task ? { ...more, target: '' } : more));
      const label = t(`desk.action.${action}`);
      const simple = task ? SIMPLE_OF_TASKS : SIMPLE;
      if (simple.has(action)) return button(label, action, () => act({}), ['ANSWER', 'RETRIEVE', 'ACCEPT'].includes(action));
      if (action === 'RECLASSIFY') {
        return menu(label, (panel, close) => choices(panel, close, CLASSIFICATIONS.map((name) => (
          [t(`desk.class.${name}`), () => act({ more: parameter('outboundClassification', name) })]
        ))), { data: { action } });
      }
      const ask = task ? askedOfTask(action) : asked(action);
      return ask && menu(label, (panel, close) => question(panel, close, {
        label: t(ask.label),
        button: label,
        autocomplete: 'off',
        inputmode: ask.digits ? 'tel' : null,
        type: ask.type,
        action: (value) => act(ask.told(value)),
      }), { data: { action } });
    });
  }

  // An event with an error may come before the 202, which then does not clear it.
  async function order(give) {
    complain('');
    const problem = await give();
    if (problem) complain(problem);
  }

  function complain(text) {
    clearTimeout(forget);
    say(error, text);
    error.hidden = !text;
    if (text) forget = setTimeout(() => (error.hidden = true), ERROR_STAYS);
  }
}

// An agent is reserved for an outbound call by a call from the dialer.
function hasCustomer(dialog) {
  return !isTask(dialog) && !dialog.type.startsWith('OUTBOUND_');
}

// The id of a task has underscores, that of a call has none.
function isTask({ id }) {
  return id.includes('_');
}

function askedOfTask(action) {
  if (action !== 'TRANSFER') return null;
  return { label: 'desk.ask.selector', digits: false, told: (value) => ({ more: element('target', value) }) };
}

// Actions that need a value, and how they write it.
function asked(action) {
  switch (action) {
    case 'CONSULT_CALL':
    case 'TRANSFER_SST':
      return { label: 'desk.ask.number', digits: true, told: (value) => ({ more: element('toAddress', value) }) };
    case 'PARTICIPANT_DROP':
      return { label: 'desk.ask.number', digits: true, told: (value) => ({ target: value }) };
    case 'SEND_DTMF':
      return { label: 'desk.ask.digits', digits: true, told: (value) => ({ more: parameter('dtmfString', value) }) };
    case 'UPDATE_CALL_DATA':
      return {
        label: 'desk.ask.wrapUp',
        digits: false,
        told: (value) => ({ more: `<mediaProperties>${element('wrapUpReason', value)}</mediaProperties>` }),
      };
    case 'UPDATE_SCHEDULED_CALLBACK':
      return {
        label: 'desk.ask.callback',
        type: 'datetime-local',
        told: (value) => ({ more: parameter('callbackTime', new Date(value).toISOString().slice(0, 16)) }),
      };
    default:
      return null;
  }
}

function parameter(name, value) {
  return `<actionParams><ActionParam>${element('name', name)}${element('value', value)}</ActionParam></actionParams>`;
}

function element(name, value) {
  return `<${name}>${escape(value)}</${name}>`;
}

/** A small button. */
export function button(label, action, click, primary = false) {
  return el('button', { class: `button small${primary ? ' primary' : ''}`, type: 'button', data: { action }, on: { click } }, label);
}
