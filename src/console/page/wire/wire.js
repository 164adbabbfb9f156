// The view Wire: connect, watch every step come up, see why one fails.

import { clear, el, say, svg } from '../shared/dom.js';
import { nameOf } from '../protocol/frames.js';
import { FrameList, content } from './frame_list.js';
import { LoginRun } from './login_run.js';
import { STEPS } from './login_steps.js';
import { FAILURES } from './tried_failures.js';
import { harmless, save } from './save.js';
import { FrameTap } from './frame_tap.js';
import { Subscriptions } from './subscriptions.js';
import '../shared/symptoms.words.js';
import './wire.words.js';
import { has, number, t } from '../shared/words.js';

export const title = 'wire.title';

// The run outlives the view, so that a user can change a state in another view and come back for its event.
let run = null;
let owner = null;

/** The login of a user who is logged in to the page. */
export function runOf(context) {
  if (owner !== context) {
    owner = context;
    run = new LoginRun(context);
  }
  return run;
}

/** Shows the view; returns what takes it down. */
export function show(root, context) {
  runOf(context);
  const view = new View(root, run);
  const panels = context.directory.administrator ? [new FrameTap(context), new Subscriptions(context)] : [];
  root.append(...panels.map(({ node }) => node));
  return () => {
    for (const part of [view, ...panels]) part.close();
  };
}

class View {
  #scheduled = 0;

  constructor(root, model) {
    this.run = model;
    this.form = this.#form();
    this.said = el('p', { class: 'visually-hidden', role: 'status' });
    this.steps = new Map(STEPS.map((id, index) => [id, new Step(this, id, index + 1)]));
    this.ladder = el('ol', { class: 'ladder', on: { keydown: (event) => this.#key(event) } }, [...this.steps.values()].map((step) => step.node));
    const saves = [['json', 'frames.saveJson'], ['text', 'frames.saveText']].map(([kind, label]) => (
      el('button', { class: 'button small', type: 'button', on: { click: () => save(this.run, kind, explain) } }, t(label))
    ));
    this.saves = saves;
    this.frames = new FrameList(model.store, { title: t('frames.title'), empty: t('frames.empty'), actions: saves });
    root.append(
      el('h1', { class: 'visually-hidden' }, t('wire.title')),
      this.form.node,
      this.said,
      el('div', { class: 'wire' },
        el('section', { class: 'card wire-steps', 'aria-label': t('wire.ladder') },
          el('h2', { class: 'visually-hidden' }, t('wire.ladder')),
          el('p', { class: 'hint wire-lead' }, t('wire.lead')), this.ladder),
        this.frames.node,
      ),
    );
    model.onChange = () => this.#schedule();
    model.onForm = () => (this.form.domain.value = model.form.domain);
    this.#draw();
  }

  close() {
    clearTimeout(this.#scheduled);
    this.run.onChange = () => {};
    this.run.onForm = null;
    this.frames.close();
  }

  select(id) {
    this.run.selected = this.run.selected === id ? null : id;
    this.#draw();
  }

  #form() {
    const { form, user, api } = this.run;
    const { teams = [], domain } = owner.directory;
    const text = (name, attributes = {}) => el('input', {
      name, value: form[name], autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', required: true, ...attributes,
      on: { input: (event) => (form[name] = event.target.value.trim()) },
    });
    const domainInput = text('domain', { placeholder: domain });
    const resource = text('resource');
    const team = text('team', { list: 'wire-teams' });
    const failure = el('select', { on: { change: (event) => (form.failure = event.target.value) } },
      FAILURES.map((name) => el('option', { value: name, selected: name === form.failure }, t(`try.${name}`))));
    const slow = el('input', { type: 'checkbox', checked: form.slow, on: { change: (event) => (form.slow = event.target.checked) } });
    const go = el('button', { class: 'button primary', type: 'submit' });
    const next = el('button', { class: 'button primary', type: 'button', hidden: true, on: { click: () => this.run.next() } }, t('wire.next'));
    const badge = el('span', { class: 'badge quiet' });
    const problem = el('p', { class: 'error', role: 'alert', hidden: true });
    const field = (name, input) => el('label', { class: `field field-${name}` }, el('span', {}, t(`wire.${name}`)), input);
    const submit = (event) => {
      event.preventDefault();
      if (this.run.busy) {
        this.run.disconnect();
        return;
      }
      problem.hidden = Boolean(form.domain && form.resource && form.team);
      problem.textContent = t('wire.bad.fields');
      if (problem.hidden) this.run.connect();
    };
    const node = el('form', { class: 'card wire-form', novalidate: true, 'aria-label': t('wire.form'), on: { submit } },
      field('user', el('input', { value: api.user === user ? user : `${user} (${api.user})`, readonly: true, class: 'given' })),
      field('domain', domainInput), field('resource', resource), field('team', team),
      el('datalist', { id: 'wire-teams' }, teams.map(({ id, name }) => el('option', { value: id }, name))),
      field('try', failure),
      el('label', { class: 'check field-slow' }, slow, t('wire.slow')),
      el('div', { class: 'row wire-go' }, next, go, badge),
      problem,
    );
    return { node, domain: domainInput, inputs: [domainInput, resource, team, failure], go, next, badge };
  }

  // Several changes within a moment are drawn once.
  #schedule() {
    if (this.#scheduled) return;
    // Steps are drawn at once, and events as often as a user can read.
    this.#scheduled = setTimeout(() => {
      this.#scheduled = 0;
      this.#draw();
    }, this.run.status === 'coming' ? 50 : 200);
  }

  #draw() {
    const { busy, waitsAt, form, fault } = this.run;
    const status = fault ? 'warn' : this.run.status;
    const { go, next, badge, inputs, node } = this.form;
    for (const input of inputs) input.disabled = busy;
    go.textContent = t(busy ? 'wire.disconnect' : 'wire.connect');
    go.classList.toggle('primary', !busy);
    const hadFocus = document.activeElement === next;
    next.hidden = waitsAt === null;
    if (hadFocus && next.hidden && !form.slow) go.focus();
    const name = waitsAt !== null ? 'waiting' : status;
    badge.className = `badge ${{ live: 'good', failed: 'bad', warn: 'warn', waiting: 'warn', coming: '' }[name] ?? 'quiet'}`;
    badge.textContent = t(`wire.state.${name}`);
    node.dataset.status = status;
    this.ladder.dataset.status = status;
    for (const button of this.saves) button.disabled = !this.run.store.frames.length && !this.run.startedAt;
    for (const step of this.steps.values()) step.draw(this.run.selected);
    this.#say(status, fault);
  }

  #say(status, fault) {
    const { jid, failure } = this.run;
    let text = '';
    if (status === 'live' || status === 'warn') text = t('wire.said.live', { jid });
    if (fault) text = t(`part.fault.${fault}`, { status: this.run.service });
    if (status === 'closed') text = t('wire.said.closed');
    if (failure && status !== 'coming') text = t('wire.said.failed', { step: t(`step.${failure.step}`) });
    if (this.said.textContent !== text) this.said.textContent = text;
  }

  #key(event) {
    if (!event.target.classList.contains('step-head')) return;
    const heads = [...this.ladder.querySelectorAll('.step-head')];
    const index = heads.indexOf(event.target);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: heads.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    heads[Math.max(0, Math.min(to, heads.length - 1))].focus();
  }
}

/** A step of the ladder. Its body is made when it is opened, and each part is redrawn when it changes. */
class Step {
  #drawn = {};

  constructor(view, id, number) {
    this.view = view;
    this.id = id;
    this.dot = el('span', { class: 'step-dot', 'aria-hidden': 'true' });
    this.note = el('span', { class: 'step-note mono' });
    this.state = el('span', { class: 'visually-hidden' });
    this.time = el('span', { class: 'step-time' });
    this.head = el('button', {
      class: 'flat step-head', type: 'button', 'aria-expanded': 'false', 'aria-controls': `step-${id}`, on: { click: () => view.select(id) },
    }, this.dot, el('span', { class: 'step-name' }, t(`step.${id}`), ' ', this.note), this.state, this.time);
    this.body = el('div', { class: 'step-body', id: `step-${id}`, hidden: true });
    this.node = el('li', { class: 'step' }, this.head, this.body);
    this.number = number;
  }

  get step() {
    return this.view.run.steps.get(this.id);
  }

  draw(selected) {
    const { state, at, note } = this.step;
    const { run } = this.view;
    const shown = this.id === 'live' && state === 'now' && run.status === 'live' ? (run.fault ? 'warn' : 'done') : state;
    if (this.node.dataset.state !== shown) {
      this.node.dataset.state = shown;
      clear(this.dot).append(mark(shown, this.number));
      this.state.textContent = ` (${t(`step.${shown}`)})`;
    }
    say(this.note, note);
    say(this.time, at === null ? '' : `${at < 10 ? at.toFixed(1) : number(Math.round(at))} ms`);
    const open = selected === this.id;
    const wasOpen = !this.body.hidden;
    this.head.setAttribute('aria-expanded', String(open));
    this.body.hidden = !open;
    if (!open) {
      if (wasOpen) clear(this.body);
      return;
    }
    if (!wasOpen) this.#build();
    this.#update();
    // A new failure is scrolled into view.
    const failure = run.failures.get(this.id);
    if (failure && failure !== this.seen && state === 'failed') this.node.scrollIntoView({ block: 'nearest' });
    this.seen = failure;
  }

  #build() {
    this.#drawn = {};
    this.entries = new Map();
    this.failure = el('div');
    this.special = el('div', { class: 'stack' });
    this.said = el('div', { class: 'stack' });
    const words = [
      el('p', {}, t(`step.${this.id}.what`)),
      el('p', { class: 'practice' }, el('strong', {}, t('step.practice')), ' ', t(`step.${this.id}.wrong`)),
    ];
    // The live step begins with its figures, and the other steps with their explanation.
    if (this.id === 'live') this.body.append(this.failure, this.special, ...words, this.said);
    else this.body.append(this.failure, ...words, this.special, this.said);
    if (this.id === 'live') this.live = livePart(this.view.run, this.special);
  }

  #update() {
    const { run } = this.view;
    const failure = run.failures.get(this.id);
    this.#when('failure', failure, () => {
      clear(this.failure);
      if (failure) this.failure.append(failureBox(failure));
    });
    if (this.id === 'tcp') this.#when('special', run.upgrade ?? run.url, () => clear(this.special).append(...tcpPart(run)));
    if (this.id === 'upgrade') this.#when('special', run.upgrade ?? run.url, () => clear(this.special).append(...upgradePart(run)));
    if (this.id === 'auth') this.#when('special', this.step.count, () => authPart(run, this.special, this.step));
    if (this.id === 'live') this.live();
    if (this.id === 'tcp' || this.id === 'upgrade') return;
    this.#when('said', `${this.step.count}/${this.step.frames.length}`, () => {
      const { count } = this.step;
      const frames = this.id === 'live' ? [...this.step.frames].reverse() : this.step.frames;
      // Frames that are drawn already are not formatted again.
      this.entries = new Map(frames.map((entry) => [entry, this.entries.get(entry) ?? said(entry, run.store)]));
      this.said.replaceChildren(
        el('h3', {}, t('step.frames')),
        ...(frames.length ? [] : [el('p', { class: 'hint' }, t('step.none'))]),
        ...this.entries.values(),
        ...(count > frames.length ? [el('p', { class: 'hint' }, t('step.older', { n: count - frames.length }))] : []),
      );
    });
  }

  #when(part, value, redraw) {
    if (part in this.#drawn && this.#drawn[part] === value) return;
    this.#drawn[part] = value;
    redraw();
  }
}

function said(entry, store) {
  return el('div', { class: 'said' },
    el('p', { class: 'said-head' }, arrow(entry.direction), el('strong', {}, nameOf(entry)), ' ',
      el('span', { class: 'hint' }, `${store.timeOf(entry)} s · ${number(entry.size)} B`)),
    content(entry));
}

// The failure and what to check, in words.
function explain({ why, condition, vars }) {
  const values = { ...vars };
  const key = has(`fail.${condition}.check`) ? condition : why;
  const seen = [t(`fail.${why}`, values)];
  if (vars.service) seen.push(t('fail.service', { status: vars.service }));
  const text = (name) => (has(name) ? t(name, values) : '');
  return { seen: seen.join(' '), cause: text(`fail.${why}.cause`), check: text(`fail.${key}.check`) };
}

function failureBox(failure) {
  const { seen, cause, check } = explain(failure);
  const address = failure.why.startsWith('gone') && location.protocol === 'https:' ? failure.vars.address : null;
  return el('div', { class: 'error failure' },
    el('p', {}, el('strong', {}, t('fail.seen')), ' ', seen),
    cause && el('p', {}, el('strong', {}, t('fail.cause')), ' ', cause),
    check && el('p', {}, el('strong', {}, t('fail.check')), ' ', check),
    address && el('p', {}, el('a', { href: address, target: '_blank', rel: 'noopener' }, address)));
}

function tcpPart({ upgrade, url }) {
  if (!url) return [];
  const rows = [[t('part.url'), url.split('?')[0]]];
  if (upgrade) {
    rows.push([t('part.peer'), upgrade.peer]);
    rows.push([t('part.tls'), upgrade.tls ? `${upgrade.tls.version.replace('_', '.').replace('v', ' ')}, ${upgrade.tls.cipher}` : t('part.noTls')]);
  }
  return [facts(rows)];
}

function upgradePart({ upgrade, url }) {
  if (!url) return [];
  const address = new URL(url);
  if (!upgrade) {
    return [
      facts([[t('part.method'), 'GET'], [t('part.scheme'), address.protocol.slice(0, -1)], [t('part.host'), address.host], [t('part.file'), address.pathname]]),
      el('p', { class: 'hint' }, t('part.noMeter')),
    ];
  }
  const { request, response } = upgrade;
  const [method, file, version] = request.line.split(' ');
  const status = (response?.line ?? '').replace(/^\S+ /, '');
  return [
    facts([
      [t('part.method'), method],
      [t('part.scheme'), address.protocol.slice(0, -1)],
      [t('part.host'), request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? address.host],
      [t('part.file'), file],
      [t('part.initiator'), 'xmpp.js · websocket'],
      [t('part.status'), el('span', { class: `badge ${status.startsWith('101') ? 'good' : 'bad'}` }, status || '–')],
      [t('part.version'), version],
    ]),
    el('h3', {}, t('part.response')),
    headers(response),
    el('h3', {}, t('part.request')),
    headers(request),
    el('p', { class: 'hint' }, t('part.asServer')),
  ];
}

function headers(part) {
  const important = /^(connection|upgrade|sec-websocket-protocol|sec-websocket-accept|host)$/i;
  return el('dl', { class: 'headers mono' }, harmless(part?.headers).map(([name, value]) => [
    el('dt', { class: important.test(name) ? 'important' : null }, name),
    el('dd', {}, value),
  ]));
}

function facts(rows) {
  return el('dl', { class: 'facts' }, rows.map(([name, value]) => [el('dt', {}, name), el('dd', { class: typeof value === 'string' ? 'mono' : null }, value)]));
}

// The three parts between the NULs. The password comes from the login form, since no stored frame has it.
function authPart(run, place, step) {
  clear(place);
  if (!step.count) return;
  let visible = false;
  const password = el('span', { class: 'part part-password' });
  const raw = el('code', { class: 'mono' });
  const button = el('button', { class: 'button small', type: 'button' });
  const nul = () => el('span', { class: 'nul', title: 'NUL' }, 'NUL');
  const { authzid, authcid, password: secret } = run.secret;
  const draw = () => {
    password.textContent = visible ? secret : '••••••••';
    raw.textContent = visible ? btoa(String.fromCharCode(...new TextEncoder().encode(`${authzid}\0${authcid}\0${secret}`))) : '••••••••';
    button.textContent = t(visible ? 'part.hide' : 'part.show');
    button.classList.toggle('on', visible);
  };
  button.addEventListener('click', () => {
    visible = !visible;
    draw();
  });
  draw();
  place.append(
    el('div', { class: 'parts' },
      el('figure', {}, el('span', { class: 'part' }, authzid), el('figcaption', {}, t('part.authzid'))), nul(),
      el('figure', {}, el('span', { class: 'part' }, authcid), el('figcaption', {}, t('part.authcid'))), nul(),
      el('figure', {}, password, el('figcaption', {}, t('part.password')))),
    el('p', { class: 'base64' }, el('span', { class: 'hint' }, t('part.base64')), ' ', raw),
    el('p', {}, button),
  );
}

// The buttons stay while the figures change. Returns the function that redraws the figures.
function livePart(run, place) {
  const events = el('dd', {});
  const ping = el('dd', {});
  const finesse = el('dd', {});
  const last = el('dd', { class: 'mono' });
  const twice = el('p', { class: 'hint' }, t('part.twice'));
  const fault = el('p', { class: 'error' });
  const problem = el('p', { class: 'error', role: 'alert' });
  const test = el('button', { class: 'button small', type: 'button', on: { click: () => run.test() } }, t('part.test'));
  place.append(
    fault,
    el('dl', { class: 'facts' },
      el('dt', {}, t('part.events')), events, el('dt', {}, t('part.last')), last,
      el('dt', {}, t('part.ping')), ping, el('dt', {}, t('part.finesse')), finesse),
    twice,
    ...(run.administrator ? [el('p', { class: 'row' }, test, el('span', { class: 'hint' }, t('part.testHint', { node: run.userNode })))] : []),
    problem,
    el('p', { class: 'hint' }, t('part.make')),
  );
  return () => {
    const live = run.status === 'live' || run.status === 'warn';
    say(events, number(run.events));
    say(last, run.lastEvent ?? '–');
    say(ping, run.ping === undefined ? t('part.noPingYet') : run.ping === null ? t('part.noPing') : `${run.ping.toFixed(1)} ms`);
    say(finesse, String(run.finesse));
    twice.hidden = !run.twice;
    fault.hidden = !run.fault;
    say(fault, run.fault ? t(`part.fault.${run.fault}`, { status: run.service }) : '');
    test.disabled = !live;
    problem.hidden = !run.testProblem;
    say(problem, run.testProblem ? t('part.testBad', { reason: run.testProblem }) : '');
  };
}

function arrow(direction) {
  const out = direction === 'out';
  return el('span', { class: `frame-way ${direction}` },
    el('span', { 'aria-hidden': 'true' }, out ? '↑' : '↓'), el('span', { class: 'visually-hidden' }, t(out ? 'frames.out' : 'frames.in')));
}

function mark(state, number) {
  const shapes = {
    done: 'M4.2 8.4l2.6 2.6 5-5.6',
    failed: 'M5 5l6 6M11 5l-6 6',
    warn: 'M8 4v5M8 11.6v.1',
  };
  if (!(state in shapes)) return document.createTextNode(number);
  return svg('svg', { viewBox: '0 0 16 16', class: 'glyph' }, svg('path', { d: shapes[state] }));
}
