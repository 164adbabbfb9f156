// A container for gadgets: signs in, holds one connection, and shows the gadgets of the query, or of the layout and the user.
// What it publishes is what Finesse's library for gadgets subscribes to (Cisco's guide, "Container Services Topics").

import './desktop.words.js';
import { BadGadget, readSpec } from './spec.js';
import { Connection } from './connection.js';
import { Hub } from './hub.js';
import { Publisher } from './publisher.js';
import { Tabs } from './tabs.js';
import { Workflows } from './workflows.js';
import { run } from './actions.js';
import { Refused } from '../console/shared/api.js';
import { clear, el, say } from '../console/shared/dom.js';
import { first, update } from '../console/shared/xml.js';
import { language, onLanguage, setLanguage, t } from '../console/shared/words.js';
import '../console/shared/theme.js';

const KEY = 'callboard.gadgets';
const MOST = 50;
const SERVICES = 'finesse.containerservices';
const HOME = 'home';
const TICK = 1_000;
const CALLABLE = ['READY', 'NOT_READY', 'LOGOUT', ''];

const root = document.getElementById('desktop');
const hub = new Hub();
const publisher = new Publisher(hub);
const gadgets = new Map();
let count = 0;
let connection = null;
let status = 'disconnected';
let state = '';
let bar = null;
let page = null;
let tabs = null;
let workflows = null;
let ticks = 0;

// Objects that a gadget finds in the window around it: callboard's own, and those that Finesse's library looks for.
window.callboard = { hub, gadget: (id) => gadgets.get(id) };
window.finesse = {
  container: {
    Container: {
      reloadGadget: (id) => reload(id),
      modifyGadgetUrl(id, url) {
        const gadget = gadgets.get(id);
        if (gadget) gadget.path = url;
      },
      showDialog,
      hideDialog: () => document.querySelector('dialog')?.close(),
    },
    Tabs: {
      getActiveTab: () => tabs?.active,
      activateTab: (id) => tabs?.activate(id) ?? false,
    },
  },
};

hub.subscribe(`${SERVICES}.requests`, (topic, json) => {
  const { type, data } = JSON.parse(json ?? 'null') ?? {};
  if (type === 'ActiveTabReq' && tabs) showTab(tabs.active);
  if (type === 'SetActiveTabReq') tabs?.activate(data?.id);
  if (type === 'ReloadGadgetReq' && gadgets.has(data?.gadgetId)) {
    hub.publish(`${SERVICES}.reloadGadget`, data);
    reload(data.gadgetId);
  }
});

onLanguage(() => (connection && tabs ? showBar() : showSignIn()));
document.title = `callboard · ${t('gadgets.title')}`;
showSignIn();

function showSignIn(problem = '') {
  const field = (name, type = 'text') => el('label', {}, t(`gadgets.${name}`), el('input', {
    id: name, name, type, required: name !== 'extension', autocomplete: type === 'password' ? 'current-password' : 'username',
  }));
  const form = el('form', { class: 'card desktop-sign-in', on: { submit: signIn } },
    el('h1', {}, t('gadgets.title')),
    el('p', { class: 'hint' }, t('gadgets.lead')),
    field('user'), field('password', 'password'), field('extension'),
    el('button', { class: 'button primary', type: 'submit' }, t('gadgets.signIn')),
    el('p', { class: 'problem', role: 'alert' }, problem),
    languageButton(),
  );
  clear(root).append(form);
}

async function signIn(event) {
  event.preventDefault();
  const { user, password, extension } = Object.fromEntries(new FormData(event.target));
  const button = event.target.querySelector('button[type=submit]');
  button.disabled = true;
  state = '';
  const candidate = new Connection({
    user: user.trim(), password, extension: extension.trim(),
    onStatus(now, session) {
      status = now;
      publisher.status(now, session);
      if (bar) say(bar.status, t(`gadgets.status.${now}`));
    },
    onEvent({ node, payload }) {
      publisher.event(node, payload);
      const own = `/finesse/api/User/${candidate.id}`;
      if (node === own) showState(first(update(payload)?.data, 'user', 'state'));
      if (node === `${own}/Dialogs` || node === `${own}/Dialogs/Media`) workflows?.take(payload);
    },
    onPresence: (presence) => publisher.presence(presence),
  });
  try {
    await candidate.signIn();
  } catch (error) {
    await candidate.signOut();
    const wrong = error instanceof Refused && error.status === 401;
    return showSignIn(wrong ? t('gadgets.wrongPassword') : error.message);
  }
  connection = candidate;
  await showGadgets();
  return null;
}

async function showGadgets() {
  const own = connection;
  const asked = new URLSearchParams(location.search).getAll('gadget');
  const [layout, list] = await Promise.all([asked.length ? { page: [], tabs: [] } : own.layout(), own.workflows()]);
  if (!layout.tabs.length) layout.tabs.push({ id: HOME, label: t('gadgets.title'), gadgets: asked });
  page = el('div');
  tabs = new Tabs(layout.tabs, { label: t('gadgets.tabs'), onActivate: showTab });
  bar = null;
  showBar();
  workflows = new Workflows(list, { user: own.user, extension: own.extension, onAction: runAction });
  ticks = setInterval(() => hub.publish(`${SERVICES}.timerTickEvent`, { tickFrequency: TICK, dateQueued: new Date() }), TICK);
  const wanted = [
    ...layout.page.map((path) => [path, { place: page }]),
    ...layout.tabs.flatMap((tab) => tab.gadgets.map((path) => [path, { place: tabs.panel(tab.id) }])),
    ...(asked.length ? [] : remembered().map((path) => [path, { own: true }])),
  ];
  for (const [path, how] of wanted.slice(0, MOST)) {
    // The user may sign out before all gadgets are there.
    if (connection !== own) return;
    await add(path, how);
  }
}

function showTab(id) {
  hub.publish(`${SERVICES}.activeTab`, id);
}

// Gadgets are told of every action. Actions that are handled by others are left to them.
async function runAction(action) {
  hub.publish(`${SERVICES}.workflowActionEvent`, action);
  const problem = action.handledBy === 'OTHER' ? null : await run(action, connection.api);
  if (problem && bar) bar.problem.replaceChildren(problem);
}

function showBar() {
  bar = {
    status: el('span', { id: 'status', role: 'status' }, t(`gadgets.status.${status}`)),
    state: el('strong', { id: 'state' }, state || first(connection.user, 'User', 'state')),
    problem: el('p', { class: 'problem', role: 'alert' }),
  };
  const ask = (name) => () => connection.state(name);
  const path = el('input', { id: 'path', name: 'path', placeholder: '/3rdpartygadget/files/Sample.xml' });
  const form = el('form', { class: 'row', on: { submit: addAsked } },
    el('label', { class: 'desktop-add' }, t('gadgets.add'), path),
    el('button', { class: 'button', type: 'submit' }, t('gadgets.addButton')));
  const agent = connection.extension && [
    el('button', { class: 'button', on: { click: ask('READY') } }, t('gadgets.ready')),
    el('button', { class: 'button', on: { click: ask('NOT_READY') } }, t('gadgets.notReady')),
  ];
  const name = `${first(connection.user, 'User', 'firstName')} ${first(connection.user, 'User', 'lastName')}`.trim() || connection.id;
  // The gadgets are not moved, since a frame that is moved loads again.
  const head = el('header', { class: 'desktop-bar' },
    el('span', {}, name), bar.state, bar.status, agent, form,
    el('button', { class: 'button', on: { click: signOut } }, t('gadgets.signOut')), languageButton(), bar.problem);
  tabs.label(t('gadgets.tabs'));
  if (tabs.node.isConnected) root.firstElementChild.replaceWith(head);
  else clear(root).append(head, page, tabs.node);
  showNone();
}

function languageButton() {
  const other = () => setLanguage(language() === 'en' ? 'zh-TW' : 'en');
  return el('button', { class: 'button quiet', type: 'button', on: { click: other } }, t('gadgets.language'));
}

async function signOut() {
  const leaving = connection;
  // The list of gadgets is not written from here on, so that they are there the next time.
  connection = null;
  bar = null;
  workflows = null;
  clearInterval(ticks);
  for (const id of [...gadgets.keys()]) take(id);
  tabs = null;
  await leaving.signOut();
  showSignIn();
}

// The paths of the gadgets that the user added the last time.
function remembered() {
  try {
    const paths = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
  } catch {
    return [];
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, JSON.stringify([...gadgets.values()].filter((gadget) => gadget.own).map((gadget) => gadget.path)));
  } catch {
    // The browser keeps nothing, so the gadgets last as long as the page.
  }
}

async function addAsked(event) {
  event.preventDefault();
  const field = event.target.path;
  if (gadgets.size < MOST && await add(field.value.trim(), { own: true })) field.value = '';
}

/** Shows the gadget of a file in a place; `own` are those that the user has added. Returns whether it could be read. */
async function add(path, { own = false, place = tabs.panel() }) {
  const id = String((count += 1));
  const frame = el('iframe', { id: `gadget-${id}`, name: `gadget-${id}`, allow: 'clipboard-write' });
  const heading = el('h2', { id: `finesse_gadget_${id}_title` });
  const again = el('button', { class: 'button quiet', on: { click: () => reload(id) } }, '⟳');
  const away = el('button', { class: 'button quiet', on: { click: () => take(id) } }, '×');
  const gadget = {
    id, path, own, frame, place,
    node: el('section', { class: 'gadget' }, el('header', {}, heading, el('span', {}, again, away)), frame),
    setHeight: (height) => frame.style.setProperty('height', `${Math.min(Math.max(Number(height) || 0, 20), 5_000)}px`),
    setTitle(title) {
      say(heading, title);
      again.setAttribute('aria-label', t('gadgets.reload', { title }));
      away.setAttribute('aria-label', t('gadgets.remove', { title }));
      frame.title = title;
    },
  };
  gadgets.set(id, gadget);
  if (!await reload(id)) {
    gadgets.delete(id);
    return false;
  }
  remember();
  showNone();
  return true;
}

async function reload(id) {
  const gadget = gadgets.get(id);
  if (!gadget || !connection) return false;
  hub.dismiss(id);
  // The user may take the gadget away or sign out before its file has come.
  const isWanted = () => connection && gadgets.get(id) === gadget;
  let spec;
  try {
    spec = await readSpec(gadget.path, language(), connection.prefs(language()));
  } catch (error) {
    if (isWanted()) say(bar.problem, `${gadget.path}: ${error instanceof BadGadget ? t(error.message) : error}`);
    return false;
  }
  if (!isWanted()) return false;
  Object.assign(gadget, spec);
  say(bar.problem, '');
  gadget.setTitle(gadget.title);
  gadget.setHeight(gadget.height);
  const query = new URLSearchParams({ mid: id, url: gadget.url });
  gadget.frame.src = `./gadget.html?${query}`;
  if (!gadget.node.isConnected) gadget.place.append(gadget.node);
  return true;
}

function take(id) {
  hub.dismiss(id);
  gadgets.get(id)?.node.remove();
  gadgets.delete(id);
  if (connection) remember();
  showNone();
}

function showNone() {
  const none = tabs.node.querySelector('.hint');
  if (gadgets.size) none?.remove();
  else if (!none) tabs.panel().append(el('p', { class: 'hint' }, t('gadgets.none')));
}

function showState(now) {
  if (!now) return;
  const wasCallable = CALLABLE.includes(state);
  state = now;
  if (wasCallable !== CALLABLE.includes(state)) hub.publish(`${SERVICES}.activeCallStatusEvent`, { status: wasCallable, type: 'info' });
  if (bar) say(bar.state, state);
}

function showDialog({ title = 'Finesse', message = '', close } = {}) {
  const dialog = el('dialog', { on: { close: () => { dialog.remove(); close?.(); } } },
    title && el('h2', {}, String(title)), el('p', {}, String(message)),
    el('button', { class: 'button', on: { click: () => dialog.close() } }, t('gadgets.close')));
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
