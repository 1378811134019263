// Isolation: an admin asks whether the organization is kept apart, reads what was found, takes it along, and sees the
// report of a warden that ran elsewhere. Nobody else sees any of it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

journey('an admin runs the proof and reads what it found', async ({ page, open, tab, look }) => {
  await arrive(page, somebody('Ida Isolde'));
  const org = await found(page, 'Larkfield Dental');
  await makeAgent(page, org);

  // Nobody has asked yet.
  await open('/agents');
  const nav = page.getByRole('navigation', { name: 'Main' });
  await nav.getByRole('link', { name: 'Isolation' }).click();
  await page.getByRole('heading', { name: 'Nobody has asked yet' }).waitFor();
  await look('isolation-none');

  // A second tab looks on: what one asks for, the other sees end.
  const other = await tab();
  await other.open('/isolation');
  await page.bringToFront();
  await page.getByRole('button', { name: 'Run now' }).click();
  const verdict = page.getByRole('heading', { name: 'Only Larkfield Dental reaches what belongs to Larkfield Dental.' });
  await verdict.waitFor();
  await other.page.bringToFront();
  await other.page.getByRole('heading', { name: 'Only Larkfield Dental reaches' }).waitFor();
  await page.bringToFront();
  await page.getByText('Everything that was asked holds', { exact: true }).waitFor();
  await page.getByText(/^\d+ answers, all as they should be$/).waitFor();

  // Every answer is under its group.
  const rows = page.locator('details', { has: page.getByRole('heading', { name: 'rows' }) });
  await rows.locator('summary').click();
  await rows.getByText('Does every row name an organization that exists?').waitFor();
  await look('isolation');

  // To take along.
  for (const [name, sign] of [['As a page', '<!doctype html>'], ['As JSON', '"outcomes"']]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
    assert.match(download.suggestedFilename(), /^isolation-\d{4}-\d\d-\d\d\.(html|json)$/);
    assert.ok((await readFile(await download.path(), 'utf8')).includes(sign));
  }

  // The history leads back to each run.
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.getByText(/answers, all as they should be$/).nth(1).waitFor();
  await page.getByRole('link', { name: /answers, all as they should be/ }).nth(1).click();
  await page.waitForURL('**/isolation?report=*');
  await verdict.waitFor();
});

journey('a report of the warden is shown to those it was published to', async ({ page, open, look, person }) => {
  await arrive(page, somebody('Wanda Warden'));
  const org = await found(page, 'Birch Clinic');
  await open('/warden-report');
  await page.getByRole('heading', { name: 'No report yet' }).waitFor();
  await look('warden-report-none');

  const { secret } = await ask(page, 'keys/create_key', { org, draft: { name: 'Warden', scopes: ['reports:create'] } });
  const outcome = (id, group, state, figures, more = {}) => ({
    id, group, question: `Has every row of ${id} found its organization?`, level: 'fault', state, examined: 12840, violating: 0, figures, ...more,
  });
  const report = {
    title: 'Warden of shop', kind: 'warden', database: 'shop', server: 'PostgreSQL 17.6', began_at: '2026-11-25T03:00:00Z', took_ms: 184_000, clean: false,
    outcomes: [
      outcome('public.orders', 'backfill', 'holds', [{ name: 'rows before', value: '12,840' }, { name: 'longest lock', value: '12 ms' }]),
      outcome('public.notes', 'backfill', 'broken', [], { violating: 2, violations: ['2 rows wait in quarantine'], means: 'They have no owner.', remedy: 'Write a rule for them.' }),
      outcome('public.orders', 'seal', 'holds', []),
    ],
  };
  const published = await page.context().request.post('/api/v1/reports', { data: report, headers: { authorization: `Bearer ${secret}` } });
  assert.equal(published.status(), 201, await published.text());
  const { id } = await published.json();

  await page.getByRole('heading', { name: 'Warden of shop' }).waitFor();
  await page.getByText('2 rows wait in quarantine').waitFor();
  await page.getByText('12,840 examined · rows before 12,840 · longest lock 12 ms').waitFor({ state: 'attached' });
  await look('warden-report');

  // Another organization finds nothing under the same id.
  const stranger = await person();
  await arrive(stranger.page, somebody('Stan Stranger'));
  await found(stranger.page, 'Elsewhere');
  for (const path of [`/app/reports/${id}/report.html`, `/app/reports/${id}/report.json`]) {
    assert.equal((await stranger.page.context().request.get(path)).status(), 404, path);
  }
  await stranger.open('/warden-report');
  await stranger.page.getByRole('heading', { name: 'No report yet' }).waitFor();
});
