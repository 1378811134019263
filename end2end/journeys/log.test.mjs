// The log and the files: what changed, found again, and taken along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

async function file(page, kind = 'CSV for Excel') {
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByRole('link', { name: kind }).click();
  const download = await coming;
  const text = await readFile(await download.path(), 'utf8');
  return { name: download.suggestedFilename(), lines: text.trimEnd().split('\r\n') };
}

journey('a change says in the log what changed, is searched for, and goes along in a file', async ({ page, open, look }) => {
  await arrive(page, somebody('Xia Reads'));
  const org = await found(page, 'Log House');
  const agent = await makeAgent(page, org, { name: '=Front desk' });
  await makeAgent(page, org, { name: 'Another' });
  const draft = { ...agent, prompt: 'You know the code 4711.', tags: ['night'] };
  await ask(page, 'agents/update_agent', { org, id: agent.id, draft, revision: agent.revision });

  await open('/audit');
  await page.getByText('system prompt, tags').waitFor();
  assert.equal((await page.content()).includes('4711'), false);
  await look('audit-changed');
  await page.locator('body').press('/');
  await page.keyboard.type('prompt');
  await page.getByText('1 entry', { exact: true }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 1);
  const log = await file(page);
  assert.match(log.name, /^audit-\d{4}-\d\d-\d\d\.csv$/);
  assert.equal(log.lines.length, 2);
  assert.match(log.lines[1], /,'=Front desk,.*"prompt, tags"/);
  await page.getByRole('searchbox', { name: 'Search the log', exact: true }).fill('nothing like it');
  await page.getByRole('heading', { name: 'Nothing here matches' }).waitFor();

  await open('/agents?tag=night');
  await page.getByText('1 agent', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await look('agents-exported');
  await page.keyboard.press('Escape');
  const agents = await file(page);
  assert.equal(agents.lines.length, 2);
  assert.match(agents.lines[1], /,'=Front desk,/);
  assert.ok(agents.lines[0].startsWith('\ufeffid,'));
  const plain = await file(page, 'Plain CSV');
  assert.match(plain.lines[1], /,=Front desk,/);
  assert.ok(plain.lines[0].startsWith('id,'));

  const call = await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'text' } } });
  await open('/calls');
  await page.getByRole('rowheader').first().waitFor();
  await look('calls-exported');
  const calls = await file(page);
  assert.match(calls.name, /^calls-/);
  assert.equal(calls.lines.length, 2);
  // A call that goes on would outlive the journey.
  await ask(page, 'calls/stop_call', { org, id: call.id });
  await page.getByText('Stopped from here').first().waitFor();
});
