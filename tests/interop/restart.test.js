// The server goes down and comes back.

import assert from 'node:assert/strict';
import test from 'node:test';

import { CLIENTS } from './clients/index.js';
import { becomeAvailable } from './clients/common.js';
import { lab } from './lab/lab.js';
import { within } from './lab/wait.js';
import { parse } from './lab/xml.js';

const USER = '/finesse/api/User/1001';
const TEAM = '/finesse/api/Team/1/Users';

for (const client of CLIENTS) {
  for (const transport of ['wss', 'ws']) {
    test(`${client.name} over ${transport} is told of the shutdown, comes back and gets events again`, lab(async ({ server, start, connect }) => {
      const session = await connect(client, { user: '1001', transport });
      await becomeAvailable(session);
      await session.subscribe(TEAM);
      const { socket, streamError, closed } = session;

      const stopped = server.stop();
      const back = stopped.then(() => start(server.addresses));
      back.catch(() => {}); // awaited below, unless something fails before
      const reconnected = session.reconnected(back);
      reconnected.catch(() => {});
      assert.equal(await within(streamError, 'the library to tell of a stream error'), 'system-shutdown');
      await within(closed, 'the library to say that it is disconnected');
      const { code } = await within(socket.ended, 'the close of the WebSocket');
      assert.equal(code, 1001, 'the WebSocket says "going away"');
      const [error, close] = socket.received.slice(-2);
      assert.equal(parse(error).nodeName, 'stream:error');
      assert.equal(close, '<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />');
      await stopped;

      const again = await back;
      await within(reconnected, 'the library to be back');
      assert.equal(session.jid, '1001@localhost/desktop');
      assert.notEqual(session.socket, socket);
      session.presences.take();
      session.messages.take();
      await becomeAvailable(session);
      // What was subscribed by the old session's full JID went with it; the automatic subscriptions are there.
      await again.publish(TEAM, 'for nobody');
      const id = await again.publish(USER, 'after the restart');
      await session.ping();
      assert.deepEqual(
        session.messages.take().map(({ itemId, node, to }) => ({ itemId, node, to })),
        [{ itemId: id, node: USER, to: '1001@localhost' }],
      );
    }));
  }
}
