// The focus: it stays where somebody works while the list around it changes.
import assert from 'node:assert/strict';
import { button, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText);
/** The focus is where it should be once the page has heard; nothing else says that it has. */
const comesTo = (page, words) =>
  page.waitForFunction((words) => (document.activeElement.ariaLabel ?? document.activeElement.innerText ?? '').includes(words), words);

journey('the focus stays in its row, goes to the neighbour of one that is gone, and to the heading after the last', async ({ page, open }) => {
  await arrive(page, somebody('Fay Focus'));
  const org = await found(page, 'Focus House');
  const agents = {};
  for (const name of ['Anna', 'Berta', 'Cora']) agents[name] = await makeAgent(page, org, { name });

  // The newest stands first. Another one comes, and the one that is worked at gets another description.
  await open('/agents');
  await page.getByRole('link', { name: 'Berta' }).focus();
  await makeAgent(page, org, { name: 'Dora' });
  await page.getByRole('rowheader', { name: 'Dora' }).waitFor();
  assert.equal(await focused(page), 'Berta');
  const { Berta } = agents;
  await ask(page, 'agents/update_agent', { org, id: Berta.id, draft: { ...Berta, name: 'Berta B.' }, revision: Berta.revision });
  await page.getByRole('rowheader', { name: 'Berta B.' }).waitFor();
  assert.equal(await focused(page), 'Berta B.');

  // Somebody else deletes it.
  await ask(page, 'agents/delete_agent', { org, id: Berta.id });
  await comesTo(page, 'Anna');
  for (const agent of await ask(page, 'agents/browse_agents', { org, filter: {}, page: {} }).then(([list]) => list.items)) {
    await ask(page, 'agents/delete_agent', { org, id: agent.id });
  }
  await comesTo(page, 'Agents');
});

journey('invitations are withdrawn one after the other with the keyboard alone', async ({ page, open }) => {
  await arrive(page, somebody('Flo Focus'));
  const org = await found(page, 'Keyboard Focus');
  for (const name of ['ann', 'ben', 'cem']) {
    await ask(page, 'members/invite_member', { org, draft: { email: `${name}@example.com`, role: 'viewer' } });
  }
  await open('/members');
  await button(page, 'Withdraw the invitation of ben@example.com').focus();
  await page.keyboard.press('Enter');
  await comesTo(page, 'Withdraw the invitation of cem@example.com');
  await page.keyboard.press('Enter');
  await comesTo(page, 'Withdraw the invitation of ann@example.com');
  await page.keyboard.press('Enter');
  await comesTo(page, 'Members');
});

journey('a row that is deleted from its own menu hands the focus to the next one', async ({ page, open }) => {
  await arrive(page, somebody('Fee Focus'));
  const org = await found(page, 'Menu Focus');
  for (const name of ['Anna', 'Berta', 'Cora']) await makeAgent(page, org, { name });
  await open('/agents');
  const more = (name) => page.getByRole('rowheader', { name }).locator('xpath=..').getByRole('button', { name: /More/ });
  await more('Berta').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Delete/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Delete/ }).press('Enter');
  await page.getByRole('rowheader', { name: 'Berta' }).waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement.closest('tr') !== null);
});
