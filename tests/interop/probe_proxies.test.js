// The probe behind reverse proxies with what people get wrong about them: each mistake has its finding, and what is right has none.

import assert from 'node:assert/strict';
import test from 'node:test';

import { BROKEN, startBroken } from './lab/broken.js';
import { as, probe } from './lab/probe.js';
import { startServer } from './lab/server.js';

/** Runs some at a time: each is a program. */
async function each(jobs, width, work) {
  const left = [...jobs];
  const one = async () => {
    for (let job = left.shift(); job; job = left.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: width }, one));
}

for (const [name, proxy] of Object.entries(BROKEN)) {
  test(`the mistakes of ${name} have their findings`, async () => {
    // Their silence is that of the proxies.
    const server = await startServer({ keys: 'trusted_proxies = ["127.0.0.1"]' });
    const running = await startBroken(proxy, server.addresses.http);
    try {
      const jobs = Object.entries(proxy.mistakes).flatMap(([mistake, [, ws, http, more = {}]]) => [
        { mistake, url: `ws://${running.addresses[mistake]}/ws/${more.query ?? ''}`, expected: ws, ...more },
        { mistake, url: `http://${running.addresses[mistake]}/http-bind/${more.query ?? ''}`, expected: http, ...more },
      ]);
      const wrong = [];
      await each(jobs, 6, async ({ mistake, url, expected, flags = [] }) => {
        const found = await probe(url, ...as('right'), '--timeout', '8', '--resource', url.replaceAll(/\W/g, ''), ...flags);
        const first = found.findings?.[0] ?? '-';
        if (first !== expected) wrong.push(`${mistake} ${url}: ${first}, not ${expected}; ${found.printed} ${found.complained}`);
      });
      assert.deepEqual(wrong, [], running.said());
    } finally {
      await running.stop();
      await server.stop();
    }
  });
}
