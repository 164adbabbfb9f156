// What README and manual say to type: each block works on its own, on a server that has just been started.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { openPage, startBrowser } from './lab/browser.js';
import { BINARY, startServer } from './lab/server.js';
import { Inbox } from './lab/wait.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** The environment of somebody who has installed the program. */
const WITH_PROGRAM = { ...process.env, PATH: `${dirname(BINARY)}:${process.env.PATH}` };

/** The blocks of a document in one of these languages, each with the heading above it. */
function blocks(document, ...languages) {
  const found = [];
  let heading = '';
  let block;
  for (const line of readFileSync(join(ROOT, document), 'utf8').split('\n')) {
    if (block && line === '```') {
      if (languages.includes(block.language)) found.push({ heading: block.heading, code: block.lines.join('\n') });
      block = undefined;
    } else if (block) {
      block.lines.push(line);
    } else if (line.startsWith('```')) {
      block = { heading, language: line.slice(3), lines: [] };
    } else if (line.startsWith('#') || line.startsWith('**')) {
      heading = line.replace(/^#+ /, '').replace(/^\*\*(.*?)\*\*.*/, '$1');
    }
  }
  assert.ok(found.length > 0, `${document} has no block in ${languages}`);
  return found;
}

/** A program with the addresses of that server in place of those of the documents. */
function aimed(code, server) {
  const { https, http } = server.addresses;
  return code
    .replaceAll('localhost:8445', `localhost:${https.split(':').pop()}`)
    .replaceAll('localhost:8080', `localhost:${http.split(':').pop()}`);
}

async function serving(use, options) {
  const server = await startServer(options);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

/** Lets an agent sign in, as the documents do. */
async function signIn(server, id) {
  const answer = await fetch(`http://${server.addresses.http}/finesse/api/User/${id}`, {
    method: 'PUT',
    headers: { Authorization: `Basic ${btoa(`${id}:${id}`)}`, 'Content-Type': 'application/xml' },
    body: `<User><state>LOGIN</state><extension>${id}</extension></User>`,
  });
  assert.equal(answer.status, 202);
}

/** What a request of an administrator gets. */
async function read(server, path) {
  const headers = { Authorization: `Basic ${btoa('administrator:1234')}` };
  const answer = await fetch(`http://${server.addresses.http}${path}`, { headers });
  assert.equal(answer.status, 200, path);
  return answer.text();
}

/** Waits until a session or a stream of that user is there. */
async function present(server, id) {
  for (;;) {
    if ((await read(server, '/callboard/api/sessions')).includes(`"${id}`)) return;
  }
}

/** Nobody takes the call of the next block, and nobody is in a call, which would keep the same block from working again. */
async function leavesNothing(server) {
  const users = await read(server, '/finesse/api/Users');
  for (const [, state] of users.matchAll(/<state>(\w+)<\/state>/g)) assert.match(state, /^(LOGOUT|NOT_READY)$/, users);
  for (const [, id] of users.matchAll(/<loginId>(\w+)<\/loginId>/g)) {
    assert.doesNotMatch(await read(server, `/finesse/api/User/${id}/Dialogs`), /<Dialog>/);
  }
}

for (const document of ['README.md', 'deploy/manual/testing.md', 'deploy/manual/clients.md', 'deploy/manual/from-finesse.md', 'deploy/manual/faults.md', 'deploy/manual/record.md', 'deploy/manual/probe.md', 'deploy/manual/watch.md', 'deploy/manual/ci.md']) {
  for (const { heading, code } of blocks(document, 'sh')) {
    test(`${document}, ${heading}: the commands do what they say`, () =>
      serving(async (server) => {
        const folder = mkdtempSync(join(tmpdir(), 'callboard-documents-'));
        try {
          const command = aimed(code, server);
          // curl ends a stream of events with 28 when its time is over.
          const { stdout } = await run('bash', ['-c', command], { cwd: folder, env: WITH_PROGRAM }).catch((error) => {
            assert.equal(error.code, 28, error.stderr);
            return error;
          });
          const statuses = stdout.match(/^(?:[\w/ ]+: )?\d{3}$/gm) ?? [];
          const expected = code.includes('OUT_OF_SERVICE') ? /(202|503)$/ : /202$/;
          for (const status of statuses) assert.match(status, expected, stdout);
          if (code.includes('/wait?')) assert.match(stdout, /^{"matched":true,/);
          else if (code.includes('-X PUT') && code.includes('/finesse/')) assert.ok(statuses.length > 0, stdout);
          if (code.includes('/events') && code.includes('sleep')) assert.match(stdout, /^event: \/finesse/m);
          if (code.includes('callboard watch')) assert.match(stdout, /^\/lab\/alarms Line 2 is down$/m);
          await leavesNothing(server);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }));
  }
}

test('rest.md: the OpenAPI document that the server gives out is one', () =>
  serving(async (server) => {
    const { default: SwaggerParser } = await import('@apidevtools/swagger-parser');
    const folder = mkdtempSync(join(tmpdir(), 'callboard-documents-'));
    try {
      // Read from a file: the parser asks no server of this machine for a document.
      const file = join(folder, 'openapi.yaml');
      writeFileSync(file, await (await fetch(`http://${server.addresses.http}/callboard/openapi.yaml`)).text());
      const { openapi, paths } = await SwaggerParser.validate(file);
      assert.equal(openapi, '3.1.0');
      assert.ok(paths['/finesse/api/User/{id}'].put.requestBody && paths['/callboard/api/publish'].post);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

for (const [language, program, file] of [
  ['mjs', process.execPath, 'events.mjs'],
  ['python', 'python3', 'events.py'],
]) {
  test(`clients.md, ${language}: the program shows an event`, () =>
    serving(async (server) => {
      const folder = mkdtempSync(join(tmpdir(), 'callboard-documents-'));
      const [{ code }] = blocks('deploy/manual/clients.md', language);
      writeFileSync(join(folder, file), aimed(code, server));
      const child = spawn(program, [join(folder, file)], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const lines = new Inbox();
        createInterface(child.stdout).on('line', (line) => lines.push(line));
        await present(server, '1001');
        await signIn(server, '1001');
        await lines.first((line) => line.includes('<state>NOT_READY</state>'), 'the event');
      } finally {
        child.kill();
        rmSync(folder, { recursive: true });
      }
    }));
}

test('clients.md: the page shows an event, and the session in the console of a browser is subscribed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-documents-'));
  const [{ code: html }] = blocks('deploy/manual/clients.md', 'html');
  writeFileSync(join(folder, 'index.html'), html);
  const browser = await startBrowser();
  try {
    await serving(
      async (server) => {
        const url = `https://localhost:${server.addresses.https.split(':').pop()}`;
        const { page } = await openPage(browser, `${url}/`);
        await present(server, '1001');
        await signIn(server, '1001');
        await page.locator('#events', { hasText: '<state>NOT_READY</state>' }).waitFor();

        const { page: health, story } = await openPage(browser, `${url}/healthz`);
        const [{ code: session }] = blocks('deploy/manual/clients.md', 'js');
        await health.evaluate(aimed(session, server));
        const subscribed = (line) => line.startsWith('< <iq') && /subscription=["']subscribed/.test(line);
        while (!story.some(subscribed)) await health.waitForTimeout(50);
      },
      { www: folder },
    );
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
});

test('from-finesse.md: the gadget shows the state of its user', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'callboard-documents-'));
  const [{ code: gadget }] = blocks('deploy/manual/from-finesse.md', 'xml');
  mkdirSync(join(folder, '3rdpartygadget/files'), { recursive: true });
  writeFileSync(join(folder, '3rdpartygadget/files/hello.xml'), gadget);
  const text = readFileSync(join(ROOT, 'deploy/manual/from-finesse.md'), 'utf8');
  const [, address] = /<(https:[^>]+hello\.xml)>/.exec(text);
  const browser = await startBrowser();
  try {
    await serving(
      async (server) => {
        const { page, complaints } = await openPage(browser, aimed(address, server));
        for (const id of ['user', 'password', 'extension']) await page.fill(`#${id}`, '1001');
        await page.click('button[type=submit]');
        await page.locator('#status', { hasText: 'connected' }).waitFor();
        await page.frameLocator('iframe').locator('text=You are').waitFor();
        await page.getByRole('button', { name: 'Ready', exact: true }).click();
        await page.frameLocator('iframe').locator('#state', { hasText: 'READY' }).waitFor();
        assert.deepEqual(complaints, []);
      },
      { www: folder },
    );
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
});
