// Behind nginx, in more tabs than a browser has connections over HTTP/1.1.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { journey } from '../journey.mjs';
import { startNginx } from '../nginx.mjs';
import { arrive, ask, found, somebody } from '../people.mjs';
import { freePort, start } from '../server.mjs';

const TABS = 12;
const port = await freePort();
const at = `http://127.0.0.1:${port}`;
const settings = { PUBLIC_URL: at, TRUSTED_PROXIES: '1' };
let server = await start({ env: settings });
const stopNginx = await startNginx(port, server.place.address);
after(async () => {
  await stopNginx();
  await server.stop();
});

/** What the browser says of the server while there is none. */
const expected = [/net::ERR_/, /status of 50[0-9]/];

journey('twelve tabs behind nginx are live, and are right again when the server was killed and has come back', async ({ page, open, tab }) => {
  await page.goto(`${at}/sign-in`);
  await arrive(page, somebody('Twyla Tabs'));
  const org = await found(page, 'Tabbed House');
  const tabs = [{ page, open }];
  while (tabs.length < TABS) tabs.push(await tab());
  for (const one of tabs) {
    await one.open('/contacts');
    await one.page.locator('html[data-live]').waitFor({ state: 'attached' });
  }
  /** Milliseconds from a change until every tab shows it. */
  const shown = async (name) => {
    await ask(page, 'contacts/create_contact', { org, draft: { name } });
    const since = performance.now();
    await Promise.all(tabs.map((one) => one.page.getByText(name, { exact: true }).first().waitFor()));
    return Math.round(performance.now() - since);
  };
  const live = await shown('While it runs');

  await server.crash();
  server = await start({ env: settings, place: server.place });
  const back = await shown('After it came back');
  console.info(`${TABS} tabs are live after ${live} ms, and ${back} ms after a server that was killed answers again`);
  for (const one of tabs) assert.equal(await one.page.getByText('Live updates have stopped').count(), 0);
}, { at, expected });
