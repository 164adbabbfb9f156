// The frames of one session beside what is expected, compared by meaning: elements, namespaces, and the details that a profile
// names. Values go in and values come out; nothing here knows a page.

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const PING_LATE = 10_000;
const SILENT = 30_000;
/** Frames that come at any time, and belong to no step. */
const BESIDE = ['event', 'ping', 'pong', 'finesse', 'presence-in', 'presence-leave', 'unsubscribe', 'unsubscribed', 'message', 'close', 'empty'];
/** What of a frame another session has to say, too. */
const NAMED = ['plain', 'mechanism', 'resource', 'priority', 'node', 'jid', 'condition', 'line'];
/** Frames that say what went wrong, by the step that they answer. */
const ENDS = ['failure', 'stream-error'];

/**
 * Compares frames `{ n, direction, text, time }` with the steps of a profile: `{ rows, first }`, `first` the index of the first
 * deviation or -1. A row is `{ step, facts, verdict, reason, values, after }`, facts those of the frame or null. Verdicts are
 * `same`, `soft` (differs, and may), `differs`, `missing`, `follows` (from an earlier deviation), `unseen` (before the first
 * frame), `waiting` (a session that lives may still do it), and `beside` (no step of the profile). `user` is the id of the
 * session's user if it is known, and `over` says that the session has ended.
 */
export function compare(frames, steps, { user = '', over = false } = {}) {
  const facts = factsOf(frames, user);
  const matched = new Map();
  const places = new Map();
  for (const step of steps) {
    const after = Math.max(-1, ...(step.needs ?? []).map((what) => places.get(what) ?? -1));
    const place = facts.findIndex((fact, index) => index > after && !matched.has(index) && fits(step, fact));
    if (place < 0) continue;
    matched.set(place, step);
    places.set(step.what, place);
  }
  const rows = facts.map((fact, index) => {
    const step = matched.get(index);
    return step ? { step, facts: fact, ...judge(step, fact) } : unexpected(fact);
  });
  // Requests of REST may be from long before the session.
  const said = facts.filter(({ what }) => what !== 'rest');
  const span = said.length ? said.at(-1).time - said[0].time : 0;
  steps.forEach((step, index) => {
    if (step.optional || rows.some((row) => row.step === step) || (step.late && span < SILENT)) return;
    const missing = { step, facts: null, verdict: 'missing', reason: step.again ? 'noReopen' : `no.${step.what}`, values: {} };
    // It stands behind the step before it that came, or is missing itself.
    rows.splice(rows.findLastIndex((row) => steps.indexOf(row.step) >= 0 && steps.indexOf(row.step) < index) + 1, 0, missing);
  });
  settle(rows, said, over);
  return { rows: timed(rows), first: rows.findIndex(({ verdict }) => ['differs', 'missing'].includes(verdict)) };
}

/** The steps of another session, as a profile. What comes at any time is taken once. */
export function profileOf(frames, user = '') {
  const steps = [];
  const had = new Set();
  for (const { what, direction, details } of factsOf(frames, user)) {
    if (BESIDE.includes(what) && (had.has(what) || !['ping', 'pong', 'finesse'].includes(what))) continue;
    const named = Object.fromEntries(Object.entries(details).filter(([name]) => NAMED.includes(name) && !(what === 'bound' && name === 'jid')));
    steps.push({ what, direction, details: named, soft: ['resource', 'jid'], late: ['ping', 'pong'].includes(what), again: what === 'open' && had.has('open'), needs: [] });
    had.add(what);
  }
  return steps;
}

/** What frames say: `[{ n, what, direction, details, time, took }]`. A BOSH envelope says what is in it. */
export function factsOf(frames, user = '') {
  const asked = new Map();
  const facts = [];
  let loggedIn = user;
  for (const frame of frames) {
    if (frame.http) {
      facts.push({ ...base(frame), what: 'rest', details: { line: frame.http.status ? String(frame.http.status) : `${frame.http.method} ${frame.http.path}` } });
      continue;
    }
    const root = read(frame.text);
    if (!root) {
      const broken = /^\s*<(\w+:)?stream\b/.test(frame.text) ? 'old-framing' : 'broken';
      // Of a long frame only the start was kept.
      facts.push({ ...base(frame), what: frame.cut ? (frame.kind === 'event' ? 'event' : 'other') : broken, details: {} });
      continue;
    }
    for (const element of root.name === 'body' ? inBody(root, frame.direction) : [root]) {
      const { what, details } = factOf(element, frame.direction, asked, frame);
      if (what === 'bound') loggedIn ||= details.jid.split('@')[0];
      facts.push({ ...base(frame), what, details });
      const request = ['result', 'error'].includes(element.attributes.type) && asked.get(element.attributes.id);
      if (request) Object.assign(facts.at(-1), { took: frame.time - request.time, request: request.n });
    }
  }
  // The user is known by what the server has bound, which may come later than nodes that name it.
  for (const { details } of facts) if (details.node && loggedIn) details.node = details.node.replace(`/User/${loggedIn}`, '/User/{user}');
  return facts;
}

function base({ n, direction, time }) {
  return { n, direction, time };
}

// RFC 7395 has an element of its own for the stream. XEP-0206 has attributes of the envelope.
function inBody(root, direction) {
  const { wait, ver, to, condition, type } = root.attributes;
  const opens = wait || ver || root.attributes['xmpp:restart'] === 'true';
  const stream = opens ? [{ name: direction === 'out' ? 'open' : 'opened', ns: FRAMING, attributes: { to, version: '1.0' }, children: [] }] : [];
  const end = type === 'terminate' ? [{ name: condition ? 'error' : 'close', ns: '', attributes: {}, children: condition ? [{ name: condition, children: [], attributes: {} }] : [] }] : [];
  const all = [...stream, ...root.children, ...end];
  return all.length ? all : [{ name: 'empty', attributes: {}, children: [] }];
}

function factOf(root, direction, asked, frame) {
  const out = direction === 'out';
  const { type = '', from = '', to = '' } = root.attributes;
  switch (root.name) {
    case 'open':
    case 'opened':
      return { what: out ? 'open' : 'opened', details: { ns: root.ns, version: root.attributes.version ?? '', domain: to || from } };
    case 'features':
      return { what: 'features', details: { plain: mechanisms(root).includes('PLAIN') || !mechanisms(root).length ? 'yes' : 'no' } };
    case 'auth':
      return { what: 'auth', details: { mechanism: root.attributes.mechanism ?? (root.attributes.masked ? 'PLAIN' : '') } };
    case 'success':
      return { what: 'success', details: {} };
    case 'failure':
      return { what: 'failure', details: { condition: root.children[0]?.name ?? '' } };
    case 'presence': {
      if (!out) return { what: from.startsWith('finesse@') && type !== 'unavailable' ? 'finesse' : 'presence-in', details: { from } };
      if (type) return { what: 'presence-leave', details: { type } };
      const priority = child(root, 'priority')?.text.trim() || '0';
      return { what: 'presence', details: { priority } };
    }
    case 'message': {
      const items = deep(root, 'items');
      return items ? { what: 'event', details: { node: items.attributes.node ?? '' } } : { what: 'message', details: {} };
    }
    case 'iq':
      return iq(root, asked, frame);
    case 'error':
      return { what: 'stream-error', details: { condition: root.children[0]?.name ?? '' } };
    case 'close':
    case 'empty':
      return { what: root.name, details: {} };
    default:
      return { what: root.attributes.masked ? 'masked' : 'other', details: { element: root.name } };
  }
}

function mechanisms(root) {
  return (child(root, 'mechanisms')?.children ?? []).map(({ text }) => text.trim());
}

const ANSWERS = { __proto__: null, bind: 'bound', session: 'session-answer', subscribe: 'subscribed', unsubscribe: 'unsubscribed', ping: 'pong' };

function iq(root, asked, frame) {
  const { type, id, to = '' } = root.attributes;
  if (type === 'get' || type === 'set') {
    const [inside] = root.children;
    const action = inside?.name === 'pubsub' ? inside.children[0] : inside;
    const what = action?.name in ANSWERS ? action.name : 'iq';
    const details = {};
    if (what === 'bind') details.resource = child(action, 'resource')?.text.trim() ?? '';
    if (what.endsWith('subscribe')) {
      const { node = '', jid = '' } = action.attributes;
      Object.assign(details, { node, jid: jid.includes('/') ? 'full' : 'bare', to });
    }
    if (what === 'iq') details.element = action?.name ?? '';
    asked.set(id, { what, details, n: frame.n, time: frame.time });
    return { what, details };
  }
  const request = asked.get(id);
  const what = ANSWERS[request?.what] ?? 'iq-answer';
  const details = request?.details.node ? { node: request.details.node } : {};
  if (type === 'error') {
    details.condition = (child(root, 'error')?.children ?? []).map(({ name }) => name).find((name) => name !== 'text') ?? 'error';
  } else if (what === 'bound') {
    details.jid = deep(root, 'jid')?.text.trim() ?? '';
  }
  return { what, details };
}

// A step of a failure is met by the frame that says so.
function fits(step, fact) {
  if (fact.direction !== step.direction) return false;
  if (fact.what === step.what) return !step.details?.node || step.details.node === '*' || sameKind(step.details.node, fact.details.node);
  return (step.what === 'success' && fact.what === 'failure') || (step.what === 'open' && !step.again && ['old-framing', 'broken'].includes(fact.what))
    || (step.what === 'opened' && fact.what === 'old-framing');
}

// Nodes of users and of teams are two steps, whichever user or team they name.
function sameKind(expected, node = '') {
  const kind = (path) => path.split('/')[3];
  return kind(expected) === kind(node);
}

function judge(step, fact) {
  const { what, details } = fact;
  const differs = (reason, values = {}) => ({ verdict: 'differs', reason, values });
  const soft = (reason, values = {}) => ({ verdict: 'soft', reason, values });
  if (what === 'old-framing') return differs('oldFraming');
  if (what === 'broken') return differs('broken');
  if (what === 'failure') return differs('sasl', { condition: details.condition });
  if (details.condition && details.condition !== step.details?.condition) {
    return differs(details.condition === 'item-not-found' ? 'nodeUnknown' : 'refused', { condition: details.condition, node: details.node ?? '' });
  }
  if (what === 'open' && details.ns !== FRAMING) return differs('framing', { ns: details.ns || '–' });
  if (what === 'subscribe' && !details.to) return differs('noTo');
  if (what === 'pong' && fact.took > PING_LATE) return differs('latePong', { seconds: Math.round(fact.took / 1000) });
  for (const [name, wanted] of Object.entries(step.details ?? {})) {
    const given = details[name] ?? '';
    if (isWanted(wanted, given)) continue;
    const values = { expected: wanted, given: given || '–' };
    if (name === 'resource' && given === 'desktop') return differs('reserved', values);
    return step.soft?.includes(name) ? soft(name, values) : differs(name, values);
  }
  return { verdict: 'same', reason: '' };
}

function isWanted(wanted, given) {
  if (wanted === '*') return true;
  if (wanted === '>=0') return Number(given) >= 0;
  if (wanted.startsWith('!')) return given !== wanted.slice(1);
  if (wanted.includes('*')) {
    const [start, end] = wanted.split('*');
    return given.startsWith(start) && given.endsWith(end);
  }
  return given === wanted;
}

function unexpected(fact) {
  const { what, details } = fact;
  const row = { step: null, facts: fact, verdict: 'beside', reason: '', values: {} };
  if (ENDS.includes(what)) return { ...row, verdict: 'differs', reason: what === 'failure' ? 'sasl' : 'stream', values: details };
  if (what === 'old-framing' || what === 'broken') return { ...row, verdict: 'differs', reason: what === 'broken' ? 'broken' : 'oldFraming' };
  if (what === 'pong' && details.condition) return { ...row, verdict: 'differs', reason: 'pongError', values: details };
  if (what === 'pong' && fact.took > PING_LATE) return { ...row, verdict: 'differs', reason: 'latePong', values: { seconds: Math.round(fact.took / 1000) } };
  if (details.condition) return { ...row, verdict: 'differs', reason: details.condition === 'item-not-found' ? 'nodeUnknown' : 'refused', values: { ...details, node: details.node ?? '' } };
  return row;
}

// What is missing is not a deviation of its own where it could not come, may still come, or was before the first frame.
function settle(rows, facts, over) {
  const begins = facts[0]?.what === 'open' || facts[0]?.what === 'old-framing';
  const firstSeen = rows.findIndex(({ step, facts: fact }) => step && fact);
  const lastSeen = rows.findLastIndex(({ step, facts: fact }) => step && fact);
  const broken = new Set();
  let ended = false;
  for (const [index, row] of rows.entries()) {
    if (row.verdict === 'missing') {
      if (!begins && (index < firstSeen || firstSeen < 0)) row.verdict = 'unseen';
      else if (ended || (row.step.needs ?? []).some((what) => broken.has(what))) row.verdict = 'follows';
      else if (!over && index > lastSeen && !row.step.late) row.verdict = 'waiting';
      if (!['unseen', 'waiting'].includes(row.verdict)) broken.add(row.step.what);
      if (row.verdict !== 'missing') row.reason = '';
    } else if (row.verdict === 'differs') {
      broken.add(row.step?.what ?? row.facts.what);
      ended ||= ENDS.includes(row.facts.what) || row.facts.what === 'old-framing';
    }
  }
}

// How long after the frame before it, or after its request, each frame came.
function timed(rows) {
  let before = null;
  for (const row of rows) {
    if (!row.facts) continue;
    row.after = row.facts.took ?? (before === null ? 0 : row.facts.time - before);
    before = row.facts.time;
  }
  return rows;
}

function child(element, name) {
  return element.children.find((each) => each.name === name);
}

// The first element of a name below an element, in the order of the text. Elements may be nested as deep as a file has them.
function deep(element, name) {
  const left = [...element.children].reverse();
  while (left.length) {
    const each = left.pop();
    if (each.name === name) return each;
    for (let index = each.children.length - 1; index >= 0; index -= 1) left.push(each.children[index]);
  }
  return null;
}

// An element as `{ name, ns, attributes, children, text }`, or null if the text is no element. Names are local names.
function read(text) {
  const top = { children: [], text: '', ns: '' };
  const open = [top];
  let end = 0;
  const token = /<!\[CDATA\[([^]*?)\]\]>|<!--[^]*?-->|<\?[^]*?\?>|<(\/?)([^\s/>]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>/y;
  // What is no tag is no XML, so that no text is looked through more than once.
  for (let start = text.indexOf('<'); start >= 0; start = text.indexOf('<', end)) {
    token.lastIndex = start;
    const match = token.exec(text);
    if (!match) return null;
    const here = open.at(-1);
    here.text += plain(text.slice(end, start));
    end = token.lastIndex;
    const [, data, closes, name, rest, single] = match;
    if (name === undefined) {
      here.text += data ?? '';
    } else if (closes) {
      if (open.length === 1 || here.tag !== name) return null;
      open.pop();
    } else {
      const attributes = {};
      for (const [, key, , double, simple] of rest.matchAll(/\s([^\s=]+)\s*=\s*("([^"]*)"|'([^']*)')/g)) attributes[key] = plain(double ?? simple ?? '');
      const [prefix, local] = name.includes(':') ? name.split(':') : ['', name];
      const ns = attributes[prefix ? `xmlns:${prefix}` : 'xmlns'] ?? here.ns;
      const element = { tag: name, name: local, ns, attributes, children: [], text: '' };
      here.children.push(element);
      if (!single) open.push(element);
    }
  }
  return open.length === 1 && top.children.length === 1 && !text.slice(end).trim() ? top.children[0] : null;
}

function plain(text) {
  return text.replace(/&(lt|gt|quot|apos|amp|#\d+|#x[\da-f]+);/gi, (whole, name) => {
    if (name.startsWith('#')) return String.fromCodePoint(Math.min(0x10ffff, Number(`0${name.slice(1)}`.replace(/^0(?=\d)/, ''))));
    return { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }[name.toLowerCase()];
  });
}
