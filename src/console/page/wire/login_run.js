// One login over the wire: the steps with their state, what was said at each, and why it ended. No drawing here.

import { Api, Unreachable, good } from '../shared/api.js';
import { FrameStore } from '../protocol/frames.js';
import { first, update } from '../shared/xml.js';
import { Failure, Session } from '../protocol/xmpp.js';

/** The steps in order, in the words of the RFCs. */
export const STEPS = [
  'tcp', 'upgrade', 'open', 'features', 'auth', 'success', 'reopen', 'bind', 'bound', 'presence',
  'user', 'userDone', 'team', 'teamDone', 'live',
];

/** Ways to break it on purpose. */
export const FAILURES = ['none', 'password', 'domain', 'protocol', 'priority', 'node', 'resource'];

const PATIENCE = 10_000;
const SHORT_PATIENCE = 4_000;
const MOST_OF_A_STEP = 8;
const MOST_ITEMS = 50;

const STEP_OF = {
  'open-request': 'open',
  'open-response': 'open',
  'open-again': 'reopen',
  'open-again-response': 'reopen',
  features: 'features',
  'features-bind': 'reopen',
  'auth-request': 'auth',
  success: 'success',
  failure: 'success',
  'bind-request': 'bind',
  'bind-response': 'bound',
  'session-request': 'bound',
  'session-response': 'bound',
  'presence-request': 'presence',
  'presence-finesse': 'presence',
  'presence-echo': 'presence',
  event: 'live',
  message: 'live',
  'ping-request': 'live',
  'ping-response': 'live',
};

/** A login as the view Wire shows it; lives as long as somebody is logged in, whichever tab is shown. */
export class LoginRun {
  #context;
  #session = null;
  #leaving = false;
  #attempt = 0;
  #gate = null;

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
    this.store = new FrameStore();
    this.selected = null;
    this.onChange = () => {};
    this.#reset();
    context.signal?.addEventListener('abort', () => this.#drop());
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

  /** The three parts of SASL PLAIN; the password only from here, and only when asked for. */
  get secret() {
    return {
      authzid: `${this.user}@${this.settings?.domain ?? this.form.domain}`,
      authcid: this.user,
      password: this.settings?.password ?? this.#context.password,
    };
  }

  /** What went wrong last, in the order of the steps. */
  get failure() {
    return [...this.failures.values()].at(-1) ?? null;
  }

  /** Whether the session is there or coming; `status` is `idle`, `coming`, `live`, `warn`, `failed` or `closed`. */
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

  /** The step that waits for the button "Next step", or null. */
  get waitsAt() {
    return this.#gate?.step ?? null;
  }

  next() {
    this.#gate?.go();
  }

  async connect() {
    if (this.busy) return;
    const attempt = (this.#attempt += 1);
    const { failure } = this.form;
    this.#reset();
    this.settings = {
      ...this.form,
      domain: failure === 'domain' ? 'wrong.example' : this.form.domain,
      password: failure === 'password' ? `${this.#context.password}-wrong` : this.#context.password,
      teamNode: `/finesse/api/Team/${failure === 'node' ? `${this.form.team}-unknown` : this.form.team}/Users`,
    };
    this.status = 'coming';
    this.start = performance.now();
    this.startedAt = Date.now();
    this.store.clear({ zero: performance.timeOrigin + this.start });
    this.selected = null;
    this.#now('tcp');
    try {
      this.meter = await this.api.newMeter();
    } catch {
      this.meter = null;
    }
    if (attempt !== this.#attempt || this.status !== 'coming') return;
    this.start = performance.now();
    this.store.zero = performance.timeOrigin + this.start;
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
    if (failure === 'priority') await this.#proveSilence(session);
    if (failure === 'resource') await this.#takeResource(session);
  }

  disconnect() {
    this.#leaving = true;
    if (this.#session) {
      this.#session.close();
      this.#gate?.go();
    } else if (this.busy) {
      this.#attempt += 1;
      this.status = 'closed';
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
    this.steps = new Map(STEPS.map((id) => [id, { id, state: 'waiting', at: null, frames: [], count: 0, note: '' }]));
    this.failures = new Map();
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
    this.#leaving = false;
    this.#session = null;
    this.#gate = null;
  }

  #make() {
    const { failure, domain, password, resource } = this.settings;
    const session = new Session({
      url: this.url,
      protocols: failure === 'protocol' ? '' : 'xmpp',
      domain,
      user: this.user,
      password,
      resource,
      priority: failure === 'priority' ? -1 : null,
      patience: failure === 'priority' ? SHORT_PATIENCE : PATIENCE,
      needsFinesse: failure !== 'priority',
      before: (step) => this.#before(session, step),
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

  #before(session, step) {
    if (!this.form.slow || session.ended || this.#leaving) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        this.#gate = null;
        this.#changed();
        resolve();
      };
      this.#gate = { step: step === 'upgrade' ? 'tcp' : step, go };
      this.selected = this.#gate.step;
      this.#changed();
    });
  }

  #state(name, detail) {
    switch (name) {
      case 'upgraded':
        this.#done('tcp');
        this.#done('upgrade', 'open');
        this.#readMeter();
        break;
      case 'opened':
        this.#done('open', 'features');
        break;
      case 'features':
        this.#done('features', 'auth');
        this.#note('features', detail.found.join(', '));
        break;
      case 'auth':
        this.#done('auth', 'success');
        break;
      case 'success':
        this.#done('success', 'reopen');
        break;
      case 'reopened':
        this.#done('reopen', 'bind');
        break;
      case 'bind':
        this.#done('bind', 'bound');
        this.#note('bind', this.settings.resource);
        break;
      case 'bound':
        this.jid = detail.jid;
        this.#done('bound', 'presence');
        this.#note('bound', detail.jid);
        break;
      case 'available':
        this.#done('presence', 'user');
        this.finesse = detail.finesse;
        if (!detail.finesse) {
          this.steps.get('presence').state = 'warn';
          this.#explain('presence', 'priority', 'priority');
        }
        break;
      case 'subscribe':
        this.#done(detail.step, `${detail.step}Done`);
        this.#note(detail.step, detail.node);
        break;
      case 'subscribed':
        this.#done(`${detail.step}Done`, detail.step === 'user' ? 'team' : 'live');
        break;
      case 'live':
        this.steps.get('live').at = performance.now() - this.start;
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
    let id = STEP_OF[entry.key];
    if (entry.key === 'subscribe-request') id = step;
    if (entry.key === 'subscribe-response') id = `${step}Done`;
    if (entry.key === 'iq-error') id = this.#current();
    if (this.status === 'live' && entry.key.startsWith('presence')) id = 'live';
    const place = this.steps.get(id) ?? this.steps.get(this.#current());
    // Of the pings the last one is enough there.
    if (entry.key.startsWith('ping-')) place.frames = place.frames.filter(({ key }) => key !== entry.key);
    place.frames.push(entry);
    place.count += 1;
    // The ladder shows how it went; all frames are in the list beside it.
    if (place.frames.length > MOST_OF_A_STEP) place.frames.shift();
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
    this.#note('live', String(this.events));
    this.#changed();
  }

  #now(id) {
    this.steps.get(id).state = 'now';
    this.#changed();
  }

  #done(id, next = null) {
    const step = this.steps.get(id);
    step.state = 'done';
    step.at = performance.now() - this.start;
    if (next) this.steps.get(next).state = 'now';
  }

  #note(id, text) {
    this.steps.get(id).note = text;
  }

  #current() {
    return STEPS.find((id) => this.steps.get(id).state === 'now') ?? 'live';
  }

  // The socket has closed. While it comes up the failed step tells of it; once live this is the place.
  async #over(detail) {
    const wasLive = this.status === 'live' || this.status === 'warn';
    if (this.#leaving) {
      this.status = 'closed';
      const live = this.steps.get('live');
      if (live.state === 'now') live.state = 'done';
      else if (this.#current() !== 'live') this.steps.get(this.#current()).state = 'waiting';
      this.#changed();
    } else if (wasLive) {
      const ended = this.#session.ended ?? new Failure('live', 'closed', detail);
      await this.#fail(ended);
    }
  }

  async #fail(error) {
    const failure = error instanceof Failure ? error : new Failure('live', 'browser', { detail: String(error) });
    const attempt = this.#attempt;
    let where = this.#current();
    this.#gate = null;
    let { why } = failure;
    let vars = { condition: failure.condition, code: failure.code, detail: failure.detail, domain: this.settings.domain, seconds: PATIENCE / 1000 };
    // Not left with a step that seems to go on while the cause is looked for.
    const step = this.steps.get(where);
    step.state = 'failed';
    step.at = performance.now() - this.start;
    this.status = 'failed';
    this.#changed();

    if (why === 'closed') {
      const found = await this.#diagnose(failure.step === 'upgrade');
      if (attempt !== this.#attempt) return;
      why = found.why;
      vars = { ...vars, ...found.vars, detail: failure.detail ? `: ${failure.detail}` : '' };
      if (found.seen) {
        this.#done('tcp');
        if (where === 'tcp') where = 'upgrade';
      }
    } else if (failure.condition === 'host-unknown') {
      // The server answers open before it looks at the domain; what was wrong is the open.
      const features = this.steps.get('features');
      this.steps.get('open').frames.push(...features.frames.splice(0));
      features.state = 'waiting';
      features.at = null;
      where = 'open';
    } else if (why === 'sasl') {
      vars.condition = failure.condition || 'failure';
    }
    const place = this.steps.get(where);
    place.state = 'failed';
    place.at ??= performance.now() - this.start;
    this.#explain(where, why, failure.condition || why, vars);
    this.selected = where;
    this.#changed();
  }

  // Keys of words, not words: the language may change while it is shown.
  #explain(step, why, condition, vars = {}) {
    this.failures.set(step, { step, why, condition, vars: { address: `${location.origin}/healthz`, ...vars } });
  }

  // The browser tells a script nothing of why a WebSocket has failed. Plain requests, and what the server has seen, do.
  async #diagnose(coming) {
    const service = await this.#service();
    const vars = service ? { service } : {};
    try {
      await new Api(null).get('/healthz', { timeout: 5_000 });
    } catch (error) {
      if (error instanceof Unreachable) return { why: coming ? 'gone' : 'goneLater', vars, seen: !coming };
      throw error;
    }
    if (!coming) return { why: (await this.#readMeter()) === 404 ? 'restarted' : 'dropped', vars, seen: true };
    if (!this.meter) return { why: 'dropped', vars, seen: false };
    const status = await this.#readMeter();
    if (status === 404) return { why: 'restarted', vars, seen: false };
    if (!this.upgrade) return { why: 'unseen', vars, seen: false };
    const { request, response } = this.upgrade;
    const line = response?.line ?? '';
    const code = line.split(' ')[1] ?? '';
    if (code !== '101') {
      return { why: header(request, 'sec-websocket-protocol') ? 'refused' : 'protocol', vars: { ...vars, status: line.replace(/^\S+ /, '') }, seen: true };
    }
    return { why: header(response, 'sec-websocket-protocol') ? 'dropped' : 'echo', vars, seen: true };
  }

  async #service() {
    try {
      const info = (await new Api(null).get('/finesse/api/SystemInfo', { timeout: 5_000 })).xml();
      return outOfService(first(info, 'status'));
    } catch {
      return '';
    }
  }

  async #askService() {
    const session = this.#session;
    const { events } = this;
    const service = await this.#service();
    // An event that has come meanwhile is newer.
    if (session !== this.#session || this.events !== events) return;
    this.service = service;
    this.#changed();
  }

  // Returns the status if the server would not tell.
  async #readMeter() {
    if (!this.meter) return null;
    const { meter } = this;
    try {
      const { upgrade } = await this.api.meter(meter);
      if (this.meter === meter) this.upgrade = upgrade;
      this.#changed();
      return 200;
    } catch (error) {
      return error.status ?? null;
    }
  }

  async #askDomain() {
    try {
      const info = (await this.api.get('/finesse/api/SystemInfo')).xml();
      const domain = first(info, 'xmppDomain');
      if (!domain || domain === this.form.domain || this.busy) return;
      this.form.domain = domain;
      this.onForm?.();
    } catch {
      // The directory's domain stays.
    }
  }

  // Negative priority: everything was confirmed, and an event that the server took does not come.
  async #proveSilence(session) {
    if (!this.administrator) {
      this.#explain('live', 'silentMaybe', 'silent');
    } else {
      await this.test();
      await new Promise((resolve) => setTimeout(resolve, SHORT_PATIENCE));
      if (session !== this.#session || !this.busy || this.events) return;
      this.#explain('live', 'silent', 'silent', { seconds: SHORT_PATIENCE / 1000 });
    }
    const live = this.steps.get('live');
    live.state = 'failed';
    this.status = 'warn';
    this.selected = 'live';
    this.#changed();
  }

  // A second session with the same resource: the server ends the first.
  async #takeResource(session) {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    if (session !== this.#session || !this.busy) return;
    const { domain, password, resource } = this.settings;
    const other = new Session({ url: this.url.split('?')[0], domain, user: this.user, password, resource });
    try {
      await other.connect();
    } catch {
      // The first session stays, and the view shows it as live.
    }
    setTimeout(() => other.close(), 1_000);
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

// The status that keeps the service from serving, or ''.
function outOfService(status) {
  return status && status !== 'IN_SERVICE' ? status : '';
}

function header(part, name) {
  return part?.headers?.find(([key]) => key.toLowerCase() === name)?.[1];
}
