// The XMLHttpRequest and the fetch that client libraries get in place of the browser's.

import http from 'node:http';
import https from 'node:https';

import { DOMParser } from './xml.js';

// Connections stay open as in a browser. The self-signed certificate of the server under test is trusted here only.
const AGENTS = {
  'http:': [http, new http.Agent({ keepAlive: true })],
  'https:': [https, new https.Agent({ keepAlive: true, rejectUnauthorized: false })],
};

/** As much of an XMLHttpRequest as BOSH needs; keeps what went over the wire. */
export class LabRequest {
  /** All there are in this process, the newest last. */
  static made = [];

  /** `{ way: '>' or '<', text }`, as seen from the client. */
  frames = [];
  readyState = 0;
  status = 0;
  responseText = '';
  responseXML = null;
  onreadystatechange = () => {};
  #headers = {};
  #answerHeaders = {};
  #aborted = false;

  constructor() {
    LabRequest.made.push(this);
  }

  open(method, url) {
    this.method = method;
    this.url = url;
    this.#become(1);
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  getAllResponseHeaders() {
    return Object.entries(this.#answerHeaders).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  getResponseHeader(name) {
    return this.#answerHeaders[name.toLowerCase()] ?? null;
  }

  send(body) {
    this.frames.push({ way: '>', text: body });
    const [module, agent] = AGENTS[new URL(this.url).protocol];
    const options = { method: this.method, headers: { ...this.#headers, 'Content-Length': Buffer.byteLength(body) }, agent };
    this.request = module.request(this.url, options, async (response) => {
      this.localPort = response.socket.localPort;
      try {
        const pieces = [];
        for await (const piece of response) pieces.push(piece);
        this.#answer(response, String(Buffer.concat(pieces)));
      } catch {
        this.#fail();
      }
    });
    this.request.on('error', () => this.#fail());
    this.request.end(body);
  }

  abort() {
    this.#aborted = true;
    this.request?.destroy();
  }

  #answer(response, text) {
    if (this.#aborted) return;
    this.frames.push({ way: '<', text });
    this.status = response.statusCode;
    this.#answerHeaders = response.headers;
    this.responseText = text;
    // A browser reads what says that it is XML.
    if (/^text\/xml\b/.test(response.headers['content-type'])) {
      this.responseXML = new DOMParser().parseFromString(text, 'text/xml');
    }
    this.#become(4);
  }

  #fail() {
    if (this.#aborted || this.readyState === 4) return;
    this.#become(4);
  }

  #become(state) {
    this.readyState = state;
    this.onreadystatechange();
  }
}

/** As much of fetch. */
export function labFetch(url, { method, headers, body }) {
  const request = new LabRequest();
  request.open(method, url);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  return new Promise((resolve, reject) => {
    request.onreadystatechange = () => {
      if (request.readyState !== 4) return;
      const { status, responseText } = request;
      if (!status) return reject(new TypeError('fetch failed'));
      resolve({ status, ok: status >= 200 && status < 300, text: async () => responseText });
    };
    request.send(body);
  });
}
