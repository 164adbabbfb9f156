// A request of REST, or an event, as a command line. Passwords are not in it: curl asks for them.

import { all, parse } from '../shared/xml.js';

/** The command that sends a request again, or publishes a payload on the node of an event or a publish; '' for other frames. */
export function asCurl(entry, payload, request) {
  if (entry.http) {
    // A response names its request by a link, or only by method and path.
    const { method, path } = request?.http ?? entry.http;
    if (!method) return '';
    const body = entry.http.status ? (request?.text ?? '') : entry.text;
    return command(method, path, body, entry.user || 'administrator');
  }
  const node = all(parse(entry.text), 'items')[0]?.getAttribute('node') ?? all(parse(entry.text), 'publish')[0]?.getAttribute('node');
  if (!node || !payload) return '';
  return command('POST', `/callboard/api/publish?node=${encodeURIComponent(node)}`, payload, 'administrator');
}

function command(method, path, body, user) {
  const parts = ['curl -k', `-u ${quoted(user)}`, `-X ${quoted(method)}`, quoted(`${location.origin}${path}`)];
  if (body.trim()) parts.push("-H 'Content-Type: application/xml'", `--data-raw ${quoted(body)}`);
  return parts.join(' ');
}

function quoted(text) {
  return /^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
