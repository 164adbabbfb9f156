// Faults for the session of this browser: set, seen by the ladder of the view Session, and healed.

import { reason } from '../shared/api.js';
import { t } from '../shared/words.js';
import { runOf } from '../wire/wire.js';

const PATH = '/callboard/api/faults/';
/** The fault ends by itself soon, should this page go before it heals it. */
const FOR = '60s';
/** Parts of a connection that come before the session is live. */
const BEFORE = ['upgrade', 'open', 'login', 'bind', 'presence', 'iq'];
/** Parts that need a live session, and how many milliseconds there is something to be seen. */
const LIVE = { ping: 24_000, events: 8_000, session: 24_000 };
/** A ping comes every ten seconds, and would keep the session from being idle. */
const SHORTER = { 'idle-cut': { idle: '4s' } };

/** Whether a kind is being tried: one at a time, since all of them use the session of this page. */
let isBusy = false;

/** Whether a kind can be seen by this page's own session or request. */
export function canTry({ name, step, transports }) {
  const carries = transports.length === 0 || transports.includes(transport());
  return carries && (BEFORE.includes(step) || step in LIVE || name.startsWith('http-'));
}

/** Tries a kind with values of its parameters, unless one is being tried. Resolves to `{ problem }` or `{ result }`, sentences or undefined. */
export async function tryFault(context, row, given, address) {
  if (isBusy) return {};
  isBusy = true;
  const { bar } = context;
  const name = `try-${row.name}`;
  const values = { kind: row.name, ...SHORTER[row.name], ...given, for: FOR };
  bar.trying = row.name;
  try {
    if (row.name.startsWith('http-')) return { result: await askOnce(context, name, values) };
    await throughLadder(context, row, name, values, address);
    return {};
  } catch (error) {
    return { problem: error.message };
  } finally {
    await context.api.remove(PATH + name).catch(() => null);
    isBusy = false;
    bar.trying = '';
    bar.refresh();
  }
}

/** Runs the ladder with one of its own failures (`tried_failures.js`), or none. */
export async function climb(context, failure = 'none') {
  const run = runOf(context);
  if (run.status === 'coming') return run;
  if (run.busy) {
    run.disconnect();
    await until(() => !run.busy, 3_000);
  }
  Object.assign(run.form, { failure, slow: false });
  location.hash = '#wire';
  await run.connect();
  return run;
}

async function throughLadder(context, row, name, values, address) {
  const isBefore = BEFORE.includes(row.step);
  if (isBefore) {
    const own = row.targets.includes('user') ? { user: context.user } : { address, count: '1' };
    await set(context, name, { ...values, ...own, ...(row.targets.includes('transport') && { transport: transport() }) });
  }
  const run = await climb(context);
  if (isBefore || !run.busy) return;
  const answer = await context.api.get('/callboard/api/sessions');
  const session = answer.ok && answer.json().sessions.find(({ jid }) => jid === run.jid);
  if (!session) throw new Error(t('faults.noSession'));
  await set(context, name, { ...values, session: session.id });
  if (row.step === 'events' || row.step === 'session') for (let n = 0; n < 2; n += 1) await run.test();
  await until(() => !run.busy || run.fault === 'ping', LIVE[row.step]);
}

// The answer to a request for the user's own document, as the fault leaves it.
async function askOnce(context, name, values) {
  const path = `/finesse/api/User/${encodeURIComponent(context.user)}`;
  await set(context, name, { ...values, user: context.user, path });
  const began = performance.now();
  let seen;
  try {
    seen = reason(await context.api.get(path, { timeout: 10_000 })).slice(0, 60);
  } catch (error) {
    seen = error.message;
  }
  return t('faults.asked', { path, seen, time: ((performance.now() - began) / 1_000).toFixed(1) });
}

async function set(context, name, values) {
  const answer = await context.api.put(`${PATH}${name}?${new URLSearchParams(values)}`, '');
  if (!answer.ok) throw new Error(reason(answer));
  await context.bar.refresh();
}

function transport() {
  return location.protocol === 'https:' ? 'wss' : 'ws';
}

async function until(holds, milliseconds) {
  const end = performance.now() + milliseconds;
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
}
