// Failures that a user provokes in a login: what each changes, and what has to happen for it to be seen.

import { Session } from '../protocol/xmpp.js';

/** The failures by name, as the words `try.NAME`. */
export const FAILURES = ['none', 'password', 'domain', 'protocol', 'priority', 'node', 'resource'];

const PATIENCE = 10_000;
/** A session with a negative priority waits for what never comes. */
const SHORT_PATIENCE = 4_000;
const TAKEN_AFTER = 1_200;

/** What a login with the values of the form sends, with the failure that was chosen there. */
export function settingsOf(form, password) {
  const { failure, domain, team } = form;
  return {
    ...form,
    domain: failure === 'domain' ? 'wrong.example' : domain,
    password: failure === 'password' ? `${password}-wrong` : password,
    teamNode: `/finesse/api/Team/${failure === 'node' ? `${team}-unknown` : team}/Users`,
    protocols: failure === 'protocol' ? '' : 'xmpp',
    priority: failure === 'priority' ? -1 : null,
    patience: failure === 'priority' ? SHORT_PATIENCE : PATIENCE,
    needsFinesse: failure !== 'priority',
  };
}

/**
 * Shows by an event that a session with a negative priority gets none, though the server has confirmed everything. Returns
 * whether it was shown. `isCurrent()` says whether the run still has the session.
 */
export async function proveSilence(run, isCurrent) {
  if (!run.administrator) {
    run.steps.explain('live', 'silentMaybe', 'silent');
    return true;
  }
  await run.test();
  await later(SHORT_PATIENCE);
  if (!isCurrent() || run.events) return false;
  run.steps.explain('live', 'silent', 'silent', { seconds: SHORT_PATIENCE / 1000 });
  return true;
}

/** Binds the resource of a session by another one: the server ends the first. */
export async function takeResource(run, isCurrent) {
  await later(TAKEN_AFTER);
  if (!isCurrent()) return;
  const { domain, password, resource } = run.settings;
  const other = new Session({ url: run.url.split('?')[0], domain, user: run.user, password, resource });
  try {
    await other.connect();
  } catch {
    // The first session stays, and the view shows it as live.
  }
  setTimeout(() => other.close(), 1_000);
}

function later(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
