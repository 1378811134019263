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

/** A menu stands open, at the button it belongs to. */
const stands = async (page, id) => assert.equal(await page.locator(`#${id}:popover-open`).count(), 1, `${id} has closed`);

journey('a menu of a row stays open while the list below changes, and the list is right when it has closed', async ({ page, open, tab }) => {
  await arrive(page, somebody('Mena Menus'));
  const org = await found(page, 'Open Menus');
  const agents = {};
  for (const name of ['Anna', 'Berta', 'Cora']) agents[name] = await makeAgent(page, org, { name });
  const other = await tab();
  for (const one of [{ page, open }, other]) {
    await one.open('/agents');
    await one.page.locator('html[data-live]').waitFor({ state: 'attached' });
  }
  await page.getByRole('rowheader', { name: 'Berta' }).locator('xpath=..').getByRole('button', { name: /More/ }).click();
  await stands(page, 'agent-menu');
  const menu = page.locator('#agent-menu');
  const entry = menu.getByRole('button', { name: 'Duplicate' });
  await entry.focus();
  const before = await menu.boundingBox();

  // Somebody else makes an agent and deletes another one. A tab without an open menu shows when that can be seen.
  const read = page.waitForResponse((answer) => answer.url().endsWith('/agents/browse_agents'));
  await makeAgent(page, org, { name: 'Dora' });
  await read;
  await ask(page, 'agents/delete_agent', { org, id: agents.Cora.id });
  await other.page.getByRole('rowheader', { name: 'Dora' }).waitFor();
  await other.page.getByRole('rowheader', { name: 'Cora' }).waitFor({ state: 'detached' });
  await stands(page, 'agent-menu');
  assert.deepEqual(await menu.boundingBox(), before);
  assert.equal(await focused(page), 'Duplicate');
  assert.equal(await page.getByRole('rowheader', { name: 'Dora' }).count(), 0);

  // Closed, it leaves a list that shows all of it; and it was about the row it was opened at.
  await page.keyboard.press('Escape');
  await page.getByRole('rowheader', { name: 'Dora' }).waitFor();
  await page.getByRole('rowheader', { name: 'Cora' }).waitFor({ state: 'detached' });
  await page.getByRole('rowheader', { name: 'Berta' }).locator('xpath=..').getByRole('button', { name: /More/ }).click();
  await makeAgent(page, org, { name: 'Emma' });
  await entry.press('Enter');
  await page.getByRole('heading', { name: /^Berta copy/, level: 1 }).waitFor();
});

journey('the menu of a page stays open while what the page is about changes', async ({ page, open, tab }) => {
  await arrive(page, somebody('Mira Menus'));
  const org = await found(page, 'Changing Contacts');
  const contact = await ask(page, 'contacts/create_contact', { org, draft: { name: 'Ann Before' } });
  const other = await tab();
  for (const one of [{ page, open }, other]) {
    await one.open(`/contacts/${contact.id}`);
    await one.page.locator('html[data-live]').waitFor({ state: 'attached' });
  }
  await button(page, 'More for this contact').click();
  await stands(page, 'contact-more');
  const read = page.waitForResponse((answer) => answer.url().endsWith('/contacts/get_contact'));
  await ask(page, 'contacts/update_contact', { org, id: contact.id, draft: { name: 'Ann After' }, revision: contact.revision });
  await read;
  await other.page.getByRole('heading', { name: 'Ann After', level: 1 }).waitFor();
  await stands(page, 'contact-more');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Ann After', level: 1 }).waitFor();
});

journey('menus above the calls stay open while calls come and move', async ({ page, open }) => {
  await arrive(page, somebody('Moni Menus'));
  const org = await found(page, 'Moving Calls');
  const agent = await makeAgent(page, org);
  await open('/calls');
  await page.locator('html[data-live]').waitFor({ state: 'attached' });
  const numbers = ['+14155550121', '+14155550122', '+14155550100'];
  const menus = [['State', 'filter-status', 'link', 'Failed'], ['Columns', 'columns', 'checkbox', 'Price'], ['account menu', 'account', 'button', 'Sign out']];
  for (const [n, [name, id, role, entry]] of menus.entries()) {
    await page.getByRole('button', { name: new RegExp(`(${name})$`) }).first().click();
    await stands(page, id);
    const within = page.locator(`#${id}`).getByRole(role, { name: entry, exact: true });
    await within.focus();
    const call = await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: numbers[n] } } });
    // The row comes, and changes until its call is over.
    const row = page.locator(`tr:has(a[href="/calls/${call.id}"])`);
    await row.waitFor({ timeout: 20_000 });
    await row.getByText(/^(Not connected|Completed)$/).waitFor({ timeout: 40_000 });
    await stands(page, id);
    assert.equal(await within.evaluate((entry) => entry === document.activeElement), true, `the focus has left ${id}`);
    await page.keyboard.press('Escape');
    await page.locator(`#${id}:popover-open`).waitFor({ state: 'detached' });
  }
});
