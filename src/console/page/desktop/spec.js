// The file of a gadget (OpenSocial Core Gadget Specification 1.1 §3): a Module with its preferences and its content.

import { all, escape, parse } from '../console/shared/xml.js';

/** A gadget that is not of this origin, or whose file cannot be used. */
export class BadGadget extends Error {}

/**
 * Reads the file at a path of this origin: `{ url, title, height, content, prefs, messages }`. `prefs` are the defaults of the
 * file, then what the query of the path sets, then those of the container (`own`): a link sets no host and no password.
 */
export async function readSpec(path, language, own) {
  const url = new URL(path, location.origin);
  if (url.origin !== location.origin) throw new BadGadget('gadgets.foreign');
  const module = await load(url);
  if (module?.localName !== 'Module') throw new BadGadget('gadgets.noModule');
  const about = all(module, 'ModulePrefs')[0];
  const content = all(module, 'Content').find((one) => (one.getAttribute('type') ?? 'html') === 'html');
  if (!content) throw new BadGadget('gadgets.noContent');
  const defaults = all(module, 'UserPref').map((pref) => [pref.getAttribute('name'), pref.getAttribute('default_value') ?? '']);
  const prefs = { __proto__: null, ...Object.fromEntries(defaults), ...Object.fromEntries(url.searchParams), ...own };
  const messages = await readMessages(all(about, 'Locale'), url, language);
  return {
    url: url.href,
    title: fill(about?.getAttribute('title') ?? '', messages, prefs) || url.pathname,
    height: Number(about?.getAttribute('height')) || 200,
    content: fill(content.textContent, messages, prefs, escape),
    prefs,
    messages,
  };
}

// The messages of the locales that fit, the one for the language last.
async function readMessages(locales, base, language) {
  const name = (locale) => [locale.getAttribute('lang'), locale.getAttribute('country')].filter(Boolean).join('-').toLowerCase();
  const fitting = ['', language.split('-')[0].toLowerCase(), language.toLowerCase()];
  const wanted = fitting.flatMap((fit) => locales.filter((locale) => name(locale) === fit));
  const messages = { __proto__: null };
  for (const locale of wanted) {
    const file = locale.getAttribute('messages');
    const bundle = file ? await load(new URL(file, base)).catch(() => null) : locale;
    for (const message of all(bundle, 'msg')) messages[message.getAttribute('name')] = message.textContent.trim();
  }
  return messages;
}

async function load(url) {
  if (url.origin !== location.origin) throw new BadGadget('gadgets.foreign');
  const response = await fetch(url, { credentials: 'omit', cache: 'no-cache' });
  if (!response.ok) throw new BadGadget('gadgets.notThere');
  if (new URL(response.url).origin !== location.origin) throw new BadGadget('gadgets.foreign');
  return parse(await response.text())?.documentElement ?? null;
}

// __MSG_name__ and __UP_name__ are hangman variables (§6). A preference may come from a link, so it is text in the markup.
function fill(text, messages, prefs, write = String) {
  return text
    .replace(/__MSG_([\w.-]+?)__/g, (whole, name) => messages[name] ?? whole)
    .replace(/__UP_([\w.-]+?)__/g, (whole, name) => (Object.hasOwn(prefs, name) ? write(prefs[name]) : whole));
}
