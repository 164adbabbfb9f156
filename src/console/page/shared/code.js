// XML as it is shown: an element a line, indented and coloured.

import { el } from './dom.js';
import { parse, pretty } from './xml.js';

/** XML indented and coloured, as a <pre> with text inside. */
export function code(text) {
  const body = el('code');
  // Pretty-printed text has no bare < or > except around tags. Text that is not well-formed is shown as it came.
  const lines = pretty(text);
  if (parse(text)) {
    for (const part of lines.split(/(<[^>]*>)/)) body.append(...(part.startsWith('<') ? tag(part) : [part]));
  } else {
    body.append(lines);
  }
  return el('pre', { class: 'code' }, body);
}

function tag(text) {
  const [, start, name, attributes, end] = /^(<\/?)([^\s/>]+)([^]*?)(\/?>)$/.exec(text) ?? [null, '', text, '', ''];
  const parts = [el('span', { class: 'x-mark' }, start), el('span', { class: 'x-tag' }, name)];
  for (const part of attributes.split(/(\s[^\s=]+="[^"]*")/)) {
    const match = /^(\s[^\s=]+)="([^"]*)"$/.exec(part);
    if (match) parts.push(el('span', { class: 'x-name' }, match[1]), '=', el('span', { class: 'x-value' }, `"${match[2]}"`));
    else if (part) parts.push(part);
  }
  parts.push(el('span', { class: 'x-mark' }, end));
  return parts;
}
