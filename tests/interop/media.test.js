// A gadget for tasks, as far as it decides what a server has to do: the list of media, one medium with its tasks, and what changes
// them, in the order and with the bodies of the public descriptions of finesse.js 11.5 and later and of Cisco's sample for tasks.

import assert from 'node:assert/strict';
import test from 'node:test';

import { DOMParser } from '@xmldom/xmldom';

import { Tunnel } from './clients/tunnel.js';
import { lab } from './lab/lab.js';

const AGENT = '1001';
const MEDIA = `finesse.api.User.${AGENT}.Media`;
const TASKS = `finesse.api.User.${AGENT}.Dialogs.Media`;

/** An element as the library keeps it: text, or an object whose members are elements, those that repeat in an array. */
function value(element) {
  const children = [...element.childNodes].filter((node) => node.nodeType === 1);
  if (children.length === 0) return element.textContent;
  const object = {};
  for (const child of children) {
    const name = child.tagName;
    const one = value(child);
    if (!(name in object)) object[name] = one;
    else if (Array.isArray(object[name])) object[name].push(one);
    else object[name] = [object[name], one];
  }
  return object;
}

const read = (text) => value(new DOMParser().parseFromString(text, 'text/xml').documentElement);
const list = (one) => (one === undefined || one === '' ? [] : [one].flat());

/** What the gadget holds: its medium and its tasks, each as the last answer or event has it. */
class Gadget {
  constructor(server, tunnel, medium) {
    this.server = server;
    this.tunnel = tunnel;
    this.medium = { id: medium };
    this.tasks = new Map();
    this.errors = [];
    this.seen = 0;
  }

  async rest(method, path, body, user = AGENT) {
    const headers = {
      authorization: `Basic ${btoa(`${user}:${user === 'administrator' ? '1234' : user}`)}`,
      accept: 'application/xml, text/plain, */*',
    };
    if (body) Object.assign(headers, { 'content-type': 'application/xml', requestid: crypto.randomUUID() });
    const url = path.startsWith('/') ? path : `/finesse/api/${path}`;
    const answer = await fetch(`http://${this.server.addresses.http}${url}`, { method, headers, body });
    return { status: answer.status, text: await answer.text() };
  }

  async load() {
    const nocache = `?nocache=${Date.now()}`;
    const media = list(read((await this.rest('GET', `User/${AGENT}/Media${nocache}`)).text).Media);
    this.medium = media.find(({ id }) => id === this.medium.id);
    assert.ok(this.medium, 'the medium is in the list');
    this.medium = read((await this.rest('GET', `${this.medium.uri.slice('/finesse/api/'.length)}${nocache}`)).text);
    const tasks = read((await this.rest('GET', `User/${AGENT}/Dialogs/Media${nocache}`)).text);
    for (const task of list(tasks.Dialog)) this.tasks.set(task.id, task);
  }

  /** Asks for a change of the medium. An answer but 202 is a failure. */
  async change(body) {
    const { status, text } = await this.rest('PUT', `User/${AGENT}/Media/${this.medium.id}`, `<Media>${body}</Media>`);
    assert.equal(status, 202, text);
  }

  async act(id, action, target = '') {
    const body = `<Dialog><requestedAction>${action}</requestedAction><target>${target}</target></Dialog>`;
    const { status, text } = await this.rest('PUT', `Dialog/${id}`, body);
    assert.equal(status, 202, text);
  }

  /** Hears events until that holds. */
  async until(holds, what) {
    while (!holds(this)) {
      const wanted = this.seen;
      await this.tunnel.events.first((_, place) => place >= wanted, what);
      for (const event of this.tunnel.events.all.slice(this.seen)) this.hear(event);
    }
  }

  hear({ topic, payload }) {
    this.seen += 1;
    const { data, event, source } = read(payload);
    if (data.apiErrors) this.errors.push(data.apiErrors.apiError);
    else if (topic === MEDIA && source === this.medium.uri) this.medium = data.Media ?? data.media;
    else if (topic === TASKS) {
      const task = data.dialog ?? data.dialogs.Dialog;
      assert.match(task.id, /_/, 'the id of a task is none of a call');
      if (event === 'DELETE') this.tasks.delete(task.id);
      else this.tasks.set(task.id, task);
      this.last = task;
    }
  }

  actions(id) {
    return list(this.tasks.get(id)?.participants.Participant.actions.action);
  }
}

/** A test with a gadget in the desktop of an agent, which has loaded. */
const gadget = (body, medium = '5000') =>
  lab(
    async ({ server }) => {
      const tunnel = new Tunnel(server.url('wss'));
      try {
        tunnel.init(AGENT, AGENT);
        await tunnel.states.first((state) => state === 'connected', 'the tunnel to be connected');
        const it = new Gadget(server, tunnel, medium);
        await it.load();
        await body(it);
      } finally {
        tunnel.reset();
      }
    },
    { profile: 'ucce', release: '12.6' },
  );

const LOGIN =
  '<state>LOGIN</state><maxDialogLimit>3</maxDialogLimit><interruptAction>ACCEPT</interruptAction>' +
  '<dialogLogoutAction>CLOSE</dialogLogoutAction>';

const state = (it, wanted) => it.until(({ medium }) => medium.state === wanted, `the medium to be ${wanted}`);

test('a gadget for tasks signs in, handles a task by the actions that it is offered, and signs out', gadget(async (it) => {
  assert.equal(it.medium.state, 'LOGOUT');
  assert.equal(it.medium.name, 'Chat');
  await it.change(LOGIN);
  await state(it, 'NOT_READY');
  assert.equal(it.medium.maxDialogLimit, '3');
  await it.change('<state>READY</state>');
  await state(it, 'READY');
  assert.equal(it.medium.routable, 'true');

  const placed = await it.rest('POST', '/callboard/api/tasks?media=5000', 'callVariable1=Ada', 'administrator');
  const id = placed.text.trim();
  await it.until(() => it.tasks.has(id), 'the task');
  assert.equal(it.medium.state, 'RESERVED');
  const { mediaProperties } = it.tasks.get(id);
  assert.equal(mediaProperties.mediaId, '5000');
  const variables = list(mediaProperties.callvariables.CallVariable);
  assert.equal(variables.find(({ name }) => name === 'callVariable1').value, 'Ada');
  for (const [action, wanted] of [
    ['ACCEPT', 'ACCEPTED'],
    ['START', 'ACTIVE'],
    ['PAUSE', 'PAUSED'],
    ['RESUME', 'ACTIVE'],
    ['WRAP_UP', 'WRAPPING_UP'],
  ]) {
    assert.ok(it.actions(id).includes(action), `${action} is offered: ${it.actions(id)}`);
    await it.act(id, action);
    await it.until(() => it.tasks.get(id).state === wanted, `the task to be ${wanted}`);
  }
  await it.act(id, 'CLOSE');
  await it.until(() => !it.tasks.has(id), 'the end of the task');
  assert.equal(it.last.mediaProperties.dispositionCode, 'CD_NORMAL_END_TASK');
  await state(it, 'READY');
  await it.change('<routable>false</routable>');
  await it.until(({ medium }) => medium.routable === 'false', 'the end of new tasks');
  await it.change('<state>LOGOUT</state>');
  await state(it, 'LOGOUT');
  assert.deepEqual(it.errors, []);
}));

test('a gadget that is loaded again is told that its agent is signed in, and finds its tasks', gadget(async (it) => {
  await it.change(LOGIN);
  await it.change('<state>READY</state>');
  const id = (await it.rest('POST', '/callboard/api/tasks?media=chat', '', 'administrator')).text.trim();
  await it.until(() => it.tasks.has(id), 'the task');
  await it.act(id, 'ACCEPT');
  await it.until(() => it.tasks.get(id).state === 'ACCEPTED', 'the task to be accepted');
  const again = new Gadget(it.server, it.tunnel, '5000');
  await again.load();
  assert.equal(again.medium.state, 'ACTIVE');
  assert.deepEqual([...again.tasks.values()], [...it.tasks.values()]);
  await it.change(LOGIN);
  await it.until(({ errors }) => errors.length > 0, 'the error');
  const { errorData, errorMedia, errorMessage } = it.errors[0];
  assert.deepEqual([errorData, errorMedia, errorMessage], ['1', '5000', 'E_ARM_STAT_AGENT_ALREADY_LOGGED_IN']);
  await it.act(id, 'TRANSFER', 'chat');
  await it.until(() => !it.tasks.has(id) && it.tasks.size === 1, 'the transferred task, which comes back to the only agent');
  const [next] = it.tasks.values();
  assert.deepEqual([next.state, next.associatedDialogUri], ['OFFERED', `/finesse/api/Dialog/${id}`]);
}));
