// What the page says, in two languages. Every view brings its own words; keys are shared, so views prefix theirs.

const KEY = 'callboard.language';
const words = { en: {}, 'zh-TW': {} };
const listeners = new Set();
let current = firstChoice();

/** Adds texts: `addWords({ en: { key: text }, 'zh-TW': { key: text } })`. */
export function addWords(more) {
  for (const [name, texts] of Object.entries(more)) Object.assign((words[name] ??= {}), texts);
}

/** The text of a key; `{name}` in it becomes `values.name`. What is not translated is said in English. */
export function t(key, values = {}) {
  const text = words[current][key] ?? words.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
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
