// Faults, as administrators set and heal them.

import assert from 'node:assert/strict';

/** The header of a user of the demo. */
export const authorization = (user, password = user) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Asks callboard's own API as the administrator. */
export const ask = (server, method, path) =>
  fetch(`http://${server.addresses.http}/callboard/api/${path}`, {
    method,
    headers: { Authorization: authorization('administrator', '1234') },
  });

/** Sets the fault `f`. */
export async function fault(server, query) {
  const answer = await ask(server, 'PUT', `faults/f?${query}`);
  assert.ok(answer.ok, `${query}: ${await answer.text()}`);
}

/** Heals it. */
export async function heal(server) {
  assert.equal((await ask(server, 'DELETE', 'faults/f')).status, 204);
}

/** How often it has acted. */
export const hits = async (server) => (await (await ask(server, 'GET', 'faults')).json()).faults[0].hits;
