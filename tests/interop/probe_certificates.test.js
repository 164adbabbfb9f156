// The probe and certificates of others: each flaw has its sentence, and what is right has none.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import tls from 'node:tls';

import { Authority } from './lab/authority.js';
import { as, file, probe } from './lab/probe.js';
import { startServer } from './lab/server.js';

const AUTHORITY = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'];
const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
/** What lets Node show what it would not show by itself. */
const OLD = { ciphers: 'DEFAULT@SECLEVEL=0' };
const rsa = (bits) => ['-newkey', `rsa:${bits}`];

/** TLS in front of a server, with options of Node's. Returns its port. */
async function front(options, to, fronts) {
  const [host, port] = to.split(':');
  const server = tls.createServer(options, (socket) => {
    const inner = net.connect(port, host);
    for (const [one, other] of [[socket, inner], [inner, socket]]) one.pipe(other).on('error', () => {});
    for (const one of [socket, inner]) one.on('error', () => {}).on('close', () => [socket, inner].forEach((one) => one.destroy()));
  });
  await once(server.on('tlsClientError', () => {}).listen(0, '127.0.0.1'), 'listening');
  fronts.push(server);
  return server.address().port;
}

test('each flaw of a certificate has its finding, and what is right has none', async () => {
  const authority = new Authority();
  const fronts = [];
  const server = await startServer();
  try {
    const root = await authority.own('Root', AUTHORITY);
    const intermediate = await authority.signed(root, 'Intermediate', { extensions: AUTHORITY });
    const late = await authority.signed(root, 'Late intermediate', { extensions: AUTHORITY, from: -9, to: -2 });
    const leaf = await authority.signed(intermediate, 'localhost');
    const chain = leaf.pem + intermediate.pem;
    const ca = root.pem;
    const of = (made, more = {}) => ({ cert: made.pem, key: made.key, ca, ...more });
    const signed = async (options, more) => of(await authority.signed(root, 'localhost', options), more);
    const own = await authority.own('localhost', [NAMES, 'basicConstraints=critical,CA:FALSE']);
    const ownThatSigns = await authority.own('localhost', [NAMES]);
    const elsewhere = await authority.own('elsewhere', ['subjectAltName=DNS:elsewhere.example']);

    const CASES = {
      // What is right.
      'a chain': [of(leaf, { cert: chain }), null],
      'a chain with its root': [of(leaf, { cert: chain + root.pem }), null],
      'a chain in another order': [of(leaf, { cert: leaf.pem + root.pem + intermediate.pem }), null],
      'a private authority': [await signed(), null],
      'RSA with 2048 bits': [await signed({ key: rsa(2048) }), null],
      'Ed25519': [await signed({ key: ['-newkey', 'ed25519'] }), null],
      'TLS 1.2': [await signed({}, { maxVersion: 'TLSv1.2' }), null],
      'an address among the names': [await signed({}, { host: '127.0.0.1' }), null],
      'for servers and clients': [await signed({ extensions: [NAMES, 'extendedKeyUsage=serverAuth,clientAuth'] }), null],
      'its own certificate': [of(own, { ca: own.pem }), null],
      'its own certificate, which may sign others': [of(ownThatSigns, { ca: ownThatSigns.pem }), null],
      // What is wrong.
      'expired yesterday': [await signed({ from: -9, to: -1 }), 'certificate-expired', { expired: /^20.*Z$/ }],
      'an intermediate that has expired': [of(await authority.signed(late, 'localhost'), {}), 'certificate-expired', {}, late],
      'from tomorrow on': [await signed({ from: 1, to: 9 }), 'certificate-not-yet-valid', { 'valid from': /^20.*Z$/ }],
      'for another name': [await signed({ extensions: ['subjectAltName=DNS:elsewhere.example'] }), 'certificate-name', { name: /elsewhere\.example/ }],
      'a name in the subject only': [await signed({ extensions: ['basicConstraints=CA:FALSE'] }), 'certificate-name'],
      'an address that is not among the names': [await signed({ extensions: ['subjectAltName=DNS:localhost'] }, { host: '127.0.0.1' }), 'certificate-name'],
      'another one of its own, with another name': [of(elsewhere, { ca: elsewhere.pem }), 'certificate-name'],
      'no intermediate': [of(leaf), 'certificate-chain'],
      'a private authority that nobody has named': [await signed({}, { ca: null }), 'certificate-chain', { issuer: /^Root$/ }],
      'a chain of an authority that nobody has named': [of(leaf, { cert: chain, ca: null }), 'certificate-issuer', { issuer: /^Intermediate$/ }],
      'its own certificate, and nobody has named it': [of(own, { ca: null }), 'certificate-self-signed'],
      'another one of its own, and nobody has named it': [of(ownThatSigns, { ca: null }), 'certificate-self-signed'],
      'for clients only': [await signed({ extensions: [NAMES, 'extendedKeyUsage=clientAuth'] }), 'certificate', { error: /./ }],
      'signed with SHA-1': [await signed({ digest: 'sha1' }, OLD), 'certificate', { error: /./ }],
      'version 1': [await signed({ extensions: [] }), 'certificate', { error: /./ }],
      'RSA with 1024 bits': [await signed({ key: rsa(1024) }, OLD), 'certificate', { error: /./ }],
      'TLS 1.1': [await signed({}, { ...OLD, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }), 'no-tls', { error: /ProtocolVersion/ }],
      'old ciphers only': [await signed({ key: rsa(2048) }, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }), 'no-tls', { error: /HandshakeFailure/ }],
      'a certificate of the client, too': [await signed({}, { requestCert: true, clientsOf: root.pem }), 'forbidden', {}, null, 'upgrade'],
    };
    const wrong = [];
    const left = Object.entries(CASES);
    const one = async () => {
      for (let next = left.shift(); next; next = left.shift()) {
        const [name, [{ ca, host = 'localhost', clientsOf, ...options }, expected, facts = {}, between, step = 'tls']] = next;
        const cert = options.cert + (between?.pem ?? '');
        const port = await front({ ...options, cert, ...(clientsOf && { ca: clientsOf }) }, server.addresses.http, fronts);
        const told = ca ? ['--ca', file(`${port}.pem`, ca)] : [];
        const flags = ['--domain', 'localhost', '--resource', `on-${port}`, '--timeout', '8', ...as('right'), ...told];
        const found = await probe(`wss://${host}:${port}/ws/`, ...flags);
        const first = found.findings?.[0] ?? null;
        const fits = first === (expected && `${step} ${expected}`) && (expected || found.code === 0);
        const isTold = Object.entries(facts).every(([fact, pattern]) => pattern.test(found.of?.[step].facts[fact] ?? ''));
        if (!fits || !isTold) wrong.push(`${name}: ${first}, not ${expected}; ${found.printed.slice(0, 1500)} ${found.complained}`);
        // The password goes to nobody who was not verified.
        if (expected && found.of?.auth.verdict === 'passed') wrong.push(`${name}: logged in`);
      }
    };
    await Promise.all([one(), one(), one(), one(), one(), one()]);
    assert.deepEqual(wrong, []);
  } finally {
    fronts.forEach((front) => front.close());
    await server.stop();
    authority.remove();
  }
});
