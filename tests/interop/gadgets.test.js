// Gadgets in the container at /desktop/, and the event tunnel at /tunnel/, in a real browser. The gadgets are written here, and
// ask for what gadgets of a Finesse desktop ask for; a user brings Finesse's own library, which is not part of callboard.

import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';

import { openPage, startBrowser } from './lab/browser.js';
import { lab } from './lab/lab.js';

const FILES = '/3rdpartygadget/files';

let www;
let browser;

before(async () => {
  www = await mkdtemp(join(tmpdir(), 'callboard-www-'));
  await cp(fileURLToPath(new URL('gadgets', import.meta.url)), join(www, FILES), { recursive: true });
  // A library of the user's, beside the container's own files.
  await mkdir(join(www, 'desktop/assets/js'), { recursive: true });
  await writeFile(join(www, 'desktop/assets/js/finesse.js'), 'window.finesse = {};');
  for (const [folder, title] of [['desktop', 'mine'], ['tunnel', 'my tunnel']]) {
    await mkdir(join(www, 'own', folder), { recursive: true });
    await writeFile(join(www, 'own', folder, 'index.html'), `<!doctype html><title>${title}</title>`);
  }
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  if (www) await rm(www, { recursive: true });
});

/** Wraps a body that works with a page of the server. */
function withPage(body, folder = '', more = {}) {
  return (t) => lab(async (given) => {
    let opened;
    const open = async (path, scheme = 'https') => (opened = await openPage(browser, `${scheme}://${given.server.addresses[scheme]}${path}`));
    try {
      await body({ ...given, open });
    } catch (error) {
      for (const line of opened?.story ?? []) t.diagnostic(line);
      throw error;
    } finally {
      await opened?.page.context().close();
    }
  }, { www: join(www, folder), ...more })(t);
}

async function signIn(page, { user = '1001', password = user, extension = user } = {}) {
  for (const [id, value] of Object.entries({ user, password, extension })) await page.fill(`#${id}`, value);
  await page.click('button[type=submit]');
}

/** Waits until an element of a gadget, or of the page, has this text. */
async function shows(place, id, text) {
  await place.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 10_000 });
}

test('gadgets have their preferences, requests, events and each other', withPage(async ({ server, open }) => {
  const { page, complaints } = await open(`/desktop/?gadget=${FILES}/agent.xml&gadget=${FILES}/team.xml`);
  await signIn(page);
  await shows(page, 'status', 'connected');
  await shows(page, 'state', 'NOT_READY');
  const agent = page.frameLocator('#gadget-1');
  const team = page.frameLocator('#gadget-2');
  await shows(page, 'finesse_gadget_1_title', /^An agent$/);
  // What stands in the file, filled: the container's preferences come before empty ones of the file.
  assert.equal(await agent.locator('body.lab').getAttribute('data-scheme'), 'https');
  assert.equal(await agent.locator('body.lab').getAttribute('data-colour'), 'blue');
  await shows(agent, 'rest', '200 NOT_READY application/xml');
  await shows(agent, 'connection', /^connected desktop$/);
  await shows(agent, 'tab', /^home panel_home function$/);
  await shows(agent, 'elsewhere', /^403 403 Error$/);
  assert.equal(complaints.splice(0).filter((line) => !line.includes('own origin only')).join('\n'), '');

  // The container subscribes for a gadget, and says why it could not.
  await shows(team, 'answers', 'SubscribeNodeReq iq; SubscribeNodeReq ok;');
  await agent.getByRole('button', { name: 'Ready' }).click();
  await shows(agent, 'state', /^READY r-gadget$/);
  await shows(team, 'team', /^\/finesse\/api\/Team\/1\/Users READY$/);
  await shows(page, 'state', 'READY');
  await server.post('/callboard/api/calls?to=1001&from=5550123&callVariable1=Gold', '');
  await shows(agent, 'dialogs', /5550123 true$/);

  await agent.locator('text=Say').click();
  await shows(agent, 'heard', /^lab\.words good morning$/);
  await shows(team, 'words', /^good morning$/);

  // A gadget is as high as what is in it.
  const { inside, outside } = await page.evaluate(() => {
    const frame = document.querySelector('#gadget-1');
    return { inside: frame.contentDocument.documentElement.scrollHeight, outside: frame.offsetHeight };
  });
  assert.equal(inside, outside);
  assert.deepEqual(complaints, []);
}));

/** Whether everybody can use the page, by WCAG 2.1 AA; a gadget is its author's. */
async function isForEverybody(page, what) {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const rules = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'], iframes: false };
    return (await axe.run(document, rules)).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`);
  });
  assert.deepEqual(violations, [], what);
}

// A section behind those of the demo.
const LAYOUT = `[[desktop_layout]]
xml = '''<finesseLayout xmlns="http://www.cisco.com/vtg/finesse">
<layout><role>Supervisor</role><page><gadget>${FILES}/agent.xml</gadget></page></layout>
<layout><role>Agent</role><tabs><tab><id>home</id><gadgets><gadget>${FILES}/team.xml?colour=red</gadget></gadgets></tab>
<tab><id>more</id><label>finesse.container.tabs.agent.manageCallLabel</label><columns><column><gadgets><gadget>${FILES}/agent.xml?colour=red</gadget></gadgets></column></columns></tab></tabs></layout>
</finesseLayout>'''`;

test('the gadgets of the layout are there for the role of the user', withPage(async ({ open }) => {
  const { page, complaints } = await open('/desktop/');
  await isForEverybody(page, 'the sign-in');
  await signIn(page);
  await shows(page, 'finesse_gadget_1_title', 'Team');
  await isForEverybody(page, 'the container');
  const second = page.frameLocator('#gadget-2');
  await second.locator('#connection', { hasText: 'connected' }).waitFor({ state: 'attached' });
  assert.equal(await second.locator('body.lab').getAttribute('data-colour'), 'red');

  // The gadgets of another tab are loaded, and shown by click, by key and by a gadget.
  const tab = (name) => page.getByRole('tab', { name, exact: true });
  const isActive = (name) => page.getByRole('tab', { name, exact: true, selected: true }).waitFor();
  assert.equal(await page.locator('#gadget-2').isVisible(), false);
  await second.locator('#tab', { hasText: 'home panel_more' }).waitFor({ state: 'attached' });
  await tab('Manage Call').click();
  await shows(second, 'tab', /^more panel_more/);
  await isForEverybody(page, 'the second tab');
  await page.keyboard.press('ArrowRight');
  await isActive('home');
  assert.equal(await page.locator('#gadget-2').isVisible(), false);
  await page.keyboard.press('End');
  await isActive('Manage Call');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Manage Call');
  await page.evaluate(() => callboard.hub.publish('finesse.containerservices.requests', { type: 'SetActiveTabReq', data: { id: 'home' } }));
  await isActive('home');
  assert.deepEqual(await page.evaluate(() => ['more', 'nowhere', 'home'].map((id) => finesse.container.Tabs.activateTab(id))), [true, false, true]);
  assert.equal(await page.evaluate(() => finesse.container.Tabs.getActiveTab()), 'home');

  // The own ones come beside them, and are those that are remembered.
  await page.fill('#path', `${FILES}/agent.xml`);
  await page.click('text=Add');
  await shows(page.frameLocator('#gadget-3'), 'connection', 'connected');
  assert.equal(await page.evaluate(() => localStorage.getItem('callboard.gadgets')), JSON.stringify([`${FILES}/agent.xml`]));
  assert.deepEqual(complaints.filter((line) => !/own origin only/.test(line)), []);
}, '', { limits: LAYOUT }));

const WORKFLOWS = `[[workflow_action]]
id = 7
name = "Tell a gadget"
type = "BROWSER_POP"
handled_by = "OTHER"
path = "https://crm.example/?who=\${callVariable1}&agent=\${loginId}"
variables = ["callVariable1", "loginId"]

[[workflow_action]]
id = 8
name = "Write it down"
type = "HTTP_REQUEST"
method = "PUT"
location = "FINESSE"
path = "/finesse/api/User/1001"
content_type = "application/xml"
body = "<User><state>NOT_READY</state></User>"

[[workflow]]
name = "For others"
trigger = "CALL_ARRIVES"
conditions = [["callVariable1", "BEGINS_WITH", "Silver"]]
actions = [8]

[[workflow]]
name = "On arrival"
trigger = "CALL_ARRIVES"
conditions = [["callVariable1", "BEGINS_WITH", "Gold"], ["fromAddress", "IS_IN_LIST", "1, 5550123"]]
actions = [7]

[[workflow]]
name = "Never beside another"
trigger = "CALL_ARRIVES"
actions = [7]

[[workflow]]
name = "At the end"
trigger = "CALL_ENDS"
actions = [8]
`;

test('gadgets hear of ticks, workflow actions and active calls', withPage(async ({ server, open }) => {
  await writeFile(join(www, FILES, 'container.xml'), `<?xml version="1.0" encoding="UTF-8"?>
<Module><ModulePrefs title="Container"/><Content type="html"><![CDATA[<script>
  window.heard = { timerTickEvent: [], workflowActionEvent: [], activeCallStatusEvent: [] };
  Object.keys(heard).forEach(function (name) {
    gadgets.Hub.subscribe('finesse.containerservices.' + name, function (topic, data) { heard[name].push(data); });
  });
</script>]]></Content></Module>`);
  const { page, complaints } = await open(`/desktop/?gadget=${FILES}/container.xml`);
  await signIn(page);
  await shows(page, 'state', 'NOT_READY');
  const gadget = await (await page.waitForSelector('#gadget-1')).contentFrame();
  await gadget.waitForFunction(() => window.heard?.timerTickEvent.length >= 2);
  const [first, second] = await gadget.evaluate(() => heard.timerTickEvent.map((tick) => [tick.getDateQueued() instanceof Date, tick.getDateQueued().getTime()]));
  assert.ok(first[0] && second[1] - first[1] >= 900, JSON.stringify([first, second]));

  await page.getByRole('button', { name: 'Ready', exact: true }).click();
  await shows(page, 'state', /^READY$/);
  await server.post('/callboard/api/calls?to=9001&from=5550123&callVariable1=Gold%20%26%20more', '');
  await gadget.waitForFunction(() => heard.workflowActionEvent.length === 1);
  assert.deepEqual(await gadget.evaluate(() => heard.workflowActionEvent), [{
    uri: '/finesse/api/WorkflowAction/7',
    name: 'Tell a gadget',
    type: 'BROWSER_POP',
    handledBy: 'OTHER',
    params: [{
      name: 'path',
      value: 'https://crm.example/?who=${callVariable1}&agent=${loginId}',
      expandedValue: 'https://crm.example/?who=Gold%20%26%20more&agent=1001',
    }],
    actionVariables: [
      {
        name: 'callVariable1',
        node: '//Dialog/mediaProperties/callvariables/CallVariable/name[.="callVariable1"]/../value',
        type: 'SYSTEM',
        testValue: '',
        actualValue: 'Gold & more',
      },
      { name: 'loginId', node: '//User/loginId', type: 'SYSTEM', testValue: '', actualValue: '1001' },
    ],
  }]);
  // At the end of the call the desktop itself asks for a state.
  const asked = [];
  page.on('request', (request) => request.url().endsWith('/User/1001') && asked.push(request.postData()));
  const headers = { Authorization: `Basic ${btoa('1001:1001')}`, 'Content-Type': 'application/xml' };
  const ask = (path, options) => page.evaluate(([path, options]) => fetch(path, options).then((one) => one.text()), [path, { headers, ...options }]);
  const [, id] = /<id>(\d+)<\/id>/.exec(await ask('/finesse/api/User/1001/Dialogs'));
  const act = (action) => ask(`/finesse/api/Dialog/${id}`, {
    method: 'PUT', body: `<Dialog><targetMediaAddress>1001</targetMediaAddress><requestedAction>${action}</requestedAction></Dialog>`,
  });
  await act('ANSWER');
  await shows(page, 'state', 'TALKING');
  await gadget.waitForFunction(() => JSON.stringify(heard.activeCallStatusEvent) === '[{"status":true,"type":"info"}]');
  await act('DROP');
  await gadget.waitForFunction(() => heard.workflowActionEvent.length === 2 && heard.workflowActionEvent[1].handledBy === 'FINESSE');
  await shows(page, 'state', 'NOT_READY');
  assert.deepEqual(asked, ['<User><state>NOT_READY</state></User>']);
  await gadget.waitForFunction(() => heard.activeCallStatusEvent.at(-1).status === false);

  // A sign-out ends the ticks.
  await page.click('text=Sign out');
  await page.locator('#user').waitFor();
  await page.evaluate(() => { window.ticks = 0; callboard.hub.subscribe('finesse.containerservices.*', () => (window.ticks += 1)); });
  await page.clock.runFor(5_000);
  assert.equal(await page.evaluate(() => window.ticks), 0);
  assert.deepEqual(complaints, []);
}, '', { limits: WORKFLOWS, without: /^\[\[workflow(_action)?\]\]\n(?:.+\n)+/gm }));

test('the desktop opens the windows of workflows for a web address only', withPage(async ({ server, open }) => {
  const { page } = await open('/desktop/');
  await signIn(page);
  await shows(page, 'state', 'NOT_READY');
  await page.context().route('https://crm.example/**', (route) => route.fulfill({ body: 'a customer' }));
  const opened = page.waitForEvent('popup');
  await server.post('/callboard/api/calls?to=1001&from=5550123', '');
  const popup = await opened;
  await popup.waitForURL('https://crm.example/customers?number=5550123');
  assert.equal(await popup.evaluate(() => window.opener), null);
  const told = await page.evaluate(async () => {
    const { run } = await import('/desktop/actions.js');
    const param = (name, expandedValue) => ({ name, value: '', expandedValue });
    const pop = (path) => run({ type: 'BROWSER_POP', params: [param('path', path)] }, null);
    const request = run({ type: 'HTTP_REQUEST', params: [param('path', 'https://elsewhere.example/')] }, null);
    window.open = () => null;
    const blocked = await pop('https://crm.example/?a=1');
    return [await pop('javascript:alert(1)'), await pop('http://'), await request, blocked.href, blocked.rel];
  });
  assert.match(told[0], /no address that can be opened: javascript/);
  assert.match(told[1], /no address/);
  assert.match(told[2], /another server/);
  assert.deepEqual(told.slice(3), ['https://crm.example/?a=1', 'noopener']);
}));

test('a link puts no markup into a gadget, and names neither its host nor its password', withPage(async ({ open }) => {
  const colour = '"><b id="planted">planted</b><script>parent.planted = true</script>';
  const query = new URLSearchParams({ colour, scheme: 'http', authorization: 'planted' });
  const { page } = await open(`/desktop/?${new URLSearchParams({ gadget: `${FILES}/agent.xml?${query}` })}`);
  await signIn(page);
  const agent = page.frameLocator('#gadget-1');
  await shows(agent, 'connection', 'connected');
  assert.equal(await agent.locator('body.lab').getAttribute('data-colour'), colour);
  assert.equal(await agent.locator('body.lab').getAttribute('data-scheme'), 'https');
  assert.equal(await agent.locator('#planted').count(), 0);
  assert.equal(await page.evaluate(() => window.planted), undefined);
  assert.notEqual(await page.evaluate(() => callboard.gadget('1').prefs.authorization), 'planted');
}));

test('names that every object has as members are names as others are', withPage(async ({ server, open }) => {
  await writeFile(join(www, FILES, 'names.xml'), `<?xml version="1.0" encoding="UTF-8"?>
<Module><ModulePrefs title="__MSG_toString__ __UP_valueOf__"><Locale><msg name="constructor">made</msg></Locale></ModulePrefs>
<UserPref name="__proto__" default_value="kept"/>
<Content type="html"><![CDATA[<p id="told"></p><script>
  var prefs = new gadgets.Prefs();
  document.getElementById('told').textContent = [
    prefs.getMsg('constructor'), prefs.getMsg('toString'), prefs.getString('toString'), prefs.getString('__proto__'),
  ].join('|');
</script>]]></Content></Module>`);
  const { page, complaints } = await open(`/desktop/?gadget=${FILES}/names.xml`);
  await signIn(page);
  await shows(page.frameLocator('#gadget-1'), 'told', /^made\|\|\|kept$/);
  await shows(page, 'finesse_gadget_1_title', /^__MSG_toString__ __UP_valueOf__$/);
  await page.evaluate(() => callboard.hub.subscribe('finesse.api.Team.1.Users', (topic, json) => { window.told = JSON.parse(json).object; }));
  await page.evaluate(() => callboard.hub.publish('finesse.info.requests', {
    type: 'SubscribeNodeReq', data: { node: '/finesse/api/Team/1/Users' }, invokeID: 'names',
  }));
  await page.waitForFunction(() => window.callboard && document.querySelector('#status').textContent === 'connected');
  const payload = '<Update><toString>1</toString><constructor>a</constructor><constructor>b</constructor><__proto__>c</__proto__></Update>';
  const told = async () => {
    await server.publish('/finesse/api/Team/1/Users', payload);
    return page.evaluate(() => JSON.stringify(window.told ?? null));
  };
  let seen = 'null';
  for (let tries = 0; seen === 'null' && tries < 100; tries += 1) seen = await told();
  assert.equal(seen, '{"Update":{"toString":"1","constructor":["a","b"],"__proto__":"c"}}');
  assert.deepEqual(complaints, []);
}));

test('a gadget is loaded again, taken away, and there the next time', withPage(async ({ open }) => {
  const { page, complaints } = await open('/desktop/');
  await signIn(page);
  await page.fill('#path', `${FILES}/agent.xml`);
  await page.click('text=Add');
  const agent = page.frameLocator('#gadget-1');
  await shows(agent, 'connection', 'connected');
  await agent.locator('text=Say').click();
  await shows(agent, 'heard', 'good morning');
  await agent.locator('text=Reload').click();
  await agent.locator('#heard:empty').waitFor({ state: 'attached' });
  await shows(agent, 'connection', 'connected');
  // Nothing is left of the window that was there before.
  const subscriptions = await page.evaluate(() => {
    const seen = [];
    window.callboard.hub.subscribe('lab.words', () => seen.push(1));
    window.callboard.hub.publish('lab.words', { text: 'x' });
    return seen;
  });
  assert.deepEqual(subscriptions, []);

  for (const [path, problem] of [
    ['/nothing.xml', 'no file'],
    [`${FILES}/agent.js`, 'no gadget'],
    ['https://elsewhere.example/x.xml', 'folder www'],
  ]) {
    await page.fill('#path', path);
    await page.click('text=Add');
    await page.locator('.problem', { hasText: problem }).waitFor();
  }
  assert.equal(await page.locator('iframe').count(), 1);
  assert.deepEqual(complaints.splice(0).filter((line) => !/nothing\.xml|own origin only/.test(line)), []);

  await page.click('text=Sign out');
  await page.locator('#user').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('userFinesseAuth')), null);
  await signIn(page, { password: 'wrong' });
  await page.locator('.problem', { hasText: 'wrong' }).waitFor();
  // What becomes of a sign-in is an event, also when nothing does.
  await signIn(page, { extension: '4711' });
  await page.locator('.problem', { hasText: 'CF_INVALID_LOGON_DEVICE_SPECIFIED' }).waitFor();
  await signIn(page);
  await shows(page.frameLocator('iframe'), 'connection', 'connected');
  await page.click('[aria-label^="Remove"]');
  await page.locator('iframe').waitFor({ state: 'detached' });
  await page.click('text=中文');
  await page.locator('text=登出').waitFor();
}));

test('the container comes back when the server was away', withPage(async ({ server, start, open }) => {
  const { page } = await open(`/desktop/?gadget=${FILES}/agent.xml`);
  await signIn(page);
  const agent = page.frameLocator('#gadget-1');
  await shows(agent, 'connection', 'connected');
  const { https, http } = server.addresses;
  await server.stop();
  await shows(agent, 'connection', 'disconnected');
  await start({ www, https, http });
  await page.clock.runFor(10_000);
  await shows(agent, 'connection', 'connected');
}));

test('the event tunnel speaks as that of Finesse does', withPage(async ({ server, open }) => {
  const tunnel = `https://${server.addresses.https}`;
  const { page, complaints } = await open(`${FILES}/tunnel.html?tunnel=${encodeURIComponent(tunnel)}`, 'http');
  /** Waits for a message that begins so, and forgets those before it. */
  const said = async (start) => {
    await page.waitForFunction((start) => window.said.some((text) => text.startsWith(start)), start, { timeout: 10_000 });
    return page.evaluate((start) => {
      const at = window.said.findIndex((text) => text.startsWith(start));
      return window.said.splice(0, at + 1).at(-1);
    }, start);
  };
  const tell = async (...texts) => {
    for (const text of texts) await page.evaluate((text) => window.tell(text), text);
  };

  await said('4|loaded');
  await tell('7|/finesse/api/User/1001');
  await said('7|/finesse/api/User/1001|<ApiErrors/>');
  await tell('3|tunnel', '1|1001', '5|localhost', '6|pubsub.localhost', '12|websocket', '2|wrong');
  await said('4|unauthorized');
  await tell('2|1001');
  await said('4|connecting');
  assert.match(await said('9|<presence>'), /^9\|<presence><from>finesse@localhost\/[^<]+<\/from><type\/><\/presence>$/);
  await said('3|tunnel');
  await said('4|connected');

  await tell('7|/finesse/api/Team/1/Users');
  assert.equal(await said('7|'), '7|/finesse/api/Team/1/Users');
  await tell('7|/finesse/api/Nothing');
  assert.match(await said('7|'), /^7\|\/finesse\/api\/Nothing\|<iq .*item-not-found/);
  await server.publish('/finesse/api/Team/1/Users', '<Update><a>&amp;ü</a></Update>');
  assert.equal(await said('0|'), '0|/finesse/api/Team/1/Users<Update><a>&amp;ü</a></Update>');
  await tell('14|');
  const list = JSON.parse((await said('14|')).slice(3));
  assert.ok(list.some(({ node, jid, status }) => (
    node === '/finesse/api/Team/1/Users' && jid === '1001@localhost/tunnel' && status === 'subscribed'
  )), JSON.stringify(list));
  await tell('8|/finesse/api/Team/1/Users');
  assert.equal(await said('8|'), '8|/finesse/api/Team/1/Users');

  await tell('11|');
  await said('4|unloading');
  await said('4|disconnected');
  await tell('10|<connInfo><id>1002</id><password>1002</password><xmppDomain>localhost</xmppDomain></connInfo>');
  await said('4|connected');
  assert.deepEqual(complaints, []);
}));

test('a file of the folder comes before the container and the tunnel', withPage(async ({ open }) => {
  for (const [path, title] of [['/desktop/', 'mine'], ['/desktop', 'mine'], ['/tunnel/', 'my tunnel']]) {
    const { page } = await open(path);
    assert.equal(await page.title(), title, path);
    await page.context().close();
  }
}, 'own'));
