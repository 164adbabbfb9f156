// What an administrator, who is a supervisor too, does on the view Contact centre of the built-in page beside calls from outside.

import assert from 'node:assert/strict';
import test from 'node:test';

import { SHOTS, accessible, enter, fits, open, until } from './lab/console.js';
import { lab } from './lab/lab.js';

const agent = (page, id) => page.locator(`[data-agent="${id}"]`);
const action = (page, id, name) => agent(page, id).locator(`[data-action="${name}"]`);

async function signIn(page, ...ids) {
  for (const id of ids) {
    await action(page, id, 'login').click();
    await agent(page, id).locator('.badge[data-state="NOT_READY"]').first().waitFor();
  }
}

async function fill(page, id, name, value) {
  await action(page, id, name).locator('summary').click();
  await action(page, id, name).locator('input').fill(value);
  await page.keyboard.press('Enter');
}

test('an agent dials, consults beside the call, and joins the two', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  await signIn(page, '1001', '1002', '1003');
  await fill(page, '1001', 'dial', '1002');
  await action(page, '1002', 'ANSWER').click();
  await action(page, '1001', 'HOLD').waitFor();
  const recorded = page.waitForResponse((response) => response.request().postData()?.includes('START_RECORDING') ?? false);
  await action(page, '1001', 'START_RECORDING').click();
  assert.equal((await recorded).status(), 202);
  await fill(page, '1001', 'CONSULT_CALL', '1003');
  await action(page, '1003', 'ANSWER').click();
  // Transfer and conference stand with the consultation, once.
  const consultation = agent(page, '1001').locator('.call').filter({ hasText: 'Consultation' });
  await consultation.locator('[data-action="CONFERENCE"]').waitFor();
  assert.equal(await action(page, '1001', 'CONFERENCE').count(), 1);
  await page.screenshot({ path: `${SHOTS}desk-consultation-1280.png`, fullPage: true });
  await consultation.locator('[data-action="CONFERENCE"]').click();
  await until(async () => (await agent(page, '1003').locator('.participants > li').count()) === 3 || 'not yet', 'a conference of three');
  assert.deepEqual(complaints, []);
}));

test('a supervisor listens to an agent and barges in, and tells its team something', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  await signIn(page, 'administrator', '1001');
  await action(page, '1001', 'ready').click();
  await agent(page, '1001').locator('.badge[data-state="READY"]').waitFor();
  assert.equal(await action(page, '1001', 'monitor').isVisible(), false, 'there is no call yet');
  await page.locator('[data-action="call"]').click();
  await action(page, '1001', 'ANSWER').click();
  await action(page, '1001', 'monitor').click();
  await agent(page, '1001').getByText('Silent monitoring').waitFor();
  assert.equal(await action(page, 'administrator', 'START_RECORDING').count(), 0, 'who listens does not record');
  await action(page, '1001', 'barge').click();
  await until(async () => (await agent(page, 'administrator').locator('.participants > li').count()) === 3 || 'not yet', 'a conference of three');
  const message = page.locator('[data-action="message"]').first();
  await message.locator('summary').click();
  await message.locator('input').fill('Tea & cake');
  await page.keyboard.press('Enter');
  await page.locator('.tick-words').getByText('POST administrator: Tea & cake').waitFor();
  // A change of language keeps the events.
  const events = await page.locator('.ticks > li').count();
  await page.locator('button[lang="zh-TW"]').click();
  await agent(page, '1001').waitFor();
  assert.ok((await page.locator('.ticks > li').count()) >= events);
  assert.deepEqual(complaints, []);
}));

test('the service goes out and comes back by the page, and meanwhile time stands still and nothing can be pressed', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk', { expected: [/503/] });
  const board = await open(server, 'board#user=1001&password=1001&team=1', { expected: [/503/] });
  await signIn(page, '1001');
  const choose = async (name) => {
    await page.locator('[data-action="service"] summary').click();
    await page.getByRole('button', { name, exact: true }).press('Enter');
  };
  await choose('Out of service');
  await page.locator('.connection').getByText(/^Out of service/).waitFor();
  await board.page.locator('.stale').waitFor();
  assert.equal(await page.locator('.desk-teams').evaluate((place) => place.inert), true);
  const times = async () => [
    await agent(page, '1001').locator('header .time').innerText(),
    await board.page.locator('[data-agent="1001"] .tile-time').innerText(),
  ];
  const before = await times();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.deepEqual(await times(), before);
  await accessible(page, 'a desk without service');
  await choose('In service');
  await page.locator('.connection.live').waitFor();
  assert.equal(await page.locator('.desk-teams').evaluate((place) => place.inert), false);
  await choose('The user finesse is unavailable');
  await page.locator('[data-action="service"] summary').click();
  await page.getByRole('button', { name: 'The user finesse is available', exact: true }).waitFor();
  for (const one of [complaints, board.complaints]) assert.deepEqual(one, []);
}));

test('a caller who was transferred to an outside number is no caller any more', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  await signIn(page, '1001');
  await page.getByLabel('To (queue or extension)').fill('1001');
  for (const way of ['at once', 'after a consultation']) {
    await page.locator('[data-action="call"]').click();
    await action(page, '1001', 'ANSWER').click();
    await page.locator('[data-caller]').waitFor();
    await action(page, '1001', 'HOLD').waitFor();
    if (way === 'at once') {
      await fill(page, '1001', 'TRANSFER_SST', '5559999');
    } else {
      await fill(page, '1001', 'CONSULT_CALL', '5559999');
      await action(page, '1001', 'TRANSFER').click();
    }
    await page.locator('[data-caller]').waitFor({ state: 'detached' });
  }
  assert.deepEqual(complaints, []);
}));

test('a comparison of transports goes on in another language and behind another view, and leaves the agent as it was', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'ways');
  await page.locator('[data-action="toggle"]').click();
  const state = page.locator('[data-figure="state"]');
  await state.getByText(/^Running for/).waitFor();
  await page.locator('[data-action="make"]:enabled').click();
  const events = async () => Number(await page.locator('td [data-way="ws"][data-figure="events"]').innerText());
  await until(async () => (await events()) >= 1 || events(), 'an event');
  const seen = await events();
  await page.locator('button[lang="zh-TW"]').click();
  await state.getByText(/^已執行/).waitFor();
  await until(async () => (await events()) >= seen || events(), 'the figures');
  await page.locator('nav a[href="#desk"]').click();
  const signedIn = page.locator('.agent .badge:not([data-state="LOGOUT"])');
  await signedIn.first().waitFor();
  await page.locator('nav a[href="#ways"]').click();
  await page.locator('button[lang="en"]').click();
  await state.getByText(/^Running for/).waitFor();
  await page.locator('[data-action="toggle"]').click();
  await page.locator('[data-figure="summary"]').waitFor();
  await page.locator('nav a[href="#desk"]').click();
  await page.locator('[data-agent="1001"]').waitFor();
  await until(async () => (await signedIn.count()) === 0 || signedIn.count(), 'the agent to be signed out again');
  assert.deepEqual(complaints, []);
}));

test('the wallboard shows who is who with 31 agents, and long names of queues stay in the window', lab(async ({ server }) => {
  for (const [width, height] of [[390, 800], [1280, 800], [1920, 1080]]) {
    const { page, complaints } = await open(server, 'board#user=administrator&password=1234&team=1', { viewport: { width, height } });
    await page.locator('[data-agent="2005"]').waitFor();
    await fits(page, `31 agents at ${width}`);
    const hidden = await page.evaluate(() => {
      const inside = ({ left, right }) => left >= 0 && right <= innerWidth + 1;
      const within = (node, box) => node.right <= box.right + 1;
      const bad = [...document.querySelectorAll('.board-queues strong, .board-queues span')].filter((node) => !inside(node.getBoundingClientRect()));
      const ids = [...document.querySelectorAll('.tile-id')].filter((id) => !within(id.getBoundingClientRect(), id.closest('.tile').getBoundingClientRect()));
      return [...bad, ...ids].map((node) => node.textContent);
    });
    assert.deepEqual(hidden, [], `at ${width}`);
    // Fonts of Chinese have descenders below the line, which only a box that is clipped to the sides shows.
    const clipped = await page.locator('.tile-name, .tile-state').evaluateAll((all) => all.filter((one) => getComputedStyle(one).overflowY !== 'visible').length);
    assert.equal(clipped, 0);
    await page.screenshot({ path: `${SHOTS}board-31-${width}.png` });
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
}, {
  limits: [
    '[[queue]]\nid = "9"\nname = "Customers with long complaints about wallboards"\nnumber = "9009"\nteam = "1"',
    ...Array.from({ length: 27 }, (_, n) => (
      `[[user]]\nid = "${2000 + n}"\npassword = "${2000 + n}"\nfirst_name = "Maximiliane"\nlast_name = "Featherstonehaugh"\nextension = "${2000 + n}"\nteam = "1"`
    )),
  ].join('\n'),
}));

test('with the colours of the system one sees which view is open, which language is chosen and what the keys of the lanes are', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'ways', { forcedColors: 'active' });
  await page.locator('[data-action="toggle"]').waitFor();
  const seen = await page.evaluate(() => {
    const style = (node) => getComputedStyle(node);
    const colour = (selector, of) => [...document.querySelectorAll(selector)].map((node) => style(node)[of]);
    const unique = (list) => new Set(list).size;
    const view = [...colour('#top nav a:not([aria-current])', 'borderBottomColor'), ...colour('#top nav a[aria-current]', 'borderBottomColor')];
    return {
      views: unique(view) === 2 && view.at(-1) !== view[0],
      languages: unique(colour('.segments button', 'backgroundColor')),
      keys: colour('.key-full, .key-event', 'backgroundColor').filter((value) => value !== 'rgba(0, 0, 0, 0)' && value !== colour('body', 'backgroundColor')[0]).length,
    };
  });
  assert.deepEqual(seen, { views: true, languages: 2, keys: 2 });
  await page.screenshot({ path: `${SHOTS}ways-forced-colours.png` });
  assert.deepEqual(complaints, []);
}));

test('a scenario is played, paused and stopped by the page, and at its end the page has the states that REST has', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk', { expected: [/503/] });
  const strip = page.locator('.scenario-strip');
  const press = (name) => strip.locator(`[data-scenario="${name}"]`).click();
  const stands = strip.locator('[data-scenario="stands"]');
  await strip.locator('select[name="scenario"]').selectOption('outage-and-recovery');
  await strip.locator('select[name="speed"]').selectOption('60');
  await press('start');
  await agent(page, '1001').locator('.badge[data-state="TALKING"]').first().waitFor();
  await press('pause');
  await strip.locator('[data-scenario="go"]').waitFor();
  assert.match(await stands.textContent(), /^Outage and recovery: \d+:\d\d of 24:00 · \d+ waiting · \d+ answered, \d+ abandoned · /);
  await page.screenshot({ path: `${SHOTS}desk-scenario-1280.png`, fullPage: true });
  await fits(page);
  await accessible(page);
  await press('go');
  const url = `https://${server.addresses.https}/callboard/api/scenario?do=speed&speed=1000`;
  const faster = await page.request.post(url, { headers: { authorization: `Basic ${btoa('administrator:1234')}` } });
  assert.equal(faster.status(), 200);
  await until(async () => /24:00 of 24:00/.test(await stands.textContent()) || await stands.textContent(), 'the end of the scenario');
  for (const id of ['1001', '1002', '1003']) {
    await agent(page, id).locator('.badge[data-state="LOGOUT"]').first().waitFor();
    const rest = await page.request.get(`https://${server.addresses.https}/finesse/api/User/${id}`, { headers: { authorization: `Basic ${btoa('administrator:1234')}` } });
    assert.match(await rest.text(), /<state>LOGOUT<\/state>/);
  }
  await strip.locator('[data-scenario="start"]').waitFor();
  assert.deepEqual(complaints, []);
}));

test('what is done on the page becomes a scenario, which is checked and leads to the same states', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  const recorder = page.locator('.desk-recorder');
  const press = (name) => recorder.locator(`[data-recorder="${name}"]`).click();
  await press('toggle');
  await recorder.getByText('Recording: what is changed here becomes a scenario.').waitFor();
  await signIn(page, '1001');
  await action(page, '1001', 'ready').click();
  await agent(page, '1001').locator('.badge[data-state="READY"]').waitFor();
  await page.locator('[data-action="call"]').click();
  await action(page, '1001', 'ANSWER').click();
  await action(page, '1001', 'HOLD').click();
  await action(page, '1001', 'RETRIEVE').waitFor();
  await press('toggle');
  await recorder.locator('[data-recorder="file"]').waitFor();
  const text = await recorder.locator('[data-recorder="file"]').textContent();
  for (const part of ['state = "LOGIN"', 'do = "call"\nto = "9001"\n', 'action = "ANSWER"\ncall = 1\n', 'action = "HOLD"\ncall = 1\n']) {
    assert.ok(text.includes(part), `${part} in\n${text}`);
  }
  const saved = page.waitForEvent('download');
  await press('save');
  assert.equal((await saved).suggestedFilename(), 'recorded.toml');
  await page.screenshot({ path: `${SHOTS}desk-recorded-1280.png`, fullPage: true });
  await accessible(page);
  for (const width of [390, 480, 768, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 });
    await fits(page);
  }
  // The wallboard says that it plays, and pauses it.
  const board = await open(server, 'board#user=administrator&password=1234&team=1');
  await board.page.locator('[data-agent="1001"]').waitFor();
  const strip = board.page.locator('.scenario-strip');
  assert.equal(await strip.isVisible(), false, 'no scenario plays');
  await press('play');
  // Paused at once, it is not over before the wallboard asks.
  await page.locator('.scenario-strip [data-scenario="pause"]').click();
  await strip.locator('[data-scenario="go"]:not([hidden])').waitFor({ state: 'attached' });
  // Buttons are there while somebody moves.
  await board.page.mouse.move(200, 200);
  await strip.locator('[data-scenario="go"]').waitFor();
  assert.match(await strip.locator('[data-scenario="stands"]').textContent(), /^Recorded: \d+:\d\d of \d+:\d\d · /);
  await accessible(board.page);
  for (const width of [390, 480, 768, 1280, 1920]) {
    await board.page.setViewportSize({ width, height: 800 });
    await fits(board.page);
  }
  await board.page.screenshot({ path: `${SHOTS}board-scenario-1920.png` });
  await board.page.mouse.move(300, 300);
  await strip.locator('[data-scenario="go"]').click();
  await action(page, '1001', 'RETRIEVE').waitFor();
  await board.page.mouse.move(200, 200);
  await strip.locator('[data-scenario="stop"]').click();
  await strip.waitFor({ state: 'hidden' });
  for (const one of [complaints, board.complaints]) assert.deepEqual(one, []);
}));
