// The server's HTTP side. The page sends its own Authorization header and never lets the browser keep or ask for one.

import { refusal } from './refusals.js';
import { addWords, t } from './words.js';
import { escape, parse } from './xml.js';

addWords({
  en: {
    'api.unreachable': 'The server does not answer.',
  },
  'zh-TW': {
    'api.unreachable': '伺服器沒有回應。',
  },
});

/** A request without an answer: the server or the network is gone, or the certificate is not trusted. */
export class Unreachable extends Error {
  constructor(cause) {
    super(t('api.unreachable'), { cause });
    this.name = 'Unreachable';
  }
}

/** An answer whose status is not 2xx, as an exception. */
export class Refused extends Error {
  constructor(answer) {
    super(reason(answer));
    this.name = 'Refused';
    this.status = answer.status;
  }
}

/** Requests of a user, or without a password if the user is `null`. */
export class Api {
  #authorization;
  #refused = null;

  constructor(user, password) {
    this.user = user;
    this.#authorization = user === null ? null : `Basic ${base64(`${user}:${password}`)}`;
  }

  /** Whether the server has refused the user's password. It is not sent again: five in a row would lock the user out. */
  get denied() {
    return this.#refused !== null;
  }

  /** GET; `headers` for `If-None-Match` and the like, `accept` for JSON. */
  get(path, options = {}) {
    return this.#ask('GET', path, options);
  }

  /** PUT of an XML document. */
  put(path, xml, options = {}) {
    return this.#ask('PUT', path, { ...options, body: xml });
  }

  /** POST of an XML document, a payload, or nothing. */
  post(path, body = null, options = {}) {
    return this.#ask('POST', path, { ...options, body });
  }

  /** DELETE. */
  remove(path, options = {}) {
    return this.#ask('DELETE', path, options);
  }

  /** A ticket that lets an EventSource in: `{ ticket, seconds }`. */
  async ticket() {
    return good(await this.post('/callboard/api/ticket')).json();
  }

  /** The users, teams, queues and media that this user sees. */
  async directory() {
    return good(await this.get('/callboard/api/directory')).json();
  }

  /** Begins to count the requests that carry `run=` and the name returned. */
  async newMeter() {
    return good(await this.post('/callboard/api/meters')).json().run;
  }

  /** The counts of a run, and its last WebSocket upgrade. */
  async meter(run) {
    return good(await this.get(`/callboard/api/meters/${encodeURIComponent(run)}`)).json();
  }

  async #ask(method, path, { headers = {}, body = null, requestId, as, signal, timeout = 30_000, credentials = 'omit', keepalive = false }) {
    if (this.#refused) return this.#refused;
    const all = { ...headers };
    if (this.#authorization) all.Authorization = this.#authorization;
    if (requestId) all.requestId = requestId;
    if (body !== null && !('Content-Type' in all)) all['Content-Type'] = 'application/xml';
    const where = as ? `/callboard/api/as/${encodeURIComponent(as)}${path}` : path;
    const ends = [AbortSignal.timeout(timeout), ...(signal ? [signal] : [])];
    try {
      const response = await fetch(where, {
        method,
        headers: all,
        body,
        signal: ends.length > 1 && AbortSignal.any ? AbortSignal.any(ends) : (signal ?? ends[0]),
        credentials,
        keepalive,
        cache: 'no-store',
      });
      const given = answer(response, await response.text());
      // A 401 without WWW-Authenticate says that the user lacks a right, and not that the password is wrong.
      if (given.status === 401 && this.#authorization && given.headers.has('WWW-Authenticate')) this.#refused = given;
      return given;
    } catch (error) {
      throw new Unreachable(error);
    }
  }
}

/** The answer itself if its status is 2xx, else `Refused` is thrown. */
export function good(given) {
  if (!given.ok) throw new Refused(given);
  return given;
}

/** The reason that an answer gives in words: its sentence, or the texts of `<ApiErrors>`, with what they mean in the language of the page. */
export function reason(given) {
  const errors = given.text.startsWith('<') ? given.xml() : null;
  if (errors) {
    const parts = ['ErrorType', 'ErrorMessage', 'ErrorData'].map((name) => errors.getElementsByTagName(name)[0]?.textContent.trim());
    const text = parts.filter(Boolean).join(' · ');
    if (text) return refusal(given.status, text, parts[0]);
  }
  return refusal(given.status, given.text.trim().slice(0, 300));
}

/** Base64 of the UTF-8 bytes of a text. */
export function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** A REST document of one level: `xml('User', { state: 'READY' })`. */
export function xml(root, fields) {
  const inside = Object.entries(fields).map(([name, value]) => `<${name}>${escape(value)}</${name}>`);
  return `<${root}>${inside.join('')}</${root}>`;
}

function answer(response, text) {
  return {
    status: response.status,
    ok: response.ok,
    text,
    headers: response.headers,
    xml: () => parse(text),
    json: () => JSON.parse(text),
  };
}
