// Elements without a framework. Text goes in as text: nothing here can turn a string into markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element: `el('button', { class: 'button', on: { click } }, 'Go')`. Null and false children are left out. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element, with the arguments of `el`. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Removes everything below a node, and returns the node. */
export function clear(node) {
  node.replaceChildren();
  return node;
}

/**
 * Writes a text only if it has changed: layout and selection stay, and screen readers do not repeat it. What stands between the
 * isolates U+2068 and U+2069 is English in a text of another language (`foreign()`), and is marked as such (WCAG 3.1.2).
 */
export function say(node, text) {
  if (node.textContent === text) return;
  const parts = text.split(/(\u2068[^\u2069]*\u2069?)/);
  if (parts.length === 1) node.textContent = text;
  else node.replaceChildren(...parts.map((part) => (part.startsWith('\u2068') ? el('bdi', { lang: 'en' }, part) : part)));
}

/** A text in an element, with what is of another language marked as `say()` does. */
export function told(tag, attributes, text) {
  const node = el(tag, attributes);
  say(node, text);
  return node;
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [type, listener] of Object.entries(value)) if (listener) node.addEventListener(type, listener);
    } else if (name === 'data') {
      for (const [key, text] of Object.entries(value)) if (text !== null && text !== undefined) node.dataset[key] = text;
    } else if (name === 'style') {
      // The CSSOM sets it, since the Content-Security-Policy forbids style attributes.
      for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    } else {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(node, child);
    else if (child !== null && child !== undefined && child !== false) node.append(child);
  }
}
