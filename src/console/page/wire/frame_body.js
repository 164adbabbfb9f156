// An open frame: its payload, its text with an element a line, its text as on the wire, and what can be copied.

import { code } from '../shared/code.js';
import { el } from '../shared/dom.js';
import { milliseconds, nameOf } from '../protocol/frames.js';
import { number, t } from '../shared/words.js';
import { all, parse, pretty } from '../shared/xml.js';
import { asCurl } from './curl.js';

const TABS = ['payload', 'pretty', 'raw'];

/** What is escaped inside of an event or a publish, or the body of a request of REST. */
export function payloadsOf(entry) {
  if (entry.http) return entry.text.trim() ? [entry.text] : [];
  if (!/notification|<item\b/.test(entry.text)) return [];
  return all(parse(entry.text), 'item').map((element) => element.textContent).filter((text) => text.trim());
}

/** A frame pretty-printed, with what is escaped inside of an event. The keyboard reaches what can be scrolled. */
export function content(entry) {
  const parts = [code(entry.text)];
  for (const payload of payloadsOf(entry)) parts.push(el('p', { class: 'hint' }, t('frames.payload')), code(payload));
  for (const part of parts) if (part.tagName === 'PRE') part.setAttribute('tabindex', '0');
  return [...parts, ...notes(entry)];
}

/**
 * The body of an open frame. `view.tab` is the tab that the user has chosen last; `store` knows the frames that belong to this one, and
 * `go(n)` shows such a frame.
 */
export function frameBody(entry, { store, view, go }) {
  const payloads = payloadsOf(entry);
  const texts = { payload: payloads, pretty: [entry.text], raw: [entry.text] };
  const names = TABS.filter((name) => texts[name].length && !(entry.http && name === 'raw'));
  const panel = el('div', { class: 'frame-panel', role: 'tabpanel', tabindex: -1 });
  const tabs = names.map((name) => el('button', {
    class: 'button small', type: 'button', role: 'tab', 'data-tab': name, on: { click: () => show(name) },
  }, t(`frames.tab.${name}`)));
  const show = (name) => {
    view.tab = name;
    draw(name);
  };
  const draw = (name) => {
    names.forEach((each, index) => {
      tabs[index].setAttribute('aria-selected', String(each === name));
      tabs[index].setAttribute('tabindex', each === name ? '0' : '-1');
    });
    panel.setAttribute('aria-label', t(`frames.tab.${name}`));
    const shown = name === 'raw' ? [el('pre', { class: 'code' }, el('code', {}, entry.text))] : texts[name].map((text) => code(text));
    panel.replaceChildren(...shown);
  };
  const key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const index = tabs.indexOf(event.target);
    if (!step || index < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (index + step + tabs.length) % tabs.length;
    show(names[next]);
    tabs[next].focus();
  };
  draw(names.includes(view.tab) ? view.tab : names[0]);
  const curl = asCurl(entry, payloads[0] ?? '', store.get(entry.request));
  const copies = [
    ['raw', () => entry.text],
    payloads.length && ['payload', () => payloads.join('\n')],
    ['pretty', () => (payloads.length && view.tab === 'payload' ? payloads.map(pretty).join('\n') : pretty(entry.text))],
    curl && ['curl', () => curl],
  ].filter(Boolean);
  return el('div', { class: 'frame-body' },
    el('div', { class: 'row frame-tools' },
      el('div', { class: 'row', role: 'tablist', 'aria-label': t('frames.as'), on: { keydown: key } }, tabs),
      el('div', { class: 'row spread', role: 'group', 'aria-label': t('frames.copy') }, copies.map(([name, text]) => copyButton(name, text)))),
    links(entry, store, go),
    entry.fault && el('p', { class: 'frame-fault' }, '⚡ ', t('frames.fault', { name: entry.fault })),
    panel,
    notes(entry));
}

/** Copies a text. On pages without TLS the browser has no clipboard for scripts, and copies what is selected. */
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = el('textarea', { class: 'visually-hidden', 'aria-hidden': 'true' });
  const before = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  before?.focus();
  if (!copied) throw new Error('not copied');
}

// The frames that belong to this one: the request of a response, and the responses or events of a request.
function links(entry, store, go) {
  const linked = entry.request ? [entry.request] : entry.responses;
  const found = linked.map((n) => store.get(n)).filter(Boolean);
  if (!found.length) return null;
  return el('p', { class: 'row frame-links' }, found.map((other) => (
    el('button', { class: 'button small', type: 'button', on: { click: () => go(other.n) } },
      `${entry.request ? '↑' : '↓'} ${other.n} ${nameOf(other)} · ${milliseconds(Math.abs(other.time - entry.time))}`)
  )));
}

function notes(entry) {
  return [
    entry.masked && el('p', { class: 'hint' }, t('frames.masked')),
    entry.cut && el('p', { class: 'hint' }, entry.length > entry.text.length ? t('frames.cut', { n: number(entry.length) }) : t('frames.cutBytes', { n: number(entry.size) })),
  ].filter(Boolean);
}

function copyButton(name, text) {
  const label = t(`frames.copy.${name}`);
  const button = el('button', { class: 'button small', type: 'button' }, label);
  button.addEventListener('click', async () => {
    let said = t('frames.copied');
    try {
      await copyText(text());
    } catch {
      said = t('frames.notCopied');
    }
    button.textContent = said;
    setTimeout(() => (button.textContent = label), 1_500);
  });
  return button;
}
