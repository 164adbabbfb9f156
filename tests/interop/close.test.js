// The end of a session on the wire: what is said in which order, and that nothing follows a Close frame.

import assert from 'node:assert/strict';
import test from 'node:test';

import { lab } from './lab/lab.js';
import { RawClient, close, text } from './lab/raw.js';
import { within } from './lab/wait.js';

const CLOSE = '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />';
const closeElement = text("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
const unavailable = text("<presence xmlns='jabber:client' type='unavailable'/>");

/** Logs in, lets the client say its last words, and gives what came back until the server ended the connection. */
async function lastWords(server, say) {
  const client = await RawClient.connect(server.addresses.http);
  try {
    await client.login('1001', '1001');
    client.frames.take();
    await say(client);
    await within(client.ended, 'the server to end the connection');
    return client.frames.take();
  } finally {
    client.socket.destroy();
  }
}

test('<close/> is answered with <close/> and a Close frame', lab(async ({ server }) => {
  const frames = await lastWords(server, async (client) => {
    client.send(closeElement);
    await client.frames.first((frame) => frame.close, 'the Close frame');
    client.send(close(1000));
  });
  assert.deepEqual(frames.slice(-2), [{ text: CLOSE }, { close: 1000 }]);
}));

test('a Close frame alone is answered with one of the same code', lab(async ({ server }) => {
  const frames = await lastWords(server, async (client) => client.send(close(1001)));
  assert.deepEqual(frames, [{ close: 1001 }]);
}));

test('<close/> and a Close frame in one packet, as Strophe 1.2.16 sends them, are answered in this order, once each', lab(async ({ server }) => {
  const frames = await lastWords(server, async (client) => client.send(unavailable, closeElement, close(1000)));
  assert.deepEqual(frames.slice(-2), [{ text: CLOSE }, { close: 1000 }]);
  assert.equal(frames.filter((frame) => frame.close).length, 1, 'one Close frame');
}));

test('nothing follows the Close frame when a request stood before that of the client in one packet', lab(async ({ server }) => {
  const ping = text("<iq xmlns='jabber:client' type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
  const frames = await lastWords(server, async (client) => client.send(ping, close(1000)));
  assert.deepEqual(frames.at(-1), { close: 1000 });
  assert.equal(frames.filter((frame) => frame.close).length, 1, 'one Close frame');
}));
