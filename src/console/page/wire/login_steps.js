// The steps of a login: how far each is, what was said at it, and what went wrong.

/** The steps in order, in the words of the RFCs. */
export const STEPS = [
  'tcp', 'upgrade', 'open', 'features', 'auth', 'success', 'reopen', 'bind', 'bound', 'presence',
  'user', 'userDone', 'team', 'teamDone', 'live',
];

const MOST_FRAMES = 8;

/** The step of a frame by its name, where the name alone tells. */
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

/**
 * The steps of one login. `took` is how long a step was under way, and `at` when it was over, from `start` on, which is a value of
 * `performance.now()`.
 */
export class LoginSteps {
  #steps = new Map(STEPS.map((id) => [id, { id, state: 'waiting', since: null, took: null, at: null, frames: [], count: 0, note: '' }]));

  constructor() {
    this.start = 0;
    /** What went wrong, by step: `{ step, why, condition, vars }`. */
    this.failures = new Map();
  }

  /** A step: `{ id, state, took, at, frames, count, note }`. */
  get(id) {
    return this.#steps.get(id);
  }

  /** The step that is under way. */
  get current() {
    return STEPS.find((id) => this.get(id).state === 'now') ?? 'live';
  }

  /** How long all steps were under way together. */
  get total() {
    return STEPS.reduce((sum, id) => sum + (this.get(id).took ?? 0), 0);
  }

  begin(id) {
    this.get(id).state = 'now';
    this.get(id).since = performance.now();
  }

  /** Lets the step that is under way begin now: what came before was the user's time. */
  resume() {
    this.get(this.current).since = performance.now();
  }

  /** Ends the step that is under way, by the user's wish. */
  stop() {
    const step = this.get(this.current);
    if (step.state === 'now') step.state = step.id === 'live' ? 'done' : 'waiting';
  }

  /** The browser does not tell the connection from the upgrade: both together took as long as the upgrade is said to. */
  upgraded() {
    const { since } = this.get('tcp');
    this.done('tcp');
    this.get('tcp').took = null;
    this.get('upgrade').since = since;
    this.done('upgrade', 'open');
  }

  /** Ends a step, and begins the `next` one. */
  done(id, next = null) {
    this.get(id).state = 'done';
    this.time(id);
    if (next) this.begin(next);
  }

  fail(id) {
    const step = this.get(id);
    step.state = 'failed';
    if (step.at === null) this.time(id);
  }

  time(id) {
    const step = this.get(id);
    const now = performance.now();
    step.at = now - this.start;
    step.took = step.since === null ? null : now - step.since;
  }

  note(id, text) {
    this.get(id).note = text;
  }

  /** Adds a frame of the session, sent or received during `during`, to its step. */
  add(entry, during, isLive) {
    let id = STEP_OF[entry.key];
    if (entry.key === 'subscribe-request') id = during;
    if (entry.key === 'subscribe-response') id = `${during}Done`;
    if (entry.key === 'iq-error') id = this.current;
    if (isLive && entry.key.startsWith('presence')) id = 'live';
    const place = this.get(id) ?? this.get(this.current);
    // A step shows its last ping only.
    if (entry.key.startsWith('ping-')) place.frames = place.frames.filter(({ key }) => key !== entry.key);
    place.frames.push(entry);
    place.count += 1;
    // The list of frames has all of them.
    if (place.frames.length > MOST_FRAMES) place.frames.shift();
  }

  /** Lets the open fail: the server answers it before it looks at the domain, and the error comes where features should. */
  failAtOpen() {
    const features = this.get('features');
    this.get('open').frames.push(...features.frames.splice(0));
    features.state = 'waiting';
    features.at = null;
    features.took = null;
  }

  /** Says why a step failed, by keys of words: the language may change while the view shows it. */
  explain(step, why, condition, vars = {}) {
    this.failures.set(step, { step, why, condition, vars: { address: `${location.origin}/healthz`, ...vars } });
  }
}
