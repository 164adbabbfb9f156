// The view Session: connect, watch every step come up, see why one fails; the frames of other clients and of saved files.

import { el, say } from '../shared/dom.js';
import { choices, menu } from '../shared/menu.js';
import { FrameList } from './frame_list.js';
import { FrameTap, Watch } from './frame_tap.js';
import { LoginRun } from './login_run.js';
import { STEPS } from './login_steps.js';
import { OwnMarks } from './own_marks.js';
import { FORMATS, aboutLogin, save, systemOf } from './save.js';
import { SavedFile, keep, kept, readFile } from './saved_file.js';
import { Step } from './step.js';
import { explain } from './step_parts.js';
import { Subscriptions } from './subscriptions.js';
import { FAILURES } from './tried_failures.js';
import '../shared/symptoms.words.js';
import './frames.words.js';
import './wire.words.js';
import { t } from '../shared/words.js';

export const title = 'wire.title';

// A program that was built without the feature lab has no such link.
const FOLLOWS = document.querySelector('link[href^="./wire/follow/"]') !== null;

// What the view shows outlives it, so that a user can change a state in another view and come back for its event.
let state = null;

/** The login of a user who is logged in to the page. */
export function runOf(context) {
  if (state?.context !== context) {
    const watch = context.directory.administrator ? new Watch(context) : null;
    state = { context, run: new LoginRun(context), watch, file: null, follow: { session: '', profile: 'desktop', open: false }, score: { session: '', open: false } };
    if (watch && context.directory.faults) new OwnMarks(context, state.run);
    const leave = () => keep({ ...aboutLogin(state.run, explain), ...systemOf(context), saved: new Date().toISOString() }, state.run.store);
    const mine = state;
    kept(context.user).then((file) => {
      if (!file || state !== mine || mine.file) return;
      mine.file = file;
      mine.view?.showFile();
    });
    addEventListener('pagehide', leave);
    context.signal?.addEventListener('abort', () => {
      removeEventListener('pagehide', leave);
      state = null;
    });
  }
  return state.run;
}

/** Shows the view; returns what takes it down. */
export function show(root, context) {
  const run = runOf(context);
  const link = new URLSearchParams(location.hash.split('/').slice(1).join('/'));
  applyLink(run, link);
  if (link.has('score')) Object.assign(state.score, { open: true, session: link.get('score') || state.score.session });
  if (link.has('follow')) Object.assign(state.follow, { open: true, profile: link.get('follow') || state.follow.profile });
  const view = new View(root, state);
  const shown = state;
  shown.view = view;
  // A change of the language shows the view again, and what its link has shown is still there.
  if (shown.linked !== location.hash) view.showLinked(link);
  shown.linked = location.hash;
  return () => {
    if (shown.linked !== location.hash) shown.linked = null;
    shown.view = null;
    view.close();
  };
}

// A link to the view may fill in the form: #wire/try=priority&slow.
function applyLink(run, given) {
  const fields = {};
  if (FAILURES.includes(given.get('try'))) fields.failure = given.get('try');
  if (given.has('slow')) fields.slow = given.get('slow') !== 'false';
  for (const name of ['domain', 'resource', 'team']) if (given.get(name)) fields[name] = given.get(name);
  if (Object.keys(fields).length && !run.busy) run.set(fields);
}

class View {
  #scheduled = 0;

  constructor(root, { context, run, watch }) {
    this.context = context;
    this.run = run;
    this.form = this.#form();
    this.said = el('p', { class: 'visually-hidden', role: 'status' });
    this.steps = new Map(STEPS.map((id, index) => [id, new Step(this, id, index + 1)]));
    this.ladder = el('ol', { class: 'ladder', on: { keydown: (event) => this.#key(event) } }, [...this.steps.values()].map((step) => step.node));
    const file = el('input', { type: 'file', hidden: true, accept: '.json,.har,.txt', on: { change: () => this.#read(file.files[0]) } });
    this.problem = el('p', { class: 'error', role: 'alert', hidden: true });
    this.frames = new FrameList(run.store, {
      title: t('frames.title'),
      empty: t('frames.empty'),
      actions: [
        this.#saves(() => this.frames, () => aboutLogin(run, explain)),
        el('button', { class: 'button small', type: 'button', title: t('open.hint'), on: { click: () => file.click() } }, t('open.open')), file,
      ],
    });
    const own = ({ jid, peer }) => run.busy && (run.upgrade?.peer ? run.upgrade.peer === peer : Boolean(jid) && run.jid === jid);
    this.tap = watch && new FrameTap(watch, {
      own,
      actions: [this.#saves(() => this.tap.frames, () => ({ session: watch.watching ?? '' }))],
    });
    this.subscriptions = watch && new Subscriptions(context);
    this.place = el('div');
    this.followed = el('div');
    if (FOLLOWS) this.#addFollow();
    this.root = root;
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
      this.problem,
      this.followed,
      this.place,
      ...[this.tap, this.subscriptions].filter(Boolean).map(({ node }) => node),
    );
    for (const [type, listener] of Object.entries(this.drops)) root.addEventListener(type, listener);
    run.onChange = () => this.#schedule();
    run.onForm = () => (this.form.inputs[0].value = run.form.domain);
    this.showFile();
    this.#draw();
  }

  close() {
    clearTimeout(this.#scheduled);
    this.run.onChange = () => {};
    this.run.onForm = null;
    for (const [type, listener] of Object.entries(this.drops)) this.root.removeEventListener(type, listener);
    this.closed = true;
    for (const part of [this.frames, this.tap, this.subscriptions, this.follow, this.score, this.file]) part?.close();
  }

  async #addFollow() {
    const { Follow } = await import('./follow/follow.js');
    if (this.closed) return;
    this.follow = new Follow({ sources: () => this.#sources(), choice: state.follow });
    this.followed.append(this.follow.node);
    if (!state.watch) return;
    const { Score } = await import('./follow/score.js');
    if (this.closed) return;
    this.score = new Score(this.context, state.score);
    this.followed.append(this.score.node);
  }

  // The lists whose sessions can be followed.
  #sources() {
    const { watch, file } = state;
    return [
      { id: 'own', name: t('follow.own'), store: this.run.store, list: () => this.frames, user: this.run.user, isOver: () => !this.run.busy },
      watch && { id: 'tap', name: t('follow.tap'), store: watch.store, list: () => this.tap.frames, user: '', isOver: (session) => watch.gone.has(session) },
      file && { id: 'file', name: t('follow.file'), store: file.store, list: () => this.file.frames, user: file.about.user ?? '', isOver: () => true },
    ].filter(Boolean);
  }

  select(id) {
    this.run.selected = this.run.selected === id ? null : id;
    this.#draw();
  }

  // A file that is dropped anywhere on the view is opened.
  drops = {
    dragover: (event) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
    },
    drop: (event) => {
      const [file] = event.dataTransfer?.files ?? [];
      if (!file) return;
      event.preventDefault();
      this.#read(file);
    },
  };

  #saves(list, about) {
    return menu(t('frames.save'), (panel, close) => choices(panel, close, FORMATS.map((kind) => [
      t(`frames.save.${kind}`),
      () => {
        const { store, shown } = list();
        save(kind, { about: { ...systemOf(this.context), user: this.context.user, ...about() }, store, frames: shown });
      },
    ])), { 'data-menu': 'save' });
  }

  async #read(file) {
    if (!file) return;
    this.problem.hidden = true;
    try {
      state.file = await readFile(file);
    } catch (error) {
      this.problem.textContent = t('open.bad', { name: file.name, reason: error.message });
      this.problem.hidden = false;
      this.problem.scrollIntoView({ block: 'nearest' });
      return;
    }
    this.showFile();
    this.file.node.scrollIntoView({ block: 'start' });
    this.file.node.querySelector('h2').focus({ preventScroll: true });
  }

  /** Shows what a link is for: #wire/event=ITEM&node=NODE&request=ID an event, #wire/session=ID a session. */
  showLinked(link) {
    const { watch, store = watch?.store } = this.tap ?? {};
    const item = link.get('event');
    if (!item) {
      if (link.has('session')) watch?.watch(link.get('session'));
      return;
    }
    const go = (list, frame) => {
      list.node.scrollIntoView({ block: 'nearest' });
      list.go(frame.n);
    };
    const has = (frame) => frame.kind === 'event' && frame.text.includes(item);
    if (watch?.records) {
      watch.showEvent({ node: link.get('node') ?? '', item, requestId: link.get('request') ?? '' }, () => {
        const frame = watch.store.frames.find(({ kind }) => kind === 'event');
        if (frame && !this.closed) go(this.tap.frames, frame);
      });
      return;
    }
    const [list, frame] = [[this.frames, this.run.store], [this.tap?.frames, store]]
      .map(([list, from]) => [list, from?.frames.findLast(has)]).find(([, frame]) => frame) ?? [];
    // The view gets the focus first.
    setTimeout(() => {
      if (this.closed) return;
      if (frame) go(list, frame);
      this.problem.hidden = Boolean(frame);
      say(this.problem, t('tap.noFrame'));
    });
  }

  /** Shows the file that is open, if there is one. */
  showFile() {
    this.file?.close();
    this.place.replaceChildren();
    this.file = state.file && new SavedFile(state.file, {
      actions: [],
      onClose: () => {
        state.file = null;
        this.showFile();
        this.form.go.focus();
      },
    });
    if (this.file) this.place.append(this.file.node);
  }

  #form() {
    const { form, user, api } = this.run;
    const { teams = [], domain } = this.context.directory;
    const set = (fields) => this.run.set(fields);
    const text = (name, attributes = {}) => el('input', {
      name, value: form[name], autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', required: true, ...attributes,
      on: { input: (event) => set({ [name]: event.target.value.trim() }) },
    });
    const texts = [text('domain', { placeholder: domain }), text('resource'), text('team', { list: 'wire-teams' })];
    const failure = el('select', { on: { change: (event) => set({ failure: event.target.value }) } },
      FAILURES.map((name) => el('option', { value: name, selected: name === form.failure }, t(`try.${name}`))));
    const slow = el('input', { type: 'checkbox', checked: form.slow, on: { change: (event) => {
      set({ slow: event.target.checked });
      this.#draw();
    } } });
    // The second click of a double click must not end what the first one has begun.
    const go = el('button', { class: 'button primary', type: 'submit', on: { click: (event) => event.detail > 1 && event.preventDefault() } });
    const next = el('button', { class: 'button primary', type: 'button', on: { click: () => this.run.next() } }, t('wire.next'));
    const badge = el('span', { class: 'badge quiet' });
    const problem = el('p', { class: 'error', role: 'alert', id: 'wire-problem', hidden: true });
    const field = (name, input) => el('label', { class: `field field-${name}` }, el('span', {}, t(`wire.${name}`)), input);
    const submit = (event) => {
      event.preventDefault();
      if (this.run.busy) {
        this.run.disconnect();
        return;
      }
      const empty = texts.filter((input) => !input.value.trim());
      for (const input of texts) {
        input.removeAttribute('aria-invalid');
        input.removeAttribute('aria-describedby');
      }
      for (const input of empty) {
        input.setAttribute('aria-invalid', 'true');
        input.setAttribute('aria-describedby', 'wire-problem');
      }
      problem.hidden = !empty.length;
      problem.textContent = t('wire.bad.fields', { fields: empty.map(({ name }) => t(`wire.${name}`)).join(t('wire.and')) });
      if (empty.length) empty[0].focus();
      else this.run.connect();
    };
    const node = el('form', { class: 'card wire-form', novalidate: true, 'aria-label': t('wire.form'), on: { submit } },
      field('user', el('input', { value: api.user === user ? user : `${user} (${api.user})`, readonly: true, class: 'given' })),
      texts.map((input) => field(input.name, input)),
      el('datalist', { id: 'wire-teams' }, teams.map(({ id, name }) => el('option', { value: id }, name))),
      field('try', failure),
      el('label', { class: 'check field-slow' }, slow, t('wire.slow')),
      el('div', { class: 'row wire-go' }, go, next, badge),
      problem,
    );
    return { node, inputs: [...texts, failure], slow, go, next, badge };
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
    const { busy, waits, form, fault } = this.run;
    const status = fault ? 'warn' : this.run.status;
    const { go, next, badge, inputs, slow, node } = this.form;
    for (const input of inputs) input.disabled = busy;
    go.textContent = t(busy ? 'wire.disconnect' : 'wire.connect');
    go.classList.toggle('primary', !busy);
    // The button has its place as long as a user goes step by step, and keeps the focus between the steps.
    const hadFocus = document.activeElement === next;
    next.hidden = !form.slow;
    next.setAttribute('aria-disabled', String(!waits));
    if (waits && document.activeElement === go) next.focus();
    if (hadFocus && next.hidden) slow.focus();
    const name = waits ? 'waiting' : status;
    badge.className = `badge ${{ live: 'good', failed: 'bad', warn: 'warn', waiting: 'warn', coming: '' }[name] ?? 'quiet'}`;
    badge.textContent = t(`wire.state.${name}`);
    node.dataset.status = status;
    this.ladder.dataset.status = status;
    for (const step of this.steps.values()) step.draw(this.run.selected);
    if (status !== this.drawn && this.drawn) this.tap?.refresh();
    this.drawn = status;
    this.#say(status, fault);
  }

  #say(status, fault) {
    const { jid, failure, waits } = this.run;
    let text = '';
    if (status === 'live' || status === 'warn') text = t('wire.said.live', { jid });
    if (fault) text = t(`part.fault.${fault}`, { status: this.run.service });
    if (status === 'closed') text = t('wire.said.closed');
    if (failure && status !== 'coming') text = t('wire.said.failed', { step: t(`step.${failure.step}`) });
    if (waits) text = t('wire.said.waits', { step: t(`step.${waits.step}`) });
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
