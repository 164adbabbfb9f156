// A session as a file for a support case, without the password in frames and headers.

import { nameOf } from '../protocol/frames.js';
import { STEPS } from './login_steps.js';
import { t } from '../shared/words.js';
import { pretty } from '../shared/xml.js';

const SECRET = /^(authorization|cookie|set-cookie|proxy-authorization)$/i;

/** Saves a run as `json` or `text`. */
export function save(run, kind, explain) {
  const name = `callboard-${run.user}-${new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-')}`;
  if (kind === 'json') download(`${name}.json`, 'application/json', `${JSON.stringify(record(run, explain), null, 2)}\n`);
  else download(`${name}.txt`, 'text/plain', text(record(run, explain)));
}

/** Headers without secrets, and with the names as RFC 6455 writes them: servers do not keep the case. */
export function harmless(headers = []) {
  return headers.map(([name, value]) => [name.replace(/^sec-websocket-/i, 'Sec-WebSocket-'), SECRET.test(name) ? '••••••••' : value]);
}

function record(run, explain) {
  const { store, settings } = run;
  return {
    what: 'callboard wire',
    saved: new Date().toISOString(),
    started: run.startedAt ? new Date(run.startedAt).toISOString() : null,
    url: run.url,
    user: run.user,
    domain: settings?.domain ?? run.form.domain,
    resource: settings?.resource ?? run.form.resource,
    triedFailure: settings?.failure ?? 'none',
    jid: run.jid,
    status: run.status,
    browser: navigator.userAgent,
    failure: run.failure ? { step: run.failure.step, ...explain(run.failure) } : null,
    steps: STEPS.map((id) => {
      const { state, at, note } = run.steps.get(id);
      return { step: id, name: t(`step.${id}`), state, milliseconds: at === null ? null : Math.round(at * 10) / 10, note };
    }),
    upgrade: run.upgrade && {
      ...run.upgrade,
      request: part(run.upgrade.request),
      response: part(run.upgrade.response),
    },
    framesDropped: store.dropped,
    frames: store.frames.map((entry) => ({
      number: entry.n,
      time: new Date(entry.time).toISOString(),
      seconds: Number(store.timeOf(entry)),
      direction: entry.direction,
      bytes: entry.size,
      what: nameOf(entry),
      about: entry.detail,
      text: entry.text,
    })),
  };
}

function part(given) {
  return given ? { line: given.line, headers: harmless(given.headers) } : null;
}

function text(file) {
  const lines = [t('file.title'), ''];
  for (const key of ['saved', 'started', 'url', 'user', 'domain', 'resource', 'jid', 'status', 'browser']) lines.push(`${key.padEnd(9)} ${file[key] ?? ''}`);
  if (file.failure) lines.push('', `${t('fail.seen')}: ${file.failure.seen}`, `${t('fail.check')}: ${file.failure.check}`);
  lines.push('', t('file.steps'));
  for (const { state, milliseconds, name, note } of file.steps) {
    lines.push(`  ${state.padEnd(8)}${milliseconds === null ? ''.padStart(10) : `${milliseconds.toFixed(1)} ms`.padStart(10)}  ${name}${note ? ` (${note})` : ''}`);
  }
  if (file.upgrade) {
    lines.push('', t('file.upgrade'));
    for (const given of [file.upgrade.request, file.upgrade.response]) {
      if (!given) continue;
      lines.push(`  ${given.line}`, ...given.headers.map(([name, value]) => `  ${name}: ${value}`), '');
    }
  }
  lines.push('', `${t('file.frames')}${file.framesDropped ? ` (${t('frames.dropped', { n: file.framesDropped })})` : ''}`);
  for (const frame of file.frames) {
    lines.push('', `${frame.number}  +${frame.seconds.toFixed(3)}  ${frame.direction === 'out' ? '>>' : '<<'}  ${frame.bytes} B  ${frame.what} ${frame.about}`.trimEnd());
    lines.push(pretty(frame.text));
  }
  return `${lines.join('\n')}\n`;
}

function download(name, type, body) {
  const url = URL.createObjectURL(new Blob([body], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
