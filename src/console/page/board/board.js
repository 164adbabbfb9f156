// The wallboard: one team, readable from far away. It runs for days, reconnects by itself, and marks stale data.

import { Api, Unreachable, reason } from '../shared/api.js';
import './board.words.js';
import { elapsed, timeOfDay } from '../shared/clock.js';
import { clear, el, say, told } from '../shared/dom.js';
import { ContactCentre } from '../shared/contact_centre.js';
import { FaultBar } from '../shared/fault_bar.js';
import { scenarioStrip } from '../shared/scenario.js';
import { AGENT_STATES, stateKind, stateName } from '../shared/states.js';
import { setTheme, theme } from '../shared/theme.js';
import { language, onLanguage, setLanguage, t } from '../shared/words.js';

const KEY = 'callboard.board';
const ALWAYS = ['READY', 'TALKING', 'NOT_READY'];
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
// The wait is longer than a lockout, which each login of a locked-out user starts again.
const REFUSED_WAIT = 6 * 60_000;
const LONGEST_REFUSED_WAIT = 60 * 60_000;
// A server that is only restarted is back by then.
const LONG_LOST = 2 * 60_000;
const RELOAD_EVERY = 10 * 60_000;
const IDLE_AFTER = 3_000;
const SHIFT_EVERY = 60_000;
const SHIFTS = [[0, 0], [4, 0], [4, 4], [0, 4]];
// The ratio of width to height at which the text of a tile is largest.
const TILE_SHAPE = 1.75;

const root = document.getElementById('board');
let close = () => {};
let refusedWait = REFUSED_WAIT;
let reloadTried = 0;

addEventListener('hashchange', () => location.hash.includes('user=') && begin());
onLanguage(() => begin());
hidePointer();
shiftPixels();
stayAwake();
begin();

function begin() {
  const known = fromAddress() ?? fromSession();
  if (known) connect(known, false);
  else login('');
}

// The fragment never goes to the server, and does not stay in the address bar either.
function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!given.has('user')) return null;
  history.replaceState(null, '', location.pathname + location.search);
  if (given.has('theme')) setTheme(given.get('theme'));
  const entry = { user: given.get('user'), password: given.get('password') ?? '', team: given.get('team') ?? '' };
  remember(entry);
  if (given.has('lang')) setLanguage(given.get('lang'));
  return entry;
}

function fromSession() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function remember(entry) {
  try {
    if (entry) sessionStorage.setItem(KEY, JSON.stringify(entry));
    else sessionStorage.removeItem(KEY);
  } catch {
    // The browser keeps nothing, so a reload asks for the login again.
  }
}

// Login

function login(problem, given = {}) {
  close();
  close = () => {};
  document.title = `${t('board.title')} · callboard`;
  const input = (name, attributes) => el('input', { name, value: given[name] ?? '', ...attributes });
  const user = input('user', { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true });
  const password = input('password', { type: 'password', autocomplete: 'current-password', required: true });
  const team = input('team', { autocomplete: 'off' });
  const field = (key, node, hint) => el('label', { class: 'field' }, el('span', {}, t(key)), node, hint && el('small', { class: 'hint' }, hint));
  const submit = (event) => {
    event.preventDefault();
    if (user.value.trim()) connect({ user: user.value.trim(), password: password.value, team: team.value.trim() }, true);
  };
  clear(root).append(el('main', { class: 'board-login' },
    el('form', { class: 'card stack', on: { submit } },
      el('div', { class: 'row' }, el('h1', {}, t('board.login')), el('span', { class: 'spread' }, languages())),
      field('board.user', user),
      field('board.password', password),
      field('board.team', team, t('board.teamHint')),
      problem && told('p', { class: 'error', role: 'alert' }, problem),
      el('button', { class: 'button primary' }, t('board.go')),
      el('p', { class: 'hint' }, t('board.loginHint', { address: '/console/board#user=…&password=…&team=…' })),
    ),
  ));
  (given.user ? password : user).focus();
}

// Nobody stands at the wall to log in again after a lockout, so the board retries. Typing in the form stops that.
function refused(entry) {
  login(t('board.denied', { time: timeOfDay(Date.now() + refusedWait).slice(0, 5) }), { user: entry.user, team: entry.team });
  const timer = setTimeout(() => connect(entry, false), refusedWait);
  refusedWait = Math.min(refusedWait * 2, LONGEST_REFUSED_WAIT);
  root.firstElementChild.addEventListener('input', () => clearTimeout(timer));
  close = () => clearTimeout(timer);
}

// Reads the directory. The login form shows what is wrong; a board that was running before retries.
function connect(entry, asked) {
  close();
  const api = new Api(entry.user, entry.password);
  let [timer, wait, closed] = [0, FIRST_WAIT, false];
  const began = Date.now();
  close = () => {
    closed = true;
    clearTimeout(timer);
  };
  if (!asked) clear(root).append(el('main', { class: 'board-login' }, el('p', { class: 'board-band', role: 'status' }, t('board.connecting'))));
  attempt();

  async function attempt() {
    let problem;
    // A server that answers has a certificate that is trusted.
    let answered = false;
    try {
      const answer = await api.get('/callboard/api/directory', { timeout: 8_000 });
      if (closed) return;
      if (answer.ok) {
        refusedWait = REFUSED_WAIT;
        remember(entry);
        wall(entry, api, answer.json());
        return;
      }
      answered = true;
      problem = t('board.refused', { reason: reason(answer) });
      if (answer.status === 401) {
        if (asked) login(t('board.wrong'), { user: entry.user, team: entry.team });
        else refused(entry);
        return;
      }
    } catch (error) {
      problem = error instanceof Unreachable ? error.message : t('board.refused', { reason: error.message });
    }
    if (closed) return;
    if (asked) {
      login(problem, entry);
      return;
    }
    const hint = whileLost(began);
    clear(root).append(el('main', { class: 'board-login' },
      el('div', { class: 'board-band lost', role: 'alert' },
        el('strong', {}, t('board.lost', { time: timeOfDay(began) })), told('span', {}, problem), ...hints(answered ? '' : hint))));
    timer = setTimeout(attempt, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

// A wallboard that is lost for long

// Reloads a page that may be too old for its server, and says what else may be wrong. To a page a certificate that is not trusted looks
// like a server that is gone.
function whileLost(since) {
  const now = Date.now();
  if (now - Math.max(since, reloadTried) > RELOAD_EVERY) {
    reloadTried = now;
    reloadIfServed();
  }
  return now - since > LONG_LOST && location.protocol === 'https:' ? 'board.lostCertificate' : '';
}

// A reload that does not reach the server would leave an error page of the browser on the wall, which nobody closes.
async function reloadIfServed() {
  if (!fromSession()) return;
  try {
    const { ok } = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(8_000) });
    if (ok) location.reload();
  } catch {
    // The board goes on trying to reconnect.
  }
}

function hints(key) {
  if (!key) return [];
  const reload = el('button', { class: 'button small', type: 'button', on: { click: () => location.reload() } }, t('board.reload'));
  return [el('span', {}, t(key)), reload];
}

// The wall

function wall(entry, api, directory) {
  close();
  const team = directory.teams.find(({ id }) => id === entry.team) ?? directory.teams[0];
  if (!team) {
    remember(null);
    login(t('board.noTeam'), { user: entry.user });
    return;
  }
  document.title = `${team.name} · callboard`;
  const band = el('div', { class: 'board-band', role: 'alert', hidden: true });
  const service = el('span', { class: 'badge' });
  const time = el('time', { class: 'board-clock' });
  const counts = el('ul', { class: 'board-counts', 'aria-label': t('board.counts') });
  const queues = el('ul', { class: 'board-queues' });
  const grid = el('ul', { class: 'board-grid', 'aria-label': t('board.agents') });
  const updated = el('span', { data: { figure: 'updated' } });
  const note = el('span', { class: 'board-note' });
  const tiles = new Map();
  const bar = new FaultBar({ api, directory });
  const scenario = directory.administrator && (directory.record || directory.faults) && scenarioStrip({ api }, { quiet: true });
  const others = directory.teams.length > 1 && el('select', {
    'aria-label': t('board.team'),
    on: { change: (event) => choose(event.target.value) },
  }, directory.teams.map(({ id, name }) => el('option', { value: id, selected: id === team.id }, name)));
  const leave = () => {
    remember(null);
    login('');
  };
  clear(root).append(el('main', { class: 'board' },
    el('header', { class: 'board-head' }, el('h1', {}, team.name), service, counts, time),
    band,
    bar.node,
    scenario && scenario.node,
    queues,
    grid,
    el('footer', { class: 'board-foot' }, updated, note,
      el('div', { class: 'board-tools' },
        others,
        languages(),
        el('button', { class: 'button small', type: 'button', on: { click: () => setTheme(theme() === 'dark' ? 'light' : 'dark') } }, t('board.theme')),
        el('button', { class: 'button small', type: 'button', on: { click: leave } }, t('board.leave')),
      )),
  ));

  const centre = new ContactCentre(api, directory, {
    teams: [team.id],
    calls: false,
    onChange: update,
    onDenied: () => refused({ ...entry, team: team.id }),
  });
  const observer = new ResizeObserver(() => arrange(grid));
  observer.observe(grid);
  const timer = setInterval(tick, 1_000);
  close = () => {
    clearInterval(timer);
    observer.disconnect();
    bar.close();
    if (scenario) scenario.close();
    centre.close();
  };
  centre.start();
  tick();

  function choose(id) {
    const next = { ...entry, team: id };
    remember(next);
    wall(next, api, directory);
  }

  function update() {
    const agents = [...centre.agents.values()].filter(({ state }) => state);
    if (agents.map(({ id }) => id).join('\n') !== [...tiles.keys()].join('\n')) {
      tiles.clear();
      for (const agent of agents) tiles.set(agent.id, tile(agent));
      clear(grid).append(...[...tiles.values()].map(({ node }) => node));
      arrange(grid);
    }
    for (const one of tiles.values()) one.update();
    count(agents);
    tick();
  }

  function count(agents) {
    const rows = AGENT_STATES.map((state) => [state, agents.filter((agent) => agent.state === state).length]);
    const shown = rows.filter(([state, number]) => number || ALWAYS.includes(state));
    const text = JSON.stringify(shown);
    if (counts.dataset.shown === text) return;
    counts.dataset.shown = text;
    clear(counts).append(...shown.map(([state, number]) => (
      el('li', { class: stateKind(state), data: { state } }, el('strong', {}, String(number)), el('span', {}, stateName(state)))
    )));
  }

  function tick() {
    say(time, timeOfDay(centre.clock.now()).slice(0, 5));
    const now = centre.now();
    for (const one of tiles.values()) one.tick(now);
    if (centre.heard) say(updated, t('board.updated', { time: timeOfDay(centre.heard) }));
    say(note, centre.connection === 'blind' && centre.heard ? t('board.blind') : '');
    alarm();
    waiting(now);
  }

  function alarm() {
    const lost = centre.connection === 'lost';
    // The status of a server that does not answer is not known.
    say(service, lost || !centre.status ? '' : stateName(centre.status));
    service.hidden = !service.textContent;
    service.className = `badge ${stateKind(centre.status)}`;
    const out = !lost && centre.status && centre.status !== 'IN_SERVICE';
    const text = lost ? t('board.lost', { time: timeOfDay(centre.lostSince) }) : out ? t('board.out') : '';
    const hint = lost ? whileLost(centre.lostSince) : '';
    root.classList.toggle('stale', Boolean(lost || out));
    if (band.dataset.text === text + hint) return;
    band.dataset.text = text + hint;
    band.hidden = !text;
    band.classList.toggle('lost', lost);
    clear(band).append(...(text ? [el('strong', {}, text)] : []), ...(lost ? [el('span', {}, t('board.lostHint'))] : []), ...hints(hint));
  }

  function waiting(now) {
    const rows = centre.queues.map(({ id, name, waiting: number, longest }) => [
      id, name, number === null ? '–' : String(number), longest ? t('state.longest', { time: elapsed(now - longest) }) : '',
    ]);
    const text = JSON.stringify(rows);
    if (queues.dataset.shown === text) return;
    queues.dataset.shown = text;
    clear(queues).append(...rows.map(([id, name, number, longest]) => (
      el('li', { class: Number(number) > 0 ? 'some' : null, data: { queue: id } },
        el('span', { class: 'board-queue' }, name), el('strong', {}, number), el('span', {}, t('state.waiting')), longest && el('span', {}, longest))
    )));
  }
}

function tile(agent) {
  const name = el('span', { class: 'tile-name' });
  const reason = el('span', { class: 'tile-reason' });
  const state = el('span', { class: 'tile-state' });
  const time = el('span', { class: 'tile-time' });
  const node = el('li', { class: 'tile', data: { agent: agent.id } }, el('div', { class: 'tile-text' },
    // The id stays whole where the name is cut.
    el('span', { class: 'tile-who' }, name, agent.name === agent.id ? null : el('span', { class: agent.id.length > 6 ? 'tile-id long' : 'tile-id' }, agent.id)),
    state,
    el('span', { class: 'tile-last' }, time, reason)));
  return {
    node,
    update() {
      say(name, agent.name);
      say(state, stateName(agent.state));
      say(reason, agent.reason);
      node.className = `tile ${stateKind(agent.state)}`;
      node.dataset.state = agent.state;
    },
    tick(now) {
      say(time, agent.since === null ? '' : elapsed(now - agent.since));
    },
  };
}

// Chooses the number of columns with the largest text at which all tiles fit.
function arrange(grid) {
  const number = grid.children.length;
  if (!number) return;
  const { clientWidth: width, clientHeight: height } = grid;
  let best = { size: 0, columns: 1 };
  for (let columns = 1; columns <= number; columns += 1) {
    const rows = Math.ceil(number / columns);
    const size = Math.min(width / columns / TILE_SHAPE, height / rows);
    if (size > best.size) best = { size, columns };
  }
  grid.style.setProperty('--columns', String(best.columns));
  grid.style.setProperty('--rows', String(Math.ceil(number / best.columns)));
}

function languages() {
  const names = { en: 'EN', 'zh-TW': '繁體中文' };
  return el('div', { class: 'segments', role: 'group', 'aria-label': t('board.language') }, Object.entries(names).map(([name, text]) => (
    el('button', { type: 'button', lang: name, 'aria-pressed': String(language() === name), on: { click: () => setLanguage(name) } }, text)
  )));
}

// For a screen that nobody touches

function hidePointer() {
  let timer = 0;
  const wake = () => {
    document.documentElement.classList.remove('idle');
    clearTimeout(timer);
    timer = setTimeout(() => document.documentElement.classList.add('idle'), IDLE_AFTER);
  };
  for (const type of ['pointermove', 'pointerdown', 'keydown']) addEventListener(type, wake, { passive: true });
  wake();
}

// A still picture burns in within weeks, so everything moves by a few pixels once a minute.
function shiftPixels() {
  let turn = 0;
  setInterval(() => {
    turn = (turn + 1) % SHIFTS.length;
    root.style.setProperty('transform', `translate(${SHIFTS[turn][0]}px, ${SHIFTS[turn][1]}px)`);
  }, SHIFT_EVERY);
}

function stayAwake() {
  const ask = () => {
    if (document.visibilityState === 'visible') navigator.wakeLock?.request('screen').catch(() => {});
  };
  document.addEventListener('visibilitychange', ask);
  ask();
}
