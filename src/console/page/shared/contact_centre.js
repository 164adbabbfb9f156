// The contact centre as the page knows it: teams, agents, calls, queues, service. The page reads it once and follows one
// stream of events. It reads everything again when it may have missed an event.

import { good } from './api.js';
import { ServerClock } from './clock.js';
import { EventStream } from './events.js';
import { failed, refusal } from './refusals.js';
import { all, first, update } from './xml.js';

const CHECK_EVERY = 10_000;
const CHECK_BLIND = 2_000;
const QUEUES_EVERY = 5_000;
const QUEUES_SOON = 300;
const QUEUES_APART = 1_000;
const IN_SERVICE = 'IN_SERVICE';
const TELL_SOON = 40;
const FIRST_PATIENCE = 1_500;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const TIMEOUT = 8_000;
const RENEW_EVERY = 6 * 3_600_000;
const MOST_QUEUED = 1_000;

/**
 * `teams` are ids; `calls` says whether calls are wanted. `onChange()` after something has changed, `onEvent(event)` for
 * each event, `onError({ agent, dialog, text })` for errors that come as events, `onEnd(dialog)` when a call has ended for
 * all, `onDenied()` when the server refuses the password, which ends the object.
 */
export class ContactCentre {
  #etags = new Map();
  #stream = null;
  #timers = {};
  #loading = false;
  #loadAgain = false;
  #queued = [];
  #closed = false;
  #wait = FIRST_WAIT;
  #opened = 0;
  #queuesRead = 0;
  #queuesDue = Infinity;
  #listening = false;
  #stopped = null;
  #readable;

  constructor(api, directory, { teams, calls = true, onChange, onEvent, onError, onEnd, onDenied }) {
    Object.assign(this, { api, directory, onChange, onEvent, onError, onEnd, onDenied });
    this.calls = calls;
    this.clock = new ServerClock();
    /** Agents by id, in the order of their teams. */
    this.agents = new Map();
    /** Calls by id. */
    this.dialogs = new Map();
    this.queues = directory.queues.filter(({ team }) => teams.includes(team)).map((queue) => ({ ...queue, waiting: null, longest: null, ready: null }));
    this.teams = directory.teams.filter(({ id }) => teams.includes(id));
    this.status = '';
    /** `starting`, `live`, `blind` (it answers, but no events come), `lost` or `denied`. */
    this.connection = 'starting';
    /** Milliseconds of this machine's clock: when the last answer or event came, and when the connection was lost. */
    this.heard = 0;
    this.lostSince = 0;
    this.why = '';
    // Users whose User and Dialogs the page may read. Of other members of a team only the team's document tells.
    this.#readable = new Set(directory.users.map(({ id }) => id));
    // Express has no media but voice, and answers 501.
    this.media = directory.profile === 'ucce' && calls ? directory.media : [];
    for (const user of directory.users) if (user.roles.includes('Agent') && teams.includes(user.team)) this.#agent(user.id, user.team);
  }

  /** Starts reading and listening, which go on until `close()`, also while the server is away. */
  start() {
    // The stream opens first, so that events of the time of reading are queued and not lost.
    this.#listen();
    this.#timers.retry = setTimeout(() => this.#load(), FIRST_PATIENCE);
  }

  close() {
    this.#closed = true;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#stream?.close();
  }

  /** Reads the queues soon. No event tells of a caller whom no agent can take. */
  askQueues() {
    this.#queuesLater(QUEUES_SOON);
  }

  /** Whether what is shown is from before: the server is away, or the service is out. */
  get stale() {
    return this.connection === 'lost' || this.connection === 'denied' || Boolean(this.status && this.status !== IN_SERVICE);
  }

  /** The time by which states last, by the server's clock. It stands still while what is shown is from before. */
  now() {
    const now = this.clock.now();
    if (!this.stale) this.#stopped = null;
    else this.#stopped ??= this.connection === 'lost' ? now - (Date.now() - this.lostSince) : now;
    return this.#stopped ?? now;
  }

  /** Whether the page may read this user's own documents. */
  mayRead(id) {
    return this.#readable.has(id);
  }

  /** The calls of an agent. */
  callsOf(agent) {
    return [...agent.dialogs].map((id) => this.dialogs.get(id)).filter(Boolean);
  }

  // Reading

  async #load() {
    if (this.#closed) return;
    if (this.#loading) {
      this.#loadAgain = true;
      return;
    }
    this.#loading = true;
    this.#etags.clear();
    clearTimeout(this.#timers.retry);
    try {
      await this.#system();
      if (this.status === IN_SERVICE) await this.#everything();
      if (this.#closed) return;
      this.#heard();
      this.#checkLater();
      this.#queuesLater(QUEUES_EVERY);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#loading = false;
      for (const event of this.#queued.splice(0)) this.#take(event);
      this.#tell();
    }
    if (this.#loadAgain) {
      this.#loadAgain = false;
      this.#load();
    }
  }

  async #everything() {
    for (const { id } of this.teams) await this.#team(id);
    if (this.calls) await this.#allDialogs();
    await this.#allQueues();
  }

  async #read(path) {
    // A user who has left the view does not wait for the rest of thirty documents.
    if (this.#closed) throw new Error('closed');
    const etag = this.#etags.get(path);
    const answer = await this.api.get(path, { timeout: TIMEOUT, headers: etag ? { 'If-None-Match': etag } : {} });
    this.clock.set(answer.headers.get('Date'));
    if (answer.status === 304) return null;
    good(answer);
    const tag = answer.headers.get('ETag');
    if (tag) this.#etags.set(path, tag);
    return answer.xml();
  }

  async #system() {
    const info = await this.#read('/finesse/api/SystemInfo');
    if (!info) return;
    this.clock.set(first(info, 'currentTimestamp'));
    this.status = first(info, 'status');
  }

  async #team(id) {
    const team = await this.#read(`/finesse/api/Team/${encodeURIComponent(id)}?includeLoggedOutAgents=true`);
    if (!team) return;
    const before = [...this.agents.values()].filter((agent) => agent.team === id).map((agent) => agent.id);
    const members = all(team, 'User').map((user) => {
      const agent = this.#agent(first(user, 'loginId'), id);
      fill(agent, user);
      return agent.id;
    });
    if (before.join('\n') !== members.join('\n')) this.#sort(id, members);
  }

  // Agents stand in the order of their teams, and in each team in that of the server.
  #sort(team, members) {
    const of = (id) => (id === team ? members.map((member) => this.agents.get(member)) : [...this.agents.values()].filter((agent) => agent.team === id));
    const sorted = this.teams.flatMap(({ id }) => of(id));
    this.agents.clear();
    for (const agent of sorted) this.agents.set(agent.id, agent);
  }

  async #allDialogs() {
    const seen = new Set();
    for (const agent of this.agents.values()) {
      if (!this.mayRead(agent.id)) continue;
      const path = `/finesse/api/User/${encodeURIComponent(agent.id)}`;
      const lists = [await this.#read(`${path}/Dialogs`)];
      if (this.media.length) {
        lists.push(await this.#read(`${path}/Dialogs/Media`));
        for (const medium of all(await this.#read(`${path}/Media`), 'Media')) fillMedium(agent, medium);
      }
      agent.dialogs.clear();
      for (const dialog of lists.flatMap((list) => all(list, 'Dialog'))) {
        const read = this.#dialog(dialog);
        agent.dialogs.add(read.id);
        seen.add(read.id);
      }
    }
    for (const id of this.dialogs.keys()) if (!seen.has(id)) this.#gone(id);
  }

  async #allQueues() {
    if (!this.queues.length) return;
    const paths = this.directory.administrator ? ['/finesse/api/Queues'] : this.queues.map(({ id }) => `/finesse/api/Queue/${encodeURIComponent(id)}`);
    for (const path of paths) for (const queue of all(await this.#read(path), 'Queue')) this.#queue(queue);
  }

  // Events

  #listen() {
    const agents = [...this.agents.keys()].filter((id) => this.calls && this.mayRead(id));
    const nodes = [
      '/finesse/api/SystemInfo',
      ...this.teams.flatMap(({ id }) => [`/finesse/api/Team/${id}/Users`, ...(this.calls ? [`/finesse/api/Team/${id}/TeamMessages`] : [])]),
      // Errors of requests come on the user's own node and not on the team's.
      ...agents.flatMap((id) => [`/finesse/api/User/${id}`, `/finesse/api/User/${id}/Dialogs`]),
      ...(this.media.length ? agents.flatMap((id) => [`/finesse/api/User/${id}/Media`, `/finesse/api/User/${id}/Dialogs/Media`]) : []),
      ...(this.directory.profile === 'ucce' ? this.queues.map(({ id }) => `/finesse/api/Queue/${id}`) : []),
    ];
    const stream = new EventStream(this.api, nodes, {
      onEvent: (event) => {
        if (this.#closed) return;
        this.#heard();
        this.onEvent?.(event);
        if (!this.#loading) this.#take(event);
        else if (this.#queued.push(event) > MOST_QUEUED) this.#queued.shift();
      },
      onMissed: () => this.#load(),
      rests: true,
      onState: (state, why) => {
        if (this.#closed || this.#stream !== stream) return;
        this.#listening = state === 'open';
        if (this.#listening) {
          this.#connect('live');
          this.#load();
        } else {
          if (this.connection === 'live') this.#connect('blind');
          if (why?.text) this.why = refusal(why.status, why.text);
          // A request soon tells whether the stream is lost or the server. It is not sent more often than the stream reconnects.
          this.#checkLater(300);
        }
      },
    });
    this.#stream = stream;
    this.#opened = performance.now();
  }

  #take({ node, data }) {
    const told = update(data);
    if (!told) return;
    const [, , , kind, id, collection] = node.split('/');
    const error = all(told.data, 'apiError')[0];
    if (error) {
      const text = failed(...['errorType', 'errorMessage'].map((name) => first(error, name)));
      const dialog = /\/Dialog\/([^/]+)$/.exec(told.source)?.[1] ?? null;
      this.onError?.({ agent: id, dialog, text });
    } else if (kind === 'SystemInfo') {
      const status = first(told.data, 'systemInfo', 'status');
      if (status && status !== this.status) {
        this.status = status;
        this.#load();
      }
    } else if (kind === 'Queue') {
      for (const queue of all(told.data, 'Queue')) this.#queue(queue);
    } else if (collection === 'Dialogs') {
      this.#dialogs(id, told);
    } else if (collection === 'Media') {
      const agent = this.agents.get(id);
      for (const medium of all(told.data, 'Media')) if (agent) fillMedium(agent, medium);
    } else if (kind === 'Team' || (kind === 'User' && !collection)) {
      const user = [...told.data.children].find(({ localName }) => /^user$/i.test(localName));
      const agent = this.agents.get(first(user, 'loginId'));
      if (agent) fill(agent, user);
    }
    this.#queuesLater(QUEUES_SOON);
    this.#tell();
  }

  #dialogs(id, { event, source, data }) {
    const agent = this.agents.get(id);
    if (!agent) return;
    const dialogs = [...all(data, 'Dialog'), ...all(data, 'dialog')].map((dialog) => this.#dialog(dialog));
    for (const dialog of dialogs) {
      if (/\/Dialogs$/.test(source) && event.toUpperCase() === 'DELETE') {
        agent.dialogs.delete(dialog.id);
        if (![...this.agents.values()].some((one) => one.dialogs.has(dialog.id))) this.#gone(dialog.id);
      } else {
        agent.dialogs.add(dialog.id);
      }
    }
  }

  // Documents

  #agent(id, team) {
    let agent = this.agents.get(id);
    if (!agent) {
      const known = this.directory.users.find((user) => user.id === id);
      agent = {
        id,
        team,
        name: [known?.firstName, known?.lastName].filter(Boolean).join(' ') || id,
        home: known?.extension ?? '',
        roles: known?.roles ?? [],
        extension: '',
        state: '',
        since: null,
        pending: '',
        reason: '',
        dialogs: new Set(),
        /** Media other than voice by id: `{ id, name, state, limit }`. */
        media: new Map(),
      };
      this.agents.set(id, agent);
    }
    return agent;
  }

  #dialog(element) {
    const media = [...element.children].find(({ localName }) => localName === 'mediaProperties');
    const variables = all(media, 'CallVariable').map((variable) => [first(variable, 'name'), first(variable, 'value')]);
    const dialog = {
      id: first(element, 'id'),
      medium: first(element, 'mediaType'),
      from: first(element, 'fromAddress'),
      to: first(element, 'toAddress'),
      state: first(element, 'state'),
      type: first(media, 'callType'),
      queue: first(media, 'queueName'),
      variables: variables.filter(([, value]) => value),
      participants: all(element, 'Participant').map((participant) => ({
        address: first(participant, 'mediaAddress'),
        state: first(participant, 'state'),
        cause: first(participant, 'stateCause'),
        since: Date.parse(first(participant, 'stateChangeTime')) || null,
        actions: all(participant, 'action').map(({ textContent }) => textContent),
      })),
    };
    this.dialogs.set(dialog.id, dialog);
    return dialog;
  }

  #gone(id) {
    const dialog = this.dialogs.get(id);
    this.dialogs.delete(id);
    if (dialog) this.onEnd?.(dialog);
  }

  #queue(element) {
    const id = first(element, 'uri').split('/').at(-1);
    const queue = this.queues.find((one) => one.id === id);
    if (!queue) return;
    // The server counts nothing where it writes -1 (queue_statistics = "finesse").
    const number = (name) => {
      const count = Number(first(element, 'statistics', name) || 0);
      return count < 0 ? null : count;
    };
    queue.waiting = number('callsInQueue');
    queue.longest = (queue.waiting && Date.parse(first(element, 'statistics', 'startTimeOfLongestCallInQueue'))) || null;
    queue.ready = number('agentsReady');
  }

  // Signs of life

  #checkLater(wait = this.connection === 'blind' ? CHECK_BLIND : CHECK_EVERY) {
    clearTimeout(this.#timers.check);
    this.#timers.check = setTimeout(() => this.#check(), wait);
  }

  async #check() {
    if (this.#loading) {
      this.#checkLater();
      return;
    }
    try {
      // The answer is mostly 304, which shows that the server is there.
      const before = this.status;
      await this.#system();
      if (this.status === IN_SERVICE) for (const { id } of this.teams) await this.#team(id);
      if (this.#closed) return;
      if (this.status !== before) this.#load();
      this.#heard();
      this.#tell();
      this.#checkLater();
      if (performance.now() - this.#opened > RENEW_EVERY) this.#renew();
    } catch (error) {
      this.#failed(error);
    }
  }

  // Proxies and firewalls drop connections that are months old, so the page replaces its own before.
  #renew() {
    const old = this.#stream;
    this.#listen();
    old.close();
  }

  // The earliest request counts. A timer that each event restarts would never fire while events never cease.
  #queuesLater(wait) {
    if (!this.queues.length || this.#closed) return;
    const now = performance.now();
    const due = Math.max(now + wait, this.#queuesRead + QUEUES_APART);
    if (due >= this.#queuesDue) return;
    this.#queuesDue = due;
    clearTimeout(this.#timers.queues);
    this.#timers.queues = setTimeout(async () => {
      this.#queuesDue = Infinity;
      this.#queuesRead = performance.now();
      try {
        if (this.status === IN_SERVICE) await this.#allQueues();
        this.#tell();
      } catch {
        // The old figures stay until the check tells what is wrong.
      }
      this.#queuesLater(QUEUES_EVERY);
    }, due - now);
  }

  #heard() {
    this.heard = Date.now();
    this.why = '';
    // A stream that stayed open while requests failed may be half open, without any sign of it.
    if (this.connection === 'lost' && this.#listening) this.#renew();
    this.#connect(this.#listening ? 'live' : 'blind');
    this.#wait = FIRST_WAIT;
  }

  #failed(error) {
    if (this.#closed) return;
    this.why = error.message;
    if (this.api.denied) {
      this.#connect('denied');
      this.close();
      this.onDenied?.();
      return;
    }
    clearTimeout(this.#timers.check);
    // A 503 says that the service has just gone out, and that the server is there.
    if (error.status !== 503) this.#connect('lost');
    clearTimeout(this.#timers.retry);
    this.#timers.retry = setTimeout(() => this.#load(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #connect(state) {
    if (state === 'lost' && this.connection !== 'lost') this.lostSince = this.heard || Date.now();
    if (state !== this.connection) {
      this.connection = state;
      this.#tell();
    }
  }

  #tell() {
    if (this.#timers.tell || this.#closed) return;
    this.#timers.tell = setTimeout(() => {
      this.#timers.tell = 0;
      if (!this.#closed) this.onChange();
    }, TELL_SOON);
  }
}

// A medium that the agent's team does not handle has no state.
function fillMedium(agent, element) {
  const [id, name, state, limit] = ['id', 'name', 'state', 'maxDialogLimit'].map((part) => first(element, part));
  if (state) agent.media.set(id, { id, name, state, limit });
  else agent.media.delete(id);
}

// Summaries have fewer elements than full documents. Members without an element keep their value.
function fill(agent, user) {
  const since = Date.parse(first(user, 'stateChangeTime')) || null;
  if (since && agent.since && since < agent.since) return;
  const has = (name) => [...user.children].some(({ localName }) => localName === name);
  const name = [first(user, 'firstName'), first(user, 'lastName')].filter(Boolean).join(' ');
  if (name) agent.name = name;
  agent.state = first(user, 'state') || agent.state;
  agent.since = since;
  agent.reason = first(user, 'reasonCode', 'label');
  if (has('extension')) agent.extension = first(user, 'extension');
  if (has('pendingState')) agent.pending = first(user, 'pendingState');
}
