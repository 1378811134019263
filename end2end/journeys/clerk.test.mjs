// Clerk: people who sign in with it, and whose session it moves between organizations.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { journey } from '../journey.mjs';
import { somebody } from '../people.mjs';
import { startWithClerk } from '../server.mjs';

const server = await startWithClerk();
after(async () => {
  await server.stop();
  assert.deepEqual(server.complaints(), []);
});

const rob = somebody('Rob Clerk');
const button = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { name, level: 1 });

journey('a person signs up with Clerk, works in two organizations, and signs out', async ({ page, open }) => {
  const place = (name) => page.getByRole('banner').getByRole('link', { name });
  const foundOne = async (name) => {
    await open('/select-org');
    await page.getByLabel('Name').fill(name);
    await button(page, 'Create organization').click();
    await place(name).waitFor();
    await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  };
  await open('/sign-up');
  await page.getByLabel('First name').fill('Rob');
  await page.getByLabel('Last name').fill('Clerk');
  await page.getByLabel('Email address').fill(rob.email);
  await page.locator('input[name=password]').fill(rob.password);
  await page.locator('main button[type=submit]').click();
  await heading(page, 'Where do you want to work?').waitFor();
  await foundOne('Alpha House');
  await foundOne('Beta House');

  // Its session follows the choice, and so does every page.
  await open('/select-org');
  await page.getByRole('button', { name: /Alpha House/ }).click();
  await place('Alpha House').waitFor();
  const session = () => page.evaluate(() => JSON.parse(atob(document.cookie.match(/__session=[^.]+\.([^.]+)/)[1].replaceAll('-', '+').replaceAll('_', '/'))));
  const alpha = await session();
  await open('/select-org');
  await page.getByRole('button', { name: /Beta House/ }).click();
  await place('Beta House').waitFor();
  const beta = await session();
  assert.notEqual(alpha.org_id ?? alpha.o.id, beta.org_id ?? beta.o.id);

  // Out, and in again with the password.
  await button(page, 'Rob Clerk, account menu').click();
  await button(page.locator('#account'), 'Sign out').click();
  await page.getByLabel('Password').waitFor();
  await open('/agents');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await page.getByLabel('Email address').fill(rob.email);
  await page.locator('input[name=password]').fill('not the password');
  await page.locator('main button[type=submit]').click();
  await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
  await page.locator('input[name=password]').fill(rob.password);
  await page.locator('main button[type=submit]').click();
  await heading(page, 'Agents').or(heading(page, 'Where do you want to work?')).waitFor();
}, { at: server.url, also: [server.clerk], expected: [/status of 4(01|22) .*v1\/client/] });
