// One login over the wire, from the socket to its end. No drawing here.

import { good } from '../shared/api.js';
import { askService, diagnose, isThere, outOfService } from './diagnosis.js';
import { LoginSteps } from './login_steps.js';
import { FrameStore, mask } from '../protocol/frames.js';
import { first, update } from '../shared/xml.js';
import { Failure, Session } from '../protocol/xmpp.js';
import { proveSilence, settingsOf, takeResource } from './tried_failures.js';

const KEY = 'callboard.wire';
const MOST_ITEMS = 50;
const LONGEST_WAIT = 15_000;

/** A login as the view Wire shows it. It lives until the user logs out, whichever view is shown. */
export class LoginRun {
  #context;
  #session = null;
  #leaving = false;
  #attempt = 0;
  #gate = null;
  #recalled = false;

  constructor(context) {
    this.#context = context;
    const { directory, user } = context;
    const mine = directory.users?.find(({ id }) => id === user);
    this.form = {
      domain: directory.domain ?? '',
      resource: 'desktop',
      team: mine?.team ?? directory.teams?.[0]?.id ?? '1',
      failure: 'none',
      slow: false,
    };
    this.#recall();
    this.store = new FrameStore();
    this.selected = null;
    this.onChange = () => {};
    this.#reset();
    context.signal?.addEventListener('abort', () => {
      this.#drop();
      this.#forget();
    });
    this.#askDomain();
  }

  get user() {
    return this.#context.user;
  }

  get api() {
    return this.#context.api;
  }

  get administrator() {
    return Boolean(this.#context.directory.administrator);
  }

  get userNode() {
    return `/finesse/api/User/${this.user}`;
  }

  /** The three parts of SASL PLAIN. The view asks for the password only to show it. */
  get secret() {
    return {
      authzid: `${this.user}@${this.settings?.domain ?? this.form.domain}`,
      authcid: this.user,
      password: this.settings?.password ?? this.#context.password,
    };
  }

  /** What went wrong, by step. */
  get failures() {
    return this.steps.failures;
  }

  /** What went wrong last, in the order of the steps. */
  get failure() {
    return [...this.failures.values()].at(-1) ?? null;
  }

  /** Whether the session is open or opening; `status` is `idle`, `coming`, `live`, `warn`, `failed` or `closed`. */
  get busy() {
    return ['coming', 'live', 'warn'].includes(this.status);
  }

  /** What is wrong with a session that lives on: `ping`, `finesse`, `service`, or ''. */
  get fault() {
    if (this.status !== 'live' && this.status !== 'warn') return '';
    if (this.ping === null) return 'ping';
    if (this.finesseAway) return 'finesse';
    return this.service ? 'service' : '';
  }

  /** The step that waits for the button "Next step", and the frame that is sent then: `{ step, text }`, or null. */
  get waits() {
    return this.#gate;
  }

  next() {
    this.#gate?.go();
  }

  /** Sets fields of the form, and keeps the form for a reload of the page. */
  set(fields) {
    Object.assign(this.form, fields);
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...this.form, user: this.user }));
    } catch {
      // The browser keeps nothing, so a reload begins with the form as it was at first.
    }
    if (!this.form.slow) this.next();
  }

  async connect() {
    if (this.busy) return;
    const attempt = (this.#attempt += 1);
    const { failure } = this.form;
    this.#reset();
    this.settings = settingsOf(this.form, this.#context.password);
    this.status = 'coming';
    this.#beginNow();
    this.startedAt = Date.now();
    this.selected = null;
    this.steps.begin('tcp');
    this.#changed();
    try {
      this.meter = await this.api.newMeter();
    } catch {
      this.meter = null;
    }
    if (attempt !== this.#attempt || this.status !== 'coming') return;
    this.#beginNow();
    this.url = `${location.origin.replace(/^http/, 'ws')}/ws/${this.meter ? `?run=${this.meter}` : ''}`;
    const session = this.#make();
    this.#session = session;
    try {
      await session.connect();
      await session.subscribe(this.userNode, { step: 'user' });
      await session.subscribe(this.settings.teamNode, { step: 'team' });
      session.live();
    } catch (error) {
      if (session === this.#session) {
        if (this.#leaving) this.#over({});
        else await this.#fail(error);
      }
      session.close();
      return;
    }
    const isCurrent = () => session === this.#session && this.busy;
    if (failure === 'priority' && await proveSilence(this, isCurrent)) this.#silent();
    if (failure === 'resource') await takeResource(this, isCurrent);
  }

  disconnect() {
    this.#leaving = true;
    if (this.#session) {
      this.#session.close();
      this.#gate?.go();
    } else if (this.busy) {
      this.#attempt += 1;
      this.status = 'closed';
      this.steps.stop();
      this.#changed();
    }
  }

  /** Publishes an event without content on the user's own node (Administrator). */
  async test() {
    this.testProblem = null;
    const source = this.userNode;
    const payload = `<Update><event>PUT</event><requestId>test-${this.events + 1}</requestId><source>${source}</source></Update>`;
    try {
      good(await this.api.post(`/callboard/api/publish?node=${encodeURIComponent(source)}`, payload));
    } catch (error) {
      this.testProblem = error.message;
    }
    this.#changed();
  }

  #reset() {
    this.status = 'idle';
    this.steps = new LoginSteps();
    this.upgrade = null;
    this.meter = null;
    this.url = '';
    this.jid = '';
    this.events = 0;
    this.ping = undefined;
    this.finesse = 0;
    this.finesseAway = false;
    this.service = '';
    this.lastEvent = null;
    this.twice = false;
    this.testProblem = null;
    this.items = new Map();
    this.isBack = false;
    this.#leaving = false;
    this.#session = null;
    this.#gate = null;
  }

  // Times of steps and frames count from now on.
  #beginNow() {
    this.steps.start = performance.now();
    this.store.clear({ zero: performance.timeOrigin + this.steps.start });
  }

  #make() {
    const { domain, password, resource, protocols, priority, patience, needsFinesse } = this.settings;
    const session = new Session({
      url: this.url,
      protocols,
      domain,
      user: this.user,
      password,
      resource,
      priority,
      patience,
      needsFinesse,
      before: (step, text) => this.#before(session, step, text),
      onFrame: (frame) => session === this.#session && this.#frame(frame),
      onState: (name, detail) => session === this.#session && this.#state(name, detail),
      onEvent: (event) => session === this.#session && this.#event(event),
      onPing: (taken) => {
        this.ping = taken;
        this.#changed();
      },
      onPresence: ({ from, type }) => {
        this.finesse = session.finesse;
        if (from.startsWith('finesse@')) this.finesseAway = type === 'unavailable' && !session.finesse;
        this.#changed();
      },
    });
    return session;
  }

  #before(session, step, text = '') {
    if (!this.form.slow || session.ended || this.#leaving) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        this.#gate = null;
        this.steps.resume();
        this.#changed();
        resolve();
      };
      this.#gate = { step: { upgrade: 'tcp', upgraded: 'upgrade' }[step] ?? step, text: mask(text).text, go };
      this.selected = this.#gate.step;
      this.#changed();
    });
  }

  #state(name, detail) {
    switch (name) {
      case 'upgraded':
        this.steps.upgraded();
        this.#readMeter();
        break;
      case 'opened':
        this.steps.done('open', 'features');
        break;
      case 'features':
        this.steps.done('features', 'auth');
        this.steps.note('features', detail.found.join(', '));
        break;
      case 'auth':
        this.steps.done('auth', 'success');
        break;
      case 'success':
        this.steps.done('success', 'reopen');
        break;
      case 'reopened':
        this.steps.done('reopen', 'bind');
        break;
      case 'bind':
        this.steps.done('bind', 'bound');
        this.steps.note('bind', this.settings.resource);
        break;
      case 'bound':
        this.jid = detail.jid;
        this.steps.done('bound', 'presence');
        this.steps.note('bound', detail.jid);
        break;
      case 'available':
        this.steps.done('presence', 'user');
        this.finesse = detail.finesse;
        if (!detail.finesse) {
          this.steps.get('presence').state = 'warn';
          this.steps.explain('presence', 'priority', 'priority');
        }
        break;
      case 'subscribe':
        this.steps.done(detail.step, `${detail.step}Done`);
        this.steps.note(detail.step, detail.node);
        break;
      case 'subscribed':
        this.steps.done(`${detail.step}Done`, detail.step === 'user' ? 'team' : 'live');
        break;
      case 'live':
        this.steps.time('live');
        this.status = this.failures.size ? 'warn' : 'live';
        this.selected ??= 'live';
        this.#askService();
        break;
      case 'closed':
        this.#gate?.go();
        this.#over(detail);
        break;
      default:
    }
    this.#changed();
  }

  #frame({ direction, text, at, step }) {
    const entry = this.store.add({ direction, text, time: performance.timeOrigin + at });
    this.steps.add(entry, step, this.status === 'live');
    this.#changed();
  }

  #event({ node, id, payload, to }) {
    this.events += 1;
    this.lastEvent = node;
    if (node === '/finesse/api/SystemInfo') this.service = outOfService(first(update(payload)?.data, 'systemInfo', 'status'));
    const before = this.items.get(id);
    if (before !== undefined && before !== to) this.twice = true;
    this.items.set(id, to);
    if (this.items.size > MOST_ITEMS) this.items.delete(this.items.keys().next().value);
    this.steps.note('live', String(this.events));
    this.#changed();
  }

  // The socket has closed. Before the session is live connect() reports it, and afterwards this method.
  async #over(detail) {
    const wasLive = this.status === 'live' || this.status === 'warn';
    if (this.#leaving) {
      this.status = 'closed';
      this.steps.stop();
      this.#changed();
    } else if (wasLive) {
      const ended = this.#session.ended ?? new Failure('live', 'closed', detail);
      await this.#fail(ended);
    }
  }

  async #fail(error) {
    const failure = error instanceof Failure ? error : new Failure('live', 'browser', { detail: String(error) });
    const attempt = this.#attempt;
    let where = this.steps.current;
    this.#gate = null;
    let { why } = failure;
    let vars = { condition: failure.condition, code: failure.code, detail: failure.detail, domain: this.settings.domain, seconds: this.settings.patience / 1000 };
    // The step fails before its cause is known, so that it does not seem to go on meanwhile.
    this.steps.time(where);
    this.steps.fail(where);
    this.status = 'failed';
    this.#changed();

    if (why === 'closed') {
      const found = await diagnose({
        coming: failure.step === 'upgrade',
        readMeter: () => this.#readMeter(),
        upgrade: () => this.upgrade,
      });
      if (attempt !== this.#attempt) return;
      why = found.why;
      vars = { ...vars, ...found.vars, detail: failure.detail ? `: ${failure.detail}` : '' };
      if (found.seen) {
        this.steps.done('tcp');
        if (where === 'tcp') where = 'upgrade';
      }
    } else if (failure.condition === 'host-unknown') {
      this.steps.failAtOpen();
      where = 'open';
    } else if (why === 'sasl') {
      vars.condition = failure.condition || 'failure';
    }
    this.steps.fail(where);
    this.steps.explain(where, why, failure.condition || why, vars);
    this.selected = where;
    this.#changed();
    if (why.startsWith('gone') || failure.condition === 'system-shutdown') this.#awaitServer(attempt);
  }

  // Cisco's desktop asks for the service until it is there again. This page says so, and leaves it to the user to connect.
  async #awaitServer(attempt) {
    for (let wait = 1_000; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (attempt !== this.#attempt || this.#leaving) return;
      if (document.hidden || !(await isThere())) continue;
      if (attempt !== this.#attempt) return;
      this.isBack = true;
      this.#changed();
      return;
    }
  }

  async #askService() {
    const session = this.#session;
    const { events } = this;
    const service = await askService();
    // An event that came meanwhile is newer than this answer.
    if (session !== this.#session || this.events !== events) return;
    this.service = service;
    this.#changed();
  }

  // Resolves to the status of the answer: 0 for none, null where the server counts nothing.
  async #readMeter() {
    if (!this.meter) return null;
    const { meter } = this;
    try {
      const { upgrade } = await this.api.meter(meter);
      if (this.meter === meter) this.upgrade = upgrade;
      this.#changed();
      return 200;
    } catch (error) {
      return error.status ?? 0;
    }
  }

  async #askDomain() {
    try {
      const info = (await this.api.get('/finesse/api/SystemInfo')).xml();
      const domain = first(info, 'xmppDomain');
      if (!domain || domain === this.form.domain || this.busy || this.#recalled) return;
      this.form.domain = domain;
      this.onForm?.();
    } catch {
      // The directory's domain stays.
    }
  }

  #silent() {
    this.steps.get('live').state = 'failed';
    this.status = 'warn';
    this.selected = 'live';
    this.#changed();
  }

  // What the form was before a reload. Another user begins anew.
  #recall() {
    try {
      const { user, ...form } = JSON.parse(sessionStorage.getItem(KEY)) ?? {};
      this.#recalled = user === this.user;
      if (this.#recalled) Object.assign(this.form, form);
    } catch {
      // Nothing was kept.
    }
  }

  #forget() {
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  }

  #drop() {
    this.#attempt += 1;
    this.#leaving = true;
    this.#gate?.go();
    this.#session?.close();
    this.store.clear();
    this.onChange = () => {};
  }

  #changed() {
    this.onChange();
  }
}
