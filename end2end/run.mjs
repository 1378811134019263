// Runs the journeys against one running program.
//
//   node end2end/run.mjs [FILE…]    all of end2end/journeys, or only these; scripts/e2e builds first and calls this
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { results, start } from './server.mjs';

const journeys = fileURLToPath(new URL('journeys', import.meta.url));
// Where a journey breaks a provider, the program says which request could not be answered because of it.
const expected = /"classification":"Status code: 50[234] /;

const named = process.argv.slice(2).map((file) => resolve(file));
const all = readdirSync(journeys).filter((file) => file.endsWith('.test.mjs')).sort();
const files = named.length > 0 ? named : all.map((file) => join(journeys, file));

rmSync(results, { recursive: true, force: true });
const server = await start({ env: { TRUSTED_PROXIES: '1' } });
try {
  process.env.SWITCHBOARD_URL = server.url;
  process.env.SANDBOX_URL = server.sandbox;
  process.env.MODEL_URL = server.model;
  const tests = run({ files, concurrency: 2 });
  tests.on('test:fail', () => (process.exitCode = 1));
  const report = tests.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
} finally {
  await server.stop();
}

const complaints = server.complaints().filter((line) => !expected.test(line));
if (complaints.length > 0) {
  console.error(`The program complained:\n  ${complaints.join('\n  ')}`);
  process.exitCode = 1;
}
