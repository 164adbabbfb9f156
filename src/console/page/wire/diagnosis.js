// The cause of a failed WebSocket. The browser does not tell it to scripts; plain requests and the server's record do.

import { Api, Unreachable } from '../shared/api.js';
import { first } from '../shared/xml.js';

const TIMEOUT = 5_000;

/** The status by which SystemInfo says that the service does not serve, or ''. */
export async function askService() {
  try {
    const info = (await new Api(null).get('/finesse/api/SystemInfo', { timeout: TIMEOUT })).xml();
    return outOfService(first(info, 'status'));
  } catch {
    return '';
  }
}

/** Whether the server answers a plain request. */
export async function isThere() {
  try {
    return (await new Api(null).get('/healthz', { timeout: TIMEOUT })).ok;
  } catch {
    return false;
  }
}

/** A status if it keeps the service from serving, else ''. */
export function outOfService(status) {
  return status && status !== 'IN_SERVICE' ? status : '';
}

/**
 * Finds out why the socket has closed: `{ why, vars, seen }`, the cause and its values as in the words `fail.WHY`, and whether
 * the server has seen the connection. `coming` says that the upgrade was under way; `readMeter()` resolves to the status of the
 * server's answer, or null where nothing is counted, and `upgrade()` returns the upgrade that the server has told of.
 */
export async function diagnose({ coming, readMeter, upgrade }) {
  const service = await askService();
  const vars = service ? { service } : {};
  try {
    await new Api(null).get('/healthz', { timeout: TIMEOUT });
  } catch (error) {
    if (error instanceof Unreachable) return { why: coming ? 'gone' : 'goneLater', vars, seen: !coming };
    throw error;
  }
  const status = await readMeter();
  if (!coming) return { why: status === 404 ? 'restarted' : 'dropped', vars, seen: true };
  if (status === null) return { why: 'dropped', vars, seen: false };
  if (status === 404) return { why: 'restarted', vars, seen: false };
  const seen = upgrade();
  if (!seen) return { why: 'unseen', vars, seen: false };
  const line = seen.response?.line ?? '';
  if (line.split(' ')[1] !== '101') {
    const why = header(seen.request, 'sec-websocket-protocol') ? 'refused' : 'protocol';
    return { why, vars: { ...vars, status: line.replace(/^\S+ /, '') }, seen: true };
  }
  if (!header(seen.response, 'upgrade')) return { why: 'no-upgrade-header', vars, seen: true };
  return { why: header(seen.response, 'sec-websocket-protocol') ? 'dropped' : 'echo', vars, seen: true };
}

function header(part, name) {
  return part?.headers?.find(([key]) => key.toLowerCase() === name)?.[1];
}
