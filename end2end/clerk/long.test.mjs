// Three minutes on one page with Clerk's own script and tokens of ten seconds: whoever stays can still do everything at the end.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { journey, names } from '../journey.mjs';
import { ask, makeAgent, somebody } from '../people.mjs';
import { startWithClerk } from '../server.mjs';
import { SAYS, claims, found, isRenewal, signUp } from './people.mjs';

const seconds = Number(process.env.STAY_SECONDS ?? 180);
const script = process.env.CLERK_SCRIPT ?? assert.fail('CLERK_SCRIPT is not set: run scripts/test-clerk');
const server = await startWithClerk({ script });
Object.assign(names, server.names);
after(async () => {
  await server.stop();
  assert.deepEqual(server.complaints(), []);
});

const options = { at: server.url, also: [server.frontend, server.pictures], trusting: true, expected: SAYS, timeout: (seconds + 60) * 1000 };

journey(`whoever stays on one page for ${seconds} s stays signed in`, async ({ page, open }) => {
  await fetch(`${server.clerk}/_sandbox/settings`, { method: 'POST', body: JSON.stringify({ token_seconds: 10 }) });
  await signUp(page, open, somebody('Sue Stays'));
  await found(page, open, 'Stays House');
  await open('/calls');
  const first = await claims(page);

  let [renewals, documents] = [0, 0];
  const refused = [];
  page.on('response', (response) => {
    renewals += isRenewal(response) ? 1 : 0;
    if (response.status() >= 400) refused.push(`${response.status()} ${response.url()}`);
  });
  page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  const began = Date.now();
  await pause(seconds * 1000);

  // Two server functions; and what the second one does is seen on the page, which nobody has touched since.
  const org = first.o.id;
  const agent = await makeAgent(page, org);
  await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550121' } } });
  const placed = Date.now();
  await page.getByRole('link', { name: /415.*555.*0121/ }).first().waitFor();
  const seen = Date.now() - placed;
  const last = await claims(page);

  assert.deepEqual(refused, []);
  assert.equal(documents, 0);
  assert.ok(renewals >= Math.floor(seconds / 10), `${renewals} renewals`);
  assert.ok(last.iat - first.iat >= seconds - 10);
  const stayed = Math.round((Date.now() - began) / 1000);
  console.log(`${stayed} s on one page: ${renewals} renewals of tokens of ${last.exp - last.iat} s, no document loaded, no request refused;`);
  console.log(`then a server function placed a call, and the page showed it ${seen} ms later.`);
}, options);
