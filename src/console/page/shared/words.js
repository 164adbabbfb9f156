// What the page says, in two languages. Every view brings its own words; keys are shared, so views prefix theirs.

const KEY = 'callboard.language';
const words = { __proto__: null, en: {}, 'zh-TW': {} };
const listeners = new Set();
let current = firstChoice();

/** Adds texts: `addWords({ en: { key: text }, 'zh-TW': { key: text } })`. */
export function addWords(more) {
  for (const [name, texts] of Object.entries(more)) Object.assign((words[name] ??= {}), texts);
}

/**
 * The text of a key; `{n}` in it becomes `values.n`, and `{n:frame|frames}` the first form for 1 and the second for other
 * numbers. A text that is not translated is English.
 */
export function t(key, values = {}) {
  const text = words[current][key] ?? words.en[key] ?? key;
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (whole, name, single, plural) => {
    if (!(name in values)) return whole;
    const value = String(values[name]);
    return plural === undefined ? value : value === '1' ? single : plural;
  });
}

/** A number as the language of the page writes it. */
export function number(value) {
  return value.toLocaleString(current);
}

/** Whether there is a text for a key. */
export function has(key) {
  return key in words.en;
}

/** `en` or `zh-TW`. */
export function language() {
  return current;
}

/** Changes the language, remembers it, and tells who has asked by `onLanguage`. */
export function setLanguage(name) {
  if (!(name in words) || name === current) return;
  current = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
  document.documentElement.lang = current;
  for (const listener of [...listeners]) listener(current);
}

/** Calls `listener` at each change of the language; returns what ends that. */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function firstChoice() {
  let choice = null;
  try {
    choice = localStorage.getItem(KEY);
  } catch {
    // As above.
  }
  if (!(choice in words)) {
    const wanted = (navigator.languages ?? [navigator.language ?? '']).find((name) => /^(en|zh)\b/i.test(name)) ?? 'en';
    choice = /^zh/i.test(wanted) ? 'zh-TW' : 'en';
  }
  document.documentElement.lang = choice;
  return choice;
}
