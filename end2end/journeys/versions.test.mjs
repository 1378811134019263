// Versions: what is saved waits, what is published answers the phone, and what was published can be had again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { button, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { copyOf } from '../provider.mjs';

const promptThere = async (agent) => (await copyOf(agent.provider_id)).callTemplate.systemPrompt;

journey('a draft is saved, looked through, published, called and taken back', async ({ page, open, look }) => {
  await arrive(page, somebody('Vera Versions'));
  const org = await found(page, 'Second Thoughts');
  const agent = await makeAgent(page, org, {
    name: 'Reception', prompt: 'You are Mia. Be kind to everybody who calls. Offer the earliest time.', first_message: 'Hello, this is Mia.',
  });
  await open(`/agents/${agent.id}`);
  await page.getByRole('link', { name: 'v1' }).waitFor();

  // Saved: callers hear nothing of it, and the page says so.
  await page.getByLabel('System prompt').fill('You are Mia. Be kind to everybody who calls. Offer the two earliest times, mornings first.');
  await page.locator('#f-first_message').fill('Good morning, Mia here.');
  await button(page, 'Save draft').click();
  await page.getByText('Reception saved').waitFor();
  await page.getByText('Unpublished changes').waitFor();
  assert.equal(await promptThere(agent), agent.prompt);
  await look('agent-unpublished');

  // Looked through: by words, with what was checked, and the way to what should be mended.
  await button(page, 'Publish…').click();
  const publish = page.getByRole('dialog', { name: 'Publish' });
  await publish.getByText('What callers will notice').waitFor();
  assert.match((await publish.locator('.words').first().locator('ins').allInnerTexts()).join('|'), /two.*times,.*mornings first\./);
  await publish.getByText('neither the first message nor the prompt says so').waitFor();
  await look('agent-publish');
  await publish.getByRole('link', { name: 'Go to the field' }).first().click();
  await publish.waitFor({ state: 'hidden' });
  await page.waitForFunction(() => document.activeElement.id === 'f-first_message');
  await page.locator('#f-first_message').fill('Good morning, Mia here. This call is recorded.');

  // Published, from what is typed: it is saved on the way.
  await button(page, 'Publish…').click();
  await publish.getByText('The first message or the prompt speaks of recording.').waitFor();
  await publish.getByLabel('What is new').fill('Two times, and that it is recorded');
  await button(publish, 'Publish version 2').click();
  await page.getByText('Version 2 of Reception is live').waitFor();
  await publish.waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: 'v2' }).waitFor();
  await page.getByText('Unpublished changes').waitFor({ state: 'detached' });
  assert.match(await promptThere(agent), /two earliest/);

  // Nothing to publish is said, and not done.
  await button(page, 'Publish…').click();
  await publish.getByText('Callers would notice no difference.').waitFor();
  assert.equal(await button(publish, 'Publish version 3').getAttribute('aria-disabled'), 'true');
  await button(publish, 'Not now').click();

  // A call of the version before, and one of what is live: each page says which.
  const call = { agent_id: agent.id, to: { medium: 'phone', number: '+14155550100' } };
  const old = await ask(page, 'calls/place_call', { org, draft: { ...call, version: 1 } });
  const now = await ask(page, 'calls/place_call', { org, draft: call });
  await open(`/calls/${old.id}`);
  await page.getByText('Hello, this is Mia.').first().waitFor();
  await page.getByRole('link', { name: 'v1' }).waitFor();
  await open(`/calls/${now.id}`);
  await page.getByText('This call is recorded.').first().waitFor();
  await page.getByRole('link', { name: 'v2' }).click();

  // The versions: who, when, why; any two beside each other; the way to their calls.
  await heading(page, 'Reception').waitFor();
  await page.getByRole('row', { name: /v2.*Two times, and that it is recorded/ }).waitFor();
  await page.getByRole('row', { name: /v1.*As it was created/ }).waitFor();
  await page.locator('.words').first().waitFor();
  await look('agent-versions');
  await page.getByLabel('From').selectOption({ label: 'Version 2, live' });
  await page.getByText('Callers would notice no difference between the two.').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'JSON of version 1' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'reception-v1.json');
  assert.equal(JSON.parse(readFileSync(await download.path(), 'utf8')).prompt, agent.prompt);

  // Taken back: into the draft, and live once it is published.
  await page.getByRole('button', { name: 'Restore version 1' }).click();
  const asked = page.getByRole('dialog', { name: 'Take version 1 into the draft?' });
  await look('agent-restore');
  await asked.getByRole('button', { name: 'Restore into draft' }).click();
  await page.getByText('Version 1 is in the draft').waitFor();
  await heading(page, 'Reception').waitFor();
  await page.waitForFunction((prompt) => document.querySelector('#f-prompt')?.value === prompt, agent.prompt);
  assert.match(await promptThere(agent), /two earliest/);
  await button(page, 'Publish…').click();
  await button(publish, 'Publish version 3').click();
  await page.getByText('Version 3 of Reception is live').waitFor();
  assert.equal(await promptThere(agent), agent.prompt);

  // The calls of one version, and what the log says.
  await open(`/agents/${agent.id}/versions`);
  await page.getByRole('link', { name: 'Calls of version 1' }).click();
  await page.getByText('Version is 1').waitFor();
  await page.getByRole('link', { name: '+1 415 555 0100' }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
  await look('calls-of-a-version');
  await open('/audit');
  await page.getByRole('row', { name: /Published agent.*Version 3/ }).waitFor();
  await page.getByRole('row', { name: /Restored agent.*Version 1/ }).waitFor();
});

journey('the test panel talks to the draft, and says so', async ({ page, open }) => {
  await arrive(page, somebody('Tess Draft'));
  const org = await found(page, 'Try First');
  const agent = await makeAgent(page, org, { name: 'Reception' });
  await open(`/agents/${agent.id}`);
  const panel = page.getByRole('region', { name: 'Test this agent' });
  await panel.getByText('Version 1 answers').waitFor();
  await page.locator('#f-first_message').fill('Hello from the draft.');
  await button(page, 'Save draft').click();
  await panel.getByText('The draft answers').waitFor();
  await button(panel, 'Start').click();
  await panel.getByText('Hello from the draft.').waitFor();
});
