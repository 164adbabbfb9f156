// The probe against XMPP servers of others: all is well with them but what only a Finesse has, and each failure of theirs has its finding.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { PEERS, startPeer } from './lab/peers.js';
import { as, file, probe } from './lab/probe.js';

/** A certificate that has signed itself, as `openssl req -x509` makes it: one that may sign others, too. */
function selfSigned() {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-pair-'));
  const flags = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', ...flags, '-addext', 'subjectAltName=DNS:localhost', '-keyout', `${folder}/key`, '-out', `${folder}/pem`], { stdio: 'ignore' });
  const pair = { certificate: readFileSync(`${folder}/pem`, 'utf8'), key: readFileSync(`${folder}/key`, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Where they differ: what a path of WebSockets answers to BOSH, and an unknown domain over BOSH, of which ejabberd tells no cause. */
const FINDINGS = {
  Prosody: { crossed: 'upgrade not-found', elsewhere: 'open host-unknown' },
  ejabberd: { crossed: 'upgrade bosh-refused', elsewhere: 'open bosh-ended' },
};

test('servers of others', { concurrency: true }, async (t) => {
  const peers = Object.entries(PEERS).map(([name, peer]) =>
    t.test(`${name} is well, and no Finesse`, async () => {
      const pair = selfSigned();
      const ca = file(`${name}.pem`, pair.certificate);
      const running = await startPeer(peer, pair);
      try {
        const at = (scheme, ...flags) => probe(running.url(scheme), '--timeout', '4', ...flags);
        const schemes = ['ws', 'wss', 'http', 'https'];
        const whole = schemes.map(async (scheme) => {
          const found = await at(scheme, ...as('right'), '--ca', ca, '--rest', '--resource', scheme);
          assert.deepEqual(found.findings, ['finesse not-finesse', 'subscribe not-finesse', 'system-info no-rest', 'user rest-refused'], `${scheme}: ${found.printed}`);
          assert.equal(found.code, 1);
          assert.match(found.of.finesse.seen, /^This is no Finesse/);
          for (const step of ['upgrade', 'open', 'features', 'auth', 'restart', 'bind', 'session', 'presence', 'ping', 'close']) {
            assert.notEqual(found.of[step].verdict, 'not taken', `${scheme} ${step}: ${found.printed}`);
          }
        });
        const failures = ['ws', 'http'].flatMap((scheme) => {
          const url = running.url(scheme);
          const other = scheme === 'ws' ? 'http' : 'ws';
          const { crossed, elsewhere } = FINDINGS[name];
          return [
            [as('wrong'), url, 'auth not-authorized'],
            [[...as('right'), '--domain', 'nowhere.example'], url, scheme === 'ws' ? 'features host-unknown' : elsewhere],
            // A WebSocket at the path of BOSH, and the other way round.
            [[], url.replace(scheme, other), scheme === 'ws' ? crossed : 'upgrade not-upgraded'],
            [[], new URL('/nothing', url).href, 'upgrade not-found'],
            // Without TLS at a port with TLS, and the other way round.
            [[], running.url(`${scheme}s`).replace(`${scheme}s`, scheme), 'upgrade bad-handshake'],
            [[], url.replace(scheme, `${scheme}s`), /^tls (no-tls|silent)$/],
          ].map(async ([flags, url, expected]) => {
            const found = await probe(url, '--timeout', '4', ...flags);
            assert.match(found.findings.join(), expected instanceof RegExp ? expected : new RegExp(`^${expected}$`), found.printed);
          });
        });
        const tcp = ['xmpp', 'xmpps'].map(async (scheme) => {
          const found = await at(scheme, ...as('right'), '--ca', ca, '--resource', scheme);
          assert.deepEqual(found.findings, ['finesse not-finesse', 'subscribe not-finesse'], `${scheme}: ${found.printed}`);
          const steps = ['tls', 'open', 'features', 'auth', 'restart', 'bind', 'session', 'presence', 'ping', 'close'];
          for (const step of scheme === 'xmpp' ? ['starttls', ...steps] : steps) {
            assert.notEqual(found.of[step].verdict, 'not taken', `${scheme} ${step}: ${found.printed}`);
          }
        });
        const tcpFailures = [
          [[...as('wrong'), '--ca', ca], running.url('xmpp'), 'auth not-authorized'],
          [[...as('right'), '--domain', 'nowhere.example'], running.url('xmpp'), 'features host-unknown'],
          // At the other's port.
          [[], running.url('xmpps').replace('xmpps', 'xmpp'), /^open (tls-expected|refused|broken|silent)(,close silent)?$/],
          [[], running.url('xmpp').replace('xmpp', 'xmpps'), 'tls speaks-xmpp'],
          [[], running.url('http').replace(/^http(.*:\d+).*/, 'xmpp$1'), /^open (speaks-http|refused|broken|silent)(,close silent)?$/],
          [[], running.url('xmpp').replace('xmpp', 'ws'), 'upgrade speaks-xmpp'],
        ].map(async ([flags, url, expected]) => {
          const found = await probe(url, '--timeout', '4', ...flags);
          assert.match(found.findings.join(), expected instanceof RegExp ? expected : new RegExp(`^${expected}$`), `${url}: ${found.printed}`);
        });
        await Promise.all([...whole, ...failures, ...tcp, ...tcpFailures]);
      } finally {
        await running.stop();
      }
    }),
  );
  await Promise.all(peers);
});
