// Runs the suite of `suite.test.js` many times, each in a server of its own, and says how long each took:
//
//     node suite.js [RUNS]        (50)
//
// CALLBOARD names another program than target/debug/callboard.

import { SUITE, leave, suite } from './lab/suite.js';
import { startServer } from './lab/server.js';

const TESTS = 200;

const runs = Number(process.argv[2] ?? 50);
const times = [];
const leaving = [];
let failures = 0;
for (let run = 1; run <= runs; run += 1) {
  const server = await startServer(SUITE);
  const begin = performance.now();
  try {
    await suite(server, TESTS);
    times.push((performance.now() - begin) / 1000);
    leaving.push((await leave(server)) / 1000);
    console.log(`run ${run}: ${TESTS} tests in ${times.at(-1).toFixed(1)} s; code 255 after ${leaving.at(-1).toFixed(3)} s`);
  } catch (error) {
    failures += 1;
    console.log(`run ${run}: FAILED: ${error.stack}`);
  }
  await server.stop();
}
const sorted = (list) => list.toSorted((one, other) => one - other);
const shown = (list) => `${sorted(list)[Math.floor(list.length / 2)]?.toFixed(3)} s in the middle, ${sorted(list).at(-1)?.toFixed(3)} s at most`;
console.log(`${runs} runs of ${TESTS} tests, ${failures} failed: ${shown(times)}; code 255: ${shown(leaving)}`);
process.exit(failures > 0 ? 1 : 0);
