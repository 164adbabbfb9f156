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
import { parse } from './lab/xml.js';

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

/** What an event says, as far as a step of the page is about it. */
function event(node, payload) {
  const update = parse(payload);
  const text = (name) => update.getElementsByTagName(name)[0]?.textContent;
  return [node, text('event'), text('state')];
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
      assert.deepEqual(await desk.events(), [[USER, 'PUT', 'NOT_READY']], round);
      assert.deepEqual(await ofTheTeam(), [[TEAM, 'PUT', 'NOT_READY']], round);

      await desk.page.click('#get-state');
      await desk.shows('answer', 'GET /User/1001 200');
      await desk.shows('state', /<state>NOT_READY<\/state>/);
      assert.deepEqual(await desk.events(), []);

      for (const [button, state] of [['ready', 'READY'], ['not-ready', 'NOT_READY']]) {
        await desk.page.click(`#${button}`);
        await desk.shows('answer', 'PUT /User/1001 202');
        assert.deepEqual(await desk.events(), [[USER, 'PUT', state]]);
        assert.deepEqual(await ofTheTeam(), [[TEAM, 'PUT', state]]);
        await desk.page.click('#get-state');
        await desk.shows('state', new RegExp(`<state>${state}</state>`));
      }

      await desk.signOut();
      assert.deepEqual(await ofTheTeam(), [[TEAM, 'PUT', 'LOGOUT']]);
    }
  }));
}
