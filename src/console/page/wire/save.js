// Frames as a file for a support case, without passwords: JSON of this page, HAR 1.2 with `_webSocketMessages`, and text.

import { nameOf } from '../protocol/frames.js';
import { download } from '../shared/download.js';
import { t } from '../shared/words.js';
import { pretty } from '../shared/xml.js';
import { payloadsOf } from './frame_body.js';
import { STEPS } from './login_steps.js';

const SECRET = /^(authorization|cookie|set-cookie|proxy-authorization)$/i;

/** The kinds of files, as the words `frames.save.KIND`. */
export const FORMATS = ['json', 'har', 'text'];

/** The line of a payload in text, by which a reader knows that it is no part of the frame. */
export const PAYLOAD = '    | ';

/** Saves frames of a store: `about` is what the file says of them. */
export function save(kind, { about, store, frames }) {
  const file = {
    what: 'callboard frames',
    saved: new Date().toISOString(),
    ...about,
    framesDropped: store.dropped,
    framesHidden: store.frames.length - frames.length,
    frames: frames.map((entry) => frameOf(entry, store)),
  };
  const name = `callboard-${about.user || 'frames'}-${file.saved.slice(0, 19).replace(/[T:]/g, '-')}`;
  if (kind === 'json') download(`${name}.json`, 'application/json', `${JSON.stringify(file, null, 2)}\n`);
  else if (kind === 'har') download(`${name}.har`, 'application/json', `${JSON.stringify(har(file), null, 2)}\n`);
  else download(`${name}.txt`, 'text/plain', text(file));
}

/** The system that files come from: the version of callboard, the product and release that it stands in for, and its address. */
export function systemOf({ directory }) {
  const { version = '', profile = '', release = '' } = directory;
  return { version, profile, release, server: location.origin, browser: navigator.userAgent };
}

/** Headers without secrets, and with the names as RFC 6455 writes them: servers do not keep the case. */
export function harmless(headers = []) {
  return headers.map(([name, value]) => [name.replace(/^sec-websocket-/i, 'Sec-WebSocket-'), SECRET.test(name) ? '••••••••' : value]);
}

/** What a file says of a login of this page. */
export function aboutLogin(run, explain) {
  const { settings } = run;
  return {
    what: 'callboard wire',
    started: run.startedAt ? new Date(run.startedAt).toISOString() : null,
    url: run.url,
    user: run.user,
    domain: settings?.domain ?? run.form.domain,
    resource: settings?.resource ?? run.form.resource,
    triedFailure: settings?.failure ?? 'none',
    jid: run.jid,
    status: run.status,
    failure: run.failure ? { step: run.failure.step, ...explain(run.failure) } : null,
    steps: STEPS.map((id) => {
      const { state, took, at, note } = run.steps.get(id);
      return { step: id, name: t(`step.${id}`), state, milliseconds: rounded(took), at: rounded(at), note };
    }),
    upgrade: run.upgrade && {
      ...run.upgrade,
      request: part(run.upgrade.request),
      response: part(run.upgrade.response),
    },
  };
}

function rounded(value) {
  return value === null ? null : Math.round(value * 10) / 10;
}

function frameOf(entry, store) {
  const { n, time, direction, size, session, user, detail, fault, request, http } = entry;
  return {
    number: n,
    time: new Date(time).toISOString(),
    ...(store.zero === null ? {} : { seconds: Number(store.timeOf(entry)) }),
    direction,
    bytes: size,
    ...(session ? { session } : {}),
    ...(user ? { user } : {}),
    what: nameOf(entry),
    about: detail,
    ...(fault ? { fault } : {}),
    ...(entry.cut ? { cut: true } : {}),
    ...(request ? { answers: request } : {}),
    ...(http ? { http } : {}),
    text: entry.text,
  };
}

function part(given) {
  return given ? { line: given.line, headers: harmless(given.headers) } : null;
}

// One entry for each session, with its frames as messages, and one for each request of REST.
function har(file) {
  const entries = new Map();
  const later = new Map();
  const base = { httpVersion: 'HTTP/1.1', cookies: [], headers: [], headersSize: -1, bodySize: -1 };
  const pairs = (list = []) => list.map(([name, value]) => ({ name, value }));
  for (const frame of file.frames) {
    const { session = '', user = '', http, number } = frame;
    if (http) {
      let asked = http.status ? later.get(frame.answers) : null;
      if (!asked) {
        asked = {
          startedDateTime: frame.time,
          time: 0,
          request: { ...base, method: http.method ?? '', url: `${file.server}${http.path ?? ''}`, queryString: [], postData: { mimeType: 'application/xml', text: http.status ? '' : frame.text } },
          response: { ...base, status: 0, statusText: '', content: { size: 0, mimeType: 'x-unknown' }, redirectURL: '' },
          cache: {},
          timings: { send: 0, wait: 0, receive: 0 },
          _number: number,
          _user: user,
          _requestId: http.requestId ?? '',
        };
        later.set(number, asked);
      }
      if (http.status) {
        asked.response = { ...base, status: http.status, statusText: '', content: { size: frame.bytes, mimeType: 'application/xml', text: frame.text }, redirectURL: '' };
        asked.time = Math.max(0, Date.parse(frame.time) - Date.parse(asked.startedDateTime));
      }
      continue;
    }
    if (!entries.has(session)) {
      entries.set(session, {
        startedDateTime: frame.time,
        time: 0,
        request: { ...base, method: 'GET', url: file.url || `${file.server.replace(/^http/, 'ws')}/ws/`, headers: pairs(file.upgrade?.request?.headers), queryString: [] },
        response: { ...base, status: 101, statusText: 'Switching Protocols', headers: pairs(file.upgrade?.response?.headers), content: { size: 0, mimeType: 'x-unknown' }, redirectURL: '' },
        cache: {},
        timings: { send: 0, wait: 0, receive: 0 },
        _resourceType: 'websocket',
        _session: session,
        _user: user,
        _webSocketMessages: [],
      });
    }
    const entry = entries.get(session);
    const time = Date.parse(frame.time);
    entry._user ||= user;
    entry.time = time - Date.parse(entry.startedDateTime);
    entry._webSocketMessages.push({ type: frame.direction === 'out' ? 'send' : 'receive', time: time / 1000, opcode: 1, data: frame.text, ...(frame.fault ? { _fault: frame.fault } : {}) });
  }
  const { frames, steps, upgrade, ...about } = file;
  return {
    log: {
      version: '1.2',
      creator: { name: 'callboard', version: file.version },
      browser: { name: file.browser, version: '' },
      pages: [],
      entries: [...entries.values(), ...later.values()],
      _about: about,
    },
  };
}

function text(file) {
  const lines = [t('file.title'), ''];
  const facts = ['saved', 'started', 'version', 'profile', 'release', 'server', 'url', 'user', 'domain', 'resource', 'jid', 'status', 'browser'];
  for (const key of facts) if (file[key]) lines.push(`${key.padEnd(9)} ${file[key]}`);
  if (file.failure) lines.push('', `${t('fail.seen')}: ${file.failure.seen}`, `${t('fail.check')}: ${file.failure.check}`);
  if (file.steps) lines.push('', t('file.steps'));
  for (const { state, milliseconds, name, note } of file.steps ?? []) {
    lines.push(`  ${state.padEnd(8)}${milliseconds === null ? ''.padStart(10) : `${milliseconds.toFixed(1)} ms`.padStart(10)}  ${name}${note ? ` (${note})` : ''}`);
  }
  if (file.upgrade) {
    lines.push('', t('file.upgrade'));
    for (const given of [file.upgrade.request, file.upgrade.response]) {
      if (!given) continue;
      lines.push(`  ${given.line}`, ...given.headers.map(([name, value]) => `  ${name}: ${value}`), '');
    }
  }
  const missing = [file.framesDropped && t('frames.dropped', { n: file.framesDropped }), file.framesHidden && t('file.hidden', { n: file.framesHidden })];
  lines.push('', [t('file.frames'), ...missing.filter(Boolean)].join(' · '));
  for (const frame of file.frames) {
    const who = [frame.session, frame.user].filter(Boolean).join(' ');
    const about = [frame.http ? 'HTTP' : frame.what, frame.about, who && `[${who}]`, frame.fault && `⚡ ${frame.fault}`].filter(Boolean).join(' ');
    lines.push('', `${frame.number}  ${frame.time}  ${frame.direction === 'out' ? '>>' : '<<'}  ${frame.bytes} B  ${about}`);
    if (frame.text) lines.push(pretty(frame.text));
    for (const payload of frame.http ? [] : payloadsOf(frame)) lines.push(...pretty(payload).split('\n').map((line) => PAYLOAD + line));
  }
  return `${lines.join('\n')}\n`;
}
