// The strip that plays a scenario: which one, how far it is, how it stands, and how fast it goes.

import { reason } from './api.js';
import { el, say } from './dom.js';
import { addWords, t } from './words.js';

const EVERY = 2_000;
// Where nobody starts a scenario, somebody else may have.
const QUIET = 10_000;
const PATH = '/callboard/api/scenario';
const SPEEDS = [1, 5, 10, 60];

addWords({
  en: {
    'scenario.heading': 'Scenario',
    'scenario.choose': 'Scenario to play',
    'scenario.speed': 'Speed',
    'scenario.start': 'Play',
    'scenario.pause': 'Pause',
    'scenario.go': 'Go on',
    'scenario.stop': 'Stop',
    'scenario.stands': '{name}: {position} of {length} · {waiting} waiting · {answered} answered, {abandoned} abandoned · {verdict}',
    'scenario.PASS': 'as expected',
    'scenario.FAIL': 'not as expected',
    'scenario.INCONCLUSIVE': 'not decided',
  },
  'zh-TW': {
    'scenario.heading': '情境',
    'scenario.choose': '要播放的情境',
    'scenario.speed': '速度',
    'scenario.start': '播放',
    'scenario.pause': '暫停',
    'scenario.go': '繼續',
    'scenario.stop': '停止',
    'scenario.stands': '{name}：{position}／{length} · {waiting} 通等候 · {answered} 通已接、{abandoned} 通放棄 · {verdict}',
    'scenario.PASS': '符合預期',
    'scenario.FAIL': '不符預期',
    'scenario.INCONCLUSIVE': '尚無定論',
  },
});

/** Minutes and seconds. */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** The strip, for administrators of a server that can play. `quiet`: it is there only while a scenario plays, which others start. */
export function scenarioStrip({ api }, { quiet = false } = {}) {
  let timer = 0;
  const button = (action, act) => el('button', { class: 'button small', type: 'button', data: { scenario: action }, on: { click: act } }, t(`scenario.${action}`));
  const choice = el('select', { 'aria-label': t('scenario.choose'), name: 'scenario' });
  const speed = el('select', { 'aria-label': t('scenario.speed'), name: 'speed', on: { change: () => isOn() && ask(`speed&speed=${speed.value}`) } },
    SPEEDS.map((times) => el('option', { value: times }, `×${times}`)));
  const buttons = {
    start: button('start', () => ask(`start&name=${encodeURIComponent(choice.value)}&speed=${speed.value}`)),
    pause: button('pause', () => ask('pause')),
    go: button('go', () => ask('go')),
    stop: button('stop', () => ask('stop')),
  };
  const stands = el('span', { class: 'hint', role: 'status', data: { scenario: 'stands' } });
  const bad = el('span', { class: 'error', role: 'alert', hidden: true });
  const node = el('section', { class: 'row scenario-strip', 'aria-label': t('scenario.heading'), hidden: true },
    el('strong', {}, t('scenario.heading')), choice, speed, Object.values(buttons), stands, bad);
  if (quiet) for (const part of [choice, buttons.start]) part.remove();
  let state = 'none';
  const isOn = () => state === 'playing' || state === 'paused';
  show(api.get(PATH));

  return {
    node,
    /** Begins the scenario of a text. */
    play: (text) => show(api.post(`${PATH}?do=start`, text, { headers: { 'Content-Type': 'text/plain' } })),
    close() {
      clearTimeout(timer);
      timer = null;
    },
  };

  function ask(what) {
    return show(api.post(`${PATH}?do=${what}`));
  }

  async function show(asked) {
    const answer = await asked.catch((error) => ({ ok: false, problem: error.message }));
    if (timer === null) return;
    // Only a scenario that is played changes by itself.
    clearTimeout(timer);
    const problem = answer.ok ? '' : (answer.problem ?? reason(answer));
    say(bad, problem);
    bad.hidden = !problem;
    if (answer.ok) draw(answer.json());
    if (isOn() || quiet) timer = setTimeout(() => (document.hidden || api.denied ? show(Promise.resolve({ ok: false, problem: '' })) : show(api.get(PATH))), isOn() ? EVERY : QUIET);
  }

  function draw(now) {
    state = now.state;
    node.hidden = quiet && !isOn();
    if (!choice.options.length) choice.append(...now.shipped.map(({ name, about }) => el('option', { value: name, title: about }, name)));
    if (state === 'playing' && SPEEDS.includes(now.speed)) speed.value = String(now.speed);
    buttons.start.hidden = isOn();
    choice.hidden = isOn();
    buttons.pause.hidden = state !== 'playing';
    buttons.go.hidden = state !== 'paused';
    buttons.stop.hidden = !isOn();
    say(stands, state === 'none' ? '' : t('scenario.stands', {
      name: now.name,
      position: clock(Math.min(now.position, now.length)),
      length: clock(now.length),
      waiting: now.figures.waiting,
      answered: now.figures.answered,
      abandoned: now.figures.abandoned,
      verdict: t(`scenario.${now.verdict}`),
    }));
  }
}
