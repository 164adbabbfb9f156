// Pages of other origins, as a real browser lets them ask.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { strophe5 } from './clients/strophe.js';
import { becomeAvailable } from './clients/common.js';
import { openPage, startBrowser } from './lab/browser.js';
import { lab } from './lab/lab.js';

const ALARMS = '/lab/alarms';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser?.close());

/** What a page at `host` gets when it asks the server at 127.0.0.1: the status and what it may read, or the error. */
async function pageAt(host, server, body) {
  const port = server.addresses.http.split(':').at(-1);
  const { page } = await openPage(browser, `http://${host}:${port}/healthz`);
  const ask = (path, { user = '1001', password = user, ...options }) =>
    page.evaluate(
      async ([url, options]) => {
        try {
          const answer = await fetch(url, options);
          return { status: answer.status, id: answer.headers.get('requestId'), text: await answer.text() };
        } catch (error) {
          return error.name;
        }
      },
      [
        `http://127.0.0.1:${port}${path}`,
        { ...options, headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}`, ...options.headers } },
      ],
    );
  try {
    await body(ask, page, `http://127.0.0.1:${port}`);
  } finally {
    await page.context().close();
  }
}

const LOGIN = {
  method: 'PUT',
  headers: { 'Content-Type': 'application/xml', requestId: 'r-1' },
  body: '<User><state>LOGIN</state><extension>1001</extension></User>',
};

test('a page on the machine of the browser may use the API of another port or name', lab(async ({ server }) => {
  await pageAt('localhost', server, async (ask) => {
    assert.deepEqual(await ask('/finesse/api/User/1001', LOGIN), { status: 202, id: 'r-1', text: '' });
    // Signing in takes a while.
    let answer;
    do answer = await ask('/finesse/api/User/1001', {});
    while (answer.text.includes('<state>LOGOUT</state>'));
    assert.equal(answer.status, 200);
    assert.match(answer.text, /<state>NOT_READY<\/state>/);
    // It may also read why something is refused.
    const refused = await ask('/finesse/api/User/1001', { password: 'wrong' });
    assert.equal(refused.status, 401);
    assert.match(refused.text, /<ApiErrors>/);
  });
}));

test('a page from elsewhere reads nothing and changes nothing', lab(async ({ server, connect }) => {
  const administrator = await connect(strophe5, { user: 'administrator' });
  await becomeAvailable(administrator);
  await administrator.subscribe(ALARMS);
  await pageAt('evil.example', server, async (ask, page, base) => {
    assert.equal(await ask('/finesse/api/User/1001', LOGIN), 'TypeError');
    assert.equal(await ask('/finesse/api/User/1001', {}), 'TypeError');
    assert.equal(await ask('/finesse/api/SystemInfo', { headers: {} }), 'TypeError');
    // A form asks nobody beforehand, and the browser sends the password that it has for the server.
    const refused = page.waitForResponse(/publish/);
    await page.evaluate((url) => {
      document.body.innerHTML = `<form method="post" enctype="text/plain" action="${url}"><input name="a" value="b"></form>`;
      document.querySelector('form').submit();
    }, `${base.replace('//', '//administrator:1234@')}/callboard/api/publish?node=${ALARMS}`);
    assert.equal((await refused).status(), 403);
    assert.match(await (await refused).text(), /cors_origins/);
  });
  await administrator.ping();
  assert.deepEqual(administrator.messages.take(), []);
}));
