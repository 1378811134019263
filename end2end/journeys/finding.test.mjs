// Calls found again: by filters, by what was said, under saved names; tagged, noted on, and deleted.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

const rows = (page) => page.locator('.table tbody tr');
const views = (page) => page.getByRole('navigation', { name: 'Views' });
const count = (page, n) => page.waitForFunction((n) => document.querySelectorAll('.table tbody tr').length === n, n);

/** Somebody with an agent and three calls: a written one in which this was said, one that was busy, and one nobody answered. */
async function arrived(page, open, name) {
  await arrive(page, somebody(name));
  const org = await found(page, `${name} Ltd`);
  const agent = await makeAgent(page, org);
  const place = (to) => ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to }, attempt: null });
  const busy = await place({ medium: 'phone', number: '+14155550121' });
  const silent = await place({ medium: 'phone', number: '+14155550123' });
  const written = await place({ medium: 'text' });
  await open(`/calls/${written.id}`);
  await page.locator('.turn').waitFor();
  await ask(page, 'calls/say', { org, id: written.id, text: 'My umbrella was left at the clinic.' });
  await page.locator('.turn').nth(2).waitFor();
  await ask(page, 'calls/stop_call', { org, id: written.id });
  await open('/calls');
  await rows(page).getByText('Completed', { exact: true }).waitFor();
  await rows(page).getByText('Not connected', { exact: true }).nth(1).waitFor();
  return { org, agent, busy, silent, written };
}

journey('a call is found by its words, by every filter, and under a name that is saved for all', async ({ page, open, look }) => {
  await arrived(page, open, 'Uma Finds');
  await count(page, 3);

  const said = page.getByRole('searchbox', { name: 'Search what was said' });
  await said.fill('umbrella clinic');
  await said.press('Enter');
  await count(page, 1);
  await page.locator('.said mark').filter({ hasText: 'umbrella' }).waitFor();
  await look('calls-said');
  await said.fill('parasol');
  await said.press('Enter');
  await page.getByRole('heading', { name: 'No calls match this filter' }).waitFor();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await count(page, 3);

  // All filters in one dialog, by keyboard; a mistake stands beside its field.
  await button(page, 'More filters').focus();
  await page.keyboard.press('Enter');
  const narrow = dialog(page, 'Filter calls');
  await narrow.getByLabel('Talk time at least').fill('soon');
  await narrow.getByLabel('Ended because').selectOption('Busy');
  await button(narrow, 'Show calls').click();
  await narrow.getByText('Write minutes and seconds, such as 1:30.').waitFor();
  await look('calls-filters');
  await narrow.getByLabel('Talk time at least').fill('');
  await narrow.getByLabel('Placed', { exact: true }).selectOption('Today');
  await button(narrow, 'Show calls').click();
  await count(page, 1);
  await page.getByText('Ended because', { exact: false }).first().waitFor();
  assert.match(page.url(), /end=busy/);
  assert.match(page.url(), /placed=today/);

  // Under a name, for everybody.
  await button(page, 'Save view').click();
  const saving = dialog(page, 'Save these filters as a view');
  await button(saving, 'Save view').click();
  await saving.getByText('Fill this in.').waitFor();
  await saving.getByLabel('Name').fill('Busy today');
  await saving.getByLabel('Everybody here sees it').check();
  await button(saving, 'Save view').click();
  await page.getByText('View Busy today saved').waitFor();
  const tab = views(page).getByRole('link', { name: 'Busy today' });
  await tab.and(page.locator('[aria-current=page]')).waitFor();
  await look('calls-view');
  await views(page).getByRole('link', { name: 'All calls' }).click();
  await count(page, 3);
  await tab.click();
  await count(page, 1);
  await button(page, 'More for this view').click();
  await page.locator('#view-menu').getByRole('button', { name: 'Rename or share…' }).click();
  const changing = dialog(page, 'Change the view');
  await changing.getByLabel('Name').fill('Lines busy');
  await button(changing, 'Save view').click();
  await views(page).getByRole('link', { name: 'Lines busy' }).waitFor();
  await button(page, 'More for this view').click();
  await page.locator('#view-menu').getByRole('button', { name: 'Delete…' }).click();
  await button(dialog(page, 'Delete the view Lines busy?'), 'Delete view').click();
  await page.getByText('View Lines busy deleted').waitFor();
  await count(page, 3);
}, { expected: [/status of 422/] });

journey('calls are tagged, noted on, and deleted, one and many', async ({ page, open, look }) => {
  const { written, busy } = await arrived(page, open, 'Vic Sorts');
  await open(`/calls/${written.id}`);
  await heading(page, 'Text conversation').waitFor();
  const tags = page.getByLabel('Tags');
  await tags.fill('lost and found');
  await tags.press('Enter');
  await page.locator('.tag').filter({ hasText: 'lost and found' }).waitFor();
  await button(page, 'Add note').click();
  await page.locator('.notes .err').getByText('Fill this in.').waitFor();
  await page.getByLabel('Note', { exact: true }).fill('It is blue.\nKeep it until Friday.');
  await button(page, 'Add note').click();
  await page.locator('.notes li').getByText('Keep it until Friday.').waitFor();
  assert.equal(await page.getByLabel('Note', { exact: true }).inputValue(), '');
  await look('call-notes');
  await page.reload();
  await page.locator('.notes li').getByText('Keep it until Friday.').waitFor();
  await button(page, 'Delete note').click();
  await button(dialog(page, 'Delete this note?'), 'Delete note').click();
  await page.getByText('Nobody has written anything yet.').waitFor();

  // From the list: the tag is a filter, and many get one at once.
  await open('/calls');
  await count(page, 3);
  await button(page, 'Tag').click();
  await page.locator('#filter-tag').getByRole('link', { name: 'lost and found' }).click();
  await count(page, 1);
  await page.getByRole('link', { name: 'Remove filter Tag' }).click();
  await count(page, 3);
  await page.getByLabel('Select all on this page').check();
  const bar = page.getByRole('region', { name: 'Selected calls' });
  await button(bar, 'Tag…').click();
  const tagging = dialog(page, 'Tag 3 calls');
  await tagging.getByLabel('Add').fill('reviewed');
  await tagging.getByLabel('Add').press('Enter');
  await button(tagging, 'Save tags').click();
  await page.getByText('3 calls tagged').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('.table .tag')].filter((tag) => tag.textContent === 'reviewed').length === 3);
  await look('calls-tagged');

  // Gone, one from its page and the others from the list.
  await open(`/calls/${busy.id}`);
  await button(page, 'Delete…').click();
  await button(dialog(page, 'Delete this call?'), 'Delete call').click();
  await page.getByText('Call deleted').waitFor();
  await heading(page, 'Calls').waitFor();
  await count(page, 2);
  await page.getByLabel('Select all on this page').check();
  await button(bar, 'Delete…').click();
  await button(dialog(page, 'Delete 2 calls?'), 'Delete calls').click();
  await page.getByText('2 calls deleted').waitFor();
  await page.getByRole('heading', { name: 'No calls yet' }).waitFor();
  assert.equal(await rows(page).count(), 0);
});
