// The WebSocket that every client library gets in place of the browser's.

import { WebSocket } from 'ws';

/**
 * Trusts the self-signed certificate of the server under test, and only for this socket; keeps what went over the
 * wire, so that a test can look at bytes that a library hides.
 */
export class LabSocket extends WebSocket {
  /** All there are in this process, the newest last. */
  static made = [];

  /** `{ way: '>' or '<', text }`, as seen from the client. */
  frames = [];

  constructor(url, protocols) {
    super(url, protocols, { rejectUnauthorized: false });
    LabSocket.made.push(this);
    this.once('upgrade', (response) => {
      this.upgrade = response.headers;
      // By this the server's log names the connection.
      this.localPort = response.socket.localPort;
    });
    // Before any library listens: what a library reacts to is in here already.
    this.on('message', (data, binary) => this.frames.push({ way: '<', text: String(data), binary }));
    // Libraries take their handlers off before they close; an error without any would end the process.
    this.on('error', (error) => (this.failure = error));
    this.ended = new Promise((resolve) => {
      this.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  send(data, ...more) {
    this.frames.push({ way: '>', text: String(data) });
    return super.send(data, ...more);
  }

  /** What the server has sent. */
  get received() {
    return this.frames.filter(({ way }) => way === '<').map(({ text }) => text);
  }

  /** What the client has sent. */
  get sent() {
    return this.frames.filter(({ way }) => way === '>').map(({ text }) => text);
  }
}
