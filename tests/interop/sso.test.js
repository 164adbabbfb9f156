// Desktops of users with single sign-on: a window of a browser fetches the token, and the client has it as its password everywhere.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CLIENTS } from './clients/index.js';
import { LoginError, becomeAvailable } from './clients/common.js';
import { openPage, startBrowser } from './lab/browser.js';
import { lab } from './lab/lab.js';

/** A user with single sign-on, whose directory knows it by another name than the contact centre. */
const ADA = `
[[user]]
id = "2001"
login_name = "ada"
password = "secret"
team = "1"
extension = "2001"
sso = true
`;

/** How long an access token lives, in seconds. */
const LIFE = 4;

const WITH_ADA = { limits: `access_token = "${LIFE}s"\n${ADA}` };

const FETCH = '/desktop/sso/token?cc_username=ada&return_refresh_token=true';

/** A client over HTTP that keeps cookies and follows redirects, as the libraries of thick clients do. */
class ThickClient {
  #base;
  #cookies = new Map();

  constructor(server) {
    this.#base = `http://${server.addresses.http}`;
  }

  async request(path, options = {}) {
    let url = new URL(path, this.#base);
    let init = { ...options, redirect: 'manual' };
    for (let hops = 0; hops < 5; hops += 1) {
      const cookies = [...this.#cookies.values()].filter(({ path }) => url.pathname.startsWith(path));
      const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      const answer = await fetch(url, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });
      for (const line of answer.headers.getSetCookie()) this.#keep(line);
      if (answer.status < 300 || answer.status > 399) return answer;
      url = new URL(answer.headers.get('location'), url);
      init = { redirect: 'manual' };
    }
    throw new Error(`${path} leads on and on`);
  }

  #keep(line) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim());
    const [name, value] = pair.split('=');
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
    if (attributes.includes('Max-Age=0')) this.#cookies.delete(name);
    else this.#cookies.set(name, { name, value, path });
  }

  /** Signs in: the form is found in the page by its names, not by its address. */
  async signIn(password) {
    const page = await (await this.request(FETCH)).text();
    const action = /<form [^>]*action="([^"]*)"/.exec(page)[1].replaceAll('&amp;', '&');
    for (const field of ['UserName', 'Password']) assert.match(page, new RegExp(`<input name="${field}"`));
    const body = new URLSearchParams({ UserName: 'ada', Password: password, AuthMethod: 'FormsAuthentication' });
    return this.request(action, { method: 'POST', body });
  }

  /** A request of the REST API with a token. */
  rest(token, path, options = {}) {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/xml' };
    return this.request(`/finesse/api/${path}`, { ...options, headers });
  }
}

function field(document, name) {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)[1];
}

for (const client of CLIENTS) {
  test(`finding_m7: ${client.name} goes on with tokens that it refreshes in time`, lab(async ({ server, connect }) => {
    const http = new ThickClient(server);
    // The mode tells a client that knows a name only which way it has to go.
    assert.equal(field(await (await http.request('/finesse/api/UserAuthMode/ada')).text(), 'authMode'), 'SSO');
    assert.equal((await http.signIn('wrong')).status, 403);
    const answer = await http.signIn('secret');
    assert.equal(answer.status, 200);
    const first = await answer.json();
    const began = performance.now();
    assert.equal(first.expires_in, LIFE);
    // The API and XMPP go by the id, which the token's user_id need not be.
    const user = await (await http.rest(first.token, `User/${first.user_id}`)).text();
    const id = field(user, 'loginId');
    assert.equal(id, '2001');
    const session = await connect(client, { user: id, password: first.token });
    await becomeAvailable(session);
    const signIn = { method: 'PUT', body: '<User><state>LOGIN</state><extension>2001</extension></User>' };
    assert.equal((await http.rest(first.token, `User/${id}`, signIn)).status, 202);
    await session.messages.first(({ node }) => node === `/finesse/api/User/${id}`, 'the event of the sign-in');

    await sleep(began + 750 * LIFE - performance.now());
    const refresh = `/desktop/sso/token?cc_username=${id}&refresh-token=${first.refresh_token}`;
    const second = await (await http.request(refresh)).json();
    assert.notEqual(second.token, first.token);
    await sleep(began + 1000 * LIFE + 100 - performance.now());
    const over = await http.rest(first.token, `User/${id}`);
    assert.equal(over.status, 401);
    assert.match(over.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/);
    assert.equal((await http.rest(second.token, `User/${id}`)).status, 200);
    // The session that is up stays, and a new one needs the new token.
    await session.ping();
    await assert.rejects(connect(client, { user: id, password: first.token, resource: 'other' }), LoginError);
    await connect(client, { user: id, password: second.token, resource: 'other' });
    for (const secret of [first.token, second.token, first.refresh_token]) {
      assert.ok(!server.log.some((line) => line.includes(secret)), 'no token stands in the log');
    }
  }, WITH_ADA));
}

test('finding_m7: a window of a browser is led to the form and back to the token', lab(async ({ server }) => {
  const browser = await startBrowser();
  try {
    const url = `https://localhost:${server.addresses.https.split(':').pop()}`;
    const { page, complaints } = await openPage(browser, `${url}${FETCH}`);
    assert.equal(new URL(page.url()).pathname, '/callboard/identity');
    assert.equal(await page.getByLabel('User').inputValue(), 'ada');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button').click();
    await page.getByRole('alert').filter({ hasText: 'Wrong user or password' }).waitFor();
    complaints.splice(0);
    await page.getByLabel('Password').fill('secret');
    await page.getByRole('button').click();
    await page.waitForURL('**/desktop/sso/token?**');
    const { token, refresh_token: refreshToken } = JSON.parse(await page.locator('body').innerText());
    assert.ok(token && refreshToken);
    assert.deepEqual(complaints, []);
    // No cookie stays, so the next one who opens the window gives a password.
    assert.deepEqual(await page.context().cookies(), []);
    // The window of a test tells the page that has opened it how it went.
    const told = page.evaluate(() => new Promise((resolve) => {
      window.addEventListener('message', (event) => resolve(event.data));
      window.open('/desktop/sso/test?cc_username=ada');
    }));
    const window = await page.waitForEvent('popup');
    await window.getByLabel('Password').fill('secret');
    await window.getByRole('button').click();
    assert.deepEqual(await told, { status: 'true', errorMessage: '' });
    await window.getByText('Single sign-on works: the token of 2001').waitFor();
    const cookies = await page.context().cookies();
    assert.deepEqual(cookies.map(({ name, value }) => [name, value]), [['ssotest', 'true']]);
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`http://${server.addresses.http}/callboard/api/directory`, { headers });
    assert.equal(answer.status, 200);
  } finally {
    await browser.close();
  }
}, WITH_ADA));
