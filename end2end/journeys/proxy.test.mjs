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
  /**
   * Milliseconds from the answer to a change until the last tab shows it. Each tab says when it did: one in the background is painted
   * once a second at most, and would be asked late.
   */
  const shown = async (name) => {
    const seen = tabs.map((one) =>
      one.page.evaluate((name) => new Promise((resolve) => {
        const look = () => document.querySelector('main')?.innerText.includes(name) && (observer.disconnect(), resolve(Date.now()));
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      }), name));
    await ask(page, 'contacts/create_contact', { org, draft: { name } });
    const since = Date.now();
    return Math.max(...(await Promise.all(seen))) - since;
  };
  // The machine has other things to do: of five changes the usual one counts.
  const live = [];
  for (const name of ['One', 'Two', 'Three', 'Four', 'Five']) live.push(await shown(`Change ${name}`));
  const usual = live.toSorted((a, b) => a - b)[2];

  await server.crash();
  server = await start({ env: settings, place: server.place });
  const back = await shown('After it came back');
  console.info(`${TABS} tabs are live after ${live} ms, and ${back} ms after a server that was killed answers again`);
  assert.ok(usual < 1_000, `live after ${live} ms`);
  assert.ok(back < 5_000, `right after ${back} ms`);
  for (const one of tabs) {
    await one.page.getByText('After it came back', { exact: true }).first().waitFor();
    assert.equal(await one.page.getByText('Live updates have stopped').count(), 0);
  }
}, { at, expected });
