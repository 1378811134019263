// Calls: written and rung, however they end, and what is left of them.
import assert from 'node:assert/strict';
import { button, heading, journey } from '../journey.mjs';
import { arrive, found, makeAgent, somebody } from '../people.mjs';
import { breakOnce, dialed } from '../provider.mjs';

/** Somebody with an organization and an agent. */
async function caller(page, name, draft) {
  await arrive(page, somebody(name));
  const org = await found(page, `${name} Ltd`);
  return makeAgent(page, org, draft);
}

/** From the list of calls; the one agent there is stands ready. */
async function place(page, number) {
  await button(page, 'Place a call').first().click();
  const dialog = page.getByRole('dialog', { name: 'Place a call' });
  await dialog.getByLabel('Agent').waitFor();
  await dialog.getByLabel('Phone number').fill(number);
  await button(dialog, 'Call now').click();
  return dialog;
}

journey('a person writes with an agent in the browser, both ways, until it says goodbye', async ({ page, open, look }) => {
  const variables = [{ name: 'caller', kind: 'text', required: true, description: 'Who is writing' }];
  const agent = await caller(page, 'Fay Writes', { variables, first_message: 'Hello {{caller}}.', prompt: 'You are Mia. Greet {{caller}}.' });
  await open(`/agents/${agent.id}`);
  const panel = page.getByRole('region', { name: 'Test this agent' });
  await button(panel, 'Start').click();
  await panel.getByText('This agent needs a value here.').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-test-variables-caller');
  await panel.getByLabel('Caller').fill('Fay');
  await button(panel, 'Start').click();
  await panel.getByText('Hello Fay.').waitFor();
  const line = panel.getByLabel('Say as the caller');
  await line.fill('When do you open on Mondays?');
  await line.press('Enter');
  const [mine, theirs] = ['you', 'agent'].map((by) => panel.locator(`.says li[data-by=${by}]:not(.unheard)`));
  await mine.getByText('When do you open on Mondays?').waitFor();
  await theirs.nth(1).waitFor();
  await look('test-live');
  await line.fill('Goodbye.');
  await line.press('Enter');
  await panel.getByText('Completed', { exact: true }).waitFor();
  await panel.getByText('The agent hung up.').waitFor();
  await panel.getByRole('link', { name: 'Open its call page' }).click();
  await heading(page, 'Text conversation').waitFor();
  await page.locator('.turn[data-by=caller]').getByText('Goodbye.').waitFor();
  await page.getByText('caller', { exact: true }).waitFor();
  await look('call-written');
});

journey('calls that nobody answers say why, and what to do', async ({ page, open, look }) => {
  await caller(page, 'Gil Rings');
  const endings = [
    ['+1 415 555 0121', 'Not connected', 'Busy', 'Try again in a few minutes.'],
    ['+1 415 555 0122', 'Not connected', 'Declined', 'Calling again at once is rarely welcome.'],
    ['+1 415 555 0120', 'Not connected', 'No answer', 'let it ring longer'],
    ['+1 415 555 0123', 'Not connected', 'Not a working number', 'Check the number and its country code.'],
    ['+1 415 555 0151', 'Failed', 'The provider failed', 'Nothing you did.'],
  ];
  await open('/calls');
  const dialog = await place(page, '555');
  await dialog.locator('.err').filter({ hasText: 'country code' }).waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-to-number');
  await dialog.getByText('Numbers to try').click();
  await look('place-call-numbers');
  await button(dialog, '+1 415 555 0121').click();
  await button(dialog, 'Call now').click();
  await heading(page, '+1 415 555 0121').waitFor();
  for (const [number] of endings.slice(1)) {
    await open('/calls');
    await place(page, number);
    await heading(page, number).waitFor();
  }
  await open('/calls');
  for (const [number, state, reason, advice] of endings) {
    const row = page.getByRole('row', { name: number });
    await row.getByText(state, { exact: true }).waitFor();
    await row.getByText(reason, { exact: true }).waitFor();
    await row.getByRole('link').click();
    await heading(page, number).waitFor();
    await page.getByText('Ended because').waitFor();
    await page.locator('.banner.boxed').getByText(advice).waitFor();
    if (reason === 'Busy') await look('call-busy');
    if (state === 'Failed') await look('call-failed');
    await page.getByRole('link', { name: 'Calls', exact: true }).first().click();
    await heading(page, 'Calls').waitFor();
  }
  await look('calls-ended');

  // Narrowed to a state, in the address.
  await button(page, 'State').click();
  await page.getByRole('link', { name: 'Failed', exact: true }).click();
  await page.getByText('1 call', { exact: true }).waitFor();
  assert.match(page.url(), /[?]status=failed$/);
}, { expected: [/status of 422/] });

journey('a call is stopped while it rings, and another while people talk', async ({ page, open }) => {
  await caller(page, 'Hal Stops');
  await open('/calls');
  await place(page, '+1 415 555 0120');
  await page.getByText('Ringing', { exact: true }).waitFor();
  await button(page, 'Hang up').click();
  await page.getByText('Canceled', { exact: true }).waitFor();
  await page.getByText('Stopped from here').first().waitFor();
  await open('/calls');
  await place(page, '+1 415 555 0140');
  await page.locator('.turn').nth(1).waitFor();
  await button(page, 'Hang up').click();
  await page.getByText('Completed', { exact: true }).waitFor();
  await page.getByText('Stopped from here').first().waitFor();
});

journey('a provider that fails while a call is placed is named, and nothing typed is lost', async ({ page, open, look }) => {
  const agent = await caller(page, 'Ida Unlucky');
  const calls = { method: 'POST', path: `/api/agents/${agent.provider_id}/calls` };
  await open('/calls');

  // It refuses: nothing was dialed.
  await breakOnce({ kind: 'status', status: 402, ...calls });
  const dialog = await place(page, '+1 415 555 0101');
  await dialog.getByRole('alert').getByText('Ultravox refuses this installation’s key or account.'.replace('’', "'")).waitFor();
  await dialog.getByText('An operator has to look at it').waitFor();
  assert.equal(await dialog.getByLabel('Phone number').inputValue(), '+1 415 555 0101');
  await look('place-call-refused');

  // It breaks off: whether it dialed is unknown, and the call's page says so until it is known.
  await breakOnce({ kind: 'lost_answer', ...calls });
  await button(dialog, 'Call now').click();
  await heading(page, '+1 415 555 0101').waitFor();
  await page.getByText('Whether it dialed is being found out.').waitFor();
  await look('call-unknown');
}, { expected: [/status of 502/] });

journey('a call that is over is read, heard from any turn, and paid', async ({ page, open }) => {
  await caller(page, 'Jon Listens');
  await open('/calls');
  await place(page, '+1 415 555 0100');
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: 20_000 });
  await page.getByText('The other side hung up').first().waitFor();
  const turns = page.locator('.turn');
  const sides = await turns.evaluateAll((turns) => turns.map((turn) => turn.dataset.by));
  assert.ok(sides.length >= 6, `${sides.length} turns`);
  assert.ok(sides.every((by, n) => by !== sides[n - 1]), `the sides take turns: ${sides}`);
  await page.getByText(/^\$0\.\d\d/).first().waitFor();
  await page.getByText(/for \d:\d\d billed/).waitFor();

  await button(page, 'Play').click();
  await button(page, 'Pause').waitFor();
  const at = () => page.evaluate(() => document.querySelector('.player audio').currentTime);
  await page.waitForFunction(() => document.querySelector('.player audio').currentTime > 0.1);
  const third = turns.nth(3).getByRole('button', { name: /^Play from/ });
  const [minutes, seconds] = (await third.innerText()).split(':').map(Number);
  await third.click();
  await page.waitForFunction((from) => document.querySelector('.player audio').currentTime >= from, minutes * 60 + seconds);
  assert.ok(await at() < minutes * 60 + seconds + 5);
  await page.locator('#' + (await turns.nth(3).getAttribute('id')) + '[aria-current=true]').waitFor();
  await button(page, 'Pause').click();
  await button(page, 'Play').waitFor();
  const here = await at();
  await page.locator('body').press('ArrowLeft');
  await page.waitForFunction((before) => document.querySelector('.player audio').currentTime < before, here);
  const download = page.getByRole('link', { name: 'Download' });
  const file = await page.context().request.get(await download.getAttribute('href'), { headers: { range: 'bytes=0-3' } });
  assert.equal((await file.body()).subarray(0, 4).toString(), 'RIFF');
});

journey('what the dialog shows is what is dialed, however the number was written', async ({ page, open, look }) => {
  const agent = await caller(page, 'Ned Numbers');
  const digits = (words) => words.replaceAll(/[^+\d]/g, '');
  const written = [
    ['+49 (0) 30 23125 001', '+493023125001'],
    ['0044 020 7946 0958', '+442079460958'],
    ['+44 (0)20 7946 0959', '+442079460959'],
    ['+33 (0) 6 39 98 01 23', '+33639980123'],
    ['\u202a+49\u2009(0)\u202f30\u201123125\u00ad002\u202c', '+493023125002'],
    ['\uff0b\uff11 415 555 \u0660\u0661\u0662\u0661', '+14155550121'],
  ];
  for (const [number, e164] of written) {
    await open('/calls');
    await button(page, 'Place a call').first().click();
    const form = page.getByRole('dialog', { name: 'Place a call' });
    await form.getByLabel('Phone number').fill(number);
    const shown = form.getByRole('status').filter({ hasText: 'Dials' });
    await shown.waitFor();
    assert.equal(digits(await shown.innerText()), e164, number);
    if (number.startsWith('+49')) await look('place-call-dials');
    await button(form, 'Call now').click();
    await page.waitForURL(/\/calls\/[0-9a-f-]+$/);
    assert.equal(digits(await page.getByRole('heading', { level: 1 }).innerText()), e164, `the page of ${number}`);
    const to = page.locator('dt').filter({ hasText: /^To$/ }).locator('xpath=following-sibling::dd[1]');
    assert.equal(digits(await to.innerText()), e164, `the details of ${number}`);
  }
  const got = await dialed(agent.provider_id);
  assert.deepEqual(got.toSorted(), written.map(([, e164]) => e164).toSorted());

  // What is not shown is not dialed: what is in the way is named, and nothing reaches the provider.
  await open('/calls');
  const form = await place(page, '030 23125 001');
  await form.locator('.err').filter({ hasText: 'country code' }).waitFor();
  await form.getByLabel('Phone number').fill('+49 30 23125 001 ext. 7');
  await button(form, 'Call now').click();
  await form.locator('.err').filter({ hasText: /“e”|letter/ }).waitFor();
  assert.equal(await form.getByRole('status').filter({ hasText: 'Dials' }).count(), 0);
  assert.equal((await dialed(agent.provider_id)).length, written.length);
}, { expected: [/status of 422/] });
