// Templates and help with writing: an agent begun from what others have thought of, and texts that a person decides about.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { breakModelOnce } from '../provider.mjs';

/** Goes on with the keyboard until what has the focus has this name. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((name) => document.activeElement?.textContent.trim() === name, name)) return;
  }
  assert.fail(`Tab never comes to ${name}`);
}

async function chooseVoice(page) {
  await button(page, 'Choose voice').click();
  await button(page, 'Choose Aaron').click();
}

const prompt = (page) => page.getByLabel('System prompt');
const promptIs = (page, begins) => page.waitForFunction((begins) => document.querySelector('#f-prompt')?.value.startsWith(begins), begins);

journey('a template is looked at, taken, published and called', async ({ page, open, look }) => {
  await arrive(page, somebody('Tara Template'));
  const org = await found(page, 'From Templates');
  await open('/agents');
  await page.getByRole('link', { name: 'See all templates' }).click();
  await heading(page, 'New agent').waitFor();
  assert.equal(await page.locator('.template').count(), 10);
  await look('gallery');

  // By keyboard: opened, read whole, taken.
  await tabTo(page, 'Appointment reminder');
  await page.keyboard.press('Enter');
  await heading(page, 'Appointment reminder').waitFor();
  await page.getByRole('heading', { name: 'What a call passes to it' }).waitFor();
  await page.getByText('# How you speak').waitFor();
  await page.getByText('on a recorded line. Am I speaking with').waitFor();
  await look('gallery-template');
  // It is an address, and needs nothing but the document.
  const drawn = await (await page.context().request.get('/agents/new?template=reminder')).text();
  assert.match(drawn, /href="\/agents\/new\/draft\?from=reminder"/);
  assert.match(drawn, /# How you speak/);
  await tabTo(page, 'Start from this');
  await page.keyboard.press('Enter');
  await heading(page, 'New agent').waitFor();
  await promptIs(page, '# Role');
  await chooseVoice(page);
  await button(page, 'Create agent').click();
  await heading(page, 'Appointment reminder').waitFor();

  // Published: nothing is in the way, and nothing is remarked on.
  await page.locator('#f-description').fill('Calls the day before');
  await page.locator('#f-first_message').fill('Hi, this is the assistant of {{business_name}}, on a recorded line. Is this {{first_name}}?');
  await button(page, 'Publish…').click();
  const publish = dialog(page, 'Publish');
  await publish.getByText('speaks of recording').waitFor();
  assert.equal(await publish.getByText('Look at this').count(), 0);
  await button(publish, 'Publish version 2').click();
  await page.getByText('Version 2 of Appointment reminder is live').waitFor();

  // And called.
  const { items: [agent] } = await ask(page, 'agents/list_agents', { org, filter: {}, page: {} });
  const call = await ask(page, 'calls/place_call', { org, draft: {
    agent_id: agent.id, to: { medium: 'phone', number: '+14155550100' },
    variables: { first_name: 'Ana', business_name: 'Larkfield Dental', visit_time: 'Tuesday at nine' },
  } });
  await open(`/calls/${call.id}`);
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: 20_000 });
});

journey('an export is imported into the editor, and a wrong file is told beside its field', async ({ page, open, look }) => {
  await arrive(page, somebody('Ima Import'));
  const org = await found(page, 'Imports');
  await open('/agents/new');
  const json = page.getByLabel('Exported agent');
  for (const [text, says] of [['{ "name": ', 'This is no JSON'], ['{"name":"A tool"}', 'it has no prompt'], ['', 'Choose a file']]) {
    await json.fill(text);
    await button(page, 'Import').click();
    await page.locator('#f-json-err').getByText(says).waitFor();
    assert.equal(await json.inputValue(), text);
  }
  await look('import-wrong');

  const exported = { name: 'Imported desk', prompt: 'You are Mia. Answer the telephone.', first_message: 'Hello, this is Mia.', max_duration_s: 120 };
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'desk-v3.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify({ number: 3, draft: exported })) });
  await page.waitForFunction(() => document.querySelector('#f-json').value.includes('Imported desk'));
  await button(page, 'Import').click();
  await heading(page, 'New agent').waitFor();
  await promptIs(page, exported.prompt);
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Imported desk');

  // It is kept like anything typed, and another import asks before it takes its place.
  await page.waitForFunction(() => Object.keys(sessionStorage).some((key) => key.startsWith('draft:') && sessionStorage[key].includes('Imported desk')));
  await open('/agents/new');
  await json.fill(JSON.stringify({ ...exported, name: 'Another desk' }));
  await button(page, 'Import').click();
  const asked = dialog(page, 'Replace the agent you have not saved?');
  await asked.getByRole('button', { name: 'Keep it' }).click();
  await asked.waitFor({ state: 'hidden' });
  await button(page, 'Import').click();
  await asked.getByRole('button', { name: 'Replace it' }).click();
  await page.waitForFunction(() => document.querySelector('#f-name')?.value === 'Another desk');
  await chooseVoice(page);
  await button(page, 'Create agent').click();
  await heading(page, 'Another desk').waitFor();
  const { items } = await ask(page, 'agents/list_agents', { org, filter: {}, page: {} });
  assert.deepEqual(items.map(({ name }) => name), ['Another desk']);
}, { expected: [/status of 422/] });

journey('a prompt is improved and a greeting suggested, and a person decides', async ({ page, open, look }) => {
  await arrive(page, somebody('Will Writer'));
  const org = await found(page, 'Well Written');
  const before = 'You are Mia. You answer the telephone of Larkfield Dental. Never quote prices.';
  const agent = await makeAgent(page, org, { name: 'Reception', prompt: before });
  await open(`/agents/${agent.id}`);

  // Improved: by what somebody wishes, shown as a difference, accepted, and taken back.
  await button(page, 'Improve prompt…').click();
  const improve = dialog(page, 'Improve prompt');
  await improve.getByText('The language model is simulated').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-instruction');
  await page.keyboard.type('Offer a call back');
  await page.keyboard.press('Enter');
  await improve.locator('.words ins').first().waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'proposal');
  assert.match((await improve.locator('.words ins').allInnerTexts()).join(''), /Offer a call back\./);
  await look('improve-prompt');
  await button(improve, 'Accept').click();
  await promptIs(page, '# Role');
  await page.getByText('Unsaved changes').waitFor();
  await button(page, 'Undo: Prompt improved').click();
  await promptIs(page, before);
  await button(page, 'Undo: Prompt improved').waitFor({ state: 'detached' });

  // Dropped: nothing is other than before.
  await button(page, 'Suggest greeting…').click();
  const suggest = dialog(page, 'Suggest greeting');
  await button(suggest, 'Suggest').click();
  await suggest.getByText('Mia from Larkfield Dental').waitFor();
  await look('suggest-greeting');
  await button(suggest, 'Drop').click();
  await suggest.waitFor({ state: 'hidden' });
  assert.equal(await page.locator('#f-first_message').inputValue(), 'Hello, this is Mia.');

  // What is typed after a proposal was accepted is not undone with it.
  await button(page, 'Suggest greeting…').click();
  await button(suggest, 'Suggest').click();
  await button(suggest, 'Accept').click();
  await button(page, 'Undo: First message replaced').waitFor();
  await page.locator('#f-first_message').pressSequentially(' Really.');
  await button(page, 'Undo: First message replaced').waitFor({ state: 'detached' });
  await button(page, 'Save draft').click();
  await page.getByText('Reception saved').waitFor();

  // A model that fails says so, and what was typed stays; the next try succeeds.
  await button(page, 'Improve prompt…').click();
  await improve.getByLabel('What it should be like').fill('Make it shorter');
  await breakModelOnce({ kind: 'status', status: 429, retry_after: 7 });
  await button(improve, 'Improve').click();
  await improve.getByText('asks us to slow down. Try again in 7 s.').waitFor();
  assert.equal(await improve.getByLabel('What it should be like').inputValue(), 'Make it shorter');
  await look('improve-prompt-busy');

  // Waiting is ended, and the answer to what was given up is nobody's.
  await breakModelOnce({ kind: 'slow', ms: 5000 });
  await button(improve, 'Try again').click();
  await improve.getByText('Writing').waitFor();
  await button(improve, 'Cancel').click();
  await improve.getByText('Writing').waitFor({ state: 'detached' });
  await button(improve, 'Improve').click();
  await improve.locator('.words ins').first().waitFor();
  await button(improve, 'Drop').click();
  assert.equal(await prompt(page).inputValue(), before);
}, { expected: [/status of 503/] });

journey('without a prompt there is nothing to improve, and whoever only reads is offered nothing', async ({ page, open }) => {
  await arrive(page, somebody('Nora Nothing'));
  await found(page, 'Nothing Yet');
  await open('/agents/new/draft');
  await button(page, 'Improve prompt…').click();
  const improve = dialog(page, 'Improve prompt');
  await improve.getByText('There is no prompt yet.').waitFor();
  await button(improve, 'Write it').click();
  await improve.waitFor({ state: 'hidden' });
});
