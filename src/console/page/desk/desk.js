// The view Desk: a small contact centre to run by hand.

import './desk.words.js';
import { agentCard, badge } from './agents.js';
import { elapsed, timeOfDay } from '../shared/clock.js';
import { clear, el, say } from '../shared/dom.js';
import { choices, menu, question } from '../shared/menu.js';
import { packed } from '../shared/packed.js';
import { ContactCentre } from '../shared/contact_centre.js';
import { AgentCommands } from './agent_commands.js';
import { customerCard } from './customers.js';
import { recorder } from './recorder.js';
import { scenarioStrip } from '../shared/scenario.js';
import { stateName, taskStateName } from '../shared/states.js';
import { ticker } from './ticker.js';
import { t } from '../shared/words.js';

/** The word for the view's name. */
export const title = 'desk.title';

const MANY = 60;
const MESSAGE_SECONDS = 300;
/** The kind of the badge of a contact by its state. */
const CONTACT_KINDS = { waiting: 'warn', resting: 'warn', offered: 'busy', called: 'good' };
const remembered = { user: null, team: null, to: '', from: '5550123', variable: 'Gold', task: 'Chat about an order', contact: '5550190', callers: new Map(), tasks: new Map(), contacts: new Map() };

/** Shows the view; returns what takes it down. */
export function show(root, context) {
  const { directory, user } = context;
  if (remembered.user !== user) Object.assign(remembered, { user, team: null, callers: new Map(), tasks: new Map(), contacts: new Map() });
  const commands = new AgentCommands(context);
  const { teams } = directory;
  const hasMedia = directory.profile === 'ucce' && directory.media.length > 0;
  // Every agent is two nodes and two requests, with media four: with many, a team at a time.
  const all = teams.length > 1 && directory.users.length * (hasMedia ? 2 : 1) <= MANY;
  const known = (id) => teams.some((team) => team.id === id) || (all && id === '*');
  if (!known(remembered.team)) remembered.team = all ? '*' : (teams[0]?.id ?? '');

  const place = el('div', { class: 'desk-teams' });
  const columns = el('div', { class: 'desk-columns' });
  const state = el('p', { class: 'connection', role: 'status' });
  const queues = queueCard();
  const events = ticker(context);
  const scenario = directory.administrator && (directory.record || directory.faults) && scenarioStrip(context);
  const recording = directory.administrator && recorder(context, scenario);
  const customers = directory.administrator ? [callCard(), ...(hasMedia ? [taskCard()] : []), ...(directory.campaigns.length ? [contactCard()] : [])] : [];
  let centre = null;
  let cards = new Map();
  let built = false;
  const mayTell = directory.administrator || directory.users.some(({ id, roles }) => id === user && roles.includes('Supervisor'));

  const select = teams.length > 1 && el('label', { class: 'row' }, el('span', { class: 'hint' }, t('desk.team')),
    el('select', { on: { change: (event) => choose(event.target.value) } },
      [...(all ? [{ id: '*', name: t('desk.allTeams') }] : []), ...teams].map(({ id, name }) => (
        el('option', { value: id, selected: id === remembered.team }, name)
      ))));
  root.append(el('div', { class: 'desk stack' },
    el('header', { class: 'view-head' },
      el('div', { class: 'row' }, el('h1', {}, t('desk.heading')), state,
        el('div', { class: 'row spread' }, select, directory.administrator && serviceMenu(), el('a', { class: 'button small', href: './board', target: '_blank', rel: 'noopener' }, t('desk.board')))),
      el('p', { class: 'hint' }, t('desk.lead')),
      scenario && scenario.node,
      recording && recording.node,
    ),
    columns,
  ));
  columns.append(
    el('section', { 'aria-label': t('desk.teams') }, place),
    el('div', { class: 'stack desk-side' }, queues.node, el('div', { class: 'stack desk-customers' }, customers.map(({ node }) => node)), events.node),
  );
  choose(remembered.team);
  const timer = setInterval(tick, 1_000);

  return () => {
    clearInterval(timer);
    centre.close();
    if (scenario) scenario.close();
  };

  function choose(id) {
    remembered.team = id;
    centre?.close();
    cards = new Map();
    built = false;
    clear(place).append(el('p', { class: 'hint' }, t('desk.loading')));
    centre = new ContactCentre(context.api, directory, {
      teams: id === '*' ? teams.map((team) => team.id) : [id],
      onChange: update,
      onEvent: (event) => events.add(event),
      onError: ({ agent, text }) => cards.get(agent)?.complain(text),
      onEnd: ({ id: dialog, state: last, participants }) => {
        // A call that no agent took goes back to its queue, and its caller is still there; so is one whom another team has.
        const hasAgent = participants.some(({ address, state: now }) => (
          !['DROPPED', 'WRAP_UP'].includes(now) && directory.users.some(({ extension }) => extension === address)
        ));
        if (last !== 'INITIATED' && !hasAgent) remembered.callers.delete(dialog);
        if (last === 'CLOSED') remembered.tasks.delete(dialog);
      },
      onDenied: () => connection(),
    });
    centre.start();
    connection();
  }

  function update() {
    connection();
    if (centre.heard && (!built || [...centre.agents.keys()].join('\n') !== [...cards.keys()].join('\n'))) build();
    for (const card of cards.values()) card.update();
    queues.update(centre);
    for (const card of customers) card.update();
  }

  function build() {
    cards = new Map();
    built = true;
    const sections = centre.teams.map((team) => {
      const members = [...centre.agents.values()].filter((agent) => agent.team === team.id);
      for (const agent of members) cards.set(agent.id, agentCard(agent, centre, commands));
      return members.length > 0 && el('section', { class: 'desk-team' },
        el('div', { class: 'row desk-team-head' }, el('h2', {}, team.name), mayTell && messageMenu(team)),
        packed(el('div', { class: 'agents' }, members.map(({ id }) => cards.get(id).node))));
    });
    // The cards have the order of the contact centre, so that the comparison in update() holds.
    cards = new Map([...centre.agents.keys()].filter((id) => cards.has(id)).map((id) => [id, cards.get(id)]));
    clear(place).append(...(cards.size ? sections.filter(Boolean) : [el('p', { class: 'hint' }, t('desk.nobody'))]));
  }

  function serviceMenu() {
    const said = el('p', { class: 'error', role: 'alert', hidden: true });
    const set = async (values) => {
      const problem = await commands.setService(values);
      say(said, problem ?? '');
      said.hidden = !problem;
    };
    const node = menu(t('desk.service'), async (panel, close) => {
      const now = await commands.service();
      const states = ['IN_SERVICE', 'PARTIAL_SERVICE', 'OUT_OF_SERVICE'].filter((status) => status !== now?.status);
      const presence = now?.finesse === 'unavailable' ? 'available' : 'unavailable';
      choices(panel, close, [
        ...states.map((status) => [stateName(status), () => set({ status })]),
        [t(`desk.finesse.${presence}`), () => set({ finesse: presence })],
      ]);
      panel.querySelector('button')?.focus();
    }, { data: { action: 'service' } });
    return [node, said];
  }

  function messageMenu(team) {
    const said = el('span', { class: 'hint', role: 'status' });
    const node = menu(t('desk.message'), (panel, close) => question(panel, close, {
      label: t('desk.message.to', { team: team.name }),
      button: t('desk.message.go'),
      maxlength: 255,
      autocomplete: 'off',
      action: async (content) => say(said, await commands.tell(team.id, content, MESSAGE_SECONDS) ?? t('desk.message.sent')),
    }), { data: { action: 'message' } });
    return [node, said];
  }

  function connection() {
    // The status of a server that does not answer is not known.
    const out = ['live', 'blind'].includes(centre.connection) && centre.status && centre.status !== 'IN_SERVICE';
    const kind = out ? 'out' : centre.connection;
    state.className = `connection ${kind === 'denied' || out ? 'lost' : kind}`;
    say(state, t(`desk.connection.${kind}`, { time: timeOfDay(centre.lostSince), status: stateName(centre.status) }));
    state.title = centre.why;
    // Nothing can be done to what is from before.
    columns.classList.toggle('stale', centre.stale);
    for (const part of [place, columns.querySelector('.desk-customers')]) part.inert = centre.stale;
  }

  function tick() {
    for (const card of cards.values()) card.tick();
    for (const card of customers) card.tick?.();
    queues.update(centre);
  }

  function input(key, attributes) {
    return el('input', {
      ...attributes,
      value: remembered[key],
      autocomplete: 'off',
      on: { input: (event) => (remembered[key] = event.target.value) },
    });
  }

  // No event tells of a customer whom no agent has taken.
  function changed() {
    centre.askQueues();
    update();
  }

  function stateOf(id, name) {
    const state = centre.dialogs.get(id)?.state;
    return state ? badge(state, name).node : el('span', { class: 'badge warn' }, t('desk.caller.waiting'));
  }

  function callCard() {
    const numbers = [
      ...directory.queues.map(({ number, name }) => [number, name]),
      ...directory.users.filter(({ extension }) => extension).map(({ extension, firstName, lastName, id }) => (
        [extension, [firstName, lastName].filter(Boolean).join(' ') || id]
      )),
    ];
    remembered.to ||= numbers[0]?.[0] ?? '';
    const card = customerCard({
      kind: 'call',
      words: { heading: 'desk.call', go: 'desk.call.go', list: 'desk.callers', leave: 'desk.hangUp' },
      fields: [
        ['desk.call.to', input('to', { list: 'numbers', required: true, name: 'to' })],
        ['desk.call.from', input('from', { required: true, inputmode: 'tel', name: 'from' })],
        ['desk.call.variable', input('variable', { maxlength: 40, name: 'callVariable1' })],
      ],
      customers: remembered.callers,
      arrive: (values) => commands.arrive('calls', values),
      leave: (id) => commands.leave('calls', id),
      line: ({ from, to }) => `${from} → ${to}`,
      state: (id) => stateOf(id, stateName),
      onChange: changed,
    });
    card.node.append(el('datalist', { id: 'numbers' }, numbers.map(([value, label]) => el('option', { value }, label))));
    return {
      node: card.node,
      update() {
        // While an agent wraps up the call is there without its caller.
        for (const [id, { from }] of remembered.callers) {
          const there = centre.dialogs.get(id)?.participants.find(({ address }) => address === from);
          if (there?.state === 'DROPPED') remembered.callers.delete(id);
        }
        card.update();
      },
    };
  }

  function taskCard() {
    const name = (id) => directory.media.find((medium) => medium.id === id)?.name ?? id;
    return customerCard({
      kind: 'task',
      words: { heading: 'desk.task', go: 'desk.task.go', list: 'desk.tasks', leave: 'desk.task.end' },
      fields: [
        ['desk.task.medium', el('select', { name: 'media' }, directory.media.map((medium) => el('option', { value: medium.id }, medium.name)))],
        ['desk.call.variable', input('task', { maxlength: 40, name: 'callVariable1' })],
      ],
      customers: remembered.tasks,
      arrive: (values) => commands.arrive('tasks', values),
      leave: (id) => commands.leave('tasks', id),
      line: ({ media, callVariable1 }) => [name(media), callVariable1].filter(Boolean).join(' · '),
      state: (id) => stateOf(id, taskStateName),
      onChange: update,
    });
  }

  function contactCard() {
    let listed = new Map();
    const card = customerCard({
      kind: 'contact',
      words: { heading: 'desk.contact', go: 'desk.contact.go', list: 'desk.contacts', leave: 'desk.contact.end' },
      fields: [
        ['desk.contact.campaign', el('select', { name: 'campaign' }, directory.campaigns.map((name) => el('option', {}, name)))],
        ['desk.contact.number', input('contact', { required: true, inputmode: 'tel', name: 'phone_number' })],
      ],
      customers: remembered.contacts,
      arrive: (values) => commands.arrive('contacts', values),
      leave: (id) => commands.leave('contacts', id),
      line: ({ campaign, phone_number: number }) => `${campaign} · ${number}`,
      state(id) {
        const { state = 'waiting', agent } = listed.get(id) ?? {};
        return el('span', { class: `badge ${CONTACT_KINDS[state]}` }, [t(`desk.contact.${state}`), agent].filter(Boolean).join(' · '));
      },
      onChange: refresh,
    });
    return { ...card, tick: () => remembered.contacts.size > 0 && !document.hidden && refresh() };

    // No event tells of a contact that nobody has.
    async function refresh() {
      const known = [...remembered.contacts.keys()];
      const answer = await context.api.get('/callboard/api/contacts').catch(() => null);
      if (answer?.ok) {
        listed = new Map(answer.json().contacts.map((contact) => [String(contact.id), contact]));
        for (const id of known) if (!listed.has(id)) remembered.contacts.delete(id);
      }
      card.update();
    }
  }
}

function queueCard() {
  const list = el('div', { class: 'queues' });
  const rows = new Map();
  return {
    node: el('section', { class: 'card stack' }, el('h2', {}, t('desk.queues')), list),
    update(centre) {
      if (!centre.queues.length) {
        say(list, t('desk.noQueues'));
        return;
      }
      if ([...rows.keys()].join('\n') !== centre.queues.map(({ id }) => id).join('\n')) {
        rows.clear();
        clear(list);
        for (const { id, name, number } of centre.queues) {
          const [waiting, about] = [el('strong', { class: 'queue-waiting', data: { queue: id } }), el('span', { class: 'hint' })];
          rows.set(id, { waiting, about });
          list.append(el('div', { class: 'queue' },
            el('div', {}, el('span', { class: 'queue-name' }, name), el('span', { class: 'hint' }, number)),
            el('div', { class: 'queue-figures' }, waiting, el('span', {}, t('state.waiting'))),
            about));
        }
      }
      for (const { id, waiting, longest, ready } of centre.queues) {
        const row = rows.get(id);
        say(row.waiting, waiting === null ? '–' : String(waiting));
        row.waiting.classList.toggle('some', waiting > 0);
        say(row.about, [
          longest && t('state.longest', { time: elapsed(centre.now() - longest) }),
          ready !== null && t('desk.agentsReady', { n: ready }),
        ].filter(Boolean).join(' · '));
      }
    },
  };
}
