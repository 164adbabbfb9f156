// The wallboard that is lost for long: what it says, and when it reloads itself.

import assert from 'node:assert/strict';
import test from 'node:test';

import { openPage, startBrowser } from './lab/browser.js';
import { lab } from './lab/lab.js';

const MINUTE = 60_000;

/** A test with a wallboard in Chromium, which has shown an agent; `fails` says what its requests come to from now on. */
const wall = (body) =>
  lab(async ({ server }) => {
    const browser = await startBrowser();
    try {
      const { page } = await openPage(browser, `https://${server.addresses.https}/console/board#user=administrator&password=1234&team=1`);
      await page.locator('[data-agent="1001"]').waitFor();
      let loads = 0;
      page.on('load', () => (loads += 1));
      const fails = (pattern, how) => page.route(pattern, how);
      const alert = (text) => page.getByRole('alert').filter({ hasText: text }).waitFor();
      await body({ page, fails, alert, loads: () => loads });
    } finally {
      await browser.close();
    }
  });

const API = /\/(callboard|finesse)\/|\/events\?/;

test('a wallboard says after two minutes that the certificate may have changed, and does not reload into an error page', wall(async ({ page, fails, alert, loads }) => {
  // As a certificate that is not trusted, and a server that is gone.
  await fails('**', (route) => route.abort());
  await page.clock.fastForward(MINUTE);
  await alert(/Connection lost since/);
  assert.equal(await page.getByRole('alert').filter({ hasText: /certificate/ }).count(), 0);
  await page.clock.fastForward(2 * MINUTE);
  await alert(/its certificate may have changed/);
  await page.getByRole('button', { name: 'Reload' }).waitFor();
  for (let tens = 0; tens < 3; tens += 1) await page.clock.fastForward(10 * MINUTE);
  await alert(/its certificate may have changed/);
  assert.equal(loads(), 0);
  await page.locator('[data-agent="1001"]').waitFor();
}));

test('a wallboard that is too old for its server reloads itself once in ten minutes', wall(async ({ page, fails, alert, loads }) => {
  await fails(API, (route) => route.fulfill({ status: 404 }));
  await page.clock.fastForward(MINUTE);
  await alert(/Connection lost since/);
  assert.equal(loads(), 0);
  await page.clock.fastForward(8 * MINUTE);
  await alert(/Connection lost since/);
  assert.equal(loads(), 0);
  const loaded = page.waitForEvent('load');
  await page.clock.fastForward(2 * MINUTE);
  await loaded;
  await alert(/Connection lost since/);
  assert.equal(loads(), 1);
  await page.unroute(API);
  await page.clock.fastForward(MINUTE);
  await page.locator('[data-agent="1001"]').waitFor();
}));
