// A network that can fail: connections go through it until they are cut.

import { once } from 'node:events';
import net from 'node:net';

/** Starts one in front of `ADDRESS:PORT`. */
export async function startProxy(target) {
  const [host, port] = target.split(':');
  const sockets = new Set();
  let down = false;
  const keep = (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // A cut is meant to be one.
    socket.on('close', () => sockets.delete(socket));
  };
  const server = net.createServer((client) => {
    keep(client);
    if (down) return client.destroy();
    const upstream = net.connect(Number(port), host);
    keep(upstream);
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${server.address().port}`,
    /** Cuts all connections, and lets none through before `heal`. */
    cut() {
      down = true;
      for (const socket of sockets) socket.destroy();
    },
    heal() {
      down = false;
    },
    stop() {
      this.cut();
      server.close();
    },
  };
}
