// The built-in page in a real browser, for the tests that work with it.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import axe from 'axe-core';

import { startBrowser } from './browser.js';

/** Where screenshots go. */
export const SHOTS = fileURLToPath(new URL('../../../target/screenshots/', import.meta.url));
/** How long a window waits for what should be there. */
export const PATIENCE = 30_000;

let browser;

before(async () => {
  browser = await startBrowser();
  mkdirSync(SHOTS, { recursive: true });
});

after(() => browser?.close());

/**
 * A window of its own at an address of the page. What goes wrong in it ends in `complaints`; `expected` lists what a test
 * provokes.
 */
export async function open(server, path, { scheme = 'https', expected = [], ...options } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, locale: 'en-US', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.stack}`));
  page.on('console', (message) => {
    if (!['error', 'warning', 'assert'].includes(message.type())) return;
    const line = `${message.type()}: ${message.text()} (${message.location().url})`;
    if (!expected.some((pattern) => pattern.test(line))) complaints.push(line);
  });
  await page.goto(`${scheme}://${server.addresses[scheme]}/console/${path}`);
  return { page, context, complaints };
}

export async function logIn(page, user = 'administrator', password = '1234') {
  await page.getByLabel('User', { exact: true }).fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
}

/** Opens a view as somebody who is logged in. */
export async function enter(server, view, { user, password = server.password, ...options } = {}) {
  const opened = await open(server, `#${view}`, options);
  await logIn(opened.page, user, password);
  await opened.page.locator('nav a[aria-current="page"]').waitFor();
  return opened;
}

/** The states of the steps of the ladder, in order. */
export function ladder(page) {
  return page.locator('.ladder > li').evaluateAll((steps) => steps.map((step) => step.dataset.state));
}

export async function connect(page, failure) {
  if (failure) await page.locator('.field-try select').selectOption(failure);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
}

/** Waits until something is so. */
export async function until(holds, what) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const seen = await holds();
    if (seen === true) return;
    assert.ok(Date.now() < deadline, `waited in vain for ${what}: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Moves the pointer: the board shows its tools to somebody who is there. */
export async function wake(page) {
  await page.mouse.move(320, 320);
  await page.mouse.move(300, 300);
}

/** Nothing is wider than the window, as soon as the page has noticed its size. */
export async function fits(page, what) {
  await until(() => page.evaluate(() => {
    const root = document.scrollingElement;
    return root.scrollWidth <= root.clientWidth || `${root.scrollWidth} > ${root.clientWidth}`;
  }), `${what} to be no wider than the window`);
}

/** WCAG 2.1 A and AA, as far as a program can judge it. */
export async function accessible(page, what) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    // eslint-disable-next-line no-undef
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] }),
  );
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join('; ')}`);
  assert.deepEqual(said, [], `${what} for everybody`);
}
