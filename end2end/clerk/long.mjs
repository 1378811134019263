// Three minutes on one page with Clerk's own script and tokens of ten seconds: whoever stays can still do everything at the end.
//
//   node end2end/clerk/long.mjs [SECONDS]    scripts/test-clerk long builds first and calls this
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { goTo, launch, openPage } from '../browser.mjs';
import { ask, makeAgent, somebody } from '../people.mjs';
import { startWithClerk } from '../server.mjs';
import { claims, found, isRenewal, signUp } from './people.mjs';

const seconds = Number(process.argv[2] ?? 180);
const script = process.env.CLERK_SCRIPT ?? assert.fail('CLERK_SCRIPT is not set: run scripts/test-clerk');
const server = await startWithClerk({ script });
const browser = await launch(server.names);
try {
  await fetch(`${server.clerk}/_sandbox/settings`, { method: 'POST', body: JSON.stringify({ token_seconds: 10 }) });
  const { page, noise } = await openPage(browser, server.url, { also: [server.frontend, server.pictures], trusting: true });
  const open = (path) => goTo(page, path);
  await signUp(page, open, somebody('Sue Stays'));
  await found(page, open, 'Stays House');
  await open('/calls');
  const { o: { id: org }, ...first } = await claims(page);

  let [renewals, documents] = [0, 0];
  const refused = [];
  page.on('response', (response) => {
    renewals += isRenewal(response) ? 1 : 0;
    if (response.status() >= 400) refused.push(`${response.status()} ${response.url()}`);
  });
  page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  const began = Date.now();
  await pause(seconds * 1000);

  // A server function, twice; and what the second one does is seen on the page, which nobody has touched since.
  const agent = await makeAgent(page, org);
  await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550121' } } });
  const placed = Date.now();
  await page.getByRole('link', { name: /415.*555.*0121/ }).first().waitFor();
  const seen = Date.now() - placed;
  const last = await claims(page);

  const known = /^console\.(warning: Clerk: Clerk has been loaded with development keys|verbose: \[DOM\] Input elements should have autocomplete)/;
  const silent = noise.filter((line) => !known.test(line));
  assert.deepEqual(silent, []);
  assert.deepEqual(refused, []);
  assert.equal(documents, 0);
  assert.ok(renewals >= Math.floor(seconds / 10), `${renewals} renewals`);
  assert.ok(last.iat - first.iat >= seconds - 10);
  assert.deepEqual(server.complaints(), []);
  console.log(`${((Date.now() - began) / 1000).toFixed(0)} s on one page: ${renewals} renewals of tokens of ${last.exp - last.iat} s, no document loaded, no request refused,`);
  console.log(`no word in the console; then a server function placed a call, and the page showed it after ${seen} ms.`);
} finally {
  await browser.close();
  await server.stop();
}
