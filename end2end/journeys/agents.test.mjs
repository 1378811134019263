// Agents: made, mended, found again and thrown away, by somebody who makes mistakes and never loses anything.
import assert from 'node:assert/strict';
import { button, heading, journey, path } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { breakOnce, changeCopy, copyOf } from '../provider.mjs';

journey('an agent with mistakes is not created, and nothing typed is lost', async ({ page, open, look }) => {
  await arrive(page, somebody('Bea Typo'));
  await found(page, 'Typo Ltd');
  await open('/agents');
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  assert.equal(await page.locator('.starter').count(), 4);
  await page.getByRole('link', { name: 'Start empty' }).click();
  await heading(page, 'New agent').waitFor();

  // Each complaint stands beside its field, the first field that is wrong has the focus.
  const [name, prompt] = [page.getByLabel('Name', { exact: true }), page.getByLabel('System prompt')];
  await prompt.fill('Greet {{first name}} and ask for {{order}}.');
  await button(page, 'Create agent').click();
  await page.locator('#f-name-err').filter({ hasText: /./ }).waitFor();
  await page.locator('#f-voice_id-err').getByText('Choose a voice.').waitFor();
  await page.locator('#f-prompt-err').filter({ hasText: '{{' }).waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-name');
  assert.equal(await name.getAttribute('aria-invalid'), 'true');
  await look('agent-wrong');

  // What is typed survives a reload, and says that it is not saved.
  await name.fill('Orders');
  await page.locator('#f-name-err').waitFor({ state: 'hidden' });
  await page.waitForFunction(() => Object.keys(sessionStorage).some((key) => sessionStorage[key].includes('Orders')));
  await open('/agents/new/draft');
  await page.getByText('What you had typed and not saved is here again.').waitFor();
  assert.equal(await name.inputValue(), 'Orders');
  assert.equal(await prompt.inputValue(), 'Greet {{first name}} and ask for {{order}}.');

  // Variables: declared from the prompt, each with a name of its own.
  await prompt.fill('Greet {{customer}} and ask for {{order}}.');
  await button(page, 'Declare customer').click();
  await button(page, 'Declare order').click();
  await page.getByRole('group', { name: 'Variable order' }).getByLabel('Name').fill('customer');
  await button(page, 'Create agent').click();
  await page.getByText('Another variable already has this name.').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-prompt');
  await page.locator('#f-variables-1-name').fill('order');
  await page.locator('#f-variables-1-kind').selectOption('Number');

  // Numbers in a closed fold are checked too, and the fold opens.
  await page.locator('#timing > summary').click();
  await page.getByLabel('Longest call').fill('5');
  await page.locator('#timing > summary').click();
  await button(page, 'Choose voice').click();
  await page.getByRole('searchbox', { name: 'Search voices', exact: true }).fill('Aaron');
  await button(page, 'Choose Aaron').click();
  await button(page, 'Create agent').click();
  await page.locator('#f-max_duration_s-err').getByText('seconds').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-max_duration_s');
  await page.getByLabel('Longest call').fill('120');
  await page.keyboard.press('Control+s');
  await heading(page, 'Orders').waitFor();
  assert.equal(await page.locator('#f-variables-1-kind').inputValue(), 'number');

  // The same name again: only the server knows, and the page says it in the same place.
  await open('/agents/new/draft');
  await name.fill('Orders');
  await prompt.fill('Answer.');
  await button(page, 'Choose voice').click();
  await button(page, 'Choose Aaron').click();
  await button(page, 'Create agent').click();
  await page.locator('#f-name-err').getByText('This name is already used.').waitFor();
  assert.equal(await prompt.inputValue(), 'Answer.');

  // Leaving with something unsaved asks first.
  await page.getByRole('link', { name: 'Calls', exact: true }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
  await button(page, 'Stay').click();
  await heading(page, 'New agent').waitFor();
}, { expected: [/status of 422/] });

journey('an agent that changes in two places loses neither change', async ({ page, open, tab, look }) => {
  await arrive(page, somebody('Cleo Twice'));
  const org = await found(page, 'Two Tabs');
  const agent = await makeAgent(page, org, { name: 'Reception' });
  const other = await tab();
  await open(`/agents/${agent.id}`);
  await other.open(`/agents/${agent.id}`);

  // Nothing is typed here, so the other tab's save simply appears.
  await other.page.getByLabel('Description').fill('Answers at night');
  await button(other.page, 'Save draft').click();
  await other.page.getByText('Reception saved').waitFor();
  await page.waitForFunction(() => document.querySelector('#f-description').value === 'Answers at night');

  // Something is typed here: a person decides.
  await page.getByLabel('Description').fill('Answers by day');
  await other.page.getByLabel('Description').fill('Answers always');
  await button(other.page, 'Save draft').click();
  await page.getByText('Saved elsewhere').waitFor();
  await page.getByText('Yours differs in: Name.').waitFor();
  await look('agent-changed-elsewhere');
  await button(page, 'Take theirs').click();
  assert.equal(await page.getByLabel('Description').inputValue(), 'Answers always');
  await page.getByLabel('Description').fill('Answers on Sundays');
  await other.page.getByLabel('Description').fill('Answers on Mondays');
  await button(other.page, 'Save draft').click();
  await page.getByText('Saved elsewhere').waitFor();
  await button(page, 'Keep mine').click();
  await page.getByText('Reception saved').waitFor();
  await other.page.waitForFunction(() => document.querySelector('#f-description').value === 'Answers on Sundays');
});

journey('a copy that was changed at the provider is shown and put right', async ({ page, open, look }) => {
  await arrive(page, somebody('Dora Drift'));
  const org = await found(page, 'Drift & Co');
  const agent = await makeAgent(page, org, { name: 'Reception' });
  await open(`/agents/${agent.id}`);
  await changeCopy(agent.provider_id, { ...(await copyOf(agent.provider_id)).callTemplate, systemPrompt: 'Sell cars.' });

  // A deletion that the provider fails changes nothing, says so, and has the copy looked at.
  await breakOnce({ kind: 'status', status: 500, method: 'DELETE', path: `/api/agents/${agent.provider_id}`, count: 3 });
  await button(page, 'More for this agent').click();
  await button(page, 'Delete…').click();
  const asked = page.getByRole('dialog', { name: 'Delete Reception?' });
  await asked.waitFor();
  await look('agent-delete');
  await asked.getByRole('button', { name: 'Delete agent' }).click();
  await asked.getByText('Ultravox answered with an error of its own. Nothing was changed').waitFor();
  await asked.getByRole('button', { name: 'Keep it' }).click();
  await page.getByText('Differs at provider').first().waitFor();
  await page.getByText('Changed at the provider:').waitFor();
  await look('agent-drifted');
  await page.locator('.notices').getByRole('button', { name: 'Sync now' }).click();
  await page.getByText('Reception synced').waitFor();
  await page.getByText('Differs at provider').waitFor({ state: 'detached' });
  assert.equal((await copyOf(agent.provider_id)).callTemplate.systemPrompt, agent.prompt);

  // What the provider fails to take stays a draft, and the dialog stays with what was typed.
  await page.getByLabel('System prompt').fill('Answer in one sentence.');
  await button(page, 'Publish…').click();
  const publish = page.getByRole('dialog', { name: 'Publish' });
  await publish.getByLabel('What is new').fill('Shorter');
  await breakOnce({ kind: 'status', status: 503, method: 'PATCH', path: `/api/agents/${agent.provider_id}`, count: 3 });
  await button(publish, 'Publish version 2').click();
  await publish.getByText('Ultravox', { exact: true }).waitFor();
  await publish.getByText('Nothing was changed').waitFor();
  assert.equal(await publish.getByLabel('What is new').inputValue(), 'Shorter');
  await look('agent-provider-down');
  await button(publish, 'Publish version 2').click();
  await page.getByText('Version 2 of Reception is live').waitFor();
  assert.equal((await copyOf(agent.provider_id)).callTemplate.systemPrompt, 'Answer in one sentence.');
}, { expected: [/status of 50[23]/] });

journey('many agents are found by search, filter and page, and several are deleted at once', async ({ page, open, look }) => {
  await arrive(page, somebody('Emil Many'));
  const org = await found(page, 'Many Lines');
  const line = (n) => {
    const tags = n % 2 === 0 ? ['even'] : [];
    const language = n === 7 ? 'de-DE' : 'en-US';
    return makeAgent(page, org, { name: `Line ${String(n).padStart(2, '0')}`, description: `Number ${n}`, tags, language });
  };
  for (let n = 1; n <= 52; n += 4) await Promise.all([n, n + 1, n + 2, n + 3].map(line));
  const rows = page.locator('.table tbody tr');
  await open('/agents');
  assert.equal(await rows.count(), 50);
  await page.getByText('52 agents, 52 live.').waitFor();
  await look('agents-many');

  // Every step is an address, so that back goes back.
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByText('The oldest 2 agents').waitFor();
  assert.match(path(page), /[?]cursor=/);
  await page.goBack();
  await page.getByText('The newest 50 agents').waitFor();
  await page.getByRole('searchbox', { name: 'Search agents', exact: true }).fill('line 1');
  await page.getByText('10 agents', { exact: true }).waitFor();
  assert.equal(path(page), '/agents?q=line%201');
  await button(page, 'Tag').click();
  await page.getByRole('link', { name: 'even' }).click();
  await page.getByText('5 agents', { exact: true }).waitFor();
  await button(page, 'Language').click();
  await page.getByRole('link', { name: /German/ }).click();
  await page.getByRole('heading', { name: 'No agents match these 3 filters' }).waitFor();
  await look('agents-filtered-away');
  await page.goBack();
  await page.getByText('5 agents', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Remove filter Tag' }).click();
  await page.getByText('10 agents', { exact: true }).waitFor();
  await page.reload();
  assert.equal(await page.getByRole('searchbox', { name: 'Search agents', exact: true }).inputValue(), 'line 1');
  assert.equal(await rows.count(), 10);

  // The choice of columns stays with the browser, and the first picture has it.
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await button(page, 'Columns').click();
  await page.getByLabel('Voice').uncheck();
  await page.getByLabel('Created').check();
  await page.locator('th').filter({ hasText: 'Created' }).waitFor({ state: 'attached' });
  const drawn = await (await page.context().request.get('/agents')).text();
  assert.match(drawn, />Created</);
  assert.doesNotMatch(drawn, />Voice<!*>*<\/th>/);
  await page.keyboard.press('Escape');

  // By keyboard to the second row, and ticked.
  const [, second, third] = await rows.locator('th a').allInnerTexts();
  await page.locator('body').press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  await page.getByLabel(`Select ${third}`).check();
  await page.getByText('2 selected').waitFor();
  await look('agents-selected');
  await page.getByRole('region', { name: 'Selected agents' }).getByRole('button', { name: 'Delete…' }).click();
  const asked = page.getByRole('dialog', { name: 'Delete 2 agents?' });
  for (const name of [second, third]) await asked.getByText(name).waitFor();
  await asked.getByRole('button', { name: 'Delete agents' }).click();
  await page.getByText('2 agents deleted').waitFor();
  await page.getByText('8 agents', { exact: true }).waitFor();

  // One is duplicated from its row, under a name that is free.
  const [first] = await rows.locator('th a').allInnerTexts();
  // Somebody else's change waits for an open menu, and so may what was asked for a moment before.
  const told = page.waitForResponse(/browse_agents/);
  await button(page, `More for ${first}`).click();
  await makeAgent(page, org, { name: 'Somebody else' });
  await told;
  await page.locator('#agent-menu').getByRole('button', { name: 'Duplicate' }).click();
  await page.getByText(`${first} duplicated`).waitFor();
  await page.getByRole('heading', { level: 1 }).filter({ hasText: first }).waitFor();
  assert.notEqual((await page.getByLabel('Name', { exact: true }).inputValue()), first);
  const { items } = await ask(page, 'agents/list_agents', { org, filter: { q: first }, page: {} });
  assert.equal(items.length, 2);
});
