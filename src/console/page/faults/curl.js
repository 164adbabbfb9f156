// A request as a command line for curl, with a button that copies it.

import { copyText } from '../shared/copy.js';
import { el, say } from '../shared/dom.js';
import { t } from '../shared/words.js';

/** The command for a request: `{ method, path, body, user }`; curl asks for the password. */
export function curl({ method, path, body, user }) {
  const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
  const parts = ['curl', location.protocol === 'https:' ? '-k' : '', '-u', /^[\w.@:-]+$/.test(user) ? user : quote(user)];
  if (method !== 'GET') parts.push('-X', method);
  if (body) parts.push('-H', quote('Content-Type: application/xml'), '--data-raw', quote(body));
  return [...parts.filter(Boolean), quote(`${location.origin}${path}`)].join(' ');
}

/** `{ node, set(request) }`: the command and its button. */
export function curlLine(request) {
  const text = el('pre', { class: 'fault-curl mono', tabindex: '0', 'aria-label': t('faults.curl') });
  const button = el('button', { class: 'button small', type: 'button', data: { action: 'copy' }, on: { click: () => copyText(text, button) } }, t('copy.copy'));
  const line = { node: el('div', { class: 'stack' }, text, el('div', {}, button)), set: (given) => say(text, curl(given)) };
  if (request) line.set(request);
  return line;
}
