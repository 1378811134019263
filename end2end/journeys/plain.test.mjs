// Without JavaScript: slower to use, but nobody is locked out.
import assert from 'node:assert/strict';
import { button, heading, journey } from '../journey.mjs';
import { makeAgent, somebody } from '../people.mjs';

journey('a person without JavaScript signs up, signs in, founds an organization and reads its lists', async ({ page }) => {
  const pia = somebody('Pia Plain');
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill(pia.name);
  await page.getByLabel('Email').fill(pia.email);
  await page.getByLabel('Password', { exact: true }).fill('short');
  await button(page, 'Create account').click();
  await page.locator('#f-password-err').getByText('10').waitFor();
  await page.getByLabel('Name').fill(pia.name);
  await page.getByLabel('Email').fill(pia.email);
  await page.getByLabel('Password', { exact: true }).fill(pia.password);
  await button(page, 'Create account').click();
  await heading(page, 'Check your mail').waitFor();
  await page.getByRole('link', { name: 'Open the development mailbox' }).click();
  await page.getByRole('link', { name: `Confirm your email address for ${pia.email}` }).click();
  await button(page, 'Confirm email').click();
  await heading(page, 'Where do you want to work?').waitFor();
  await button(page, 'Sign out').click();

  await heading(page, 'Sign in').waitFor();
  await page.getByLabel('Email').fill(pia.email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await button(page, 'Sign in').click();
  await page.locator('#f-password-err').getByText('does not match').waitFor();
  await page.getByLabel('Email').fill(pia.email);
  await page.getByLabel('Password', { exact: true }).fill(pia.password);
  await button(page, 'Sign in').click();

  await heading(page, 'Where do you want to work?').waitFor();
  await button(page, 'Create organization').click();
  await page.locator('#f-name-err').filter({ hasText: /./ }).waitFor();
  await page.getByLabel('Name').fill('Plain House');
  await button(page, 'Create organization').click();
  for (const [path, title] of [['/agents', 'Agents'], ['/calls', 'Calls'], ['/members', 'Members'], ['/audit', 'Audit log'], ['/api-keys', 'API keys']]) {
    const response = await page.goto(path);
    assert.equal(response.status(), 200);
    await heading(page, title).waitFor();
    await page.getByRole('link', { name: /Plain House/ }).first().waitFor();
  }
  await page.goto('/members');
  await page.getByLabel('Email').fill('nobody at all');
  await button(page, 'Invite').click();
  await page.locator('#f-email-err').filter({ hasText: /./ }).waitFor();

  // A form that only its page can send does nothing before, and gives away nothing of what was typed.
  const org = await page.locator('input[name=org]').first().inputValue();
  const variables = [{ name: 'customer', kind: 'text', required: false, description: '' }];
  const agent = await makeAgent(page, org, { prompt: 'Greet {{customer}}.', variables });
  await page.goto(`/agents/${agent.id}`);
  await page.locator('#f-test-variables-customer').fill('Mrs Secret');
  const again = page.waitForEvent('load');
  await button(page, 'Start').click();
  await again;
  await heading(page, 'Front desk').waitFor();
  assert.equal(await page.locator('#f-test-variables-customer').inputValue(), '');
  assert.equal(new URL(page.url()).search, '');
  await page.goto('/calls');
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
}, { javaScript: false });
