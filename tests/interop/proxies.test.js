// Behind the reverse proxies that people have: nothing is lost, held back or told wrongly on the way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import test from 'node:test';

import { becomeAvailable } from './clients/common.js';
import { strophe5 } from './clients/strophe.js';
import { lab } from './lab/lab.js';
import { ADMIN, CHECKERS, PROXIES, SILENCE, startReverse } from './lab/reverse.js';
import { within } from './lab/wait.js';

const ALARMS = '/lab/alarms';

/** A test behind a proxy, which is trusted and goes by the name of the files. */
const behind = (proxy, body, limits = '', more = {}) =>
  lab(
    async (it) => {
      const reverse = await startReverse(proxy, it.server);
      try {
        const connect = (client, options) => it.connect(client, { ...options, to: { url: (way) => wayTo(reverse, way) } });
        await body({ ...it, reverse, connect });
      } catch (error) {
        for (const line of reverse.log.all) it.t.diagnostic(line);
        throw error;
      } finally {
        await reverse.stop();
      }
    },
    { keys: 'trusted_proxies = ["127.0.0.1"]\nhosts = ["board.example.org"]', limits, ...more },
  );

const wayTo = (reverse, way) => (way.startsWith('http') ? `${reverse.http}/http-bind/` : `${reverse.ws}/ws/`);

/** Asks as a client that sends its body at once, whatever comes. */
async function ask(reverse, path, { method = 'GET', headers = {}, body, user = '1001', password = user, agent = false } = {}) {
  const module = reverse.http.startsWith('https') ? https : http;
  const request = module.request(reverse.http + path, {
    method,
    headers: { Host: 'board.example.org', ...(body && { 'Content-Length': body.length, 'Content-Type': 'application/xml' }), ...headers },
    ...(user && { auth: `${user}:${password}` }),
    agent,
    rejectUnauthorized: false,
  });
  // The connection may be closed while the body is still being sent, behind an answer.
  let answered = false;
  const failed = new Promise((_, reject) => request.on('error', (error) => !answered && reject(error)));
  request.end(body);
  const [response] = await within(Promise.race([once(request, 'response'), failed]), `the answer to ${method} ${path}`);
  answered = true;
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return { status: response.statusCode, headers: response.headers, text: String(Buffer.concat(pieces)) };
}

const LOGIN = '<User><state>LOGIN</state><extension>1001</extension></User>';

for (const [name, proxy] of Object.entries(PROXIES)) {
  test(`behind ${name} the page, the API and who asked are the same`, behind(proxy, async ({ server, reverse }) => {
    const page = await ask(reverse, '/console/', { user: null });
    assert.equal(page.status, 200);
    assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/);
    const lead = await ask(reverse, '/', { user: null });
    assert.equal(lead.status, 307);
    assert.match(lead.headers.location, /^(https?:\/\/board\.example\.org)?\/console\/$/);
    const put = { method: 'PUT', body: LOGIN, headers: { requestId: 'r-1' } };
    const { status, headers } = await ask(reverse, '/finesse/api/User/1001', put);
    assert.deepEqual([status, headers.requestid], [202, 'r-1']);
    // Signing in takes a while.
    let user;
    do user = await ask(reverse, '/finesse/api/User/1001');
    while (user.text.includes('<state>LOGOUT</state>'));
    assert.match(user.text, /<state>NOT_READY<\/state>/);
    assert.equal((await ask(reverse, '/finesse/api/User/1001', { headers: { 'If-None-Match': user.headers.etag } })).status, 304);
    for (const [path, options, expected] of [
      ['/finesse/api/User/1001', { password: 'wrong' }, 401],
      ['/finesse/api/User/1001', { ...put, headers: { Origin: 'https://evil.example' } }, 403],
      ['/nothing', {}, 404],
    ]) {
      assert.equal((await ask(reverse, path, options)).status, expected, path);
    }
    if (proxy.secure) {
      // A page that the proxy serves is of this server, and a page of another client's machine is not.
      for (const [origin, expected] of [['https://board.example.org', 202], ['http://board.example.org', 403]]) {
        assert.equal((await ask(reverse, '/finesse/api/User/1001', { ...put, headers: { Origin: origin } })).status, expected, origin);
      }
    }
    // The client comes by the same address as the proxy, but has no port that the proxy tells.
    const told = proxy.secure ? /^.*127\.0\.0\.1:0 http 1001: PUT/ : /http 1001: PUT/;
    await server.logged(told, 'the address of the client');
  }));

  test(`behind ${name} Finesse 12.6 is one host with its desktop, and knows who came by the proxy`, behind(proxy, async ({ reverse, connect }) => {
    const config = JSON.parse((await ask(reverse, '/desktop/api/desktopConfig', { user: null })).text);
    assert.deepEqual([config.systemStatus, config.isProxyRequest, config.redirectToAlternateHost], ['IN_SERVICE', true, false]);
    if (proxy.secure) assert.equal(config.host, 'board.example.org');
    const system = await ask(reverse, '/finesse/api/SystemInfo', { user: null });
    if (proxy.secure) assert.match(system.text, /<primaryNode><host>board\.example\.org<\/host>/);
    // As OpenResty asks at its start which files need no password, and who there is.
    for (const type of ['desktop', '3rdParty']) {
      const urls = await ask(reverse, `/desktop/api/urls?type=${type}`, { user: null });
      assert.deepEqual([urls.status, JSON.parse(urls.text).includes('/desktop/')], [200, type === 'desktop']);
    }
    assert.equal((await ask(reverse, '/desktop/api/urls?type=other', { user: null })).status, 400);
    const administrator = { user: 'administrator', password: '1234' };
    assert.equal((await ask(reverse, '/finesse/api/Users', administrator)).status, 200);
    const transport = name === 'nginx with one line' ? 'http' : 'ws';
    await connect(strophe5, { user: '1001', transport });
    await connect(strophe5, { user: '1002', transport: 'http', resource: 'isi' });
    const counts = await ask(reverse, '/finesse/api/ConnectedUsersInfo', administrator);
    assert.match(counts.text, /<desktopUsers>1<.*<thirdPartyUsers>1<.*<totalConnectedUsersViaProxy>2</);
    const mode = await ask(reverse, '/finesse/api/MaintenanceMode', { ...administrator, method: 'PUT', body: '<MaintenanceMode/>' });
    assert.equal(mode.status, 202);
    assert.match((await ask(reverse, '/finesse/api/MaintenanceMode', administrator)).text, /<pendingUserDisconnections>2</);
  }, '', { release: '12.6' }));

  test(`behind ${name} nobody becomes another by what it says`, behind(proxy, async ({ server, reverse }) => {
    for (const headers of [
      { 'X-Forwarded-For': '203.0.113.5' },
      { Forwarded: 'for=203.0.113.5' },
      { 'X-Forwarded-For': '203.0.113.5', Forwarded: 'for=203.0.113.5;proto=http' },
    ]) {
      assert.equal((await ask(reverse, '/finesse/api/User/1001', { headers })).status, 200);
    }
    // Here the client is at an address that is trusted itself, so that what it says would count; the proxies do not let it
    // through.
    const spoofed = server.log.filter((line) => line.includes('203.0.113.5'));
    if (name === 'HAProxy') assert.deepEqual(spoofed, []);
  }));

  test(`behind ${name} an upload that is refused is answered and not reset`, behind(proxy, async ({ server, reverse }) => {
    const log = { method: 'POST', user: '1001', body: Buffer.alloc(900_000, 'x') };
    const upload = (path, options) => ask(reverse, path, { ...log, ...options });
    const publish = `/callboard/api/publish?node=${ALARMS}`;
    const REFUSED = [
      ['/finesse/api/User/1001/ClientLog', { password: 'wrong' }, 401],
      ['/finesse/api/User/1001/ClientLog', { user: null }, 401],
      ['/finesse/api/User/1001/ClientLog', { headers: { Origin: 'https://evil.example' } }, 403],
      [publish, { headers: { Origin: 'https://evil.example' } }, 403],
      ['/callboard/api/status?status=IN_SERVICE', {}, 403],
      ['/nothing', {}, 404],
      ['/callboard/api/nothing', { method: 'PUT' }, 404],
      ['/metrics', {}, 405],
      ['/console/', { method: 'PUT' }, 405],
      ['/finesse/api/User/1001', { method: 'PUT' }, 413],
      [publish, { user: 'administrator', password: '1234' }, 413],
    ];
    for (let round = 0; round < 3; round++) {
      for (const [path, options, expected] of REFUSED) {
        const { status } = await upload(path, options);
        assert.equal(status, expected, `${options.method ?? 'POST'} ${path}`);
      }
    }
    if (name === 'Apache') {
      // Larger than anything that callboard takes: the proxy refuses it by itself, with a page of its own.
      const own = await upload('/finesse/api/User/1001/ClientLog', { body: Buffer.alloc(1_048_577, 'x') });
      assert.deepEqual([own.status, /<html>/i.test(own.text)], [413, true], own.text);
    }
    await server.post('/callboard/api/status?status=OUT_OF_SERVICE', '');
    for (let round = 0; round < 3; round++) {
      assert.equal((await upload('/finesse/api/User/1001/ClientLog')).status, 503);
    }
  }));

  test(`behind ${name} events come at once`, behind(proxy, async ({ server, reverse }) => {
    const module = proxy.secure ? https : http;
    const request = module.get(`${reverse.http}/events?node=${ALARMS}`, { auth: '1001:1001', agent: false, rejectUnauthorized: false });
    const [response] = await within(once(request, 'response'), 'the head of the stream');
    assert.equal(response.statusCode, 200);
    let text = '';
    response.setEncoding('utf8').on('data', (data) => (text += data));
    for (const payload of ['one', 'two', 'three']) {
      const id = await server.publish(ALARMS, payload);
      const came = async () => {
        while (!text.includes(`id: ${id}\n`) || !text.endsWith(`data: ${payload}\n\n`)) await once(response, 'data');
      };
      await within(came(), `the event ${payload}`);
    }
    request.destroy();
  }));

  test(`behind ${name} a WebSocket lives through silence`, behind(proxy, async ({ server, reverse, connect }) => {
    const session = await connect(strophe5, { user: '1001', transport: 'ws' }).catch((error) => error);
    if (name === 'nginx with one line') {
      // It does not let an upgrade through unless it is told to.
      assert.ok(session instanceof Error);
      return;
    }
    await becomeAvailable(session);
    await session.subscribe(ALARMS);
    await new Promise((resolve) => setTimeout(resolve, (SILENCE + 1) * 1000));
    const id = await server.publish(ALARMS, 'after silence');
    const message = await session.messages.first((message) => message.itemId === id, 'the event');
    assert.equal(message.text, 'after silence');
    await session.ping();
  }, 'ping = "1s"\nping_answer = "1s"'));

  test(`behind ${name} a session over BOSH lives through silence`, behind(proxy, async ({ server, connect }) => {
    const session = await connect(strophe5, { user: '1001', transport: 'http' });
    await becomeAvailable(session);
    await session.subscribe(ALARMS);
    for (const payload of ['<a>1</a>', '漢字', 'x'.repeat(20_000), 'after silence']) {
      if (payload === 'after silence') await new Promise((resolve) => setTimeout(resolve, (SILENCE + 1) * 1000));
      const id = await server.publish(ALARMS, payload);
      const message = await session.messages.first((message) => message.itemId === id, 'the event');
      assert.equal(message.text, payload);
    }
    await session.ping();
  }, 'bosh_wait = "1s"'));
}

/** Waits as long as it takes to ask thirty times, while the server goes on answering. */
async function manyChecks(server) {
  for (let n = 0; n < 15; n++) {
    const { status } = await ask({ http: `http://${server.addresses.http}` }, '/healthz', { user: null });
    assert.equal(status, 200);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

for (const [name, checker] of Object.entries(CHECKERS)) {
  test(`every health check of ${name} finds the server well and leaves no line in the log`, behind(checker, async ({ server, reverse }) => {
    await manyChecks(server);
    if (name === 'HAProxy') {
      const socket = net.connect(`${reverse.folder}/${ADMIN}`);
      socket.end('show servers state\n');
      let text = '';
      for await (const data of socket) text += data;
      // Columns: the sixth is the state (2: up), the eleventh the last check's status.
      const states = text.split('\n').filter((line) => /127\.0\.0\.1/.test(line)).map((line) => line.split(' '));
      assert.equal(states.length, 9, text);
      for (const columns of states) assert.equal(columns[5], '2', `${columns[1]} is down: ${text}`);
    } else {
      for (const method of ['TCP', 'OPTIONS', 'HEAD', 'GET']) {
        assert.equal((await ask({ http: `http://${reverse.address}` }, `/${method}/healthz`, { user: null })).status, 200, method);
      }
      assert.deepEqual(reverse.log.all.filter((line) => /proxy_hcheck/.test(line) && /Disabling/.test(line)), []);
    }
    const lines = server.log.filter((line) => /127\.0\.0\.1:\d+ (http|tls)|127\.0\.0\.1: /.test(line) && !/listening/.test(line));
    assert.deepEqual(lines, []);
  }));
}
