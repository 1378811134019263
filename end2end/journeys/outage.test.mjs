// A server that is killed and comes back under open pages: what they show of calls is what is so.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { button, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { start, startProvider } from '../server.mjs';

const provider = await startProvider();
let server = await start({ env: provider.env });
const at = server.url;
after(async () => {
  await server.stop();
  await provider.stop();
});

/** What the browser says of the server while there is none. */
const expected = [/net::ERR_/];

journey('a call that ended while the server was gone, and one that goes on, are shown as what they are when it is back', async ({ page, open, tab }) => {
  await page.goto('/sign-in');
  await arrive(page, somebody('Otis Outage'));
  const org = await found(page, 'Outage House');
  // They talk until their time is up, which is long after this.
  const agent = await makeAgent(page, org, { max_duration_s: 3600 });
  const place = async () => {
    const call = await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550140' } } });
    const one = await tab();
    await one.open(`/calls/${call.id}`);
    await one.page.getByText('In progress', { exact: true }).first().waitFor({ timeout: 20_000 });
    await one.page.locator('.turn').first().waitFor({ timeout: 20_000 });
    return { ...one, id: call.id };
  };
  const [ends, goes] = [await place(), await place()];
  await open('/calls');
  const row = (id) => page.locator(`tr:has(a[href="/calls/${id}"])`);
  for (const { id } of [ends, goes]) await row(id).getByText('In progress', { exact: true }).waitFor();

  // While it is gone one of the two ends, and nobody hears of it.
  const { call } = await ask(page, 'calls/get_conversation', { org, id: ends.id });
  await server.crash();
  await provider.ask(`/api/calls/${call.provider_id}/send_data_message`, { type: 'hang_up' });
  await page.waitForFunction(() => document.querySelectorAll('tr .elapsed').length === 2);
  server = await start({ env: provider.env, place: server.place });
  const since = performance.now();

  await ends.page.getByText('Completed', { exact: true }).first().waitFor({ timeout: 60_000 });
  await ends.page.getByText('Ended because').waitFor();
  await row(ends.id).getByText('Completed', { exact: true }).waitFor();
  const right = Math.round(performance.now() - since);
  assert.ok(right < 5_000, `right after ${right} ms`);
  assert.equal(await ends.page.locator('.elapsed').count(), 0);
  assert.equal(await row(ends.id).locator('.elapsed').count(), 0);
  assert.equal(await ends.page.getByRole('button', { name: 'Hang up' }).count(), 0);

  // The other one is still talked on, its words go on coming, and it can be ended.
  await row(goes.id).locator('.elapsed').waitFor();
  const turns = await goes.page.locator('.turn').count();
  await goes.page.waitForFunction((before) => document.querySelectorAll('.turn').length > before, turns, { timeout: 30_000 });
  for (const one of [ends.page, goes.page, page]) await one.getByText('Live updates have stopped.').waitFor({ state: 'detached' });
  await button(goes.page, 'Hang up').click();
  await goes.page.getByText('Completed', { exact: true }).first().waitFor();
  await row(goes.id).getByText('Completed', { exact: true }).waitFor();
  await heading(goes.page, '+1 415 555 0140').waitFor();
}, { at, expected });
