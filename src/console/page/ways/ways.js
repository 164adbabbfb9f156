// The view Ways: the same events by six ways at once, and what each of them costs.

import './ways.words.js';
import { duration } from '../shared/clock.js';
import { el, say } from '../shared/dom.js';
import { Busy, Comparison, Ended, NotSignedIn, WAYS } from './comparison.js';
import { Timeline } from './timeline.js';
import { t } from '../shared/words.js';

/** The word for the view's name. */
export const title = 'ways.title';

const INTERVALS = [500, 1_000, 2_000, 5_000];
const RATES = [0, 0.2, 0.5, 1, 2];
const FIGURES = ['requests', 'empty', 'connections', 'up', 'down', 'events', 'missed', 'p50', 'max', 'each'];
const REFRESH = 250;
/** Ways that get the whole document each time. */
const WHOLE = ['close', 'keep'];

// Choices outlive the view, so that a change of language does not undo them.
const chosen = { agent: null, interval: 1_000, rate: 0.5 };
let kept = null;

/** Shows the view; returns what takes it down. A run goes on meanwhile, until its user logs out. */
export function show(root, context) {
  if (kept?.context !== context) kept = new Model(context);
  return kept.show(root);
}

/** A run and what is said of it. It lives until the user logs out, whichever view is shown. */
class Model {
  #run = null;
  #phase = 'idle';
  #began = 0;
  #seconds = null;
  #refresh = 0;
  #timeline = new Timeline();
  #view = null;
  // What is wrong, by way or ''; functions, since the language may change.
  #problems = new Map();
  #summed = false;

  constructor(context) {
    this.context = context;
    // An agent whom nobody watches any more must get no calls.
    const leave = () => this.#run?.letGo();
    addEventListener('pagehide', leave);
    context.signal?.addEventListener('abort', () => {
      removeEventListener('pagehide', leave);
      const last = this.#run;
      this.#run = null;
      clearInterval(this.#refresh);
      this.#timeline.close();
      if (kept === this) kept = null;
      last?.stop();
    });
  }

  show(root) {
    const lanes = new Map(WAYS.map((way) => [way, lane(way, this.#timeline)]));
    const figures = table();
    const agents = eligible(this.context);
    const controls = panel(agents);
    const summary = el('section', { class: 'card stack', hidden: true, 'aria-live': 'polite' });
    this.#view = { lanes, figures, agents, controls, summary };
    root.append(el('div', { class: 'ways stack' },
      el('header', { class: 'view-head' }, el('h1', {}, t('ways.heading')), el('p', { class: 'hint' }, t('ways.lead')), el('p', { class: 'hint' }, t('ways.tcp'))),
      controls.node,
      el('section', { class: 'card lanes', 'aria-label': t('ways.lanes') },
        el('div', { class: 'row lanes-head' }, el('h2', {}, t('ways.lanes')), legend()),
        [...lanes.values()].map(({ node }) => node),
        el('div', { class: 'axis', 'aria-hidden': 'true' }, [-20, -15, -10, -5, 0].map((n) => el('span', {}, t('ways.seconds', { n: n ? `−${-n}` : 0 })))),
      ),
      summary,
      el('section', { class: 'card stack' }, el('h2', {}, t('ways.table')), figures.node, el('p', { class: 'hint' }, t('ways.tableHint'))),
    ));
    controls.toggle.addEventListener('click', () => (this.#phase === 'idle' ? this.#start() : this.#stop()));
    controls.make.addEventListener('click', () => this.#run?.make());
    controls.rate.addEventListener('change', () => {
      chosen.rate = Number(controls.rate.value);
      if (this.#phase === 'running') this.#run.setRate(chosen.rate);
    });
    controls.agent.addEventListener('change', () => (chosen.agent = controls.agent.value));
    controls.interval.addEventListener('change', () => (chosen.interval = Number(controls.interval.value)));
    this.#enter(this.#phase);
    for (const way of this.#problems.keys()) this.#complain(way, this.#problems.get(way));
    if (this.#run?.arrivals && this.#phase !== 'starting') this.#update();
    if (this.#summed) this.#sum();
    if (this.#phase !== 'idle') this.#timeline.resume();
    if (!agents.length) {
      controls.toggle.disabled = true;
      controls.complain(t('ways.noAgent'));
    }
    return () => {
      this.#view = null;
      this.#timeline.rest();
    };
  }

  // Says in the view what is wrong with a way, or with the run ('').
  #complain(way, text = null) {
    if (text) this.#problems.set(way, text);
    else this.#problems.delete(way);
    const place = way ? this.#view?.lanes.get(way) : this.#view?.controls;
    place?.complain(text ? text() : '');
  }

  async #start() {
    const { agents, controls } = this.#view;
    const agent = agents.find(({ id }) => id === controls.agent.value);
    for (const way of ['', ...WAYS]) this.#complain(way);
    this.#summed = false;
    this.#view.summary.hidden = true;
    if (!agent.extension) {
      this.#complain('', () => t('ways.noExtension', { agent: agent.id }));
      return;
    }
    this.#enter('starting');
    this.#timeline.run();
    const mine = new Comparison({
      context: this.context,
      agent,
      interval: Number(controls.interval.value),
      onRequest: (way) => this.#timeline.request(way),
      onChange: ({ at }) => this.#timeline.change(at),
      onEvent: (way, change, at) => this.#timeline.event(way, change.at, at),
      onError: (way, error) => {
        if (this.#run === mine) this.#complain(way ?? '', () => t(way ? 'ways.down' : 'ways.problem', { cause: error.message }));
      },
      onGone: () => this.#run === mine && this.#gone(),
      onWell: (way) => this.#run === mine && this.#complain(way ?? ''),
    });
    this.#run = mine;
    this.#seconds = null;
    try {
      await mine.start();
    } catch (error) {
      await mine.stop();
      if (error instanceof Ended || this.#run !== mine) return;
      this.#run = null;
      this.#timeline.freeze();
      this.#enter('idle');
      const known = error instanceof NotSignedIn ? 'ways.notSignedIn' : error instanceof Busy ? 'ways.busy' : null;
      this.#complain('', () => (known ? t(known, { agent: agent.id }) : t('ways.problem', { cause: error.message })));
      return;
    }
    if (this.#run !== mine) return;
    this.#began = performance.now();
    this.#enter('running');
    mine.setRate(chosen.rate);
    this.#refresh = setInterval(() => this.#update(), REFRESH);
    this.#update();
  }

  async #stop() {
    if (this.#phase !== 'running') return;
    const mine = this.#run;
    this.#enter('stopping');
    await mine.finish();
    if (this.#run !== mine) return;
    this.#over();
    this.#summed = true;
    if (this.#view) this.#sum();
  }

  // The lanes keep what they show.
  #gone() {
    this.#run.stop();
    this.#over();
    this.#complain('', () => t(this.context.api.denied ? 'ways.denied' : 'ways.gone'));
  }

  #over() {
    clearInterval(this.#refresh);
    this.#timeline.freeze();
    this.#update();
    this.#seconds = Math.round((performance.now() - this.#began) / 1_000);
    this.#enter('idle');
  }

  #enter(next) {
    this.#phase = next;
    if (!this.#view) return;
    const { controls } = this.#view;
    controls.enter(next);
    const texts = {
      idle: () => (this.#seconds === null ? t('ways.state.idle') : t('ways.state.stopped', this.#said())),
      starting: () => t('ways.state.starting'),
      running: () => t('ways.state.running', this.#said()),
      stopping: () => t('ways.state.finishing'),
    };
    say(controls.state, texts[next]());
  }

  #said() {
    return { seconds: this.#seconds ?? Math.round((performance.now() - this.#began) / 1_000), changes: this.#run?.arrivals.made ?? 0 };
  }

  #update() {
    if (!this.#view) return;
    const { controls, figures, lanes } = this.#view;
    if (this.#phase === 'running') say(controls.state, t('ways.state.running', this.#said()));
    for (const way of WAYS) {
      const seen = this.#read(way);
      figures.set(way, seen, this.#phase === 'stopping' || this.#phase === 'idle');
      lanes.get(way).set(seen, sentence(way, seen, this.#run.interval));
    }
  }

  #read(way) {
    const run = this.#run;
    const { missed, ...own } = run.counts(way);
    const counted = run.counted?.ways?.[way] ?? null;
    const total = counted && own.events ? (counted.up + counted.down) / own.events : null;
    return { ...own, missed, counted, connections: counted?.connections ?? null, up: counted?.up ?? null, down: counted?.down ?? null, each: total };
  }

  #sum() {
    const { summary } = this.#view;
    const seen = Object.fromEntries(WAYS.map((way) => [way, this.#read(way)]));
    const { seconds, changes } = this.#said();
    const { close, keep, poll, bosh, sse, ws } = seen;
    const parts = changes === 0
      ? [t('ways.sum.none', { requests: poll.requests })]
      : [
        t('ways.sum.polls', { seconds, changes, requests: poll.requests, empty: poll.empty, late: duration(poll.p50) }),
        close.connections !== null && t('ways.sum.close', { connections: close.connections, kept: keep.connections }),
        poll.missed > 0 && t('ways.sum.missed', { n: poll.missed }),
        t('ways.sum.push', {
          bosh: bosh.requests,
          sse: sse.requests,
          ws: ws.requests,
          boshLate: duration(bosh.p50),
          sseLate: duration(sse.p50),
          wsLate: duration(ws.p50),
        }),
        this.#run.counted && t('ways.sum.bytes', Object.fromEntries(WAYS.map((way) => [way, bytes(seen[way].each)]))),
      ];
    summary.replaceChildren(el('h2', {}, t('ways.summary')), el('p', { data: { figure: 'summary' } }, parts.filter(Boolean).join(t('ways.join'))));
    summary.hidden = false;
  }
}

function eligible({ directory, user }) {
  const self = directory.users.filter(({ id }) => id === user);
  if (!directory.administrator) return self;
  const agents = directory.users.filter(({ roles }) => roles.includes('Agent'));
  return [...agents.filter(({ id }) => id !== user), ...agents.filter(({ id }) => id === user)];
}

function panel(agents) {
  const options = (list) => list.map(([value, text, selected]) => el('option', { value, selected }, text));
  const agent = el('select', {}, options(agents.map(({ id, firstName, lastName }) => (
    [id, [id, firstName, lastName].filter(Boolean).join(' '), id === chosen.agent]
  ))));
  const interval = el('select', {}, options(INTERVALS.map((n) => [n, t('ways.seconds', { n: n / 1_000 }), n === chosen.interval])));
  const rate = el('select', {}, options(RATES.map((n) => [n, n ? t('ways.rate.each', { n }) : t('ways.rate.off'), n === chosen.rate])));
  const toggle = el('button', { class: 'button primary', type: 'button', data: { action: 'toggle' } });
  const make = el('button', { class: 'button', type: 'button', data: { action: 'make' } }, t('ways.make'));
  const state = el('p', { class: 'hint ways-state', role: 'status', data: { figure: 'state' } });
  const error = el('p', { class: 'error', role: 'alert', hidden: true });
  const field = (text, input) => el('label', { class: 'field' }, el('span', {}, t(text)), input);
  return {
    node: el('section', { class: 'card stack' },
      el('div', { class: 'row ways-controls' },
        field('ways.agent', agent),
        field('ways.interval', interval),
        field('ways.rate', rate),
        el('div', { class: 'row' }, toggle, make),
      ),
      state,
      error,
    ),
    agent,
    interval,
    rate,
    toggle,
    make,
    state,
    enter(phase) {
      toggle.textContent = t({ idle: 'ways.start', starting: 'ways.starting', running: 'ways.stop', stopping: 'ways.stopping' }[phase]);
      toggle.disabled = phase === 'starting' || phase === 'stopping';
      make.disabled = phase !== 'running';
      agent.disabled = phase !== 'idle';
      interval.disabled = phase !== 'idle';
    },
    complain(text) {
      say(error, text);
      error.hidden = !text;
    },
  };
}

function legend() {
  return el('ul', { class: 'legend', 'aria-hidden': 'true' }, ['full', 'empty', 'open', 'event', 'change'].map((name) => (
    el('li', {}, el('i', { class: `key key-${name}` }), t(`ways.legend.${name}`))
  )));
}

function lane(way, timeline) {
  const canvas = el('canvas', { class: 'lane-canvas', 'aria-hidden': 'true' });
  const figures = el('span', { class: 'lane-figures' });
  const words = el('p', { class: 'lane-words', data: { way, figure: 'sentence' } }, t(`ways.say.${way}.first`));
  const error = el('p', { class: 'error', role: 'alert', hidden: true });
  timeline.add(way, canvas);
  return {
    node: el('article', { class: 'lane', data: { way } },
      el('div', { class: 'lane-head' }, el('h3', {}, t(`ways.${way}`)), el('span', { class: 'hint' }, t(`ways.${way}.hint`)), figures),
      canvas,
      words,
      error,
    ),
    set(seen, text) {
      say(figures, t('ways.short', { requests: seen.requests, events: seen.events, p50: duration(seen.p50) }));
      say(words, text);
    },
    complain(text) {
      say(error, text);
      error.hidden = !text;
    },
  };
}

// One sentence of the story for each way, with the figures of this run.
function sentence(way, seen, interval) {
  const { requests, empty, unchanged, events, missed, mean } = seen;
  const connections = seen.connections ?? '–';
  const late = events ? `${t('ways.join')}${t('ways.say.poll.late', { mean: duration(mean), half: duration(interval / 2) })}` : '';
  const lost = missed ? `${t('ways.join')}${t('ways.say.poll.missed', { n: missed })}` : '';
  switch (way) {
    case 'close':
      return t('ways.say.close', { connections, requests, unchanged });
    case 'keep':
      return t('ways.say.keep', { connections, requests, unchanged });
    case 'poll':
      return t('ways.say.poll', { empty, requests }) + late + lost;
    case 'bosh':
      return t('ways.say.bosh', { requests, events, empty, setup: seen.setup });
    case 'sse':
      return t('ways.say.sse', { requests, events });
    default:
      return events ? t('ways.say.ws', { connections, events, each: bytes(seen.each) }) : t('ways.say.ws.first');
  }
}

function table() {
  const cells = new Map();
  const rows = WAYS.map((way) => el('tr', {}, el('th', { scope: 'row' }, t(`ways.${way}`)), FIGURES.map((figure) => {
    const value = el('span', { data: { way, figure } }, '–');
    const server = figure === 'requests' || figure === 'empty' ? el('small', { data: { way, figure: `${figure}-server` } }) : null;
    const unchanged = WHOLE.includes(way) && figure === 'empty' ? el('small', { data: { way, figure: 'unchanged' } }) : null;
    cells.set(`${way} ${figure}`, { value, server, unchanged });
    return el('td', { class: 'number', data: { label: t(`ways.col.${figure}`) } }, value, unchanged, server);
  })));
  const node = el('table', { class: 'table ways-table' },
    el('caption', { class: 'visually-hidden' }, t('ways.heading')),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, t('ways.col.way')), FIGURES.map((figure) => (
      el('th', { scope: 'col', class: 'number' }, t(`ways.col.${figure}`))
    )))),
    el('tbody', {}, rows),
  );
  const written = {
    up: bytes, down: bytes, each: bytes, p50: duration, max: duration,
  };
  return {
    node,
    set(way, seen, final) {
      for (const figure of FIGURES) {
        const { value, server, unchanged } = cells.get(`${way} ${figure}`);
        const number = seen[figure];
        say(value, written[figure] ? written[figure](number) : String(number ?? '–'));
        value.dataset.value = number ?? '';
        if (unchanged) {
          say(unchanged, t('ways.unchanged', { n: seen.unchanged }));
          unchanged.dataset.value = seen.unchanged;
        }
        if (!server || !seen.counted) continue;
        const other = seen.counted[figure];
        say(server, t('ways.server', { n: other }));
        server.dataset.value = other;
        // While it runs, the server's count is up to a second old; at the end both have to agree.
        server.classList.toggle('differs', final && other !== number);
      }
    },
  };
}

// A number of bytes: 812 B, 12.3 kB, 4.56 MB.
function bytes(number) {
  if (number === null || !Number.isFinite(number)) return '–';
  if (number < 1_000) return `${Math.round(number)} B`;
  if (number < 1_000_000) return `${(number / 1_000).toFixed(1)} kB`;
  return `${(number / 1_000_000).toFixed(2)} MB`;
}
