// A browser as people have it: Debian's Chromium without a window.

import { chromium } from 'playwright-core';

/** Debian's Chromium. */
export const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * Starts the browser, for which every host `….example` is this machine. Who has all rights cannot be locked in by
 * Chromium's sandbox, so it does not try.
 */
export function startBrowser() {
  return chromium.launch({
    executablePath: EXECUTABLE,
    chromiumSandbox: process.getuid() !== 0,
    args: ['--host-resolver-rules=MAP *.example 127.0.0.1'],
  });
}

/**
 * Opens a page with cookies, passwords and a clock of its own, which trusts the self-signed certificate.
 * `complaints` is what went wrong in it; `story` is that, what else it wrote to its console, and what went over its
 * WebSockets.
 */
export async function openPage(browser, url) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const complaints = [];
  const story = [];
  const complain = (line) => {
    complaints.push(line);
    story.push(line);
  };
  page.on('pageerror', (error) => complain(`error: ${error.stack}`));
  page.on('requestfailed', (request) => complain(`failed: ${request.url()} ${request.failure().errorText}`));
  page.on('console', (message) => {
    const note = ['error', 'warning', 'assert'].includes(message.type()) ? complain : (line) => story.push(line);
    note(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => story.push(`> ${payload}`));
    socket.on('framereceived', ({ payload }) => story.push(`< ${payload}`));
    socket.on('socketerror', (error) => complain(`error: ${socket.url()} ${error}`));
  });
  await page.clock.install();
  await page.goto(url);
  return { page, complaints, story };
}
