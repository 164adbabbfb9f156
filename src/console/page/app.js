// The shell: header, login, tabs. A view is a module with `title` (a word's key) and `show(root, context)`, which
// returns what takes it down.

import { Api, Unreachable, reason } from './shared/api.js';
import './app.words.js';
import { clear, el, say, svg } from './shared/dom.js';
import { FaultBar } from './shared/fault_bar.js';
import { setTheme, theme } from './shared/theme.js';
import * as words from './shared/words.js';
import { language, onLanguage, setLanguage, t } from './shared/words.js';
import { first } from './shared/xml.js';

const VIEWS = {
  __proto__: null,
  wire: () => import('./wire/wire.js'),
  ways: () => import('./ways/ways.js'),
  desk: () => import('./desk/desk.js'),
  faults: () => import('./faults/faults.js'),
};
// A program that was built without faults has no such link.
const hasFaults = document.querySelector('link[href^="./faults/"]') !== null;

const top = document.getElementById('top');
const main = document.getElementById('view');
// A program that was built without the manual has no such link.
const manual = document.querySelector('link[rel="help"]');
const KEY = 'callboard.login';
let context = null;
let takeDown = null;
let turn = 0;

// Replaces the view in the main part.
function mount(view) {
  takeDown?.();
  takeDown = null;
  clear(main);
  document.title = `${t(view.title)} · callboard`;
  takeDown = view.show(main, context) ?? null;
}

async function show(moved) {
  const mine = (turn += 1);
  header();
  context?.bar.draw();
  foot();
  if (!context) {
    mount(login);
    return;
  }
  try {
    const view = route() === 'faults' && !hasFaults ? noFaults : await VIEWS[route()]();
    if (mine === turn) mount(view);
  } catch (error) {
    if (mine !== turn) return;
    clear(main).append(el('p', { class: 'card error', role: 'alert' }, t('app.brokenView', { cause: String(error) })));
    console.error(error);
  }
  if (moved && mine === turn) main.focus({ preventScroll: true });
}

function route() {
  const name = location.hash.slice(1).split('/')[0];
  return name in VIEWS ? name : 'wire';
}

// Faults are for administrators.
function offered() {
  return Object.keys(VIEWS).filter((name) => name !== 'faults' || (hasFaults && context?.directory.administrator));
}

function leave() {
  context?.leaving.abort();
  context = null;
  keep(null);
  show(true);
}

// Header

function header() {
  const here = route();
  top.replaceChildren(...[
    el('a', { class: 'skip', href: '#view', on: { click: skip } }, t('app.skip')),
    el('a', { class: 'brand', href: '#wire' }, mark(), 'callboard'),
    context && el('nav', { 'aria-label': t('app.views') }, offered().map((name) => (
      el('a', { href: `#${name}`, 'aria-current': name === here ? 'page' : null }, t(`app.${name}`))
    ))),
    el('div', { class: 'top-end' },
      context && el('span', { class: 'who', title: t('app.loggedIn', { name: context.user }) }, person(), el('span', {}, context.user)),
      context && el('button', { class: 'button small', type: 'button', on: { click: leave } }, t('app.logout')),
      manual && el('a', { class: 'button small', href: manual.href, hreflang: 'en', target: '_blank', rel: 'help noopener' }, t('app.manual')),
      languages(),
      themeSwitch(),
    ),
  ].filter(Boolean));
}

// The first question of every support case: which version, and what it stands in for.
function foot() {
  const { version, profile, release } = context?.directory ?? {};
  document.getElementById('foot').textContent = version ? t('app.version', { version, profile: profile.toUpperCase(), release }) : '';
}

function skip(event) {
  event.preventDefault();
  main.focus();
}

function languages() {
  const names = { en: 'EN', 'zh-TW': '繁體中文' };
  return el('div', { class: 'segments', role: 'group', 'aria-label': t('app.language') }, Object.entries(names).map(([name, text]) => (
    el('button', {
      type: 'button',
      lang: name,
      'aria-pressed': String(language() === name),
      on: { click: () => choose(name) },
    }, text)
  )));
}

function choose(name) {
  setLanguage(name);
  top.querySelector(`.segments [lang="${name}"]`)?.focus();
}

function themeSwitch() {
  const dark = theme() === 'dark';
  const label = t(dark ? 'app.light' : 'app.dark');
  return el('button', { class: 'button icon', type: 'button', title: label, 'aria-label': label, on: { click: turnTheme } }, dark ? sun() : moon());
}

function turnTheme() {
  setTheme(theme() === 'dark' ? 'light' : 'dark');
  const old = top.querySelector('.button.icon');
  const fresh = themeSwitch();
  old.replaceWith(fresh);
  fresh.focus();
}

function mark() {
  return svg('svg', { viewBox: '0 0 16 16', class: 'mark', 'aria-hidden': 'true' },
    svg('rect', { width: 16, height: 16, rx: 4 }),
    svg('path', { d: 'M3.5 5h6M3.5 8h9M3.5 11h4' }));
}

function icon(...children) {
  return svg('svg', { viewBox: '0 0 16 16', class: 'glyph', 'aria-hidden': 'true' }, ...children);
}

function sun() {
  return icon(svg('circle', { cx: 8, cy: 8, r: 3 }),
    svg('path', { d: 'M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3.05 3.05l1.1 1.1M11.85 11.85l1.1 1.1M3.05 12.95l1.1-1.1M11.85 4.15l1.1-1.1' }));
}

function moon() {
  return icon(svg('path', { d: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z' }));
}

function person() {
  return icon(svg('circle', { cx: 8, cy: 5.2, r: 2.6 }), svg('path', { d: 'M2.8 14c.5-3 2.5-4.6 5.2-4.6s4.7 1.6 5.2 4.6' }));
}

const noFaults = {
  title: 'app.faults',
  show(root) {
    root.append(el('h1', {}, t('app.faults')), el('p', { class: 'lead' }, t('app.noFaults')));
  },
};

// Login

const login = {
  title: 'login.title',
  show(root) {
    const user = el('input', { id: 'login-user', name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true });
    const password = el('input', { id: 'login-password', name: 'password', type: 'password', autocomplete: 'current-password', required: true });
    const error = el('p', { class: 'error', id: 'login-error', role: 'alert', hidden: true });
    const kept = el('input', { type: 'checkbox', name: 'keep' });
    const button = el('button', { class: 'button primary', type: 'submit' }, t('login.go'));
    const server = el('p', { class: 'hint' });
    const form = el('form', { class: 'stack', novalidate: true, on: { submit } },
      el('h2', {}, t('login.title')),
      el('label', { class: 'field' }, el('span', {}, t('login.user')), user),
      el('label', { class: 'field' }, el('span', {}, t('login.password')), password),
      el('label', { class: 'check' }, kept, t('login.keep')),
      location.protocol === 'http:' && el('p', { class: 'login-plain' }, t('login.plain')),
      error,
      button,
      el('p', { class: 'hint' }, t('login.demo')),
      server,
    );
    root.append(el('div', { class: 'login' },
      el('section', { class: 'login-about' },
        el('h1', {}, t('login.lead')),
        el('p', { class: 'lead' }, t('login.about')),
        el('dl', {}, Object.keys(VIEWS).filter((name) => name !== 'faults' || hasFaults).map((name) => [el('dt', {}, t(`app.${name}`)), el('dd', {}, t(`login.${name}`))]),
          el('dt', {}, el('a', { href: './board' }, t('app.board'))), el('dd', {}, t('login.board'))),
      ),
      el('section', { class: 'card login-card' }, form),
    ));
    user.focus({ preventScroll: true });
    describe(server);

    async function submit(event) {
      event.preventDefault();
      if (button.disabled) return;
      error.hidden = true;
      const empty = [user, password].filter((input) => !input.value.trim());
      for (const input of [user, password]) {
        input.removeAttribute('aria-invalid');
        input.removeAttribute('aria-describedby');
      }
      if (empty.length) {
        complain(t(empty.length > 1 ? 'login.empty' : empty[0] === user ? 'login.noUser' : 'login.noPassword'), empty);
        return;
      }
      button.disabled = true;
      button.textContent = t('login.busy');
      const problem = await enter(user.value.trim(), password.value);
      button.disabled = false;
      button.textContent = t('login.go');
      if (problem) {
        complain(problem);
        return;
      }
      if (kept.checked) keep({ user: user.value.trim(), password: password.value });
      show(true);
    }

    function complain(text, fields = []) {
      say(error, text);
      error.hidden = false;
      for (const input of fields) {
        input.setAttribute('aria-invalid', 'true');
        input.setAttribute('aria-describedby', 'login-error');
      }
      (fields[0] ?? (user.value.trim() ? password : user)).focus();
    }
  },
};

// Returns what went wrong in words, or null when logged in.
async function enter(name, password) {
  const api = new Api(name, password);
  try {
    const given = await api.get('/callboard/api/directory');
    if (given.status === 401) return t('login.wrong');
    if (given.status === 503) return t('login.out', { reason: reason(given) });
    if (!given.ok) return t('login.refused', { reason: reason(given) });
    const directory = given.json();
    const leaving = new AbortController();
    context = { api, directory, user: directory.me ?? name, password, words, leaving, signal: leaving.signal };
    context.bar = new FaultBar(context, { link: '#faults' });
    document.body.append(context.bar.node);
    return null;
  } catch (error) {
    if (error instanceof Unreachable) return t('login.unreachable', { address: `${location.origin}/healthz` });
    return t('login.refused', { reason: error.message });
  }
}

async function describe(place) {
  try {
    const info = (await new Api(null).get('/finesse/api/SystemInfo')).xml();
    if (!info) return;
    place.textContent = t('login.server', {
      domain: first(info, 'xmppDomain'),
      type: first(info, 'deploymentType'),
      status: first(info, 'status'),
    });
  } catch {
    // The line stays empty; logging in tells what is wrong.
  }
}

// A login that is kept for the tab is still there after a reload, until the user logs out.
function keep(entry) {
  try {
    if (entry) sessionStorage.setItem(KEY, JSON.stringify(entry));
    else sessionStorage.removeItem(KEY);
  } catch {
    // The browser keeps nothing, so a reload asks for the login again.
  }
}

async function begin() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    // Nothing was kept.
  }
  if (kept && await enter(kept.user, kept.password)) keep(null);
  addEventListener('hashchange', () => show(true));
  onLanguage(() => show(false));
  show(false);
}

begin();
