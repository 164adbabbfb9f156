// What the steps of a login show when they are open: frames, failures, the upgrade, the parts of the password, the figures.

import { clear, el, say } from '../shared/dom.js';
import { milliseconds, nameOf } from '../protocol/frames.js';
import { has, number, t } from '../shared/words.js';
import { code } from '../shared/code.js';
import { content } from './frame_body.js';
import { harmless } from './save.js';

/** A frame that was said at a step. */
export function said(entry, store) {
  return el('div', { class: 'said' },
    el('p', { class: 'said-head' }, arrow(entry.direction), el('strong', {}, nameOf(entry)), ' ',
      el('span', { class: 'hint' }, `${store.timeOf(entry)} s · ${number(entry.size)} B`)),
    content(entry));
}

/** The failure and what to check, in words. */
export function explain({ why, condition, vars }) {
  const values = { ...vars };
  const key = has(`fail.${condition}.check`) ? condition : why;
  const seen = [t(`fail.${why}`, values)];
  if (vars.service) seen.push(t('fail.service', { status: vars.service }));
  const text = (name) => (has(name) ? t(name, values) : '');
  return { seen: seen.join(' '), cause: text(`fail.${why}.cause`), check: text(`fail.${key}.check`) };
}

/** What went wrong and what to check, with a button that connects again. */
export function failureBox(failure, run) {
  const { seen, cause, check } = explain(failure);
  const address = failure.why.startsWith('gone') && location.protocol === 'https:' ? failure.vars.address : null;
  return el('div', { class: 'error failure' },
    el('p', {}, el('strong', {}, t('fail.seen')), ' ', seen),
    cause && el('p', {}, el('strong', {}, t('fail.cause')), ' ', cause),
    check && el('p', {}, el('strong', {}, t('fail.check')), ' ', check),
    address && el('p', {}, el('a', { href: address, target: '_blank', rel: 'noopener' }, address)),
    run.isBack && el('p', { role: 'status' }, el('strong', {}, t('fail.back'))),
    el('p', {}, el('button', { class: 'button small', type: 'button', 'data-action': 'again', on: { click: () => run.connect() } }, t('fail.again'))));
}

/** The frame that is sent at the next step, without the password. */
export function nextPart({ text }) {
  if (!text) return [];
  return [el('h3', {}, t('step.next')), code(text)];
}

/** The connection, as the server saw it. */
export function tcpPart({ upgrade, url }) {
  if (!url) return [];
  const rows = [[t('part.url'), url.split('?')[0]]];
  if (upgrade) {
    rows.push([t('part.peer'), upgrade.peer]);
    rows.push([t('part.tls'), upgrade.tls ? `${upgrade.tls.version.replace('_', '.').replace('v', ' ')}, ${upgrade.tls.cipher}` : t('part.noTls')]);
  }
  return [facts(rows)];
}

/** The upgrade, as the server saw it. */
export function upgradePart({ upgrade, url }) {
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
    ...(/\?run=/.test(file) ? [el('p', { class: 'hint' }, t('part.run'))] : []),
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

/** The three parts between the NULs. The password comes from the login form, since no stored frame has it. */
export function authPart(run, place, step) {
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

/** The figures of the live session. The buttons stay while the figures change. Returns the function that redraws the figures. */
export function livePart(run, place) {
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
    say(ping, run.ping === undefined ? t('part.noPingYet') : run.ping === null ? t('part.noPing') : milliseconds(run.ping));
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
