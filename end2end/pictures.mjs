// Takes the pictures that the README shows, of the demo organization, into docs/images.
//
//   node end2end/pictures.mjs    scripts/screenshots builds first and calls this
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goTo, launch, openPage } from './browser.mjs';
import { start } from './server.mjs';

const folder = fileURLToPath(new URL('../docs/images', import.meta.url));

await mkdir(folder, { recursive: true });
const server = await start({ before: [['migrate'], ['seed']], env: { SWITCHBOARD_SANDBOX_SPEED: '8' } });
const browser = await launch();
try {
  const { context, page } = await openPage(browser, server.url, { scale: 2 });
  await goTo(page, '/sign-in');
  await page.getByLabel('Email').fill('ada@larkfield.example');
  await page.getByLabel('Password', { exact: true }).fill('correct-horse-battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/agents');
  await goTo(page, '/isolation');
  await page.getByRole('button', { name: 'Run now' }).click();
  await page.getByText('Everything that was asked holds').waitFor({ timeout: 60_000 });

  await goTo(page, '/agents');
  const agent = await page.getByRole('link', { name: 'Feedback call' }).getAttribute('href');
  const call = await placed(page, agent);
  for (const dark of [false, true]) {
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    for (const [name, path] of [['agents', '/agents'], ['agent', agent], ['call', call], ['isolation', '/isolation']]) {
      await goTo(page, path);
      // The recording is drawn from its sound, once that is here.
      if (name === 'call') await page.locator('.wavebox[data-s=drawn]').waitFor();
      await page.screenshot({ path: join(folder, `${name}-${dark ? 'dark' : 'light'}.png`) });
    }
  }
  await context.close();
} finally {
  await browser.close();
  await server.stop();
}

/** Calls somebody who talks and hangs up, and waits until the bill is there; answers the call's page. */
async function placed(page, agent) {
  await goTo(page, agent);
  await page.getByRole('button', { name: 'Place a call' }).click();
  const placing = page.getByRole('dialog', { name: 'Place a call' });
  await placing.getByLabel('Phone number').fill('+1 415 555 0100');
  await placing.getByLabel('First name').fill('Mara');
  await placing.getByLabel('Occasion').fill('your visit yesterday');
  await placing.getByRole('button', { name: 'Call now' }).click();
  await page.waitForURL('**/calls/*');
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByText(/^\$\d/).first().waitFor({ timeout: 60_000 });
  return new URL(page.url()).pathname;
}
