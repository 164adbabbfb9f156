// The view Faults of the built-in page, and the bar that says on every view that faults are on.

import assert from 'node:assert/strict';
import test from 'node:test';

import { SHOTS, accessible, enter, fits, ladder, open, until } from './lab/console.js';
import { lab } from './lab/lab.js';

const ask = (server, method, path) =>
  fetch(`http://${server.addresses.http}/callboard/api/${path}`, { method, headers: { Authorization: `Basic ${btoa('administrator:1234')}` } });

const card = (page, kind) => page.locator(`.fault[data-kind="${kind}"]`);
const bar = (page) => page.locator('.fault-bar');

test('a fault is found, set for one user, counted and healed, and the bar says so everywhere', lab(async ({ server, connect }) => {
  const { strophe5 } = await import('./clients/strophe.js');
  const { page, complaints } = await enter(server, 'faults');
  const board = await open(server, 'board#user=1002&password=1002&team=1');
  const agent = await enter(server, 'wire', { user: '1001', password: '1001' });
  assert.equal(await agent.page.locator('nav a[href="#faults"]').count(), 0, 'faults are for administrators');
  await card(page, 'ping-delay').waitFor();
  const { kinds } = await (await ask(server, 'GET', 'faults/kinds')).json();
  assert.deepEqual(await page.locator('.fault').evaluateAll((all) => all.map((one) => one.dataset.kind).sort()), kinds.map(({ name }) => name).sort());
  await page.getByLabel('Search').fill('answer to a ping');
  await until(async () => (await page.locator('.fault:visible').count()) < 6 || page.locator('.fault:visible').count(), 'a few kinds');
  await card(page, 'ping-delay').locator('summary').press('Enter');
  const form = card(page, 'ping-delay').locator('form');
  await form.getByLabel('User', { exact: true }).fill('1003');
  await form.getByLabel('Delay').fill('1ms');
  const line = await form.locator('.fault-curl').innerText();
  assert.match(line, /^curl -k -u administrator -X PUT 'https:.*\/callboard\/api\/faults\/ping-delay\?kind=ping-delay&delay=1ms&user=1003'$/);
  for (const one of [page, board.page, agent.page]) assert.equal(await bar(one).isVisible(), false);
  await form.getByRole('button', { name: 'Set the fault' }).press('Enter');
  await page.locator('[data-fault="ping-delay"]').getByText('user=1003', { exact: false }).waitFor();
  for (const one of [page, board.page, agent.page]) await bar(one).getByText('1 fault is on.').waitFor();
  assert.equal(await bar(agent.page).getByRole('button').count(), 0, 'agents heal nothing');
  await accessible(page, 'faults');
  await accessible(board.page, 'the bar on the wallboard');
  await page.screenshot({ path: `${SHOTS}faults-1280.png`, fullPage: true });
  const session = await connect(strophe5, { user: '1003' });
  await session.ping();
  await page.locator('[data-hits="ping-delay"]').getByText('acted 1 time', { exact: true }).waitFor();
  // What was typed is still there in the other language.
  await page.locator('button[lang="zh-TW"]').click();
  await card(page, 'ping-delay').getByText('ping 的回應太晚', { exact: false }).first().waitFor();
  assert.equal(await card(page, 'ping-delay').getByLabel('使用者', { exact: true }).inputValue(), '1003');
  await page.locator('button[lang="en"]').click();
  await page.locator('nav a[href="#desk"]').click();
  await bar(page).getByRole('button', { name: 'Heal all' }).click();
  for (const one of [page, board.page, agent.page]) await bar(one).waitFor({ state: 'hidden' });
  assert.deepEqual((await (await ask(server, 'GET', 'faults')).json()).faults, []);
  await session.ping();
  for (const one of [complaints, board.complaints, agent.complaints]) assert.deepEqual(one, []);
}));

test('a wrong value is refused with a sentence, and a fault of one name takes the place of the other', lab(async ({ server }) => {
  const { page } = await enter(server, 'faults', { expected: [/400/] });
  await card(page, 'event-delay').locator('summary').click();
  const form = card(page, 'event-delay').locator('form');
  await form.getByLabel('Delay').fill('soon');
  await form.getByRole('button', { name: 'Set the fault' }).click();
  await form.getByRole('alert').getByText(/delay is a duration/).waitFor();
  for (const delay of ['1s', '2s']) {
    await form.getByLabel('Delay').fill(delay);
    await form.getByRole('button', { name: 'Set the fault' }).click();
    await page.locator('[data-fault="event-delay"]').getByText(`delay=${delay}`).waitFor();
  }
  assert.equal(await page.locator('[data-fault]').count(), 1);
  await page.locator('[data-fault]').getByRole('button').press('Enter');
  await page.getByText('None.', { exact: true }).waitFor();
}));

test('a fault is tried by the session of the page: set, seen in the ladder, and healed', lab(async ({ server }) => {
  const { page } = await enter(server, 'faults', { expected: [/WebSocket/, /503/] });
  for (const [kind, step, seen] of [
    ['upgrade-status', 'upgrade', /refused the upgrade \(503/],
    ['no-upgrade-header', 'upgrade', /without the header Upgrade/],
    ['old-framing', 'open', /not an open as in RFC 7395/],
    ['no-plain', 'features', /do not offer/],
    ['login-refused', 'success', /not-authorized/],
    ['end', 'live', /system-shutdown/],
  ]) {
    await page.locator('nav a[href="#faults"]').click();
    const at = card(page, kind);
    await at.waitFor();
    if (!(await at.locator('form').count())) await at.locator('summary').click();
    await at.getByRole('button', { name: 'Try' }).click();
    const body = page.locator(`#step-${step}`);
    await body.locator('.failure').getByText(seen).first().waitFor();
    await body.getByText('Cause', { exact: true }).waitFor();
    await until(async () => (await (await ask(server, 'GET', 'faults')).json()).faults.length === 0 || 'a fault is left', `${kind} to be healed`);
    await bar(page).waitFor({ state: 'hidden' });
  }
  await page.locator('nav a[href="#faults"]').click();
  await card(page, 'http-status').locator('summary').click();
  await card(page, 'http-status').getByRole('button', { name: 'Try' }).click();
  await card(page, 'http-status').getByRole('status').getByText(/^GET \/finesse\/api\/User\/administrator after .* s: 503/).waitFor();
  // Failures without a fault.
  await page.locator('[data-recipe="nobody"]').getByRole('button', { name: 'Send' }).click();
  await page.locator('[data-recipe="nobody"]').getByRole('status').getByText(/^404/).waitFor();
  await page.locator('[data-recipe="domain"]').getByRole('button', { name: 'Try' }).click();
  await page.locator('#step-open .failure').getByText(/host-unknown/).first().waitFor();
  assert.ok((await ladder(page)).includes('failed'));
}));

test('without the switch the view says how to turn faults on, and nothing is asked for them', lab(async ({ server }) => {
  const asked = [];
  const { page, complaints } = await open(server, '#faults');
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.getByLabel('User', { exact: true }).fill('administrator');
  await page.getByLabel('Password', { exact: true }).fill('1234');
  await page.keyboard.press('Enter');
  await page.getByText(/faults = true/).waitFor();
  await accessible(page, 'faults that are off');
  await page.locator('nav a[href="#desk"]').click();
  await page.locator('[data-agent="1001"]').waitFor();
  assert.deepEqual(asked.filter((path) => path.startsWith('/callboard/api/faults')), []);
  assert.deepEqual(complaints, []);
}, { release: '12.5', without: /^faults = true$/m }));

test('the view Faults fits every window, in both languages and themes', { timeout: 120_000 }, lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'faults');
  await ask(server, 'PUT', 'faults/long-name-of-a-fault-that-somebody-has-set?kind=event-delay&node=/finesse/api/User/*&user=1001&delay=12s');
  await page.locator('[data-fault]').waitFor();
  for (const kind of ['refuse', 'iq-error', 'cut']) await card(page, kind).locator('summary').click();
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const language of ['zh-TW', 'en']) {
      await page.locator(`button[lang="${language}"]`).first().click();
      await card(page, 'cut').locator('form').waitFor();
      await accessible(page, `faults in ${scheme} and ${language}`);
      for (const [width, height] of [[390, 800], [768, 1024], [1280, 800], [1920, 1080], [3840, 2160]]) {
        await page.setViewportSize({ width, height });
        await fits(page, `faults at ${width} in ${language}`);
        await page.screenshot({ path: `${SHOTS}faults-${width}-${language}-${scheme}.png`, fullPage: width < 1000 });
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  }
  assert.deepEqual(complaints, []);
}));
