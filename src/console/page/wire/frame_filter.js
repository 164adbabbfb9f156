// What a list of frames shows and finds: kinds, direction, and a text or a regular expression.

import { KINDS, nameOf } from '../protocol/frames.js';

/** What a list shows, as its store keeps it over changes of the view and of the language. */
export function newView() {
  return { filter: '', find: '', regex: false, direction: 'both', hidden: new Set(), paused: false, open: new Set(), tab: '', found: 0 };
}

/** How many of the kinds are shown. */
export function shownKinds(view) {
  return KINDS.length - view.hidden.size;
}

/**
 * The function that says whether a frame has a text, in any case of its letters, or fits a regular expression: null for an empty
 * text. A text that is no regular expression throws a SyntaxError.
 */
export function matcher(text, regex) {
  const wanted = text.trim();
  if (!wanted) return null;
  const expression = expressionOf(wanted, regex);
  return (entry) => {
    const about = [nameOf(entry), entry.detail, entry.session, entry.user, entry.fault].join(' ');
    if (expression.test(about) || expression.test(entry.text)) return true;
    // What an event carries is escaped in the frame, and read unescaped.
    return entry.text.includes('&lt;') && expression.test(unescaped(entry.text));
  };
}

/** A text or a regular expression as an expression without state. */
export function expressionOf(text, regex, flags = 'i') {
  return new RegExp(regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), flags);
}

/** The function that says whether a list shows a frame. */
export function filterOf(view) {
  const fits = matcher(view.filter, view.regex);
  return (entry) => (view.direction === 'both' || entry.direction === view.direction)
    && !view.hidden.has(entry.kind)
    && (!fits || fits(entry));
}

function unescaped(text) {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name]);
}
