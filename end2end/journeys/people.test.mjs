// People: how they get in, who they work with, what they may do, and how fast that is taken away.
import assert from 'node:assert/strict';
import { button, heading, journey, url } from '../journey.mjs';
import { arrive, ask, found, linkIn, makeAgent, send, signIn, somebody } from '../people.mjs';

const way = (page) => new URL(page.url()).pathname;

journey('a lost password is replaced by mail, and signing out everywhere ends every session', async ({ page, open, person, look }) => {
  const kim = somebody('Kim Forgets');
  await arrive(page, kim);
  await found(page, 'Forgetful');
  const phone = await person();
  await phone.open('/sign-in');

  // A wrong password and an unknown address are told the same.
  const told = phone.page.locator('#f-password-err span');
  await signIn(phone.page, { ...kim, password: 'not the password' });
  await told.filter({ hasText: /./ }).waitFor();
  const wrong = await told.innerText();
  await phone.page.waitForFunction(() => document.activeElement.id === 'f-password');
  assert.equal(await phone.page.getByLabel('Email').inputValue(), kim.email);
  await look('sign-in-wrong', phone.page);
  await phone.open('/sign-in');
  await signIn(phone.page, somebody('Nobody'));
  await told.filter({ hasText: /./ }).waitFor();
  assert.equal(await told.innerText(), wrong);

  // The link chooses a new password, and ends what the old one began.
  await phone.page.getByRole('link', { name: 'Forgot it?' }).click();
  await heading(phone.page, 'Lost your password?').waitFor();
  await look('forgot', phone.page);
  await phone.page.getByLabel('Email').fill(kim.email);
  await button(phone.page, 'Send a link').click();
  await heading(phone.page, 'Check your mail').waitFor();
  await phone.open(await linkIn(page, kim.email, 'Choose a new password'));
  await look('reset', phone.page);
  // It says whose password that is, to the person and to whatever keeps it for them.
  await phone.page.getByText(`For ${kim.email}`, { exact: true }).waitFor();
  const kept = await phone.page.locator('form:has([name="draft[password]"])').evaluate((form) => {
    const [name, password] = [form.querySelector('[autocomplete=username]'), form.querySelector('[autocomplete=new-password]')];
    return { name: name.value, seen: name.checkVisibility(), before: name.compareDocumentPosition(password) === Node.DOCUMENT_POSITION_FOLLOWING };
  });
  assert.deepEqual(kept, { name: kim.email, seen: false, before: true });
  await phone.page.getByLabel('New password').fill('short');
  await button(phone.page, 'Save password').click();
  await phone.page.locator('#f-password-err').filter({ hasText: '10' }).waitFor();
  await phone.page.getByLabel('New password').fill('a new and longer one');
  await button(phone.page, 'Save password').click();
  await phone.page.waitForURL((to) => to.pathname !== '/reset');
  await open('/agents');
  assert.equal(way(page), '/sign-in');

  // Both browsers are in again; one of them signs out everywhere.
  await signIn(page, { ...kim, password: 'a new and longer one' });
  await page.waitForURL((to) => to.pathname !== '/sign-in');
  await phone.open('/profile');
  await phone.page.getByText('This browser', { exact: true }).waitFor();
  assert.equal(await phone.page.getByRole('button', { name: /^Sign out (Chrome|HeadlessChrome)/ }).count(), 1);
  await look('profile-two-devices', phone.page);
  await button(phone.page, 'Sign out everywhere').click();
  await heading(phone.page, 'Sign in').waitFor();
  await open('/profile');
  assert.equal(way(page), '/sign-in');
}, { expected: [/status of 422/] });

journey('an invited person joins, gets another role, and is removed', async ({ page, open, person, look }) => {
  const [lea, max] = [somebody('Lea Owner'), somebody('Max Guest')];
  await arrive(page, lea);
  const org = await found(page, 'Owners & Guests');
  const agent = await makeAgent(page, org);
  await open('/members');
  await page.getByLabel('Email').fill('not an address');
  await button(page, 'Invite').click();
  await page.locator('#f-email-err').filter({ hasText: /./ }).waitFor();
  await page.getByLabel('Email').fill(max.email);
  await page.getByLabel('Role', { exact: true }).selectOption('Viewer');
  await button(page, 'Invite').click();
  await page.getByText('The link in their mail works once').waitFor();
  await page.getByRole('heading', { name: 'Invitations' }).waitFor();
  await look('members-invited');

  // The guest has no account yet: the link leads through signing up, and back to the invitation.
  const guest = await person();
  await guest.open(await linkIn(page, max.email, 'Join Owners'));
  await guest.page.getByText('invites').waitFor();
  await look('join', guest.page);
  await guest.page.getByRole('link', { name: 'Create an account to join' }).click();
  await heading(guest.page, 'Create an account').waitFor();
  assert.equal(await guest.page.getByLabel('Email').inputValue(), max.email);
  await guest.page.getByLabel('Name').fill(max.name);
  await guest.page.getByLabel('Password', { exact: true }).fill(max.password);
  await button(guest.page, 'Create account').click();
  await heading(guest.page, 'Check your mail').waitFor();
  await guest.open(await linkIn(page, max.email, 'Confirm'));
  await button(guest.page, 'Confirm email').click();
  await guest.page.getByRole('heading', { name: 'Invitations' }).waitFor();
  await guest.page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await look('select-org-invited', guest.page);
  await button(guest.page, 'Join Owners & Guests').click();
  await heading(guest.page, 'Agents').waitFor();

  // A viewer sees no button that it cannot use.
  const offers = async (path, name) => {
    await guest.open(path);
    return guest.page.getByRole('main').getByRole(/./.test(name) ? 'button' : 'link', { name }).count();
  };
  await guest.open('/agents');
  await guest.page.getByRole('link', { name: 'Front desk' }).waitFor();
  assert.equal(await guest.page.getByRole('link', { name: 'New agent' }).count(), 0);
  assert.equal(await guest.page.getByRole('checkbox', { name: /^Select/ }).count(), 0);
  assert.equal(await offers('/calls', 'Place a call'), 0);
  assert.equal(await offers(`/agents/${agent.id}`, 'Save draft'), 0);
  assert.equal(await guest.page.getByLabel('System prompt').isDisabled(), true);
  assert.equal(await guest.page.getByRole('button', { name: 'More for this agent' }).count(), 0);
  await look('agent-viewer', guest.page);
  assert.equal(await offers('/members', 'Invite'), 0);
  assert.equal(await guest.page.getByRole('button', { name: /^Remove/ }).count(), 0);
  await look('members-viewer', guest.page);
  await guest.open('/api-keys');
  await guest.page.getByText('Your role cannot see API keys').waitFor();
  await look('api-keys-viewer', guest.page);

  // Another role counts from the next thing they do.
  await guest.open('/agents');
  await open('/members');
  await page.getByLabel(`Role of ${max.name}`).selectOption('Developer');
  await page.getByText('Role changed').waitFor();
  await guest.open('/agents');
  await guest.page.getByRole('link', { name: 'New agent' }).waitFor();

  // Removed: the page that is still open gets no further, and the next one is the way to other organizations.
  await button(page, `Remove ${max.name}`).click();
  await page.getByRole('dialog', { name: `Remove ${max.name}?` }).getByRole('button', { name: 'Remove member' }).click();
  await page.getByText(`${max.name} has been removed`).waitFor();
  await guest.page.getByRole('link', { name: 'Calls', exact: true }).click();
  await guest.page.getByRole('heading', { name: 'Choose an organization' }).waitFor();
  await guest.open('/agents');
  assert.equal(way(guest.page), '/select-org');
  await guest.page.getByText('None yet.').waitFor();
}, { expected: [/status of (403|422)/] });

journey('two tabs of one browser never mix two organizations', async ({ page, open, tab, look }) => {
  await arrive(page, somebody('Nia Twice'));
  const first = await found(page, 'First House');
  await makeAgent(page, first, { name: 'Only in the first' });
  await found(page, 'Second House');
  const other = await tab();
  await send(page, 'orgs/switch_org', { place: first, next: '/' });
  await open('/agents');
  await page.getByText('Only in the first').waitFor();

  await other.open('/select-org');
  await other.page.getByRole('button', { name: /Second House/ }).click();
  await other.page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  await page.getByRole('link', { name: 'Calls', exact: true }).click();
  const cover = page.getByRole('dialog', { name: 'You are in another organization now' });
  await cover.getByText('This page was First House').waitFor();
  await look('cover');
  await button(cover, 'Continue there').click();
  await page.getByRole('link', { name: /^Second House/ }).waitFor();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  assert.equal(await page.getByText('Only in the first').count(), 0);
}, { expected: [/status of 409/] });

journey('an API key is shown once, works, and stops when it is revoked', async ({ page, open, look }) => {
  await arrive(page, somebody('Oda Keys'));
  const org = await found(page, 'Key House');
  await makeAgent(page, org, { name: 'Front desk' });
  await open('/api-keys');
  await page.getByLabel('Name', { exact: true }).fill('Booking site');
  await button(page, 'Create key').click();
  await page.locator('#f-scopes-err').filter({ hasText: /./ }).waitFor();
  await button(page, 'Read only').click();
  await button(page, 'Create key').click();
  await page.getByRole('heading', { name: 'Booking site is ready' }).waitFor();
  const secret = await page.locator('.secret code').innerText();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '');
  assert.equal(await page.locator('.scopes input:checked').count(), 0);
  await look('api-key-made');
  const asked = async () => {
    const answer = await fetch(`${url}/api/v1/agents`, { headers: { authorization: `Bearer ${secret}` } });
    return [answer.status, answer.ok ? (await answer.json()).items.map(({ name }) => name ) : null];
  };
  assert.deepEqual(await asked(), [200, ['Front desk']]);
  await open('/api-keys');
  await page.getByText('Works', { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(secret), 'the secret is on the page again');
  await button(page, 'Revoke Booking site').click();
  await page.getByRole('dialog', { name: 'Revoke Booking site?' }).getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('Booking site has been revoked').waitFor();
  await page.getByText('Revoked', { exact: true }).waitFor();
  assert.equal((await asked())[0], 401);
}, { expected: [/status of 422/] });

journey('whoever opens an invitation as somebody else is led back to it, through every page that asks who they are', async ({ page, person, look }) => {
  const [owner, vic, other] = [somebody('Olga Owns'), somebody('Vic Invited'), somebody('Otto Other')];
  await arrive(page, owner);
  const org = await found(page, 'Winding House');
  await ask(page, 'members/invite_member', { org, draft: { email: vic.email, role: 'viewer' } });
  const link = new URL(await linkIn(page, vic.email, 'Join Winding House'));
  await arrive((await person()).page, vic);

  const guest = await person();
  await arrive(guest.page, other);
  await guest.open(link.pathname + link.search);
  await guest.page.getByText(`You are signed in as ${other.email}.`).waitFor();
  await look('join-as-somebody-else', guest.page);
  await button(guest.page, 'Sign out').click();
  await heading(guest.page, 'Sign in').waitFor();
  await guest.page.getByRole('link', { name: 'Create an account' }).click();
  await heading(guest.page, 'Create an account').waitFor();
  await guest.page.getByRole('link', { name: 'Sign in' }).click();
  await heading(guest.page, 'Sign in').waitFor();
  await guest.page.getByRole('link', { name: 'Forgot it?' }).click();
  await heading(guest.page, 'Lost your password?').waitFor();
  await guest.page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(guest.page, vic);
  await button(guest.page, 'Join Winding House').click();
  await heading(guest.page, 'Agents').waitFor();
});

journey('a session that ended elsewhere is said where it is noticed, and signing in leads back to the very page', async ({ page, open, look }) => {
  const rita = somebody('Rita Returns');
  await arrive(page, rita);
  const org = await found(page, 'Return House');
  const agent = await makeAgent(page, org, { name: 'Front desk' });
  const back = async (link, address) => {
    await link?.click();
    await signIn(page, rita);
    await page.waitForURL((url) => url.pathname + url.search === address);
  };
  // What a browser has when the session was ended on another device is worth as much as nothing.
  const end = () => page.context().clearCookies();

  // Noticed while a list is asked for something else.
  await open('/agents?tag=night');
  await page.getByRole('heading', { name: /^No agents match/ }).waitFor();
  await end();
  await page.getByRole('searchbox', { name: 'Search agents', exact: true }).fill('desk');
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await look('signed-out');
  await back(page.getByRole('link', { name: 'Sign in' }).last(), '/agents?tag=night&q=desk');

  // Noticed when something is saved: what was written stays until one goes.
  await open(`/agents/${agent.id}`);
  await page.getByLabel('Name', { exact: true }).fill('Night desk');
  await end();
  await button(page, 'Save draft').click();
  const banner = page.getByRole('alert').filter({ hasText: 'what you wrote stays here' });
  await banner.waitFor();
  const opened = page.waitForEvent('popup');
  await banner.getByRole('link', { name: 'Sign in' }).click();
  const other = await opened;
  await signIn(other, rita);
  await other.waitForURL((url) => url.pathname === `/agents/${agent.id}`);
  await other.close();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Night desk');
  await button(page, 'Save draft').click();
  await heading(page, 'Night desk').waitFor();

  // Noticed on the way to another document.
  await end();
  await page.goto('/members?of=us');
  await back(null, '/members?of=us');
}, { expected: [/status of 401/] });

journey('who loses rights loses those of their keys: both questions name them, and the keys say who made them and who has left', async ({ page, open, person, look }) => {
  const [ona, max] = [somebody('Ona Owner'), somebody('Max Maker')];
  await arrive(page, ona);
  const org = await found(page, 'Key Makers');
  await ask(page, 'members/invite_member', { org, draft: { email: max.email, role: 'admin' } });
  const link = new URL(await linkIn(page, max.email, 'Join Key Makers'));
  const maker = await person();
  await arrive(maker.page, max);
  await maker.open(link.pathname + link.search);
  await button(maker.page, 'Join Key Makers').click();
  await heading(maker.page, 'Agents').waitFor();
  const made = [];
  for (const [name, scopes] of [['Reading site', ['agents:read']], ['Deploys', ['agents:read', 'agents:update']], ['Dialer', ['calls:create']], ['Given up', ['agents:update']]]) {
    made.push(await ask(maker.page, 'keys/create_key', { org, draft: { name, scopes } }));
  }
  await ask(maker.page, 'keys/revoke_key', { org, key: made[3].id });
  await ask(page, 'keys/create_key', { org, draft: { name: 'Of the owner', scopes: ['agents:update'] } });

  // Whose key is whose, while they work. The column of that needs a wide screen.
  const wide = { width: 1440, height: 900 };
  await page.setViewportSize(wide);
  const key = (name) => page.getByRole('row', { name: new RegExp(`^${name}`) });
  await open('/api-keys');
  await key('Deploys').getByText('Works', { exact: true }).waitFor();
  await key('Deploys').getByText(`by ${max.name}`).waitFor();
  await key('Of the owner').getByText(`by ${ona.name}`).waitFor();

  // As a viewer they may read; what could do more is named.
  await open('/members');
  await page.getByLabel(`Role of ${max.name}`).selectOption('Viewer');
  const demotion = page.getByRole('dialog', { name: `Make ${max.name} Viewer?` });
  await demotion.getByText(/Deploys/).waitFor();
  const lesser = await demotion.innerText();
  assert.match(lesser, /Dialer/);
  for (const other of ['Reading site', 'Given up', 'Of the owner']) assert.ok(!lesser.includes(other), `${other} in: ${lesser}`);
  await button(demotion, 'Keep the role').click();
  assert.equal(await page.getByLabel(`Role of ${max.name}`).inputValue(), 'admin');

  // Removed, they all end; those that had ended before are none of it.
  await button(page, `Remove ${max.name}`).click();
  const removal = page.getByRole('dialog', { name: `Remove ${max.name}?` });
  await removal.getByText(/Deploys/).waitFor();
  const ending = await removal.innerText();
  for (const own of ['Reading site', 'Dialer']) assert.ok(ending.includes(own), `no ${own} in: ${ending}`);
  for (const other of ['Given up', 'Of the owner']) assert.ok(!ending.includes(other), `${other} in: ${ending}`);
  await look('remove-with-keys');
  await button(removal, 'Remove member').click();
  await page.getByText(`${max.name} has been removed`).waitFor();

  // That somebody has left is said on a phone, too.
  await open('/api-keys');
  for (const viewport of [{ width: 360, height: 740 }, wide]) {
    await page.setViewportSize(viewport);
    for (const name of ['Reading site', 'Deploys', 'Dialer']) {
      await key(name).getByText('Refused', { exact: true }).waitFor();
      await key(name).getByText(`${max.name} has left`).waitFor();
      if (viewport === wide) await key(name).getByText(`by ${max.name}`).waitFor();
    }
  }
  await key('Given up').getByText('Revoked', { exact: true }).waitFor();
  await key('Of the owner').getByText('Works', { exact: true }).waitFor();
  await look('api-keys-of-who-left');
}, { expected: [/status of 40[13]/] });
