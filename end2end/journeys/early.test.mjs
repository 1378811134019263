// What somebody types, chooses or scrolls before a page listens is still there when it does, and the page knows of it.
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';
import { arrive, found, oneOfEach, somebody } from '../people.mjs';
import { pages } from '../releases.mjs';

const alive = (page) => page.locator('html[data-hydrated]').waitFor({ state: 'attached' });

/** Fills in every field that one sees: answers what each holds then, by its place among them. */
async function fillIn(page) {
  const fields = page.locator('input:visible, textarea:visible, select:visible');
  for (let n = 0; n < (await fields.count()); n++) {
    const field = fields.nth(n);
    // A page that listens already may have taken rows away meanwhile.
    if ((await field.count()) === 0) break;
    const [kind, enabled] = await field.evaluate((field) => [field.tagName === 'SELECT' ? 'select' : field.type, !field.disabled && !field.readOnly]);
    if (!enabled) continue;
    if (kind === 'select') {
      const options = await field.locator('option:not([disabled])').evaluateAll((options) => options.map((option) => option.value));
      await field.selectOption(options.at(-1));
    } else if (kind === 'checkbox' || kind === 'radio') await field.evaluate((field) => field.click());
    else if (kind === 'range') continue;
    else if (kind === 'number') await field.fill('7');
    else if (kind === 'date') await field.fill('2026-12-01');
    else await field.pressSequentially(kind === 'email' ? 'early@example.com' : kind === 'tel' ? '+14155550121' : 'early');
  }
  return held(page);
}

const held = (page) =>
  page.locator('input:visible, textarea:visible, select:visible').evaluateAll((fields) =>
    fields.map((field) => `${field.id || field.name || field.getAttribute('aria-label')}: ${/^(checkbox|radio)$/.test(field.type) ? field.checked : field.value}`));

// The other moments take minutes: HOSTILE=all runs them too.
for (const delay of process.env.HOSTILE === 'all' ? [0, 150, 700, 3000] : [150, 700]) {
  journey(`nothing that is typed in the first ${delay} ms is lost, in any form`, async ({ page, person }) => {
    await arrive(page, somebody('Eve Early'));
    const address = await oneOfEach(page, await found(page, 'Early Ltd'));
    const stranger = await person();
    let forms = 0;
    for (const { path: route } of pages) {
      const answer = await page.request.get(address(route), { maxRedirects: 0 });
      const tab = answer.status() === 200 ? page : stranger.page;
      let begin;
      const began = new Promise((resolve) => (begin = resolve));
      const late = async (request) => {
        await Promise.race([began, new Promise((resolve) => setTimeout(resolve, delay))]);
        await request.continue();
      };
      await tab.route(/\/pkg\/switchboard[^/]*\.js/, late);
      await tab.goto(address(route), { waitUntil: 'commit' });
      await tab.locator('h1').first().waitFor();
      if (delay === 3000 || (await tab.locator('input:visible, textarea:visible, select:visible').count()) === 0) begin();
      const typed = await fillIn(tab).finally(begin);
      await alive(tab);
      await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      // A filter that was typed into narrows its list: rows may have gone, and what they had.
      const now = new Set(await held(tab));
      const names = new Set([...now].map((field) => field.slice(0, field.lastIndexOf(': '))));
      const lost = typed.filter((field) => names.has(field.slice(0, field.lastIndexOf(': '))) && !now.has(field));
      assert.deepEqual(lost, [], `${route} with ${delay} ms`);
      forms += typed.length > 0 ? 1 : 0;
      await tab.unroute(/\/pkg\/switchboard[^/]*\.js/, late);
    }
    assert.ok(forms > 10, `${forms} pages have fields`);
  }, { expected: [/^console\.info: Autofocus processing was blocked/, /^console\.warning: The resource .*\/pkg\/.* was preloaded/] });
}

journey('a form that was filled in before the page listened is sent as it was filled in', async ({ page }) => {
  await arrive(page, somebody('Ed Early'));
  await found(page, 'Early & Sons');
  let begin;
  const began = new Promise((resolve) => (begin = resolve));
  await page.route(/\/pkg\/switchboard[^/]*\.js/, async (request) => {
    await began;
    await request.continue();
  });
  await page.goto('/contacts/new', { waitUntil: 'commit' });
  await page.getByLabel('Name', { exact: true }).pressSequentially('Ed Quick');
  await page.getByLabel('Phone number').pressSequentially('+1 415 555 0121');
  await page.getByLabel('Language').selectOption({ label: 'German' });
  begin();
  await alive(page);
  await page.getByText('Dials +1 415-555-0121').waitFor();
  await page.getByRole('button', { name: 'Create contact' }).click();
  await page.getByRole('heading', { name: 'Ed Quick', level: 1 }).waitFor();
  await page.getByText('German').first().waitFor();
});
