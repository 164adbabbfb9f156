// A whole suite of tests against one server: it sleeps nowhere, and its workers see nothing of each other.

import test from 'node:test';

import { lab } from './lab/lab.js';
import { SUITE, suite } from './lab/suite.js';

test('StanzaJS: 200 tests by two workers with eight users each', lab(async ({ t, server }) => {
  t.diagnostic(`events of the workers: ${await suite(server, 200)}`);
}, SUITE));
