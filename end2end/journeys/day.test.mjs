// A day with Switchboard: from not knowing it to a call that was heard, read and paid, and out again.
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';
import { somebody } from '../people.mjs';

const ada = somebody('Ada Larkfield');

journey('a person signs up, builds an agent, calls it, changes the organization and signs out', async ({ page, open, look }) => {
  const button = (name, of = page) => of.getByRole('button', { name, exact: true });
  const link = (name, of = page) => of.getByRole('link', { name, exact: true });
  const heading = (name) => page.getByRole('heading', { name, level: 1 });
  const arrived = () => page.locator('html[data-hydrated]').waitFor({ state: 'attached' });

  // Sign up, and confirm the address from the mail.
  await open('/');
  await heading('Sign in').waitFor();
  await link('Create an account').click();
  await heading('Create an account').waitFor();
  await look('sign-up');
  await page.getByLabel('Name').fill(ada.name);
  await page.getByLabel('Email').fill(ada.email);
  await page.getByLabel('Password', { exact: true }).fill(ada.password);
  await button('Create account').click();
  await heading('Check your mail').waitFor();
  await arrived();
  await look('check-your-mail');
  await link('Open the development mailbox').click();
  await heading('Development mailbox').waitFor();
  await look('mailbox');
  await page.getByRole('link', { name: `Confirm your email address for ${ada.email}` }).click();
  await arrived();
  await look('confirm');
  await button('Confirm email').click();

  // Found an organization.
  await heading('Where do you want to work?').waitFor();
  await arrived();
  await page.getByText('None yet.').waitFor();
  await look('select-org-first');
  await page.getByLabel('Name').fill('Larkfield Dental');
  await page.getByRole('radio', { name: 'Teal' }).check();
  await button('Create organization').click();
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  await arrived();
  await look('agents-none');

  // Build an agent from a template that was looked at, with a voice that was heard before.
  await page.getByRole('link', { name: /^Front desk/ }).click();
  await heading('Front desk').waitFor();
  await arrived();
  await link('Start from this').click();
  await heading('New agent').waitFor();
  await button('Choose voice').click();
  const voices = page.getByRole('dialog', { name: 'Choose a voice' });
  await button('Listen to Aaron', voices).click();
  await button('Stop Aaron', voices).waitFor();
  await sounds(page, '#voices audio');
  await look('voices');
  await button('Choose Aaron', voices).click();
  await voices.waitFor({ state: 'hidden' });
  await look('agent-new');
  await button('Create agent').click();
  await heading('Front desk').waitFor();
  await page.getByText('Front desk created').waitFor();
  await look('agent');

  // Place a call that goes on until somebody ends it, and watch.
  await button('Place a call').click();
  const placing = page.getByRole('dialog', { name: 'Place a call' });
  await placing.getByLabel('Phone number').fill('+1 415 555 0140');
  await placing.getByLabel('Business name').fill('Larkfield Dental');
  await placing.getByLabel('Opening hours').fill('weekdays from eight to five');
  await look('place-call');
  await button('Call now', placing).click();
  await heading('+1 415 555 0140').waitFor();
  await page.getByText('Ringing', { exact: true }).waitFor();
  await page.getByText('In progress', { exact: true }).waitFor();
  const turns = page.locator('.turn');
  await turns.nth(2).waitFor();
  await page.getByText('Larkfield Dental, you are speaking with the automated assistant.').waitFor();
  const before = await turns.count();
  await look('call-live');
  await turns.nth(before).waitFor();
  await button('Hang up').click();

  // Afterwards: why it ended, what was said, how it sounded, what it cost.
  await page.getByText('Completed', { exact: true }).waitFor();
  await page.getByText('Stopped from here').first().waitFor();
  await page.getByText(/^\$\d/).first().waitFor();
  await button('Hang up').waitFor({ state: 'hidden' });
  await button('Play').click();
  await button('Pause').waitFor();
  await sounds(page, '.player audio');
  await page.locator('.turn[aria-current]').first().waitFor();
  await button('Pause').click();
  await look('call-over');

  // What the lists say of it.
  await link('Calls', page.getByRole('navigation', { name: 'Main' })).click();
  await link('+1 415 555 0140').waitFor();
  await look('calls');
  await link('Agents', page.getByRole('navigation', { name: 'Main' })).click();
  await link('Front desk').waitFor();
  await look('agents');
  await link('Members', page.getByRole('navigation', { name: 'Main' })).click();
  await page.getByRole('heading', { name: 'People' }).waitFor();
  await look('members');
  await link('API keys', page.getByRole('navigation', { name: 'Main' })).click();
  await page.getByRole('heading', { name: 'No API keys yet' }).waitFor();
  await look('api-keys');
  await link('Audit log', page.getByRole('navigation', { name: 'Main' })).click();
  await page.getByRole('row', { name: /Created agent/ }).first().waitFor();
  await look('audit');

  const [call] = await page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/recording')).map(({ name }) => name));
  const callPage = new URL(call).pathname.replace('/app', '').replace('/recording', '');

  // A second organization has nothing of the first.
  await page.getByRole('link', { name: /switch organization/ }).click();
  await heading('Where do you want to work?').waitFor();
  await arrived();
  await page.getByLabel('Name').fill('Birch Clinic');
  await page.getByRole('radio', { name: 'Plum' }).check();
  await button('Create organization').click();
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  await open('/calls');
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  await look('calls-none');
  await open('/audit');
  // Its own founding is all that has happened here.
  await page.getByRole('row', { name: /Created organization/ }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
  assert.equal(await page.getByText('Front desk').count(), 0);
  for (const path of [callPage, `/app${callPage}/recording`]) {
    const theirs = await page.context().request.get(path);
    const nobodys = await page.context().request.get(path.replace(/[0-9a-f-]{36}/, '01a21011-3767-76ca-ae0e-d1b1bf2f8e06'));
    assert.deepEqual([theirs.status(), nobodys.status()], [404, 404], path);
    assert.doesNotMatch(await theirs.text(), /555 0140|automated assistant/);
  }
  await open('/select-org');
  await page.getByText('You are here').first().waitFor();
  await look('select-org');

  // And out.
  await open('/profile');
  await page.getByText('This browser', { exact: true }).waitFor();
  await look('profile');
  await open('/calls');
  await button(`${ada.name}, account menu`).click();
  await look('account-menu');
  await button('Sign out', page.locator('#account')).click();
  await heading('Sign in').waitFor();
  await look('sign-in');
  await open('/calls');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
});

/** Waits until the sound there goes on. */
async function sounds(page, selector) {
  await page.waitForFunction((selector) => document.querySelector(selector)?.currentTime > 0.05, selector);
}
