// XML as the object that gadgets get beside the text of an event.

import { parse } from '../console/shared/xml.js';

/**
 * The object of a document, `{ Update: { … } }`: an element with nothing in it is null, one with text a string, several of
 * a name an array, an attribute a member whose name begins with `@`. Null if the text is not well-formed.
 */
export function tree(text) {
  const root = parse(text)?.documentElement;
  return root ? { [root.nodeName]: value(root) } : null;
}

function value(element) {
  // No member is there before its element: one may be called `constructor`.
  const object = { __proto__: null };
  for (const { name, value: text } of element.attributes) object[`@${name}`] = text;
  if (!element.children.length) {
    if (!element.attributes.length) return element.textContent || null;
    if (element.textContent) object['#text'] = element.textContent;
    return object;
  }
  for (const child of element.children) {
    const name = child.nodeName;
    if (!(name in object)) object[name] = value(child);
    else if (Array.isArray(object[name])) object[name].push(value(child));
    else object[name] = [object[name], value(child)];
  }
  return object;
}
