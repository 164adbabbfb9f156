// A saved file in a list of its own, which nobody can take for a live one: JSON of this page, HAR with frames of WebSockets, and text.

import { el } from '../shared/dom.js';
import { FrameStore } from '../protocol/frames.js';
import { t } from '../shared/words.js';
import { FrameList } from './frame_list.js';
import { PAYLOAD } from './save.js';

const MOST_BYTES = 128 * 1024 * 1024;
const KEY = 'callboard.frames';
const MOST_KEPT = 1_000;
const LONGEST_KEPT = 4_000;
const AT_ONCE = 2_000;
const FACTS = ['saved', 'started', 'version', 'profile', 'release', 'server', 'url', 'user', 'jid', 'status'];

/** Reads a file that was dropped or chosen: `{ name, about, store }`. Throws an Error that says in words why it cannot. */
export async function readFile(file) {
  if (file.size > MOST_BYTES) throw new Error(t('open.large', { n: MOST_BYTES / 1024 / 1024 }));
  return open(file.name, framesOf(await file.text()));
}

/** What a tab keeps of the frames of a login when the page is loaded again: the last ones, as a file. */
export function keep(about, store) {
  if (!store.frames.length) return;
  const frames = store.frames.slice(-MOST_KEPT).filter(({ text }) => text.length < LONGEST_KEPT);
  const kept = frames.map(({ n, direction, time, text, fault }) => ({ number: n, direction, time, text, fault }));
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...about, framesDropped: store.count - kept.length, frames: kept }));
  } catch {
    // The browser keeps nothing, or not so much.
  }
}

/** The file of `keep` for a user, once; null if there is none. */
export async function kept(user) {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const file = text && framesOf(text);
    return file?.about.user === user && file.frames.length ? await open(t('open.before'), file) : null;
  } catch {
    return null;
  }
}

async function open(name, { about, frames }) {
  if (!frames.length) throw new Error(t('open.none'));
  const store = new FrameStore();
  // Numbers of the file become numbers of the list.
  const numbers = new Map();
  for (const [index, { number, answers, ...frame }] of frames.entries()) {
    // The page stays alive meanwhile.
    if (index % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setTimeout(resolve));
    if (frame.http && answers) frame.http = { ...frame.http, of: numbers.get(answers) ?? 0 };
    const { n } = store.add(frame);
    if (number) numbers.set(number, n);
  }
  store.dropped += about.framesDropped ?? 0;
  return { name, about, store };
}

/** The frames in the text of a file: `{ about, frames }`. */
export function framesOf(text) {
  if (!/^\s*[{[]/.test(text)) return fromText(text);
  let document;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(t('open.broken', { reason: error.message }), { cause: error });
  }
  if (Array.isArray(document?.log?.entries)) return fromHar(document.log);
  if (!Array.isArray(document?.frames)) throw new Error(t('open.none'));
  const { frames, ...about } = document;
  return { about, frames: frames.map(clean).filter(Boolean) };
}

/** The panel of an open file; `close()` takes its list down, and `onClose` is called when the user closes the file. */
export class SavedFile {
  constructor({ name, about, store }, { actions, onClose }) {
    const sessions = store.frames.some(({ session }) => session);
    this.frames = new FrameList(store, { title: t('open.frames', { name }), empty: '', sessions, actions });
    this.node = el('section', { class: 'saved panel stack', 'aria-label': t('open.title', { name }) },
      el('div', { class: 'card stack' },
        el('div', { class: 'row' },
          el('h2', { tabindex: -1 }, t('open.title', { name })), el('span', { class: 'badge warn' }, t('open.notLive')),
          el('button', { class: 'button small spread', type: 'button', on: { click: onClose } }, t('open.close'))),
        el('p', { class: 'hint' }, t('open.lead')),
        el('dl', { class: 'facts' }, FACTS.filter((key) => about[key]).map((key) => [
          el('dt', {}, t(`open.${key}`)), el('dd', { class: 'mono' }, String(about[key])),
        ])),
        about.failure?.seen && el('p', { class: 'error' }, about.failure.seen, ' ', about.failure.check)),
      this.frames.node);
  }

  close() {
    this.frames.close();
  }
}

// A frame of a file, as a store takes it. What a file says is not trusted to have the form of this page.
function clean(given) {
  if (!given || typeof given.text !== 'string') return null;
  const text = (value) => (typeof value === 'string' ? value : '');
  const time = typeof given.time === 'number' ? given.time : Date.parse(text(given.time));
  const { http } = given;
  return {
    number: Number(given.number) || 0,
    answers: Number(given.answers) || 0,
    direction: given.direction === 'out' ? 'out' : 'in',
    text: given.text,
    time: Number.isFinite(time) ? time : 0,
    size: Number(given.bytes) >= 0 ? Number(given.bytes) : undefined,
    session: text(given.session),
    user: text(given.user),
    fault: text(given.fault),
    cut: given.cut === true,
    http: http && typeof http === 'object'
      ? { method: text(http.method), path: text(http.path), status: Number(http.status) || 0, requestId: text(http.requestId) }
      : null,
  };
}

function fromHar(log) {
  const frames = [];
  let number = 0;
  log.entries.forEach((entry, index) => {
    const session = entry._session ?? (log.entries.length > 1 ? `#${index + 1}` : '');
    const time = Date.parse(entry.startedDateTime);
    const about = { session: String(session), user: entry._user };
    if (Array.isArray(entry._webSocketMessages)) {
      for (const message of entry._webSocketMessages) {
        frames.push(clean({ ...about, number: (number += 1), direction: message.type === 'send' ? 'out' : 'in', time: message.time * 1000, text: message.data, fault: message._fault }));
      }
      return;
    }
    const { request = {}, response = {} } = entry;
    const path = String(request.url ?? '').replace(/^\w+:\/\/[^/]*/, '');
    if (!/^\/finesse\//.test(path)) return;
    const asked = (number += 1);
    const requestId = entry._requestId ?? request.headers?.find?.(({ name }) => /^requestid$/i.test(name))?.value;
    frames.push(clean({ ...about, session: entry._session ?? '', number: asked, direction: 'out', time, text: request.postData?.text ?? '', http: { method: request.method, path, requestId } }));
    frames.push(clean({ ...about, session: entry._session ?? '', number: (number += 1), answers: asked, direction: 'in', time: time + (entry.time || 0), text: response.content?.text ?? '', http: { status: response.status } }));
  });
  const shown = frames.filter(Boolean).sort((one, other) => one.time - other.time);
  return { about: { version: log.creator?.version, ...log._about }, frames: shown };
}

// Text has a line for each frame, then the frame, then its payload with a mark.
function fromText(text) {
  const about = {};
  const frames = [];
  let frame = null;
  for (const line of text.split(/\r?\n/)) {
    const head = /^(\d+) {2}(\S+) {2}(>>|<<) {2}(\d+) B {2}(.*)$/.exec(line);
    if (head) {
      const [, number, time, way, bytes, what] = head;
      const [, session = '', user = ''] = /\[(\d+\.\d+)(?: (\S+))?\]/.exec(what) ?? [];
      const fault = /⚡ (\S+)/.exec(what)?.[1] ?? '';
      const [, method, path] = /^HTTP ([A-Z]+) (\S+)/.exec(what) ?? [];
      const status = /^HTTP (\d+)/.exec(what)?.[1];
      const http = method || status ? { method, path, status } : null;
      frame = { number, time, http, direction: way === '>>' ? 'out' : 'in', bytes: Number(bytes), session, user, fault, text: '' };
      frames.push(frame);
    } else if (frame) {
      if (line && !line.startsWith(PAYLOAD)) frame.text += `${frame.text ? '\n' : ''}${line}`;
    } else {
      const [, key, value] = /^(\w+) +(.+)$/.exec(line) ?? [];
      if (FACTS.includes(key)) about[key] = value;
    }
  }
  return { about, frames: frames.map(clean) };
}
