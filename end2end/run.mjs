// Runs the journeys against one running program.
//
//   node end2end/run.mjs [FILE…]    all of end2end/journeys, or only these; scripts/e2e builds first and calls this
import { readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { results, start } from './server.mjs';

const journeys = fileURLToPath(new URL('journeys', import.meta.url));
const named = process.argv.slice(2).map((file) => resolve(file));
const all = readdirSync(journeys).filter((file) => file.endsWith('.test.mjs')).sort();
const files = named.length > 0 ? named : all.map((file) => join(journeys, file));

rmSync(results, { recursive: true, force: true });
const server = await start();
try {
  process.env.SWITCHBOARD_URL = server.url;
  const tests = run({ files, concurrency: availableParallelism() });
  tests.on('test:fail', () => (process.exitCode = 1));
  const report = tests.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
} finally {
  await server.stop();
}
