// Reading XML. This is the only place that hands text to a parser; what comes out is read, never put into the page.

const policy = globalThis.trustedTypes?.createPolicy('xml', { createHTML: (text) => text });

/** A Document, or null if the text is not well-formed. */
export function parse(text) {
  // Text that cannot be XML skips the parser, whose error document has a style that the page's policy reports.
  if (!/^\s*<[^]*>\s*$/.test(text)) return null;
  const source = policy ? policy.createHTML(text) : text;
  const parsed = new DOMParser().parseFromString(source, 'application/xml');
  return parsed.getElementsByTagName('parsererror').length ? null : parsed;
}

/**
 * The text at a path of local names, or '': `first(data, 'user', 'state')`. In a Document the path may begin with the
 * root element or below it.
 */
export function first(node, ...path) {
  let here = node;
  if (here?.nodeType === Node.DOCUMENT_NODE && here.documentElement?.localName !== path[0]) here = here.documentElement;
  for (const name of path) {
    here = [...(here?.children ?? [])].find((child) => child.localName === name);
    if (!here) return '';
  }
  return here?.textContent.trim() ?? '';
}

/** All elements of a local name below a node. */
export function all(node, name) {
  return node ? [...node.getElementsByTagNameNS('*', name)] : [];
}

/** The text with an element a line, indented; the text itself if it is not well-formed. */
export function pretty(text) {
  const parsed = parse(text);
  if (!parsed) return text;
  const lines = [];
  write(parsed.documentElement, '', lines);
  return lines.join('\n');
}

/** Text as it is written inside an element or an attribute. */
export function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' })[c]);
}

/** The parts of an event's payload: `{ event, requestId, source, data }`, or null if it is no `<Update>`. */
export function update(payload) {
  const root = parse(payload)?.documentElement;
  if (root?.localName !== 'Update') return null;
  return {
    event: first(root, 'event'),
    requestId: first(root, 'requestId'),
    source: first(root, 'source'),
    data: [...root.children].find((child) => child.localName === 'data') ?? root,
  };
}

function write(element, indent, lines) {
  const attributes = [...element.attributes].map(({ name, value }) => ` ${name}="${escape(value)}"`).join('');
  const start = `${indent}<${element.tagName}${attributes}`;
  const parts = [...element.childNodes].filter((child) => child.nodeType !== Node.TEXT_NODE || child.data.trim());
  if (!parts.length) {
    lines.push(`${start}/>`);
  } else if (parts.every((child) => child.nodeType !== Node.ELEMENT_NODE)) {
    lines.push(`${start}>${inside(element.textContent)}</${element.tagName}>`);
  } else {
    lines.push(`${start}>`);
    for (const child of parts) {
      if (child.nodeType === Node.ELEMENT_NODE) write(child, `${indent}  `, lines);
      else lines.push(`${indent}  ${inside(child.textContent.trim())}`);
    }
    lines.push(`${indent}</${element.tagName}>`);
  }
}

// Quotes between tags stay bare, as on the wire.
function inside(text) {
  return text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
}
