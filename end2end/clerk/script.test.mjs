// Clerk's own script, against the simulated Clerk: the package that browsers get from Clerk, not what stands in for it.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { button, heading, journey, names } from '../journey.mjs';
import { somebody } from '../people.mjs';
import { startWithClerk } from '../server.mjs';
import { SAYS, claims, fill, found, isRenewal, place, signIn, signUp } from './people.mjs';

const script = process.env.CLERK_SCRIPT ?? assert.fail('CLERK_SCRIPT is not set: run scripts/test-clerk');
const server = await startWithClerk({ script });
Object.assign(names, server.names);
after(async () => {
  await server.stop();
  assert.deepEqual(server.complaints(), []);
});

const where = { at: server.url, also: [server.frontend, server.pictures], trusting: true };
/** Asks Clerk as a server does that has the secret key. */
async function ask(path, body) {
  const answer = await fetch(server.clerk + path, { method: 'POST', headers: { authorization: `Bearer ${server.key}` }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}
const set = (settings) => fetch(`${server.clerk}/_sandbox/settings`, { method: 'POST', body: JSON.stringify(settings) });

journey('with the script of Clerk a person signs up, moves between organizations, stays, signs out and in again', async ({ page, open }) => {
  await set({ token_seconds: 10 });
  const rob = somebody('Rob Script');
  await signUp(page, open, rob);
  assert.equal(await page.evaluate(() => window.Clerk.version), server.scriptVersion);
  await found(page, open, 'Alpha House');
  const alpha = await claims(page);
  await found(page, open, 'Beta House');
  const beta = await claims(page);
  assert.equal(alpha.iss, server.frontend);
  assert.notEqual(alpha.o.id, beta.o.id);

  await open('/select-org');
  await page.getByRole('button', { name: /Alpha House/ }).click();
  await place(page, 'Alpha House').waitFor();
  assert.equal((await claims(page)).o.id, alpha.o.id);

  // On one page for longer than a token lives, twice; then the page still works, and so does the next one.
  await open('/calls');
  const begun = await claims(page);
  for (let renewals = 0; renewals < 3; renewals++) await page.waitForResponse(isRenewal);
  await page.waitForFunction((until) => Date.now() / 1000 > until, begun.exp + 5);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Agents', exact: true }).click();
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  await open('/members');
  await page.getByRole('row', { name: /Rob Script/ }).waitFor();
  assert.ok((await claims(page)).iat > begun.exp - 5);

  await button(page, 'Rob Script, account menu').click();
  await button(page.locator('#account'), 'Sign out').click();
  await page.locator('input[name=identifier]').waitFor();
  await open('/agents');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await signIn(page, rob);
  await heading(page, 'Agents').or(heading(page, 'Where do you want to work?')).waitFor();
  await set({ token_seconds: null });
}, { ...where, expected: SAYS });

journey('the script of Clerk says why somebody is refused', async ({ page, open }) => {
  const mo = somebody('Mo Wrong');
  await ask('/v1/users', { email_address: [mo.email], password: mo.password });
  await open('/sign-in');
  await signIn(page, { ...mo, password: 'not the password' });
  await page.locator('#error-password', { hasText: 'Password is incorrect. Try again, or use another method.' }).waitFor();
  await open('/sign-in');
  await fill(page, { identifier: 'nobody@example.com' });
  await page.locator('#error-identifier', { hasText: "Couldn't find your account." }).waitFor();
}, { ...where, expected: [...SAYS, /status of 422 .*\/v1\/client\/sign_ins/] });

journey('somebody with a phone number alone is called by how it ends', async ({ page, open }) => {
  const { id } = await ask('/v1/users', { phone_number: ['+442079460958'], skip_password_requirement: true });
  const { token } = await ask('/v1/sign_in_tokens', { user_id: id });
  await open(`/sign-in?__clerk_ticket=${token}`);
  await heading(page, 'Where do you want to work?').waitFor();
  await found(page, open, 'Phone House');
  await button(page, 'Phone ending 0958, account menu').waitFor();
  await open('/members');
  await page.getByRole('row', { name: /Phone ending 0958/ }).waitFor();
  await open('/profile');
  // Clerk's own, with a picture from its own host.
  await heading(page, 'Profile details').waitFor();
  assert.equal(await page.getByText('Open the link sent to').count(), 0);
}, { ...where, expected: SAYS });

journey('what a page asks of the script is done, or refused so that it can be read', async ({ page, open }) => {
  await signUp(page, open, somebody('Tia Team'));
  await found(page, open, 'Team House');
  const other = await ask('/v1/users', { email_address: [somebody('Olu Other').email], skip_password_requirement: true });
  const { o } = await claims(page);
  await ask(`/v1/organizations/${o.id}/memberships`, { user_id: other.id, role: 'org:viewer' });
  await page.waitForFunction(() => window.Clerk?.loaded);
  const seen = await page.evaluate(async (other) => {
    const { user, organization } = window.Clerk;
    await user.update({ firstName: 'Thea' });
    await organization.update({ name: 'Crew House' });
    const invitation = await organization.inviteMember({ emailAddress: 'new@example.com', role: 'org:member' });
    const pending = await organization.getInvitations({ status: ['pending'] });
    await invitation.revoke();
    const members = await organization.getMemberships();
    const member = members.data.find(({ publicUserData }) => publicUserData.userId === other);
    const changed = await member.update({ role: 'org:operator' });
    await member.destroy();
    const left = await organization.getMemberships();
    const mine = await user.getOrganizationMemberships();
    const refused = (promise) => promise.then(() => 'done', ({ status, errors }) => `${status} ${errors[0].code}: ${errors[0].message}`);
    return {
      name: user.fullName, organization: organization.name, pending: pending.total_count, members: members.total_count,
      role: changed.role, left: left.total_count, mine: mine.data.map(({ organization }) => organization.name),
      roles: (await organization.getRoles()).data.length,
      totp: await refused(user.createTOTP()), domain: await refused(organization.createDomain('example.com')),
      leaving: await refused(user.leaveOrganization(organization.id)),
    };
  }, other.id);
  assert.deepEqual(seen, {
    name: 'Thea Team', organization: 'Crew House', pending: 1, members: 2, role: 'org:operator', left: 1, mine: ['Crew House'], roles: 7,
    totp: '404 resource_not_found: The sandbox does not simulate POST /v1/me/totp',
    domain: `404 resource_not_found: The sandbox does not simulate POST /v1/organizations/${o.id}/domains`,
    leaving: '400 organization_minimum_permissions_needed: There has to be at least one organization member with the minimum required permissions.',
  });
}, { ...where, expected: [...SAYS, /status of 40[04] .*\/v1\/(me|organizations)\//] });
