// What all clients share.

import assert from 'node:assert/strict';

export const DOMAIN = 'localhost';
export const PUBSUB = `pubsub.${DOMAIN}`;

export const NS = {
  alarm: 'urn:example:alarm',
  disco: 'http://jabber.org/protocol/disco#info',
  ping: 'urn:xmpp:ping',
  pubsub: 'http://jabber.org/protocol/pubsub',
  push: 'urn:xmpp:push:0',
  stanzas: 'urn:ietf:params:xml:ns:xmpp-stanzas',
};

export class LoginError extends Error {
  /** `said` is how the library reports it. */
  constructor(said) {
    super(`the library says: ${said}`);
    this.said = said;
  }
}

export class IqError extends Error {
  constructor(condition) {
    super(`the answer is the error ${condition}`);
    this.condition = condition;
  }
}

/** A promise, the function that keeps it, and whether it is kept. */
export function later() {
  const it = { done: false };
  it.promise = new Promise((keep) => {
    it.resolve = (value) => {
      it.done = true;
      keep(value);
    };
  });
  return it;
}

/** Initial presence, and the one presence that Cisco's desktop waits for. */
export async function becomeAvailable(session) {
  session.available();
  const fits = ({ from, type }) => from.startsWith(`finesse@${DOMAIN}/`) && type === 'available';
  const presence = await session.presences.first(fits, `the presence of finesse@${DOMAIN}`);
  assert.equal(presence.to, session.jid);
}
