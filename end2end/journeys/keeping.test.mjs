// Recordings and transcripts are kept for as many days as an agent says, and a call says for how long.
import assert from 'node:assert/strict';
import { button, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

journey('an agent says for how many days its calls are kept, and each call says until when', async ({ page, open, look }) => {
  await arrive(page, somebody('Kay Keeper'));
  const org = await found(page, 'Short Memory');
  const agent = await makeAgent(page, org);
  await open(`/agents/${agent.id}`);
  await page.locator('#recording > summary').click();
  const [sound, words] = [page.getByLabel('Keep recordings for'), page.getByLabel('Keep transcripts for')];
  assert.equal(await sound.inputValue(), '');

  // What is no number of days is refused beside its field.
  await sound.fill('0');
  await words.fill('9999');
  await button(page, 'Save draft').click();
  await page.locator('#f-recording_days-err').getByText('days').waitFor();
  await page.locator('#f-transcript_days-err').getByText('days').waitFor();
  await look('agent-keeping-wrong');
  await sound.fill('30');
  await words.fill('7');
  await button(page, 'Save draft').click();
  await page.getByText('Front desk saved').waitFor();

  // A call of the version before is kept for good; one of the version that says so is not.
  const call = { agent_id: agent.id, to: { medium: 'phone', number: '+14155550100' } };
  await ask(page, 'calls/place_call', { org, draft: call });
  await button(page, 'Publish…').click();
  const publish = page.getByRole('dialog', { name: 'Publish' });
  await publish.getByText('Transcripts are kept').waitFor();
  await publish.getByText('7 days').waitFor();
  await button(publish, 'Publish version 2').click();
  await page.getByText('Version 2 of Front desk is live').waitFor();
  const kept = await ask(page, 'calls/place_call', { org, draft: call });
  await open(`/calls/${kept.id}`);
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: 20_000 });
  await page.locator('.facts').getByText('Transcript until').waitFor();
  await page.locator('.facts').getByText('Recording until').waitFor();
  await look('call-kept');
  await open('/calls?version=1');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await heading(page, '+1 415 555 0100').waitFor();
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: 20_000 });
  assert.equal(await page.getByText('Transcript until').count(), 0);

  // Days later: the page says what was deleted, and offers nothing that is not there.
  await page.route(/\/get_conversation/, async (route) => {
    const answer = await route.fetch();
    const talk = await answer.json();
    Object.assign(talk.call, { recording: 'deleted', transcript_deleted_at: talk.call.ended_at, summary: '' });
    await route.fulfill({ response: answer, json: { ...talk, messages: [] } });
  });
  await open('/calls?version=2');
  await page.locator('tbody tr').first().getByRole('link').first().click();
  await page.getByText('Recording deleted').waitFor();
  await page.getByText('The transcript was deleted.').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Download' }).count(), 0);
  await look('call-expired');
});
