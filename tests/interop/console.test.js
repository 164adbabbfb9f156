// The built-in page in a real browser: the ladder of a session, the ways beside each other, the desk and the board.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { PATIENCE, SHOTS, accessible, connect, enter, fits, ladder, logIn, open, until, wake } from './lab/console.js';
import { lab } from './lab/lab.js';

/** A password that no port, time or id contains by chance. */
const SECRET = 'geheim-password';
const PAGE = fileURLToPath(new URL('../../src/console/page/', import.meta.url));

test('the ladder comes up step by step, and every frame is seen', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire');
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
  assert.deepEqual(new Set(await ladder(page)), new Set(['done']));
  const frames = page.locator('.wire .frames-list .frame');
  const whats = await frames.locator('.frame-what').evaluateAll((all) => all.map((one) => one.firstChild.textContent.trim()));
  assert.ok(whats.length >= 17, whats.join('\n'));
  assert.equal(whats[0], 'open request');
  assert.ok(whats.some((what) => what.startsWith('subscribe response')), whats.join('\n'));
  // The upgrade, which no page can see by itself.
  await page.locator('.ladder > li .step-head').nth(1).click();
  const upgrade = page.locator('#step-upgrade');
  await upgrade.getByText('101 Switching Protocols', { exact: true }).waitFor();
  await upgrade.getByText('Sec-Websocket-Protocol', { exact: false }).first().waitFor();
  await page.locator('.ladder > li .step-head').nth(0).click();
  await page.locator('#step-tcp').getByText(/TLS 1\.\d, TLS/).waitFor();
  // The base64 taken apart; the password only when it is asked for.
  await page.locator('.ladder > li .step-head').nth(4).click();
  const auth = page.locator('#step-auth');
  await auth.getByText('administrator@localhost').first().waitFor();
  assert.ok(!(await auth.innerText()).includes(SECRET), 'the password is masked');
  await auth.getByRole('button', { name: /password/i }).click();
  await auth.getByText(SECRET, { exact: true }).waitFor();
  // An event is the next frame.
  await server.publish('/finesse/api/Team/1/Users', '<Update><event>PUT</event></Update>');
  await until(async () => (await frames.last().locator('.frame-what').innerText()).includes('event') || 'no event', 'the event');
  await page.screenshot({ path: `${SHOTS}wire-1280.png` });
  // Saved for a ticket, without the password.
  for (const [name, check] of [
    ['Save JSON', (text) => JSON.parse(text).steps.every(({ state }) => state !== 'failed')],
    ['Save text', (text) => text.includes('subscribe')],
  ]) {
    const download = page.waitForEvent('download');
    await page.locator('.wire [data-menu="save"] summary').click();
    await page.getByRole('button', { name }).click();
    const text = await readFile(await (await download).path(), 'utf8');
    assert.ok(check(text), text.slice(0, 500));
    assert.ok(!text.includes(SECRET) && !text.includes(Buffer.from(`\0administrator\0${SECRET}`).toString('base64').slice(0, 20)), text);
  }
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  assert.deepEqual(complaints, []);
}, { password: SECRET }));

test('a step that fails is red, with the cause and what to check', lab(async ({ server }) => {
  const { page } = await enter(server, 'wire', { expected: [/WebSocket/] });
  for (const [failure, step, seen] of [
    ['password', 'success', /not-authorized/],
    ['domain', 'open', /host-unknown/],
    ['protocol', 'upgrade', /400/],
    ['node', 'teamDone', /item-not-found/],
    ['resource', 'live', /conflict/],
  ]) {
    await connect(page, failure);
    const failed = page.locator('.ladder > li[data-state="failed"]');
    await failed.waitFor();
    const body = page.locator(`#step-${step}`);
    await body.locator('.failure').waitFor();
    const text = await body.innerText();
    assert.match(text, seen, failure);
    assert.ok(text.length > 150, `${failure}: ${text}`);
    const button = page.getByRole('button', { name: 'Disconnect' });
    if (await button.isVisible()) await button.click();
    await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  }
}));

test('the list of frames has those of the last login only', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire');
  await connect(page, 'password');
  await page.locator('.ladder > li[data-state="failed"]').waitFor();
  const names = page.locator('.wire .frames-list .frame-what');
  await names.filter({ hasText: 'auth response: failure' }).waitFor();
  await connect(page, 'none');
  await page.getByText('Live', { exact: true }).waitFor();
  await names.filter({ hasText: 'auth response: success' }).waitFor();
  assert.equal(await names.filter({ hasText: 'auth response: failure' }).count(), 0);
  assert.deepEqual(complaints, []);
}));

test('what is wrong with a session that lives on is said', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire', { expected: [/503/] });
  await connect(page);
  const badge = (text) => page.locator('.wire-form .badge').getByText(text, { exact: true }).waitFor();
  const set = (query) => server.post(`/callboard/api/status?${query}`, '');
  await badge('Live');
  await set('finesse=unavailable');
  await badge('Live, degraded');
  await page.locator('#step-live .error').getByText(/web application is down/).waitFor();
  await set('finesse=available&status=OUT_OF_SERVICE');
  await page.locator('#step-live .error').getByText(/OUT_OF_SERVICE/).waitFor();
  await page.locator('nav a[href="#desk"]').click();
  await page.locator('.connection').getByText(/^Out of service/).waitFor();
  await page.locator('nav a[href="#wire"]').click();
  await badge('Live, degraded');
  await set('status=IN_SERVICE');
  await badge('Live');
  assert.deepEqual(complaints, []);
}));

test('the list of frames begins at its end, and stays where one reads', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire');
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
  const make = async (number) => {
    for (let n = 0; n < number; n += 1) await server.publish('/finesse/api/Team/1/Users', '<Update><event>PUT</event></Update>');
  };
  // Only rows in sight are in the page, so the number of the last one says how many there are.
  const frames = page.locator('.wire .frames-list .frame');
  const last = async () => Number(await page.locator('.wire .frames-list > li').last().getAttribute('data-n'));
  const all = async () => Number(/^[\d,]+/.exec(await page.locator('.wire .frames-count').innerText())?.[0]);
  const count = async (number) => until(async () => (await all()) >= number || all(), `${number} frames`);
  const toEnd = () => page.locator('.wire .frames-scroll').evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
  await make(40);
  await count(55);
  await until(async () => (await toEnd()) < 2 || toEnd(), 'the end');
  await page.locator('nav a[href="#ways"]').click();
  await page.locator('[data-action="toggle"]').waitFor();
  await page.locator('nav a[href="#wire"]').click();
  await until(async () => (await toEnd()) < 2 || toEnd(), 'the end after another view');
  assert.ok((await last()) >= 55, 'the newest frame is in sight');
  await frames.last().click();
  const open = page.locator(`.wire .frames-list > li[data-n="${await last()}"]`);
  const top = (await open.boundingBox()).y;
  await make(5);
  await count(60);
  assert.ok(Math.abs((await open.boundingBox()).y - top) < 2, 'a frame that is open does not move');
  assert.deepEqual(complaints, []);
}));

test('a password that is refused is not sent again, and a board that is locked out waits', lab(async ({ server }) => {
  const expected = [/401/];
  const desk = await enter(server, 'desk', { user: '1001', password: '1001', expected });
  await desk.page.locator('[data-agent="1001"]').waitFor();
  const board = await open(server, 'board#user=1002&password=1002&team=1', { expected });
  await board.page.locator('[data-agent="1001"]').waitFor();
  let refused = 0;
  for (const { page } of [desk, board]) page.on('response', (response) => (refused += Number(response.status() === 401)));
  for (const user of ['1001', '1002']) {
    for (let wrong = 0; wrong < 5; wrong += 1) {
      assert.equal((await server.post('/callboard/api/ticket', '', { user, password: 'wrong' })).status, 401);
    }
  }
  await desk.page.getByText(/no longer accepts the password/).waitFor();
  await board.page.getByRole('alert').filter({ hasText: /tries again at \d\d:\d\d/ }).waitFor();
  assert.equal(await board.page.locator('input[name="user"]').inputValue(), '1002');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.equal(refused, 2, 'once by each');
  // Nobody has to type it in again after the lockout, even if the browser was started anew in between.
  await board.page.reload();
  await board.page.getByRole('alert').filter({ hasText: /tries again/ }).waitFor();
  for (const { complaints } of [desk, board]) assert.deepEqual(complaints, []);
}));

test('names that every object has as members are names as others are', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'constructor');
  assert.equal(await page.locator('nav a[aria-current="page"]').getAttribute('href'), '#wire');
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
  const named = await page.evaluate(async () => {
    const { FrameNamer } = await import('/console/protocol/frame_names.js');
    const { stateKind } = await import('/console/shared/states.js');
    const iq = (name) => `<iq type="set" id="1"><pubsub xmlns="http://jabber.org/protocol/pubsub"><${name} node="n"/></pubsub></iq>`;
    const namer = new FrameNamer();
    const frames = ['constructor', 'toString', '__proto__', 'subscribe'].map((name) => namer.name('out', iq(name)).key);
    const tcp = new FrameNamer();
    const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    for (const [direction, text] of [
      ['out', "<stream:stream xmlns='jabber:client' to='a.example' version='1.0'>"],
      ['in', "<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='a.example' id='1'>"],
      ['out', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
      ['in', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
      ['in', `<challenge ${sasl} masked="true"/>`],
      ['out', `<response ${sasl} masked="true"/>`],
      ['in', `<success ${sasl} masked="true"/>`],
      ['out', "<stream:stream to='a.example'>"],
      ['out', '</stream:stream>'],
    ]) {
      const { key, detail } = tcp.name(direction, text);
      frames.push(`${key} ${detail}`.trim());
    }
    return [...frames, namer.name('in', '<iq type="result" id="1"/>').key, ...['constructor', 'valueOf', 'READY'].map(stateKind)];
  });
  assert.deepEqual(named, [
    'iq-request', 'iq-request', 'iq-request', 'subscribe-request',
    'open-request a.example', 'open-response a.example', 'starttls', 'proceed', 'auth-challenge', 'auth-answer', 'success', 'open-again a.example', 'close',
    'subscribe-response', 'busy', 'busy', 'good',
  ]);
  const board = await open(server, 'board#user=1001&password=1001&team=1&lang=constructor');
  await board.page.locator('[data-agent="1001"]').waitFor();
  assert.equal(await board.page.evaluate(() => document.documentElement.lang), 'en');
  for (const one of [complaints, board.complaints]) assert.deepEqual(one, []);
}));

test('queues are up to date while events never cease', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  const waiting = page.locator('[data-queue="1"]');
  await waiting.getByText('0', { exact: true }).waitFor();
  let calls = true;
  const events = (async () => {
    while (calls) await server.publish('/finesse/api/Team/1/Users', '<Update><event>PUT</event></Update>');
  })();
  await page.locator('[data-action="call"]').click();
  await waiting.getByText('1', { exact: true }).waitFor({ timeout: 4_000 });
  calls = false;
  await events;
  assert.deepEqual(complaints, []);
}));

test('a desk that nobody sees holds no connection, and misses nothing', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  await page.locator('.connection.live').waitFor();
  const look = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  const streams = async () => {
    const answer = await page.evaluate((authorization) => (
      fetch('/callboard/api/sessions', { headers: { authorization }, credentials: 'omit' }).then((given) => given.json())
    ), `Basic ${btoa('administrator:1234')}`);
    return answer.sessions.filter(({ transport }) => transport === 'sse').length;
  };
  const event = (id) => server.publish('/finesse/api/Team/1/Users', `<Update><event>PUT</event><source>${id}</source></Update>`);
  const tick = (id) => page.locator('.tick-words').getByText(`PUT ${id}`, { exact: true });
  await event('first');
  await tick('first').waitFor();
  await look(true);
  await until(async () => (await streams()) === 0 || streams(), 'the end of the stream');
  await event('second');
  await look(false);
  await tick('second').waitFor();
  await until(async () => (await streams()) === 1 || streams(), 'one stream');
  assert.equal(await page.locator('.ticks > li').count(), 2);
  assert.deepEqual(complaints, []);
}));

test('every word is there in both languages, and is said somewhere', lab(async ({ server }) => {
  const names = (await readdir(PAGE, { recursive: true })).filter((name) => name.endsWith('.js'));
  const made = await fetch(`http://${server.addresses.http}/console/shared/symptoms.words.js`);
  // Parameters and targets of faults have words, too.
  const kinds = await fetch(`http://${server.addresses.http}/callboard/api/faults/kinds`, { headers: { Authorization: `Basic ${btoa('administrator:1234')}` } });
  // The rules of a client's score, and the verdicts of these and of scenarios, come from the server.
  const ofServer = (name) => readFile(new URL(`../../src/${name}`, import.meta.url), 'utf8');
  const verdicts = await Promise.all(['conformance/rules.rs', 'scenario/report.rs'].map(ofServer));
  const files = [await made.text(), await kinds.text(), ...verdicts, ...await Promise.all(names.map((name) => readFile(PAGE + name, 'utf8')))];
  const words = { en: {}, 'zh-TW': {} };
  // What is left of a file without its words. The words are plain objects of texts.
  const code = files.map((text) => text.replace(/^addWords\((\{\n[^]*?\n\})\);/gm, (_, texts) => {
    for (const [language, more] of Object.entries(new Function(`return ${texts}`)())) Object.assign(words[language], more);
    return '';
  })).join('\n');
  const keys = Object.keys(words.en);
  assert.ok(keys.length > 400, `${keys.length} words`);
  assert.deepEqual(Object.keys(words['zh-TW']).sort(), keys.sort());
  const values = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
  for (const key of keys) assert.deepEqual(values(words['zh-TW'][key]), values(words.en[key]), key);
  // Keys that are put together, as `step.${id}.what`: what is put in has to be somewhere, or be a condition from the wire.
  const families = [...code.matchAll(/`([a-z]+\.[^`]*\$\{[^`]*)`/g)].map(([, family]) => (
    new RegExp(`^${family.split(/\$\{[^}]*\}/).map((part) => part.replaceAll('.', '\\.')).join('([\\w -]+)')}$`)
  ));
  const said = (key) => code.includes(`'${key}'`) || families.some((family) => {
    const part = family.exec(key)?.[1];
    if (!part) return false;
    return /^fail\..+\.(cause|check)$/.test(key) || new RegExp(`['" {]${part.replace(/response$/, '(request|response)')}['":, ]`).test(code);
  });
  assert.deepEqual(keys.filter((key) => !said(key)), []);
  const asked = [...code.matchAll(/\bt\('([^']+)'/g)].map(([, key]) => key);
  assert.deepEqual(asked.filter((key) => !(key in words.en)), []);
}));

test('a number takes the singular or the plural, and is written as the language of the page does', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'wire', { locale: 'de-DE' });
  await page.locator('.ladder').waitFor();
  const said = (language, n) => page.evaluate(async ([name, value]) => {
    const { number, setLanguage, t } = await import('/console/shared/words.js');
    setLanguage(name);
    return t('frames.count', { n: number(value) });
  }, [language, n]);
  assert.equal(await said('en', 1), '1 frame');
  assert.equal(await said('en', 0), '0 frames');
  assert.equal(await said('en', 1234), '1,234 frames');
  assert.equal(await said('zh-TW', 1), '1 個訊框');
  assert.deepEqual(complaints, []);
}));

test('a wrong password is said, and nobody is let in', lab(async ({ server }) => {
  const { page } = await open(server, '', { expected: [/401/] });
  await logIn(page, 'administrator', 'wrong');
  await page.getByRole('alert').filter({ hasText: /wrong/i }).waitFor();
  assert.equal(await page.locator('nav a').count(), 0);
  await logIn(page);
  await page.locator('nav a').first().waitFor();
}));

test('an administrator looks at the session of another client', lab(async ({ server, connect: client }) => {
  const { strophe5 } = await import('./clients/strophe.js');
  const { page, complaints } = await enter(server, 'wire');
  const others = page.locator('.frames-many');
  await page.getByRole('button', { name: 'Watch all' }).click();
  await page.getByText('Watching all sessions').waitFor();
  // What was said before is not shown.
  await server.logged(/ sse administrator: connected/, 'the frames to be watched');
  const session = await client(strophe5, { user: '1001' });
  await others.getByText('auth request').first().waitFor();
  await others.getByText('bind request').first().waitFor();
  assert.ok(!(await others.innerText()).includes(Buffer.from('\x001001\x001001').toString('base64')), 'the password is masked');
  await session.disconnect();
  assert.deepEqual(complaints, []);
}));

test('an administrator sees who has subscribed to what, and ends a subscription', lab(async ({ server, connect: client }) => {
  const { strophe5 } = await import('./clients/strophe.js');
  const node = '/finesse/api/Team/1/Users';
  const session = await client(strophe5, { user: '1001' });
  await session.subscribe(node);
  const { page, complaints } = await enter(server, 'wire', { expected: [/404/] });
  const panel = page.getByRole('region', { name: 'Subscriptions' });
  const rows = panel.locator('tbody tr:visible');
  await rows.filter({ hasText: '1001@localhost/desktop' }).filter({ hasText: node }).waitFor();
  await panel.getByLabel('User', { exact: true }).fill('1002');
  await panel.getByText('There are no subscriptions.').waitFor();
  await panel.getByLabel('User', { exact: true }).fill('1001');
  await panel.getByLabel('Node', { exact: true }).fill('/nowhere');
  await panel.locator('.error', { hasText: 'no such node' }).waitFor();
  await panel.getByLabel('Node', { exact: true }).fill(node);
  await until(async () => (await rows.count()) === 1 && (await panel.locator('.error:visible').count()) === 0, 'one row');
  await accessible(page, 'subscriptions');
  await page.screenshot({ path: `${SHOTS}subscriptions-1280.png`, fullPage: true });
  await rows.getByRole('button').press('Enter');
  await panel.getByRole('status').getByText(`The subscription of 1001@localhost/desktop to ${node} has ended.`).waitFor();
  await panel.getByText('There are no subscriptions.').waitFor();
  await until(() => page.evaluate(() => document.activeElement.matches('.polled-scroll')), 'the focus to stay in the panel');
  assert.deepEqual(complaints, []);
}));

test('the ways beside each other for 20 seconds, as the server counts them', { timeout: 90_000 }, lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'ways');
  // By hand, so that the number of changes is known.
  await page.locator('.ways-controls select').nth(2).selectOption('0');
  await page.locator('[data-action="toggle"]').click();
  const figure = async (way, name) => {
    const text = await page.locator(`td [data-way="${way}"][data-figure="${name}"]`).innerText();
    const [, number, unit] = /(-?[\d.,]+)\s*(\S*)/.exec(text) ?? [];
    return Number((number ?? 'NaN').replaceAll(',', '')) * ({ kB: 1000, MB: 1_000_000, s: 1000 }[unit] ?? 1);
  };
  await until(async () => (await figure('ws', 'requests')) === 1 && (await figure('bosh', 'requests')) > 4, 'all ways to be up');
  const started = Date.now();
  let made = 0;
  while (Date.now() - started < 20_000) {
    await page.locator('[data-action="make"]:enabled').click();
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 1900));
  }
  await until(async () => {
    const all = await Promise.all(['bosh', 'sse', 'ws'].map((way) => figure(way, 'events')));
    return all.every((events) => events === made) || all;
  }, `${made} events`);
  await page.screenshot({ path: `${SHOTS}ways-1280.png`, fullPage: true });
  await page.locator('[data-action="toggle"]').click();
  await page.locator('[data-figure="summary"]').waitFor();
  for (const way of ['close', 'keep', 'poll', 'bosh', 'sse', 'ws']) {
    for (const name of ['requests', 'empty']) {
      const said = await page.locator(`td [data-way="${way}"][data-figure="${name}-server"]`).innerText();
      assert.equal(await figure(way, name), Number(/\d+/.exec(said)?.[0]), `${name} of ${way} as the server counts them`);
    }
    assert.ok((await figure(way, 'up')) > 100 && (await figure(way, 'down')) > 100, `bytes of ${way}`);
  }
  // The arguments for and against each way.
  const requests = await Promise.all(['close', 'keep', 'poll', 'bosh', 'sse', 'ws'].map((way) => figure(way, 'requests')));
  const connections = await Promise.all(['close', 'keep', 'poll', 'bosh', 'sse', 'ws'].map((way) => figure(way, 'connections')));
  assert.ok(requests.slice(0, 3).every((number) => number >= 18), `polls go on asking: ${requests}`);
  assert.equal(connections[0], requests[0], 'a connection for every request');
  // A browser hands a connection from one way to another as it likes, so it may be more than one.
  for (const n of [1, 2]) assert.ok(connections[n] * 3 <= requests[n], `a poll's connection stays: ${connections}`);
  assert.ok((await figure('poll', 'empty')) >= 5, 'polls are mostly empty');
  assert.ok(requests[3] >= made, 'long polling asks again after every answer');
  assert.deepEqual([requests[4], requests[5]], [1, 1], 'one request is enough for the others');
  assert.ok((await figure('poll', 'p50')) > (await figure('ws', 'p50')), 'a poll is late');
  assert.deepEqual(complaints, []);
}));

test('a state changed on the desk is on the board, and the board comes back after a restart', { timeout: 120_000 }, lab(async ({ server, start }) => {
  const gone = [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE/, /ERR_EMPTY_RESPONSE/, /ERR_CONNECTION_RESET/, /ERR_SOCKET_NOT_CONNECTED/, /EventSource/, /401/];
  const desk = await enter(server, 'desk', { scheme: 'http', expected: gone });
  const board = await open(server, `board#user=administrator&password=${SECRET}&team=1`, { scheme: 'http', expected: gone });
  const agent = desk.page.locator('[data-agent="1001"]');
  const tile = board.page.locator('[data-agent="1001"]');
  await tile.getByText('Signed out').waitFor();
  assert.ok(!board.page.url().includes(SECRET), 'the password does not stay in the address');
  await agent.locator('[data-action="login"]').click();
  await tile.getByText('Not ready').waitFor();
  await agent.locator('[data-action="ready"]').click();
  await tile.getByText('Ready', { exact: true }).waitFor();
  // A call from outside, to its end.
  await desk.page.locator('[data-action="call"]').click();
  await tile.getByText('Reserved').waitFor();
  await agent.locator('[data-action="ANSWER"]').click();
  await tile.getByText('Talking').waitFor();
  await agent.locator('[data-action="HOLD"]').click();
  await agent.locator('[data-action="RETRIEVE"]').click();
  await desk.page.screenshot({ path: `${SHOTS}desk-1280.png`, fullPage: true });
  await board.page.screenshot({ path: `${SHOTS}board-1280.png` });
  await agent.locator('[data-action="DROP"]').first().click();
  await tile.getByText('Wrap-up').waitFor();
  // The call stays for its reason, without its caller.
  await agent.locator('.call').getByText('Wrap-up').first().waitFor();
  await agent.locator('.call [data-action="UPDATE_CALL_DATA"]').waitFor();
  assert.equal(await desk.page.locator('.callers li').count(), 0);
  // The server goes, and comes back without anybody signed in.
  const { https, http } = server.addresses;
  await server.stop();
  await board.page.getByRole('alert').filter({ hasText: /lost/i }).waitFor();
  await start({ https, http, password: SECRET });
  await tile.getByText('Signed out').waitFor({ timeout: 40_000 });
  await board.page.getByRole('alert').filter({ hasText: /lost/i }).waitFor({ state: 'hidden' });
  await desk.page.locator('[data-agent="1001"] [data-action="login"]').waitFor({ timeout: 40_000 });
  for (const { complaints } of [desk, board]) assert.deepEqual(complaints, []);
}, { password: SECRET }));

test('a task is handed in, handled by its agent, and ended by its customer', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  const agent = page.locator('[data-agent="1001"]');
  const medium = agent.locator('[data-medium="5000"]');
  const state = (name) => medium.locator(`.badge[data-state="${name}"]`).waitFor();
  const choose = async (name) => {
    await medium.locator('summary').click();
    await medium.getByRole('button', { name, exact: true }).click();
  };
  await state('LOGOUT');
  await choose('Ready');
  await agent.getByRole('alert').getByText(/AGENT_NOT_LOGGED_IN/).waitFor();
  await choose('Sign in');
  await state('NOT_READY');
  await choose('Ready');
  await state('READY');

  const tasks = page.getByRole('list', { name: 'Tasks' }).locator('li');
  await page.locator('input[name="callVariable1"]').nth(1).fill('about a bill');
  await page.locator('[data-action="task"]').click();
  await state('RESERVED');
  await tasks.getByText('Chat · about a bill').waitFor();
  await tasks.locator('.badge[data-state="OFFERED"]').waitFor();
  const task = agent.locator('.call', { hasText: 'about a bill' });
  for (const [action, next] of [['ACCEPT', 'ACCEPTED'], ['START', 'ACTIVE'], ['PAUSE', 'PAUSED'], ['RESUME', 'ACTIVE']]) {
    await task.locator(`[data-action="${action}"]`).click();
    await task.locator(`.badge[data-state="${next}"]`).waitFor();
    await tasks.locator(`.badge[data-state="${next}"]`).waitFor();
  }
  await page.screenshot({ path: `${SHOTS}desk-tasks-1280.png`, fullPage: true });
  await accessible(page, 'tasks');
  // Nobody takes the second one, of a medium in which no agent is ready.
  await choose('Not ready');
  await page.locator('[data-action="task"]').click();
  await tasks.getByText('Waiting', { exact: true }).waitFor();
  for (const left of [1, 0]) {
    await tasks.first().locator('[data-action="hangup"]').click();
    await until(async () => (await tasks.count()) === left || tasks.count(), `${left} tasks`);
  }
  await task.waitFor({ state: 'detached' });
  assert.deepEqual(complaints, []);
}, { profile: 'ucce' }));

test('a contact of a campaign is offered, rejected, called and reclassified', lab(async ({ server }) => {
  const { page, complaints } = await enter(server, 'desk');
  const agent = page.locator('[data-agent="1001"]');
  const act = (action) => agent.locator(`.call [data-action="${action}"]`);
  const contacts = page.getByRole('list', { name: 'Contacts' }).locator('li');
  const handIn = () => page.locator('[data-action="contact"]').click();
  await handIn();
  await contacts.getByText('Waiting', { exact: true }).waitFor();
  await contacts.locator('[data-action="hangup"]').click();
  await until(async () => (await contacts.count()) === 0, 'the contact to be taken out');

  await agent.locator('[data-action="login"]').click();
  await agent.locator('[data-action="ready"]').click();
  await agent.locator('.badge[data-state="READY"]').waitFor();
  await handIn();
  await agent.locator('.badge[data-state="RESERVED_OUTBOUND_PREVIEW"]').waitFor();
  await contacts.getByText('Offered · 1001').waitFor();
  await act('REJECT').click();
  await contacts.getByText('Resting').waitFor();
  await contacts.locator('[data-action="hangup"]').click();

  await handIn();
  assert.equal(await agent.locator('.call [data-action="hangup"]').count(), 0, 'the dialer is no caller');
  await act('ACCEPT').click();
  await contacts.getByText('Called · 1001').waitFor();
  await act('RECLASSIFY').locator('summary').click();
  await page.screenshot({ path: `${SHOTS}desk-contacts-1280.png`, fullPage: true });
  await accessible(page, 'contacts');
  await agent.getByRole('button', { name: 'Answering machine' }).click();
  // Which event is the last one depends on what else happens.
  await until(async () => {
    await page.locator('.ticks details').evaluateAll((all) => all.forEach((details) => (details.open = true)));
    return (await page.locator('.ticks pre', { hasText: '<outboundClassification>ANS_MACHINE' }).count()) > 0 || 'no event';
  }, 'the event of the classification');
  await act('UPDATE_SCHEDULED_CALLBACK').locator('summary').click();
  await agent.locator('input[type="datetime-local"]').fill('2036-11-30T12:50');
  await agent.locator('input[type="datetime-local"]').press('Enter');
  await act('CANCEL_SCHEDULED_CALLBACK').click();
  await act('UPDATE_SCHEDULED_CALLBACK').waitFor();
  assert.equal(await agent.getByRole('alert').count(), 0);
  assert.deepEqual(complaints, []);
}));

test('the server restarts under an open session, and the page says so', lab(async ({ server, start }) => {
  const { page } = await enter(server, 'wire', { scheme: 'http', expected: [/WebSocket|ERR_/] });
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
  const { https, http } = server.addresses;
  await server.stop();
  await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  await connect(page);
  await page.locator('.ladder > li[data-state="failed"]').first().waitFor();
  await page.locator('#step-tcp .failure, #step-upgrade .failure').first().waitFor();
  await start({ https, http });
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
}));

test('markup in events stays text', lab(async ({ server }) => {
  const evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
  const update = `<Update><data><user><loginId>1001</loginId><firstName>&lt;b id="pwned"&gt;</firstName><state>${'&lt;i id="pwned"&gt;'}</state><uri>/finesse/api/User/1001</uri></user></data><event>PUT</event><requestId></requestId><source>/finesse/api/User/1001</source></Update>`;
  // What is no XML becomes a document that says so, with a style that the policy of the page does not apply.
  const expected = [/inline style.*\/xml\.js/];
  const { page, complaints } = await enter(server, 'desk', { expected });
  await page.locator('[data-agent="1001"]').waitFor();
  const board = await open(server, 'board#user=administrator&password=1234&team=1', { expected });
  await board.page.locator('[data-agent="1001"]').waitFor();
  for (const payload of [evil, update]) await server.publish('/finesse/api/Team/1/Users', payload);
  await page.locator('.ticks li').first().waitFor();
  const wire = await enter(server, 'wire', { expected });
  await connect(wire.page);
  await wire.page.getByText('Live', { exact: true }).waitFor();
  for (const payload of [evil, update]) await server.publish('/finesse/api/Team/1/Users', payload);
  await until(async () => (await wire.page.locator('.wire .frames-list').innerText()).includes('event'), 'the events');
  await wire.page.locator('.wire .frames-list .frame').last().click();
  for (const one of [page, board.page, wire.page]) {
    const harmed = await one.evaluate(() => window.pwned !== undefined || document.querySelector('#pwned, img, script:not([src])') !== null);
    assert.equal(harmed, false);
  }
  for (const one of [complaints, board.complaints, wire.complaints]) assert.deepEqual(one, []);
}));

test('every view fits every window, in both languages, and is for everybody', { timeout: 180_000 }, lab(async ({ server }) => {
  const sizes = [[390, 800], [480, 800], [1024, 600], [1280, 800], [1920, 1080], [3840, 2160]];
  const { page, complaints } = await enter(server, 'wire');
  await connect(page);
  await page.getByText('Live', { exact: true }).waitFor();
  const board = await open(server, 'board#user=administrator&password=1234&team=1');
  await board.page.locator('[data-agent="1001"]').waitFor();
  const views = [
    ['wire', page, '.ladder'],
    ['ways', page, '[data-action="toggle"]'],
    ['desk', page, '[data-agent="1001"]'],
    ['faults', page, '.fault'],
    ['board', board.page, '[data-agent="1001"]'],
  ];
  for (const scheme of ['light', 'dark']) {
    for (const [name, on, mark] of views) {
      await on.emulateMedia({ colorScheme: scheme });
      if (name !== 'board') await on.locator(`nav a[href="#${name}"]`).click();
      await on.locator(mark).first().waitFor();
      await wake(on);
      await accessible(on, `${name} in ${scheme}`);
      for (const language of ['zh-TW', 'en']) {
        await wake(on);
        await on.locator(`button[lang="${language}"]`).first().click();
        await on.locator(mark).first().waitFor();
        assert.equal(await on.evaluate(() => document.documentElement.lang), language);
        if (scheme === 'dark') continue;
        for (const [width, height] of sizes) {
          await on.setViewportSize({ width, height });
          await fits(on, `${name} at ${width} in ${language}`);
          if (name === 'board' && width >= 1280) {
            const cut = await on.locator('.tile-name').evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent));
            assert.deepEqual(cut, [], `names at ${width}`);
          }
          if ([390, 1280, 1920, 3840].includes(width)) {
            await on.screenshot({ path: `${SHOTS}${name}-${width}-${language}.png` });
          }
        }
      }
      await on.setViewportSize({ width: 1280, height: 800 });
    }
  }
  for (const one of [complaints, board.complaints]) assert.deepEqual(one, []);
}));

test('the manual is read in the program, in both themes and on a telephone', lab(async ({ server }) => {
  const { page, context, complaints } = await open(server, '');
  const opened = context.waitForEvent('page');
  await page.getByRole('link', { name: 'Manual' }).click();
  const manual = await opened;
  manual.on('console', (message) => complaints.push(message.text()));
  manual.setDefaultTimeout(PATIENCE);
  await manual.locator('.contents a').first().waitFor();
  const pages = await manual.locator('.manual nav a').evaluateAll((all) => all.map(({ href }) => href));
  assert.ok(pages.length >= 9, pages.join(' '));
  for (const scheme of ['light', 'dark']) {
    await manual.emulateMedia({ colorScheme: scheme });
    for (const address of ['./', ...pages]) {
      await manual.goto(new URL(address, `https://${server.addresses.https}/console/manual/`).href);
      await until(() => manual.evaluate((wanted) => document.documentElement.dataset.theme === wanted, scheme), 'the theme');
      await accessible(manual, `${address} in ${scheme}`);
      if (scheme === 'dark') continue;
      for (const width of [1280, 390]) {
        await manual.setViewportSize({ width, height: 800 });
        await fits(manual, `${address} at ${width}`);
      }
      await manual.setViewportSize({ width: 1280, height: 800 });
    }
    await manual.screenshot({ path: `${SHOTS}manual-${scheme}.png` });
  }
  // From one page to a heading of another one.
  await manual.goto(`https://${server.addresses.https}/console/manual/teaching.html`);
  await manual.getByRole('main').getByRole('link', { name: 'Operating' }).click();
  await manual.waitForURL(/operating\.html#a-kiosk$/);
  await manual.locator('#a-kiosk').waitFor();
  assert.deepEqual(complaints, []);
}));

test('the page is used by the keyboard alone', lab(async ({ server }) => {
  const { page } = await open(server, '');
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim().slice(0, 40));
  await until(async () => (await focused()) === 'login-user' || focused(), 'the first field');
  await page.keyboard.type('administrator');
  await page.keyboard.press('Tab');
  await page.keyboard.type('1234');
  await page.keyboard.press('Enter');
  await page.locator('nav a[aria-current="page"]').waitFor();
  const reach = async (wanted) => {
    for (let steps = 0; steps < 40; steps += 1) {
      if (await page.evaluate((text) => document.activeElement?.textContent?.trim() === text, wanted)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${wanted} is not reached by Tab`);
  };
  await reach('Connect');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none', 'the focus is seen');
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
  // A call is drawn anew at each step: the key that answered it does not end it.
  await page.locator('nav a[href="#desk"]').click();
  const agent = page.locator('[data-agent="1001"]');
  const press = async (action) => {
    const button = agent.locator(`[data-action="${action}"]`);
    await button.waitFor();
    await button.press('Enter');
  };
  await press('login');
  await press('ready');
  await agent.locator('.badge[data-state="READY"]').waitFor();
  await page.locator('[data-action="call"]').press('Enter');
  await press('ANSWER');
  await agent.locator('[data-action="HOLD"]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.action), 'HOLD');
}));
