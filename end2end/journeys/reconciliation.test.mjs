// Reconciliation: what a provider has otherwise than we do is seen, mends itself where it can, and is set right where somebody asks.
import assert from 'node:assert/strict';
import { button, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { breakOnce, copyOf, removeCopy } from '../provider.mjs';

journey('a copy that is gone at the provider is seen and brought back by keyboard', async ({ page, open, look }) => {
  await arrive(page, somebody('Rita Reconcile'));
  const org = await found(page, 'Both Sides');
  const agent = await makeAgent(page, org);
  await open('/reconciliation');
  await heading(page, 'Reconciliation').waitFor();
  await page.getByText('Both sides agree').waitFor();
  await look('reconciliation-empty');

  // The call finds out that the copy is gone, and the page hears of it by itself.
  await removeCopy(agent.provider_id);
  const to = { medium: 'phone', number: '+14155550177' };
  const headers = { accept: 'application/json', origin: new URL(page.url()).origin };
  const refused = await page.context().request.post('/fn/app/calls/place_call', { data: { org, draft: { agent_id: agent.id, to } }, headers });
  assert.equal(refused.ok(), false);
  const row = page.getByRole('row').filter({ hasText: agent.name });
  await row.getByText('Differs at provider').waitFor();
  await row.getByText('It was deleted at the provider.').waitFor();
  await look('reconciliation-differs');
  await page.locator('body').press('j');
  await page.waitForFunction((href) => document.activeElement.getAttribute('href') === href, `/agents/${agent.id}`);
  await button(page, `Reconcile now: ${agent.name}`).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Both sides agree').waitFor({ timeout: 20_000 });
  const kept = await ask(page, 'agents/get_agent', { org, id: agent.id });
  assert.equal((await copyOf(kept.provider_id)).callTemplate.systemPrompt, agent.prompt);
});

journey('what a lost answer left behind is listed, removed by itself and counted', async ({ page, open, look }) => {
  await arrive(page, somebody('Lou Leftover'));
  const org = await found(page, 'Leftovers');
  await open('/agents');
  await breakOnce({ kind: 'lost_answer', method: 'POST', path: '/api/agents', contains: 'Never answered' });
  const headers = { accept: 'application/json', origin: new URL(page.url()).origin };
  const draft = { name: 'Never answered', prompt: 'Answer.', voice_id: '9c1a5c4c-176e-c7b5-6a25-4da0fef6f5ff', voice_name: 'Aaron' };
  const lost = await page.context().request.post('/fn/app/agents/create_agent', { data: { org, draft }, headers });
  assert.equal(lost.ok(), false);
  await open('/reconciliation');
  await page.getByText('An agent that is not here').waitFor();
  await page.getByText('Being made').waitFor();
  await look('reconciliation-making');
  await page.getByText('A copy that nobody knew of was removed at the provider').waitFor({ timeout: 60_000 });
  await page.getByText('Both sides agree').waitFor();
  await look('reconciliation-mended');
});
