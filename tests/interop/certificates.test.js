// Faults of certificates, as clients see them that check what they are shown: each is caused, seen by its own sign, and healed.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import tls from 'node:tls';

import { chromium } from 'playwright-core';

import { strophe5 } from './clients/index.js';
import { EXECUTABLE } from './lab/browser.js';
import { ask, fault, heal } from './lab/faults.js';
import { lab } from './lab/lab.js';
import { within } from './lab/wait.js';

/** The signs of each defect, for clients that trust the right certificate and the authority of faults. */
const SIGNS = {
  expired: {
    node: 'CERT_HAS_EXPIRED',
    openssl: 10,
    curl: /certificate has expired/,
    chromium: 'net::ERR_CERT_DATE_INVALID',
  },
  'not-yet': {
    node: 'CERT_NOT_YET_VALID',
    openssl: 9,
    curl: /certificate is not yet valid/,
    chromium: 'net::ERR_CERT_DATE_INVALID',
  },
  'wrong-name': {
    node: 'ERR_TLS_CERT_ALTNAME_INVALID',
    openssl: 62,
    curl: /no alternative certificate subject name matches target host name/,
    chromium: 'net::ERR_CERT_COMMON_NAME_INVALID',
  },
  untrusted: {
    node: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    openssl: 18,
    curl: /self-signed certificate/,
    chromium: 'net::ERR_CERT_AUTHORITY_INVALID',
  },
  'no-chain': {
    node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    openssl: 21,
    curl: /unable to get local issuer certificate/,
    chromium: 'net::ERR_CERT_AUTHORITY_INVALID',
  },
};

/**
 * A test of clients that trust what is in `roots`, a file: `each` calls its body once for each defect while that is shown at the first
 * listener, and sees that a session over wss goes on and that the other listener shows the right certificate.
 */
const clients = (body) =>
  lab(
    async ({ server, connect }) => {
      const folder = mkdtempSync(join(tmpdir(), 'callboard-roots-'));
      try {
        const [right, root] = await Promise.all([pem(server, '../certificate.pem'), pem(server, 'faults/root.pem')]);
        const roots = join(folder, 'roots.pem');
        writeFileSync(roots, right + root);
        const session = await connect(strophe5, { user: '1001', transport: 'wss' });
        const witness = async (what) => {
          await session.ping();
          assert.equal(await handshake(server.addresses.also, right + root), 'trusted', `the other listener with ${what}`);
        };
        await body({ server, folder, roots, right, root, each });

        async function each(sees) {
          for (const [defect, signs] of Object.entries(SIGNS)) {
            await fault(server, `kind=certificate&defect=${defect}&listener=${server.addresses.https}`);
            await sees(defect, signs);
            await witness(defect);
            await heal(server);
            await sees(defect, null);
            await witness('the right certificate');
          }
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    { also: '127.0.0.1:0' },
  );

async function pem(server, path) {
  const answer = await ask(server, 'GET', path);
  assert.equal(answer.status, 200);
  return answer.text();
}

/** The code of the error with which Node refuses a certificate for localhost, or `trusted`. */
async function handshake(address, ca) {
  const [host, port] = address.split(':');
  const socket = tls.connect({ host, port, ca, servername: 'localhost' });
  try {
    return await within(
      Promise.race([once(socket, 'secureConnect').then(() => 'trusted'), once(socket, 'error').then(([{ code }]) => code)]).catch(({ code }) => code),
      'the end of a handshake',
    );
  } finally {
    socket.destroy();
  }
}

/** Runs a program to its end: `{ code, said }`. */
const run = (program, ...options) =>
  new Promise((resolve) => {
    const child = execFile(program, options, (error, out, err) => resolve({ code: error?.code ?? 0, said: out + err }));
    child.stdin.end();
  });

test('Node refuses each defect by its code, and takes the certificate that is healed', clients(async ({ server, right, root, each }) => {
  await each(async (defect, signs) => {
    assert.equal(await handshake(server.addresses.https, right + root), signs?.node ?? 'trusted', defect);
  });
}));

test('Node takes a chain without its intermediate when it has that', clients(async ({ server, root }) => {
  await fault(server, 'kind=certificate&defect=no-chain');
  const intermediate = await pem(server, 'faults/intermediate.pem');
  assert.equal(await handshake(server.addresses.https, root), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  assert.equal(await handshake(server.addresses.https, root + intermediate), 'trusted');
  await heal(server);
}));

test('openssl s_client says the number of each defect', clients(async ({ server, roots, each }) => {
  await each(async (defect, signs) => {
    const { said } = await run('openssl', 's_client', '-connect', server.addresses.https, '-servername', 'localhost', '-verify_hostname', 'localhost', '-CAfile', roots);
    const [, code] = /Verify return code: (\d+)/.exec(said);
    assert.equal(Number(code), signs?.openssl ?? 0, `${defect}: ${said}`);
  });
}));

test('curl refuses each defect in words, and -k goes on all the same', clients(async ({ server, roots, each }) => {
  const [, port] = server.addresses.https.split(':');
  const url = `https://localhost:${port}/healthz`;
  const curl = (...options) => run('curl', '-sS', '--resolve', `localhost:${port}:127.0.0.1`, '-o', '/dev/null', ...options, url);
  await each(async (defect, signs) => {
    const { code, said } = await curl('--cacert', roots);
    assert.equal(code, signs ? 60 : 0, `${defect}: ${said}`);
    if (signs) assert.match(said, signs.curl, defect);
    assert.equal((await curl('-k')).code, 0, defect);
  });
}));

test('Chromium shows no page and opens no WebSocket with a defect, and does with the certificate that is healed', clients(async ({ server, folder, right, root, each }) => {
  const trusted = join(folder, '.pki/nssdb');
  mkdirSync(trusted, { recursive: true });
  const certutil = (...options) => execFileSync('certutil', ['-d', `sql:${trusted}`, ...options]);
  certutil('-N', '--empty-password');
  for (const [name, flags, text] of [['right', 'P,,', right], ['root', 'C,,', root]]) {
    writeFileSync(join(folder, `${name}.pem`), text);
    certutil('-A', '-t', flags, '-n', name, '-i', join(folder, `${name}.pem`));
  }
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    chromiumSandbox: process.getuid() !== 0,
    args: ['--host-resolver-rules=MAP localhost 127.0.0.1'],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: '' },
  });
  try {
    const [, port] = server.addresses.https.split(':');
    const home = await browser.newPage();
    await home.goto(`http://${server.addresses.http}/healthz`);
    /** Opens a WebSocket of the page and keeps it; 'open', or the code of its close. */
    const open = () =>
      home.evaluate(
        (url) =>
          new Promise((resolve) => {
            const socket = new WebSocket(url, 'xmpp');
            (globalThis.sockets ??= []).push(socket);
            socket.onopen = () => resolve('open');
            socket.onclose = ({ code }) => resolve(code);
          }),
        `wss://localhost:${port}/ws/`,
      );
    assert.equal(await open(), 'open');
    await each(async (defect, signs) => {
      // In a context of its own, as a connection that is there would be used again.
      const context = await browser.newContext();
      const page = await context.newPage();
      const shown = await page.goto(`https://localhost:${port}/healthz`).then(() => 'shown', ({ message }) => message.match(/net::\w+/)[0]);
      assert.equal(shown, signs?.chromium ?? 'shown', defect);
      await context.close();
      assert.equal(await open(), signs ? 1006 : 'open', defect);
    });
    const states = await home.evaluate(() => globalThis.sockets.map(({ readyState }) => readyState));
    assert.equal(states[0], 1, 'what was open goes on');
  } finally {
    await browser.close();
  }
}));
