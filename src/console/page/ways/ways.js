// The view Ways: the same events by five ways at once, and what each of them costs.

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

// Choices outlive the view, so that a change of language does not undo them.
const chosen = { agent: null, interval: 1_000, rate: 0.5 };

/** Shows the view; returns what takes it down. */
export function show(root, context) {
  const timeline = new Timeline();
  const lanes = new Map(WAYS.map((way) => [way, lane(way, timeline)]));
  const figures = table();
  const agents = eligible(context);
  const controls = panel(agents);
  const summary = el('section', { class: 'card stack', hidden: true, 'aria-live': 'polite' });
  let run = null;
  let began = 0;
  let refresh = 0;
  let phase = 'idle';

  root.append(el('div', { class: 'ways stack' },
    el('header', { class: 'view-head' }, el('h1', {}, t('ways.heading')), el('p', { class: 'hint' }, t('ways.lead'))),
    controls.node,
    el('section', { class: 'card lanes', 'aria-label': t('ways.lanes') },
      el('div', { class: 'row lanes-head' }, el('h2', {}, t('ways.lanes')), legend()),
      [...lanes.values()].map(({ node }) => node),
      el('div', { class: 'axis', 'aria-hidden': 'true' }, [-20, -15, -10, -5, 0].map((n) => el('span', {}, t('ways.seconds', { n: n ? `−${-n}` : 0 })))),
    ),
    summary,
    el('section', { class: 'card stack' }, el('h2', {}, t('ways.table')), figures.node, el('p', { class: 'hint' }, t('ways.tableHint'))),
  ));

  controls.toggle.addEventListener('click', () => (phase === 'idle' ? start() : stop()));
  controls.make.addEventListener('click', () => run?.make());
  controls.rate.addEventListener('change', () => {
    chosen.rate = Number(controls.rate.value);
    if (phase === 'running') run.setRate(chosen.rate);
  });
  controls.agent.addEventListener('change', () => (chosen.agent = controls.agent.value));
  controls.interval.addEventListener('change', () => (chosen.interval = Number(controls.interval.value)));
  enter('idle', t('ways.state.idle'));
  if (!agents.length) {
    controls.toggle.disabled = true;
    controls.complain(t('ways.noAgent'));
  }

  return () => {
    clearInterval(refresh);
    timeline.close();
    const last = run;
    run = null;
    last?.stop();
  };

  async function start() {
    const agent = agents.find(({ id }) => id === controls.agent.value);
    controls.complain('');
    summary.hidden = true;
    for (const one of lanes.values()) one.complain('');
    if (!agent.extension) {
      controls.complain(t('ways.noExtension', { agent: agent.id }));
      return;
    }
    enter('starting', t('ways.state.starting'));
    timeline.run();
    const mine = new Comparison({
      context,
      agent,
      interval: Number(controls.interval.value),
      onRequest: (way) => timeline.request(way),
      onChange: ({ at }) => timeline.change(at),
      onEvent: (way, change, at) => timeline.event(way, change.at, at),
      onError: (way, error) => {
        if (run !== mine) return;
        if (way) lanes.get(way).complain(t('ways.down', { cause: error.message }));
        else controls.complain(t('ways.problem', { cause: error.message }));
      },
      onGone: () => run === mine && gone(),
      onWell: (way) => run === mine && (way ? lanes.get(way) : controls).complain(''),
    });
    run = mine;
    try {
      await mine.start();
    } catch (error) {
      await mine.stop();
      if (error instanceof Ended || run !== mine) return;
      run = null;
      timeline.freeze();
      enter('idle', t('ways.state.idle'));
      const known = error instanceof NotSignedIn ? 'ways.notSignedIn' : error instanceof Busy ? 'ways.busy' : null;
      controls.complain(known ? t(known, { agent: agent.id }) : t('ways.problem', { cause: error.message }));
      return;
    }
    if (run !== mine) return;
    began = performance.now();
    enter('running', '');
    mine.setRate(chosen.rate);
    refresh = setInterval(update, REFRESH);
    update();
  }

  async function stop() {
    if (phase !== 'running') return;
    const mine = run;
    enter('stopping', t('ways.state.finishing'));
    await mine.finish();
    if (run !== mine) return;
    clearInterval(refresh);
    timeline.freeze();
    update();
    enter('idle', t('ways.state.stopped', said()));
    sum();
  }

  // The lanes keep what they show.
  function gone() {
    run.stop();
    clearInterval(refresh);
    timeline.freeze();
    update();
    enter('idle', t('ways.state.stopped', said()));
    controls.complain(t(context.api.denied ? 'ways.denied' : 'ways.gone'));
  }

  function enter(next, text) {
    phase = next;
    controls.enter(next);
    controls.state.textContent = text;
  }

  function said() {
    return { seconds: Math.round((performance.now() - began) / 1_000), changes: run.arrivals.made };
  }

  function update() {
    if (phase === 'running') controls.state.textContent = t('ways.state.running', said());
    for (const way of WAYS) {
      const seen = read(way);
      figures.set(way, seen, phase === 'stopping');
      lanes.get(way).set(seen, sentence(way, seen, run.interval));
    }
  }

  function read(way) {
    const { missed, ...own } = run.counts(way);
    const counted = run.counted?.ways?.[way] ?? null;
    const total = counted && own.events ? (counted.up + counted.down) / own.events : null;
    return { ...own, missed, counted, connections: counted?.connections ?? null, up: counted?.up ?? null, down: counted?.down ?? null, each: total };
  }

  function sum() {
    const seen = Object.fromEntries(WAYS.map((way) => [way, read(way)]));
    const { seconds, changes } = said();
    const { close, poll, bosh, sse, ws } = seen;
    const parts = changes === 0
      ? [t('ways.sum.none', { requests: poll.requests })]
      : [
        t('ways.sum.polls', { seconds, changes, requests: poll.requests, empty: poll.empty, late: duration(poll.p50) }),
        close.connections !== null && t('ways.sum.close', { connections: close.connections }),
        poll.missed > 0 && t('ways.sum.missed', { n: poll.missed }),
        t('ways.sum.push', {
          bosh: bosh.requests,
          sse: sse.requests,
          ws: ws.requests,
          boshLate: duration(bosh.p50),
          sseLate: duration(sse.p50),
          wsLate: duration(ws.p50),
        }),
        run.counted && t('ways.sum.bytes', Object.fromEntries(WAYS.map((way) => [way, bytes(seen[way].each)]))),
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
      error.textContent = text;
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
      error.textContent = text;
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
    const unchanged = way === 'close' && figure === 'empty' ? el('small', { data: { way, figure: 'unchanged' } }) : null;
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
