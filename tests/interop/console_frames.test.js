// The page's session view: steps one at a time, the list of frames, the frames of others, saved files, and Follow.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { becomeAvailable } from './clients/common.js';
import { SHOTS, accessible, connect, enter, fits, logIn, open, until } from './lab/console.js';
import { lab } from './lab/lab.js';
import { LabSocket } from './lab/socket.js';

const TEAM = '/finesse/api/Team/1/Users';
const EVENT = '<Update><event>PUT</event><requestId>r-1</requestId><source>/finesse/api/Team/1</source></Update>';

const own = (page) => page.locator('.wire .frames');
const others = (page) => page.locator('.tap .frames');
const rows = (list) => list.locator('.frames-list .frame');
const count = (list) => list.locator('.frames-count').innerText();
const live = (page) => page.locator('.wire-form .badge').getByText('Live', { exact: true }).waitFor();

/** Saves what a list shows; returns the path and the text of the file. */
async function saved(page, list, kind) {
  await list.locator('[data-menu="save"] summary').click();
  const download = page.waitForEvent('download');
  await list.getByRole('button', { name: `Save ${kind}` }).click();
  const path = await (await download).path();
  return { path, name: (await download).suggestedFilename(), text: await readFile(path, 'utf8') };
}

/** Puts frames into a list as if they had come: the store is that of the module, by the saved file that is opened. */
async function openFile(page, name, text) {
  await page.locator('input[type="file"]').setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
}

test('one step at a time stops at each request and at each answer, and shows the frame before it is sent', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire/try=none&slow');
  const slow = page.getByLabel('One step at a time');
  assert.equal(await slow.isChecked(), true, 'the link has ticked it');
  const next = page.getByRole('button', { name: 'Next step' });
  const place = async () => (await page.getByRole('button', { name: /^(Connect|Disconnect)$/ }).boundingBox()).x;
  const before = await place();
  // A double click connects, and does not disconnect.
  await page.getByRole('button', { name: 'Connect', exact: true }).dblclick();
  const stops = [];
  while (stops.length < 20) {
    await until(async () => (await next.getAttribute('aria-disabled')) === 'false' || (await page.locator('.wire-form').getAttribute('data-status')) === 'live', 'a stop');
    if ((await page.locator('.wire-form').getAttribute('data-status')) === 'live') break;
    stops.push(await page.locator('.step-head[aria-expanded="true"]').getAttribute('aria-controls'));
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Next step', 'the focus stays');
    assert.equal(await place(), before, 'nothing moves');
    if (stops.at(-1) === 'step-bind') await page.locator('#step-bind').getByText('Sent at the next step').waitFor();
    if (stops.at(-1) === 'step-auth') {
      const text = await page.locator('#step-auth').innerText();
      assert.ok(text.includes('PLAIN') && !text.includes(Buffer.from('\0administrator\x001234').toString('base64').slice(4, 20)), text);
    }
    await page.getByRole('status').filter({ hasText: /Waiting for you at step/ }).waitFor({ state: 'attached' });
    const step = await page.locator('.step-head[aria-expanded="true"]').elementHandle();
    await page.keyboard.press('Enter');
    await until(() => page.evaluate((head) => head.getAttribute('aria-expanded') !== 'true' || document.querySelector('.wire-form').dataset.status === 'live', step), 'the next step');
  }
  assert.deepEqual(stops.map((id) => id.replace('step-', '')), [
    'tcp', 'upgrade', 'open', 'features', 'auth', 'success', 'reopen', 'bind', 'bound', 'presence', 'user', 'userDone', 'team', 'teamDone',
  ]);
  // The times are those of the server, and not of whoever pressed the button.
  const times = await page.locator('.step-time').allInnerTexts();
  assert.equal(times[0], '', 'the browser does not tell TCP from the upgrade');
  assert.match(times[1], /ms$/);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByText('Closed', { exact: true }).waitFor();
  // Without the tick a login that waits goes on.
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await until(async () => (await next.getAttribute('aria-disabled')) === 'false' || 'it does not wait', 'a stop');
  await slow.uncheck();
  await live(page);
  assert.equal(await next.isVisible(), false);
  assert.deepEqual(complaints, []);
}));

test('a reload keeps the form and, if the user wants it, the login; a field that is empty is named', lab(async ({ server }) => {
  const { page, complaints } = await open(server, '#wire/try=node');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('Enter a user name and a password.').waitFor();
  assert.equal(await page.getByLabel('User', { exact: true }).getAttribute('aria-invalid'), 'true');
  await page.getByLabel('Keep me logged in in this tab').check();
  await logIn(page);
  await page.getByLabel('Resource', { exact: true }).fill('');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('alert').getByText('Enter a value: Resource.').waitFor();
  assert.equal(await page.getByLabel('Resource', { exact: true }).getAttribute('aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'resource');
  await accessible(page, 'a form with an error');
  await page.getByLabel('Resource', { exact: true }).fill('gadget');
  await page.reload();
  await page.locator('.ladder').waitFor();
  assert.equal(await page.getByLabel('Resource', { exact: true }).inputValue(), 'gadget');
  assert.equal(await page.locator('.field-try select').inputValue(), 'node');
  // The frames of the login before are there as a file.
  await connect(page, 'none');
  await live(page);
  await page.reload();
  const before = page.locator('.saved');
  await before.getByRole('heading', { name: 'Saved file: before the page was loaded again' }).waitFor();
  await before.getByText('administrator@localhost/gadget').first().waitFor();
  await rows(before).filter({ hasText: 'open request' }).first().waitFor({ state: 'attached' });
  await page.locator('#foot').getByText(/^callboard \d+\.\d+\.\d+ · stands in for UCCX 12\.5$/).waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.reload();
  await page.getByLabel('User', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0, 'nothing is kept of who has logged out');
  const plain = await open(server, '', { scheme: 'http' });
  await plain.page.getByText(/plain HTTP: anyone on the path/).waitFor();
  for (const one of [complaints, plain.complaints]) assert.deepEqual(one, []);
}));

test('frames are filtered by kind and expression, found, shown in three ways, linked and copied', lab(async ({ server }) => {
  const { page, context, complaints } = await enter(server, 'wire');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await connect(page);
  await live(page);
  await server.publish(TEAM, EVENT);
  const list = own(page);
  await rows(list).filter({ hasText: 'event' }).first().waitFor();
  const kinds = list.locator('[data-menu="kinds"]');
  await kinds.locator('summary').click();
  for (const kind of ['stream', 'presence', 'iq', 'ping']) await kinds.locator(`input[value="${kind}"]`).uncheck();
  await page.keyboard.press('Escape');
  assert.match(await kinds.innerText(), /4 of 8 kinds/);
  const shown = async () => new Set(await rows(list).locator('.frame-what').evaluateAll((all) => all.map((one) => one.firstChild.textContent)));
  assert.deepEqual(await shown(), new Set(['event']));
  await kinds.locator('summary').click();
  for (const kind of ['stream', 'presence', 'iq', 'ping']) await kinds.locator(`input[value="${kind}"]`).check();
  await page.keyboard.press('Escape');
  // A bad expression is told, and hides nothing.
  const all = await count(list);
  await list.getByRole('button', { name: 'Regular expressions' }).press('Enter');
  const filter = list.getByRole('searchbox', { name: 'Filter' });
  await filter.fill('(subscribe');
  await list.getByRole('alert').getByText(/not a regular expression/).waitFor();
  assert.equal(await filter.getAttribute('aria-invalid'), 'true');
  assert.equal(await count(list), all);
  await filter.fill('^(un)?subscribe re(quest|sponse)');
  await until(async () => (await shown()).size === 2 || count(list), 'the subscriptions');
  assert.deepEqual(await shown(), new Set(['subscribe request', 'subscribe response']));
  // A filter stays over another language and another view.
  await page.locator('button[lang="zh-TW"]').click();
  assert.equal(await list.getByRole('searchbox', { name: '篩選' }).inputValue(), '^(un)?subscribe re(quest|sponse)');
  await page.locator('button[lang="en"]').click();
  await own(page).getByRole('searchbox', { name: 'Filter' }).fill('');
  await until(async () => (await count(own(page))) === all || count(own(page)), 'all frames');
  // Found from one to the next, and round.
  const find = list.getByRole('searchbox', { name: 'Find' });
  await find.fill('subscribe (request|response)');
  const found = list.locator('.frames-found');
  for (const at of ['1 of 4', '2 of 4', '3 of 4', '4 of 4', '1 of 4']) {
    await find.press('Enter');
    await found.getByText(at, { exact: true }).waitFor();
  }
  await find.press('Shift+Enter');
  await found.getByText('4 of 4', { exact: true }).waitFor();
  assert.equal(await list.locator('li.found').count(), 1);
  assert.ok(await page.evaluate(() => CSS.highlights.get('found').size > 0), 'the text is marked');
  // A response knows its request.
  await find.fill('');
  const response = rows(list).filter({ hasText: 'subscribe response' }).first();
  await response.press('Enter');
  const body = list.locator('.frame-body');
  await body.locator('.frame-links button').click();
  assert.match(await page.evaluate(() => document.activeElement.textContent), /subscribe request/);
  // Three ways to see an event; the raw one is as on the wire.
  const event = rows(list).filter({ hasText: 'event' }).last();
  await event.click();
  const open = list.locator('li', { has: page.locator('[aria-expanded="true"]', { hasText: 'event' }) }).last();
  await open.getByRole('tab', { name: 'Payload' }).waitFor();
  assert.match(await open.getByRole('tabpanel').innerText(), /^<Update>\n {2}<event>PUT/);
  await open.getByRole('tab', { name: 'Payload' }).press('ArrowLeft');
  assert.match(await open.getByRole('tabpanel').innerText(), /&lt;Update&gt;/);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.tab), 'raw');
  const copied = async (name) => {
    await open.getByRole('button', { name }).click();
    await open.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    await open.getByRole('button', { name }).waitFor();
    return text;
  };
  assert.equal(await copied('Copy payload'), EVENT);
  assert.match(await copied('Copy raw'), /^<message .*&lt;Update&gt;.*<\/message>$/);
  assert.match(await copied('Copy pretty'), /^<message [^\n]*>\n {2}<event/);
  const curl = await copied('Copy as curl');
  assert.equal(curl, `curl -k -u administrator -X POST 'https://${server.addresses.https}/callboard/api/publish?node=%2Ffinesse%2Fapi%2FTeam%2F1%2FUsers' -H 'Content-Type: application/xml' --data-raw '${EVENT}'`);
  // What a screen reader says has the parts apart, and no XML.
  assert.match(await rows(list).first().evaluate((row) => row.innerText.replace(/\s+/g, ' ')), /open request localhost/);
  await accessible(page, 'an open frame');
  await page.screenshot({ path: `${SHOTS}frames-1280.png` });
  for (const [width, height] of [[480, 800], [1280, 800], [3840, 2160]]) {
    await page.setViewportSize({ width, height });
    await fits(page, `the session view at ${width}`);
    await page.screenshot({ path: `${SHOTS}frames-${width}.png` });
  }
  assert.deepEqual(complaints, []);
}));

test('a page without TLS copies too', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire', { scheme: 'http' });
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await connect(page);
  await live(page);
  await rows(own(page)).first().click();
  await page.evaluate(() => document.addEventListener('copy', () => (window.copied = document.activeElement.value)));
  await own(page).getByRole('button', { name: 'Copy raw' }).press('Enter');
  await own(page).getByRole('button', { name: 'Copied' }).waitFor();
  assert.match(await page.evaluate(() => window.copied), /^<open /);
  assert.deepEqual(complaints, []);
}));

test('what is watched stays over views and languages, is saved, and marks the own session', lab(async ({ server, connect: client }) => {
  const { strophe5 } = await import('./clients/strophe.js');
  const { page, complaints } = await enter(server, 'wire', { expected: [/ERR_CONNECTION_REFUSED|ERR_EMPTY|ERR_INCOMPLETE|ERR_SOCKET/] });
  await connect(page);
  await live(page);
  const table = page.locator('.tap tbody');
  // The list of sessions is asked for when that of the page changes.
  await table.locator('tr.own').filter({ hasText: 'administrator@localhost/desktop' }).waitFor({ timeout: 2_000 });
  await page.getByRole('button', { name: 'Watch all' }).click();
  await page.getByText('Watching all sessions').waitFor();
  await server.logged(/ sse administrator: connected/, 'the frames to be watched');
  const session = await client(strophe5, { user: '1001' });
  await rows(others(page)).filter({ hasText: 'bind response' }).first().waitFor();
  await page.locator('nav a[href="#desk"]').click();
  await page.locator('[data-agent="1001"]').waitFor();
  await session.ping();
  await page.locator('nav a[href="#wire"]').click();
  await rows(others(page)).filter({ hasText: /ping response/ }).first().waitFor();
  await page.locator('button[lang="zh-TW"]').click();
  await page.getByText('正在監看所有工作階段').waitFor();
  await rows(others(page)).filter({ hasText: 'bind' }).first().waitFor();
  await page.locator('button[lang="en"]').click();
  await page.locator('.tap').getByRole('button', { name: 'Stop' }).click();
  // Only what the filter shows is saved, with the system that it comes from, and opens again.
  await others(page).getByRole('searchbox', { name: 'Filter' }).fill('1001@localhost');
  const json = await saved(page, others(page), 'JSON');
  const file = JSON.parse(json.text);
  assert.deepEqual([file.profile, file.release, /^\d+\.\d+\.\d+/.test(file.version)], ['uccx', '12.5', true]);
  assert.ok(file.frames.length > 2 && file.frames.every(({ text }) => !text.includes(Buffer.from('\x001001\x001001').toString('base64'))));
  for (const kind of ['JSON', 'HAR', 'text']) {
    const { text, name } = await saved(page, others(page), kind);
    await openFile(page, name, text);
    const opened = page.locator('.saved');
    await opened.getByText('not live', { exact: true }).waitFor();
    await opened.getByText('12.5', { exact: true }).waitFor();
    await until(async () => (await count(opened)).startsWith(`${file.frames.length} frames`) || count(opened), `the frames of ${kind}`);
    await rows(opened).filter({ hasText: '1001@localhost/desktop' }).first().waitFor();
    await accessible(page, 'a saved file');
    await opened.getByRole('button', { name: 'Close the file' }).click();
    await opened.waitFor({ state: 'detached' });
  }
  await openFile(page, 'wrong.json', '{"frames":');
  await page.getByRole('alert').getByText(/could not open wrong\.json/).waitFor();
  // By drag and drop, too.
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'dropped.json'));
    return transfer;
  }, json.text);
  await page.locator('main').dispatchEvent('drop', { dataTransfer: data });
  await page.getByRole('heading', { name: 'Saved file: dropped.json' }).waitFor();
  // A list of sessions that is no longer true is of no use.
  await session.disconnect();
  await server.stop();
  await until(async () => (await table.getByRole('button').first().isDisabled()) || 'it can be watched', 'the list to be stale');
  assert.deepEqual(complaints, []);
}));

test('sessions that have ended are opened from the record, with their requests, and followed', lab(async ({ server, connect: client }) => {
  const { strophe5 } = await import('./clients/strophe.js');
  await assert.rejects(client(strophe5, { user: '1003', password: 'wrong' }));
  LabSocket.made.at(-1).terminate();
  const session = await client(strophe5, { user: '1002', resource: 'mine' });
  await becomeAvailable(session);
  const ask = (method, path, body) => fetch(`http://${server.addresses.http}${path}`, {
    method, body, headers: { Authorization: `Basic ${btoa('1002:1002')}`, 'Content-Type': 'application/xml', requestId: 'page-1' },
  });
  assert.equal((await ask('PUT', '/finesse/api/User/1002', '<User><state>LOGIN</state><extension>1002</extension></User>')).status, 202);
  const { page, complaints } = await enter(server, 'wire');
  const table = page.locator('.tap tbody');
  // Who tried, before anybody looked.
  const failed = table.locator('tr').filter({ hasText: 'ended' }).filter({ hasText: 'Open' });
  await failed.first().getByRole('button', { name: 'Open' }).click();
  await page.getByText(/What the record has of session/).waitFor();
  await rows(others(page)).filter({ hasText: 'auth request' }).filter({ hasText: 'PLAIN 1003' }).waitFor();
  await page.locator('.follow summary').first().click();
  await page.locator('.follow-summary').getByText(/First deviation: success: The login was refused: not-authorized/).waitFor();
  // A session that lives has its past, its requests of REST, and what follows.
  await table.locator('tr').filter({ hasText: '1002@localhost/mine' }).getByRole('button', { name: 'Watch' }).click();
  await rows(others(page)).filter({ hasText: 'bind request' }).waitFor();
  const request = rows(others(page)).filter({ hasText: 'REST request PUT /finesse/api/User/1002' });
  await request.click();
  const links = others(page).locator('.frame-links button');
  await links.filter({ hasText: 'REST response' }).waitFor();
  await links.filter({ hasText: 'event' }).first().click();
  assert.match(await page.evaluate(() => document.activeElement.textContent), /event \/finesse\/api\/User\/1002/);
  await session.ping();
  await until(async () => (await rows(others(page)).filter({ hasText: 'ping response' }).count()) > 0 || 'no ping', 'the next ping');
  await accessible(page, 'a session from the record');
  // A frame that a fault has touched is marked.
  const fault = await fetch(`http://${server.addresses.http}/callboard/api/faults/bad-ping?kind=ping-error&user=1002`, { method: 'PUT', headers: { Authorization: `Basic ${btoa('administrator:1234')}` } });
  assert.equal(fault.ok, true, await fault.text());
  await session.ping().catch(() => {});
  await others(page).locator('li[data-fault="bad-ping"]').waitFor();
  await page.screenshot({ path: `${SHOTS}record-1280.png`, fullPage: true });
  const har = JSON.parse((await saved(page, others(page), 'HAR')).text);
  assert.ok(har.log.entries.some(({ request: { method }, response: { status } }) => method === 'PUT' && status === 202));
  assert.deepEqual(complaints, []);
}));

test('50,000 frames are in the list, a few of them in the page, and the oldest give way', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire');
  await connect(page);
  await live(page);
  // The file is made in the page, since it takes long to hand it over.
  await page.evaluate(() => {
    const frames = Array.from({ length: 52_500 }, (_, n) => ({ number: n + 1, time: 1_700_000_000_000 + n, direction: n % 2 ? 'in' : 'out', text: `<message id="m${n}"/>` }));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([JSON.stringify({ frames })], 'many.json'));
    document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  const opened = page.locator('.saved');
  await opened.waitFor({ timeout: 60_000 });
  await until(async () => /^50,\d{3} frames · the oldest 2,000 were dropped$/.test(await count(opened)) || count(opened), 'the frames');
  assert.ok((await rows(opened).count()) < 100, 'the page has those in sight');
  const row = rows(opened).first();
  await row.focus();
  await page.keyboard.press('Home');
  assert.match(await page.evaluate(() => document.activeElement.innerText), /^2,?001\b/);
  await page.keyboard.press('End');
  assert.match(await page.evaluate(() => document.activeElement.innerText), /^52,?500\b/);
  await page.keyboard.press('ArrowUp');
  assert.match(await page.evaluate(() => document.activeElement.innerText), /^52,?499\b/);
  // The focus is not lost when its row is out of sight.
  await opened.locator('.frames-scroll').evaluate((list) => (list.scrollTop = 0));
  await until(() => page.evaluate(() => document.querySelector('.saved li').dataset.n === '2001'), 'the beginning');
  await page.keyboard.press('ArrowDown');
  assert.match(await page.evaluate(() => document.activeElement.innerText), /^52,?500\b/);
  // Rows lie below each other without a gap, also behind an open one.
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const lieTogether = () => page.evaluate(() => {
    const places = [...document.querySelectorAll('.saved li')].map((one) => one.getBoundingClientRect());
    const list = document.querySelector('.saved .frames-scroll').getBoundingClientRect();
    return places.every(({ top }, index) => index === 0 || Math.abs(top - places[index - 1].bottom) < 1.5) && places.at(-1).bottom >= list.bottom;
  });
  await until(lieTogether, 'no gap');
  // In another width they have other heights.
  for (const [width, height] of [[480, 800], [1280, 1600], [1280, 800]]) {
    await page.setViewportSize({ width, height });
    await until(lieTogether, `no gap at ${width} x ${height}`);
  }
  await opened.getByRole('searchbox', { name: 'Find' }).fill('m40000"');
  await opened.getByRole('searchbox', { name: 'Find' }).press('Enter');
  await opened.locator('li.found').getByText('40001', { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
}));

test('Follow shows the first deviation of a session and why, live and from a file', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire/follow=desktop', { expected: [/WebSocket/] });
  await page.getByText('There are no frames yet: connect').waitFor();
  await connect(page);
  await live(page);
  const summary = page.locator('.follow-summary');
  await summary.getByText('No deviation so far.').waitFor();
  await page.locator('[data-follow="profile"]').selectOption('gadget');
  await summary.getByText(/First deviation: bind: The resource desktop belongs/).waitFor();
  await page.locator('[data-follow="profile"]').selectOption('desktop');
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await connect(page, 'node');
  await page.locator('.ladder > li[data-state="failed"]').waitFor();
  await summary.getByText(/First deviation: subscribe response: item-not-found: there is no node \/finesse\/api\/Team\/1-unknown\/Users/).waitFor();
  const first = page.locator('.follow tr.first');
  assert.equal(await first.getAttribute('data-verdict'), 'differs');
  await accessible(page, 'Follow');
  await page.screenshot({ path: `${SHOTS}follow-1280.png`, fullPage: true });
  await first.getByRole('button').click();
  assert.match(await page.evaluate(() => document.activeElement.textContent), /item-not-found/);
  const { text } = await saved(page, own(page), 'JSON');
  await openFile(page, 'failed.json', text);
  await connect(page, 'none');
  await live(page);
  await page.locator('[data-follow="session"]').selectOption({ label: 'File · administrator' });
  await summary.getByText(/First deviation: subscribe response/).waitFor();
  // Beside another session.
  await page.locator('[data-follow="profile"]').selectOption({ label: 'This page · administrator' });
  await summary.getByText(/First deviation: subscribe/).waitFor();
  assert.deepEqual(complaints, []);
}));

test('a server that is back is said to be, and one press connects again', lab(async ({ server, start }) => {
  const { page } = await enter(server, 'wire', { scheme: 'http', expected: [/WebSocket|ERR_/] });
  await connect(page);
  await live(page);
  const { https, http } = server.addresses;
  await server.stop();
  await page.locator('.failure').first().waitFor();
  await start({ https, http });
  await page.locator('.failure').getByText('The server answers again.').waitFor();
  await page.locator('.failure [data-action="again"]').first().click();
  await live(page);
}));
