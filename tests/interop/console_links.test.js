// What leads from one view of the built-in page to another, the marks of faults on frames, and what the page says in Chinese of a server
// that speaks English.

import assert from 'node:assert/strict';
import test from 'node:test';

import { accessible, connect, enter, logIn, open, until } from './lab/console.js';
import { lab } from './lab/lab.js';

const ask = (server, method, path) =>
  fetch(`http://${server.addresses.http}/callboard/api/${path}`, { method, headers: { Authorization: `Basic ${btoa('administrator:1234')}` } });
const read = async (server, path) =>
  (await fetch(`http://${server.addresses.http}${path}`, { headers: { Authorization: `Basic ${btoa('administrator:1234')}` } })).text();
const action = (page, id, name) => page.locator(`[data-agent="${id}"] [data-action="${name}"]`);
const ALARMS = '/finesse/api/User/administrator';
const NO_RECORD = { without: 'record = 10000', limits: 'connections = 300' };

test('an event leads to its frame and its request', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  await action(page, '1001', 'login').click();
  await action(page, '1001', 'ready').click();
  const event = page.locator('.ticks > li[data-kind="user"]').filter({ hasText: '1001 READY' });
  await event.locator('summary').click();
  await event.locator('.tick-text').getByText('<state>READY</state>').waitFor();
  await accessible(page, 'an open event');
  await event.getByRole('link', { name: 'Show the frame' }).press('Enter');
  const others = page.locator('.frames-many');
  const shown = others.locator('.frame[aria-expanded="true"]');
  await shown.waitFor();
  assert.match(await shown.innerText(), /event/);
  assert.equal(await page.evaluate(() => document.activeElement.classList.contains('frame')), true, 'the frame has the focus');
  const whats = await others.locator('.frames-list .frame-what').evaluateAll((all) => all.map((one) => one.firstChild.textContent.trim()));
  assert.deepEqual([whats[0], whats[1], new Set(whats.slice(2))], ['REST request', 'REST response', new Set(['event'])]);
  assert.ok(!(await others.innerText()).includes('Shortened'), 'a whole frame is not called shortened');
  // The frame leads to the request.
  await others.locator('.frame-links button').filter({ hasText: 'request' }).click();
  await others.getByText('<state>READY</state>').first().waitFor();
  // In the other language the link is not followed again.
  await others.getByRole('button', { name: 'Clear' }).click();
  await page.locator('button[lang="zh-TW"]').click();
  await page.locator('.frames-many').waitFor({ state: 'hidden' });
  // A link to a session opens it.
  await page.locator('button[lang="en"]').click();
  const { sessions } = await (await ask(server, 'GET', 'sessions?ended=true')).json();
  await page.evaluate((id) => (location.hash = `#wire/session=${id}`), sessions[0].id);
  await page.getByText(`Watching session ${sessions[0].id}`).waitFor();
  assert.deepEqual(complaints, []);
}));

test('without a record an event leads to the frame of this page, or to a sentence', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire');
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('nav a[href="#desk"]').click();
  await page.locator('.connection.live').waitFor();
  const publish = (node, word) => server.publish(node, `<Update><event>PUT</event><source>${word}</source></Update>`);
  await publish(ALARMS, 'own');
  await publish('/finesse/api/User/1002', 'other');
  const follow = async (word) => {
    const event = page.locator('.ticks > li').filter({ hasText: `PUT ${word}` }).first();
    await event.locator('summary').click();
    await event.getByRole('link').click();
  };
  await follow('own');
  await page.locator('.wire .frame[aria-expanded="true"] .frame-what').getByText('event').waitFor();
  await page.locator('nav a[href="#desk"]').click();
  await follow('other');
  await page.getByRole('alert').getByText('The frame of this event is not here.', { exact: false }).waitFor();
  assert.deepEqual(complaints, []);
}, NO_RECORD));

test('cards of unequal heights leave no holes, and stay in their columns', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk', { viewport: { width: 1920, height: 1080 } });
  for (const id of ['administrator', '1002']) await action(page, id, 'login').click();
  const boxes = () => page.locator('.desk-team').first().locator('.agent').evaluateAll((all) => all.map((one) => {
    const { left, top, bottom, height } = one.getBoundingClientRect();
    return { id: one.dataset.agent, left, top, bottom, height };
  }));
  await action(page, '1002', 'ready').waitFor();
  const before = await boxes();
  await page.locator('.call-form [name="to"]').fill('1002');
  await page.locator('[data-action="call"]').click();
  await action(page, '1002', 'ANSWER').click();
  await action(page, '1002', 'HOLD').waitFor();
  await until(async () => new Set((await boxes()).map(({ height }) => Math.round(height))).size > 1, 'cards of unequal heights');
  await until(async () => {
    const now = await boxes();
    const columns = Map.groupBy?.(now, ({ left }) => left) ?? now.reduce((all, box) => all.set(box.left, [...(all.get(box.left) ?? []), box]), new Map());
    const gaps = [...columns.values()].flatMap((column) => column.slice(1).map((box, index) => box.top - column[index].bottom));
    return (gaps.length > 0 && gaps.every((gap) => gap >= 8 && gap <= 14)) || gaps;
  }, 'cards below each other');
  assert.deepEqual((await boxes()).map(({ id, left }) => [id, left]), before.map(({ id, left }) => [id, left]), 'no card changes its column');
  assert.deepEqual(complaints, []);
}));

for (const [what, options] of [['with a record', {}], ['without a record', NO_RECORD]]) {
  test(`frames that a fault has touched are marked, ${what}`, lab(async ({ server, connect: client }) => {
    const { strophe5 } = await import('./clients/strophe.js');
    const { page, complaints } = await enter(server, 'wire');
    await connect(page);
    await page.getByText('Live', { exact: true }).waitFor();
    // Frames of this page, which notices the fault by itself.
    assert.equal((await ask(server, 'PUT', 'faults/twice?kind=event-twice&user=administrator')).status, 201);
    await page.locator('.fault-bar').waitFor();
    const marked = page.locator('.wire .frames-list > li[data-fault="twice"]');
    await until(async () => {
      await server.publish(ALARMS, '<Update><event>PUT</event></Update>');
      return (await marked.count()) >= 2 || 'none';
    }, 'marks');
    assert.match(await marked.first().innerText(), /event.*Touched by the fault twice/s);
    assert.equal(await page.locator('.wire .frames-list > li[data-fault]').filter({ hasText: 'presence' }).count(), 0);
    // Frames of another client: an event, and a request.
    await page.getByRole('button', { name: 'Watch all' }).click();
    await page.getByText('Watching all sessions').waitFor();
    const session = await client(strophe5, { user: '1001' });
    assert.equal((await ask(server, 'PUT', 'faults/late?kind=ping-delay&delay=1ms&user=1001')).status, 201);
    await session.ping();
    const others = page.locator('.frames-many .frames-list > li[data-fault="late"]');
    await others.filter({ hasText: 'ping' }).first().waitFor();
    assert.deepEqual(complaints, []);
  }, options));
}

test('what the server says in English is told in Chinese, and marked as English', lab(async ({ server }) => {
  const { page } = await enter(server, 'faults', { expected: [/400|404/] });
  await page.locator('button[lang="zh-TW"]').click();
  const card = page.locator('.fault[data-kind="event-delay"]');
  await card.locator('summary').click();
  await card.locator('[name="delay"]').fill('soon');
  await card.locator('[data-action="set"]').click();
  const problem = card.getByRole('alert');
  await problem.filter({ hasText: '400：要求的內容無效' }).waitFor();
  assert.match(await problem.locator('[lang="en"]').innerText(), /^\u2068?delay is a duration/);
  await accessible(page, 'a refusal in Chinese');
  // An error of Finesse's API by its type.
  await page.locator('nav a[href="#desk"]').click();
  await page.locator('.call-form [name="to"]').fill('nobody');
  await page.locator('[data-action="call"]').click();
  const refused = page.locator('.desk-customers').getByRole('alert').first();
  await refused.filter({ hasText: /^\d{3}：\p{Script=Han}+（伺服器原文：/u }).waitFor();
  assert.equal(await refused.locator('[lang="en"]').count(), 1);
  // The words of the page's own language are not marked.
  await page.locator('button[lang="en"]').click();
  await page.locator('.call-form [name="to"]').fill('nobody');
  await page.locator('[data-action="call"]').click();
  await refused.filter({ hasText: /^\d{3}: \w/ }).waitFor();
  assert.equal(await refused.locator('[lang]').count(), 0);
}));

test('"Heal all" says why it has healed nothing, and a second click on "Try" begins nothing', lab(async ({ server }) => {
  const { page } = await enter(server, 'faults', { expected: [/ERR_FAILED|503/] });
  assert.equal((await ask(server, 'PUT', 'faults/slow?kind=ping-delay&user=1003')).status, 201);
  const bar = page.locator('.fault-bar');
  await bar.waitFor();
  await page.route('**/callboard/api/faults', (route) => (route.request().method() === 'DELETE' ? route.abort() : route.continue()));
  await bar.getByRole('button', { name: 'Heal all' }).click();
  await bar.getByRole('alert').getByText('The faults are still on. The server does not answer.').waitFor();
  await accessible(page, 'the bar with a problem');
  await page.unroute('**/callboard/api/faults');
  await bar.getByRole('button', { name: 'Heal all' }).click();
  await bar.waitFor({ state: 'hidden' });
  const sent = [];
  page.on('request', (request) => request.method() === 'PUT' && sent.push(request.url()));
  const card = page.locator('.fault[data-kind="http-status"]');
  await card.locator('summary').click();
  await card.locator('[data-action="try"]').dblclick();
  await card.getByRole('status').filter({ hasText: /\d/ }).waitFor();
  assert.equal(sent.length, 1, sent.join('\n'));
}));

test('a tab that is closed, and a user who logs out, leave no agent ready', { timeout: 120_000 }, lab(async ({ server }) => {
  const state = async (id) => /<state>(\w+)</.exec(await read(server, `/finesse/api/User/${id}`))[1];
  const { page, context, complaints } = await enter(server, 'ways');
  const begin = async (one, id) => {
    await one.locator('.ways-controls select').nth(0).selectOption(id);
    await one.locator('.ways-controls select').nth(2).selectOption('0');
    await one.locator('[data-action="toggle"]').click();
    await one.locator('[data-action="make"]:enabled').click();
    await until(async () => (await state(id)) === 'READY' || state(id), 'a ready agent');
  };
  await begin(page, '1002');
  await page.getByRole('button', { name: 'Log out' }).click();
  await until(async () => (await state('1002')) === 'LOGOUT' || state('1002'), 'the agent as before');
  // What the last user has seen is gone.
  await logIn(page, '1001', '1001');
  await page.locator('nav a').first().waitFor();
  assert.equal(await page.locator('.ways [data-figure="summary"]').count(), 0);
  const other = await open(server, '#ways');
  await logIn(other.page);
  await other.page.locator('[data-action="toggle"]').waitFor();
  await begin(other.page, '1003');
  await other.page.close({ runBeforeUnload: true });
  await until(async () => (await state('1003')) !== 'READY' || 'READY', 'an agent who gets no calls');
  await context.close();
  assert.deepEqual(complaints, []);
}));
