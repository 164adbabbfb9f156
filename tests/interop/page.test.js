// A page written for Finesse, in a real browser, from the folder that `--www` names: same origin for page, WebSocket and
// REST, and not one line for callboard in it.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { strophe5 } from './clients/strophe.js';
import { becomeAvailable } from './clients/common.js';
import { openPage, startBrowser } from './lab/browser.js';
import { lab } from './lab/lab.js';
import { children, parse } from './lab/xml.js';

const TEAM = '/finesse/api/Team/1/Users';
const USER = '/finesse/api/User/1001';

let www;
let browser;

before(async () => {
  www = await mkdtemp(join(tmpdir(), 'callboard-www-'));
  await cp(fileURLToPath(new URL('page', import.meta.url)), www, { recursive: true });
  const { resolve } = createRequire(import.meta.url);
  await cp(resolve('jquery/jquery.js'), join(www, 'lib/jquery.js'));
  await cp(resolve('strophe-1'), join(www, 'lib/strophe.js'));
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  if (www) await rm(www, { recursive: true });
});

/** What an event says, as far as a step of a page is about it: `PUT READY`, or `POST ALERTING` with who is how in the call. */
function event(node, payload) {
  const update = parse(payload);
  const first = (element, ...names) => names.reduce((inside, name) => inside && children(inside, name)[0], element);
  const text = (element, name) => first(element, name)?.textContent;
  const data = first(update, 'data');
  const dialog = first(data, 'dialog') ?? first(data, 'dialogs', 'Dialog');
  const happened = `${text(update, 'event')} ${text(dialog ?? first(data, 'user'), 'state')}`;
  if (!dialog) return [node, happened];
  const participants = children(first(dialog, 'participants'), 'Participant');
  return [node, happened, ...participants.map((one) => `${text(one, 'mediaAddress')} ${text(one, 'state')}`)];
}

/** The page of one agent, as a person works with it. */
class Desk {
  #seen = 0;

  constructor({ page, complaints, story }) {
    this.page = page;
    this.complaints = complaints;
    this.story = story;
  }

  /** Waits until an element has this text, or one that fits. */
  async shows(id, text) {
    const exactly = typeof text === 'string';
    const element = exactly ? this.page.locator(`#${id}:text-is(${JSON.stringify(text)})`) : this.page.locator(`#${id}`, { hasText: text });
    await element.waitFor({ timeout: 10_000 });
  }

  async signIn(agent) {
    for (const [id, value] of [['agent', agent], ['password', agent], ['extension', agent], ['domain', 'localhost']]) {
      await this.page.fill(`#${id}`, value);
    }
    await this.page.click('text=Sign In');
  }

  /** The events since the last time: all that the server has for the page, because a ping is answered after them. */
  async events() {
    await this.page.clock.fastForward(10_000);
    const asked = Number(await this.page.textContent('#asked'));
    await this.page.waitForFunction((asked) => Number(document.querySelector('#answered').textContent) >= asked, asked);
    const all = await this.page.$$eval('#events li', (items) => items.map((item) => [item.dataset.node, item.textContent]));
    const fresh = all.slice(this.#seen);
    this.#seen = all.length;
    return fresh.map(([node, payload]) => event(node, payload));
  }

  /** The page is loaded again: nothing is in it any more. */
  async signOut() {
    await Promise.all([this.page.waitForEvent('load'), this.page.click('#sign-out')]);
    await this.page.locator('#sign-in').waitFor();
    this.#seen = 0;
  }
}

/** Wraps a body that works with pages. */
function atDesks(body) {
  return (t) =>
    lab(
      async (given) => {
        const desks = [];
        const open = async (scheme) => {
          const desk = new Desk(await openPage(browser, `${scheme}://${given.server.addresses[scheme]}/`));
          desks.push(desk);
          return desk;
        };
        try {
          await body({ ...given, open });
          for (const { complaints } of desks) assert.deepEqual(complaints, []);
        } catch (error) {
          for (const { story } of desks) for (const line of story) t.diagnostic(line);
          throw error;
        } finally {
          for (const { page } of desks) await page.context().close();
        }
      },
      { www },
    )(t);
}

for (const scheme of ['https', 'http']) {
  test(`an agent's page over ${scheme} signs in, changes the state and signs out`, atDesks(async ({ connect, open }) => {
    // Who watches the team sees the page's steps too.
    const supervisor = await connect(strophe5, { user: 'administrator' });
    await becomeAvailable(supervisor);
    await supervisor.subscribe(TEAM);
    const ofTheTeam = async () => {
      await supervisor.ping();
      return supervisor.messages.take().map(({ node, text }) => event(node, text));
    };

    const desk = await open(scheme);
    for (const round of ['after the first load', 'after signing out']) {
      await desk.signIn('1001');
      await desk.shows('answer', 'PUT /User/1001 202');
      await desk.shows('connection', 'CONNECTED');
      await desk.shows('presences', /finesse@localhost/);
      await desk.page.locator('#desk').waitFor();
      // Signing in takes a while.
      await desk.page.locator('#events li').first().waitFor();
      assert.deepEqual(await desk.events(), [[USER, 'PUT NOT_READY']], round);
      assert.deepEqual(await ofTheTeam(), [[TEAM, 'PUT NOT_READY']], round);

      await desk.page.click('#get-state');
      await desk.shows('answer', 'GET /User/1001 200');
      await desk.shows('state', /<state>NOT_READY<\/state>/);
      assert.deepEqual(await desk.events(), []);

      for (const [button, state] of [['ready', 'READY'], ['not-ready', 'NOT_READY']]) {
        await desk.page.click(`#${button}`);
        await desk.shows('answer', 'PUT /User/1001 202');
        assert.deepEqual(await desk.events(), [[USER, `PUT ${state}`]]);
        assert.deepEqual(await ofTheTeam(), [[TEAM, `PUT ${state}`]]);
        await desk.page.click('#get-state');
        await desk.shows('state', new RegExp(`<state>${state}</state>`));
      }

      await desk.signOut();
      assert.deepEqual(await ofTheTeam(), [[TEAM, 'PUT LOGOUT']]);
    }
  }));
}

test("two agents' pages call each other: make call, answer, hold, retrieve, drop", atDesks(async ({ open }) => {
  const desks = {};
  for (const agent of ['1001', '1002']) {
    const desk = (desks[agent] = await open('https'));
    await desk.signIn(agent);
    await desk.page.locator('#desk').waitFor();
    await desk.page.click('#ready');
    await desk.shows('answer', `PUT /User/${agent} 202`);
    await desk.events();
  }
  /** Presses a button; returns what the answer was about, and what each of both agents heard then, of calls and of itself. */
  const press = async (agent, button) => {
    const { page } = desks[agent];
    await page.click(`text="${button}"`);
    await page.locator('#answer', { hasText: / 202$/ }).waitFor({ timeout: 10_000 });
    const heard = {};
    for (const [agent, desk] of Object.entries(desks)) {
      const events = await desk.events();
      const of = (wanted) => events.filter(([node]) => node === wanted).map(([, ...what]) => what.join(', '));
      heard[agent] = { calls: of(`/finesse/api/User/${agent}/Dialogs`), state: of(`/finesse/api/User/${agent}`) };
      assert.equal(heard[agent].calls.length + heard[agent].state.length, events.length, 'nothing on other nodes');
    }
    return { answer: await page.textContent('#answer'), heard };
  };

  await desks['1001'].page.fill('#number', '1002');
  const made = await press('1001', 'Make Call');
  assert.deepEqual(made, {
    answer: 'POST /User/1001/Dialogs 202',
    heard: {
      1001: {
        calls: ['POST INITIATING, 1001 INITIATING', 'PUT INITIATED, 1001 INITIATED', 'PUT ALERTING, 1001 INITIATED, 1002 ALERTING'],
        // Express knows no TALKING in calls among agents.
        state: ['PUT NOT_READY'],
      },
      1002: { calls: ['POST ALERTING, 1001 INITIATED, 1002 ALERTING'], state: [] },
    },
  });

  // As with Cisco's sample, the person copies the id of the call from the event.
  const { id } = /<id>(?<id>\d+)<\/id>/.exec(await desks['1002'].page.textContent('#events li:last-child')).groups;
  for (const { page } of Object.values(desks)) await page.fill('#call', id);
  const same = (calls, own = [], others = []) => ({
    answer: `PUT /Dialog/${id} 202`,
    heard: { 1001: { calls: [calls], state: own }, 1002: { calls: [calls], state: others } },
  });
  const answered = await press('1002', 'Answer');
  assert.deepEqual(answered, same('PUT ACTIVE, 1001 ACTIVE, 1002 ACTIVE', [], ['PUT NOT_READY']));
  assert.deepEqual(await press('1001', 'Hold'), same('PUT ACTIVE, 1001 HELD, 1002 ACTIVE'));
  assert.deepEqual(await press('1001', 'Retrieve'), same('PUT ACTIVE, 1001 ACTIVE, 1002 ACTIVE'));
  const dropped = await press('1001', 'Drop');
  const calls = ['PUT DROPPED, 1001 DROPPED, 1002 DROPPED', 'DELETE DROPPED, 1001 DROPPED, 1002 DROPPED'];
  const both = { calls, state: ['PUT READY'] };
  assert.deepEqual(dropped, { answer: `PUT /Dialog/${id} 202`, heard: { 1001: both, 1002: both } });

  for (const [agent, desk] of Object.entries(desks)) {
    await desk.page.click('#not-ready');
    await desk.shows('answer', `PUT /User/${agent} 202`);
    await desk.signOut();
  }
}));
