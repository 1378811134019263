// After the call: what an agent wants to know is asked in its editor, found out by itself, shown with reasons, and calls are found by it.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { breakModelOnce } from '../provider.mjs';

const rows = (page) => page.locator('.table tbody tr');
const count = (page, n) => page.waitForFunction((n) => document.querySelectorAll('.table tbody tr').length === n, n);
const card = (page) => page.locator('section.analysis');

/** A written call with this agent in which this was said, over by now; its page is open. */
async function talked(page, open, org, agent, words) {
  const call = await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'text' } }, attempt: null });
  await open(`/calls/${call.id}`);
  await page.locator('.turn').waitFor();
  await ask(page, 'calls/say', { org, id: call.id, text: words });
  await page.locator('.turn').nth(2).waitFor();
  await ask(page, 'calls/stop_call', { org, id: call.id });
  return call;
}

journey('an agent says what it wants to know of its calls, and each of them is analyzed by itself', async ({ page, open, look }) => {
  await arrive(page, somebody('Ann Alyze'));
  const org = await found(page, 'Ann Alyze Ltd');
  const agent = await makeAgent(page, org);
  await open(`/agents/${agent.id}`);
  await heading(page, 'Front desk').waitFor();
  const section = page.locator('#after-the-call');
  await section.locator('summary').click();
  await section.getByLabel('Summary by').selectOption('The language model');
  await section.getByLabel('Judge the mood of the other side').check();
  await button(section, 'Add a criterion').click();
  const criterion = section.getByRole('group', { name: 'Criterion' });
  await button(section, 'Add a field').click();
  const field = section.getByRole('group', { name: 'Field' });
  await field.getByLabel('Name').fill('part of day');
  await field.getByLabel('Kind').selectOption('One of several');

  // What is wrong stands beside its field.
  await button(page, 'Save draft').click();
  await section.getByText('Fill this in.').waitFor();
  await section.getByText('Use letters, digits and underscores', { exact: false }).waitFor();
  await section.getByText('Name what it may be.').waitFor();
  // From the top: elsewhere something lies half under the head of the page, which stays where it is.
  await page.evaluate(() => window.scrollTo(0, 0));
  await look('agent-analysis');
  await criterion.getByLabel('Name').fill('Appointment');
  await criterion.getByLabel('When it is met').fill('An appointment was agreed on');
  await field.getByLabel('Name').fill('part_of_day');
  for (const choice of ['morning', 'evening']) {
    await field.getByLabel('Choices').fill(choice);
    await field.getByLabel('Choices').press('Enter');
  }
  await button(page, 'Publish…').click();
  const publish = dialog(page, 'Publish');
  await publish.getByText('Success criteria').waitFor();
  await button(publish, 'Publish version 2').click();
  await page.getByText('Version 2 of Front desk is live').waitFor();

  // It appears by itself.
  const call = await talked(page, open, org, agent, 'Great, I would like an appointment in the morning, to be agreed on.');
  await card(page).getByText('Met', { exact: true }).waitFor();
  await card(page).getByText('It was said:', { exact: false }).waitFor();
  await card(page).getByText('morning', { exact: true }).waitFor();
  await card(page).getByText('Positive').waitFor();
  await page.locator('.facts').getByText('Success').waitFor();
  await look('call-analysis');
  await talked(page, open, org, agent, 'Sorry, I dialed a wrong number.');
  await card(page).getByText('Not met').waitFor();

  // From the list: a verdict, and a field.
  await open('/calls');
  await count(page, 2);
  await button(page, 'Verdict').click();
  await page.locator('#filter-verdict').getByRole('link', { name: 'Success' }).click();
  await count(page, 1);
  await rows(page).locator('td.lo .badge').getByText('Success').waitFor();
  await look('calls-verdict');
  await page.getByRole('link', { name: 'Remove filter Verdict' }).click();
  await count(page, 2);
  await button(page, 'More filters').click();
  const narrow = dialog(page, 'Filter calls');
  await narrow.getByLabel('Field of the analysis').fill('morning');
  await button(narrow, 'Show calls').click();
  await narrow.getByText('Write a field, a colon and the value, such as booked:yes.').waitFor();
  await narrow.getByLabel('Field of the analysis').fill('part_of_day:Morning');
  await button(narrow, 'Show calls').click();
  await count(page, 1);
  assert.match(page.url(), /field=part_of_day/);

  // Again: many from the list, and one from its page, where the model refuses first.
  await open('/calls');
  await count(page, 2);
  await page.getByLabel('Select all on this page').check();
  await button(page.getByRole('region', { name: 'Selected calls' }), 'Analyze again').click();
  await page.getByText('2 calls are being analyzed').waitFor();
  await open(`/calls/${call.id}`);
  await card(page).getByText('Met', { exact: true }).waitFor();
  await page.waitForFunction(() => !document.querySelector('section.analysis [role=status]'));
  await breakModelOnce({ kind: 'status', status: 401, contains: 'call_analysis' });
  await button(card(page), 'Run again').click();
  await page.getByText('The call is being analyzed').waitFor();
  await card(page).getByText('Not analyzed').waitFor();
  await card(page).getByText('An operator has to look at it', { exact: false }).waitFor();
  await look('call-not-analyzed');
  await button(card(page), 'Run again').click();
  await card(page).getByText('Not analyzed').waitFor({ state: 'detached' });
  await card(page).getByText('Met', { exact: true }).waitFor();
});

journey('an organization calls the ends of its calls by its own words', async ({ page, open, look }) => {
  await arrive(page, somebody('Dis Posed'));
  const org = await found(page, 'Dis Posed Ltd');
  const agent = await makeAgent(page, org);
  await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550121' } }, attempt: null });
  await open('/organization');
  const section = page.getByRole('region', { name: 'Dispositions' });
  await button(section, 'Change…').click();
  const words = dialog(page, 'Dispositions');
  await words.getByLabel('Busy').fill('Try again');
  await look('dispositions');
  await button(words, 'Save dispositions').click();
  await section.getByText('Try again').waitFor();
  await open('/calls');
  await rows(page).getByText('Try again').waitFor();
  await button(page, 'Disposition').click();
  await page.locator('#filter-disposition').getByRole('link', { name: 'Try again' }).click();
  await count(page, 1);
  await rows(page).getByRole('link').first().click();
  await page.locator('.facts').getByText('Disposition').waitFor();
});
