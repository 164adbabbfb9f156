// A WebSocket client without a library: what goes into one packet and what comes after a Close frame is visible only
// like this.

import { once } from 'node:events';
import net from 'node:net';

import { Inbox, within } from './wait.js';

const TEXT = 1;
const CLOSE = 8;

export const text = (content) => frame(TEXT, Buffer.from(content));
export const close = (code) => frame(CLOSE, Buffer.from([code >> 8, code & 255]));

/** A masked frame of less than 64 KiB. The mask is constant: nobody between here and there has to be protected. */
function frame(opcode, content) {
  const mask = Buffer.from([1, 2, 3, 4]);
  const length = content.length < 126 ? [0x80 | content.length] : [0x80 | 126, content.length >> 8, content.length & 255];
  const masked = content.map((byte, index) => byte ^ mask[index % 4]);
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length]), mask, masked]);
}

export class RawClient {
  /** `{ text }` or `{ close: code }`. */
  frames = new Inbox();
  #unread = Buffer.alloc(0);

  /** Connects to `ADDRESS:PORT`, without TLS. */
  static async connect(address) {
    const [, host, port] = /^(.*):(\d+)$/.exec(address);
    const client = new RawClient();
    client.socket = net.connect({ host, port: Number(port) });
    client.ended = once(client.socket, 'end');
    await once(client.socket, 'connect');
    client.socket.write(
      `GET /ws/ HTTP/1.1\r\nHost: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n',
    );
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) {
      const [data] = await within(once(client.socket, 'data'), 'the answer to the upgrade');
      head = Buffer.concat([head, data]);
    }
    client.socket.on('data', (data) => client.#take(data));
    client.#take(head.subarray(head.indexOf('\r\n\r\n') + 4));
    return client;
  }

  #take(data) {
    this.#unread = Buffer.concat([this.#unread, data]);
    while (this.#unread.length >= 2) {
      const short = this.#unread[1];
      const start = short === 126 ? 4 : 2;
      if (this.#unread.length < start) return;
      const length = short === 126 ? this.#unread.readUInt16BE(2) : short;
      if (this.#unread.length < start + length) return;
      const content = this.#unread.subarray(start, start + length);
      const opcode = this.#unread[0] & 15;
      this.#unread = this.#unread.subarray(start + length);
      if (opcode === TEXT) this.frames.push({ text: String(content) });
      if (opcode === CLOSE) this.frames.push({ close: content.length ? content.readUInt16BE(0) : 1005 });
    }
  }

  /** Sends frames in one packet. */
  send(...frames) {
    this.socket.write(Buffer.concat(frames));
  }

  /** Sends a text frame and waits for a text that begins so. */
  async ask(content, answer) {
    this.send(text(content));
    await this.frames.first((frame) => frame.text?.startsWith(answer), `${answer}…`);
    return this.frames.take();
  }

  /** Logs in, binds `desktop` and is available. */
  async login(user, password) {
    const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
    const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
    await this.ask(open, '<stream:features');
    await this.ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success');
    await this.ask(open, '<stream:features');
    const bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind>";
    await this.ask(`<iq xmlns='jabber:client' type='set' id='bind'>${bind}</iq>`, '<iq');
    await this.ask("<presence xmlns='jabber:client'/>", `<presence from="${user}@`);
  }
}
