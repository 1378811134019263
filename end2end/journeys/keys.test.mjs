// The keyboard: where single keys lead, and that they can be switched off.
import assert from 'node:assert/strict';
import { heading, journey } from '../journey.mjs';
import { arrive, found, makeAgent, somebody } from '../people.mjs';

const focused = (page) => page.evaluate(() => document.activeElement.closest('tr')?.innerText ?? document.activeElement.id);

journey('single keys lead through the pages, and rest where they are switched off', async ({ page, open, look }) => {
  await arrive(page, somebody('Wes Keys'));
  const org = await found(page, 'Keyboard House');
  for (const name of ['One', 'Two', 'Three', 'Four']) await makeAgent(page, org, { name });

  // To a page and back.
  await open('/agents');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await heading(page, 'Calls').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await heading(page, 'Agents').waitFor();
  await page.getByRole('rowheader', { name: 'One' }).waitFor();

  // From the second row to the fourth, ticked with one key, and backwards again with another.
  await page.locator('body').press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Shift+X');
  await page.getByText('3 selected').waitFor();
  assert.match(await focused(page), /One/);
  for (const _ of [1, 2, 3]) await page.keyboard.press('k');
  await page.keyboard.press('Shift+X');
  await page.getByText('4 selected').waitFor();

  // Edited where it stands; its page has keys of its own.
  assert.match(await focused(page), /Four/);
  await page.keyboard.press('e');
  await heading(page, 'Four').waitFor();
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
  await page.keyboard.press('t');
  assert.equal(await page.evaluate(() => document.activeElement.closest('.testpanel') !== null), true);
  await page.keyboard.press('e');
  assert.equal(await focused(page), 'f-name');
  // In a field a letter is a letter.
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  assert.match(await page.locator('#f-name').inputValue(), /gc/);
  await page.getByRole('button', { name: 'Discard changes' }).click();

  // Help lists them.
  await open('/agents');
  await page.locator('body').press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await help.getByText('Select all from the last one on').waitFor();
  await look('help');
  await help.getByRole('link', { name: 'profile' }).click();

  // Switched off they do nothing, in this tab and after a reload; what takes more than one key goes on.
  const single = page.getByRole('switch', { name: /Shortcuts of a single key/ });
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  assert.equal(await single.isChecked(), true);
  await single.click();
  await look('profile-keys-off');
  await open('/profile');
  assert.equal(await single.isChecked(), false);
  await open('/agents');
  await page.locator('body').press('j');
  await page.keyboard.press('?');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  assert.equal(await focused(page), '');
  await heading(page, 'Agents').waitFor();
  assert.equal(await help.isVisible(), false);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump to' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Help and shortcuts' }).click();
  await help.getByText('Shortcuts of a single key are switched off').waitFor();
  assert.equal(await help.getByText('Next row').isVisible(), false);
  await help.getByText('Search or jump').waitFor();
  await look('help-keys-off');
});
