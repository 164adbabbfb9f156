// What Chromium saves of connections that were well, and of those that failed: the probe names the cause without a network.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { startBrowser } from './lab/browser.js';
import { ask } from './lab/faults.js';
import { asFirefox, record } from './lab/har.js';
import { freePort } from './lab/ports.js';
import { file, probe } from './lab/probe.js';
import { startServer } from './lab/server.js';

/**
 * In the page: a client as gadgets have it, up to a ping that is answered. Says what the last thing was, which may be that nothing came
 * for so many seconds behind the login or the subscription.
 */
function connect({ url, user, password, domain, resource, node, priority, seconds }) {
  const { Strophe, $pres, $iq } = window;
  return new Promise((resolve) => {
    const connection = new Strophe.Connection(url);
    let over;
    const wait = () => {
      clearTimeout(over);
      over = setTimeout(() => resolve('waited'), seconds * 1000);
    };
    wait();
    const end = (what) => {
      clearTimeout(over);
      resolve(what);
    };
    connection.addHandler((presence) => {
      if (!presence.getAttribute('from').startsWith('finesse@')) return true;
      const to = `pubsub.${domain}`;
      const subscribe = $iq({ type: 'set', to }).c('pubsub', { xmlns: 'http://jabber.org/protocol/pubsub' }).c('subscribe', { node, jid: connection.jid });
      const ping = $iq({ type: 'get', to: domain }).c('ping', { xmlns: 'urn:xmpp:ping' });
      const onSubscribed = () => {
        wait();
        connection.sendIQ(ping, () => end('well'), () => end('ping'));
      };
      connection.sendIQ(subscribe, onSubscribed, () => end('refused'));
      return false;
    }, null, 'presence');
    connection.connect(`${user}@${domain}/${resource}`, password, (status) => {
      if (status === Strophe.Status.CONNECTED) {
        wait();
        connection.send(priority ? $pres().c('priority').t(priority) : $pres());
      }
      if ([Strophe.Status.DISCONNECTED, Strophe.Status.AUTHFAIL, Strophe.Status.CONNFAIL].includes(status)) end('ended');
    });
  });
}

const USER = '/finesse/api/User/';

/** What is done, what the probe is to find, and with which fault of whom. `at`: another address than the server's. */
const CASES = {
  'all well': { expected: null },
  'all well over BOSH': { scheme: 'http', expected: null },
  'a wrong password': { password: 'wrong', expected: 'auth not-authorized' },
  'a wrong password over BOSH': { scheme: 'http', password: 'wrong', expected: 'auth not-authorized' },
  'a wrong domain': { domain: 'elsewhere', expected: 'features host-unknown' },
  'a wrong domain over BOSH': { scheme: 'http', domain: 'elsewhere', expected: 'open host-unknown' },
  'a node that is not there': { node: '/finesse/api/User/nobody', expected: 'subscribe item-not-found' },
  'a negative priority': { priority: '-1', seconds: 2, expected: 'presence negative-priority' },
  'another session with the same resource': { user: '1002', fault: 'kind=end&condition=conflict&after_step=presence', seconds: 3, expected: /^\w+ conflict$/ },
  'a late ping': { user: '1003', fault: 'kind=ping-delay&delay=10500ms', seconds: 13, expected: 'ping ping-late' },
  'a ping without an answer over BOSH': { user: '1004', scheme: 'http', fault: 'kind=ping-silence', seconds: 8, expected: 'ping silent' },
  'no user finesse': { user: '1005', fault: 'kind=finesse-hidden', seconds: 2, expected: 'finesse no-finesse' },
  'a ping with an error': { user: '1006', fault: 'kind=ping-error', expected: 'ping ping-error' },
  'a service that is down': { own: true, fault: 'kind=upgrade-status&status=503', expected: 'upgrade service-down' },
  'no subprotocol': { own: true, fault: 'kind=no-subprotocol', expected: 'upgrade no-subprotocol' },
  'no Upgrade': { own: true, fault: 'kind=upgrade-status&status=426', expected: 'upgrade not-upgraded' },
  'old framing': { own: true, fault: 'kind=old-framing', seconds: 2, expected: 'open old-framing' },
  'no PLAIN': { own: true, fault: 'kind=no-plain', seconds: 2, expected: 'features no-plain' },
  // A HAR does not have the end.
  'a cut': { own: true, fault: 'kind=cut&how=rst&after_step=bind', seconds: 2, expected: /^(bind|session) silent$/ },
  'a service over BOSH that is down': { own: true, scheme: 'http', fault: 'kind=http-status&status=503&path=/http-bind/', seconds: 1, expected: 'upgrade service-down' },
  'nobody there': { at: 'nobody', seconds: 2, expected: 'tcp refused' },
  'nobody there over BOSH': { at: 'nobody', scheme: 'http', seconds: 1, expected: 'tcp refused' },
  'a name without an address': { at: 'unknown', seconds: 2, expected: 'dns name-unknown' },
  'a certificate that nobody trusts': { at: 'tls', seconds: 2, expected: 'tls certificate-issuer' },
};

test('what Chromium saves is explained', async (t) => {
  const www = await mkdtemp(join(tmpdir(), 'callboard-har-'));
  await cp(createRequire(import.meta.url).resolve('strophe-1'), join(www, 'strophe.js'));
  await writeFile(join(www, 'index.html'), '<!doctype html><title>client</title><script src="strophe.js"></script>');
  const [browser, server, other] = await Promise.all([startBrowser(), startServer({ www }), startServer({ www })]);
  const wrong = [];
  try {
    const nobody = await freePort();
    const hosts = { nobody: `127.0.0.1:${nobody}`, unknown: 'no-such-host.invalid', tls: server.addresses.https };
    const one = async ([name, { user = '1001', password = user, domain = 'localhost', scheme = 'ws', node = USER + user, expected, fault, own, at, priority, seconds = 20 }]) => {
      const mine = own ? other : server;
      if (fault) {
        const set = await ask(mine, 'PUT', `faults/f${user}?${fault}${own ? '' : `&user=${user}`}`);
        assert.equal(set.status, 201, `${name}: ${await set.text()}`);
      }
      const saved = file(`${name}.playwright.har`, '');
      const context = await browser.newContext({ recordHar: { path: saved, content: 'embed' } });
      const page = await context.newPage();
      const har = await record(page);
      await page.goto(`http://${mine.addresses.http}/index.html`);
      const host = hosts[at] ?? mine.addresses.http;
      const path = scheme === 'ws' ? '/ws/' : '/http-bind/';
      const url = `${scheme}${at === 'tls' ? 's' : ''}://${host}${path}`;
      const resource = name.replaceAll(' ', '-');
      await page.evaluate(connect, { url, user, password, domain, resource, node, priority, seconds });
      const chromium = await har();
      await context.close();
      if (!own && !at) {
        // Firefox has everything over BOSH, and no messages of a WebSocket.
        const firefox = await probe('--explain', file(`${name}.firefox.har`, JSON.stringify(asFirefox(chromium))));
        const first = firefox.findings?.[0] ?? null;
        const told = scheme === 'http' ? expected : 'open no-messages';
        if (first !== told) wrong.push(`${name} of Firefox: ${first}, not ${told}; ${firefox.printed}`);
      }
      for (const [form, text] of [['Chromium', JSON.stringify(chromium)], ['playwright', readFileSync(saved, 'utf8')]]) {
        const found = await probe('--explain', file(`${name}.har`, text));
        const first = found.findings?.[0] ?? null;
        // What was never a connection is no entry of playwright's.
        if (form === 'playwright' && (own || at)) continue;
        const fits = expected instanceof RegExp ? expected.test(first) : first === expected;
        if (!fits || (expected === null && found.code !== 0)) {
          wrong.push(`${name} of ${form}: ${first}, not ${expected}; ${found.complained} ${found.printed}\n${text.slice(-3000)}`);
        }
        assert.ok(!found.printed.includes(Buffer.from(`\0${user}\0${password}`).toString('base64')));
      }
    };
    const safely = (next) => one(next).catch((error) => wrong.push(`${next[0]}: ${error.stack}`));
    const [alone, beside] = [true, false].map((own) => Object.entries(CASES).filter(([, more]) => !!more.own === own));
    // What happens before a login is known happens to everybody: one after the other.
    const inTurn = async () => {
      for (const next of alone) {
        await safely(next);
        assert.equal((await ask(other, 'DELETE', 'faults')).status, 204);
      }
    };
    await Promise.all([inTurn(), ...beside.map(safely)]);
    assert.deepEqual(wrong.map((line) => line.split(';')[0]), [], wrong.join('\n\n'));
  } finally {
    await browser.close();
    await Promise.all([server.stop(), other.stop()]);
    await rm(www, { recursive: true });
  }
});
