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
    const there = await fields.evaluateAll((all, n) => {
      const field = all[n];
      return field && [field.tagName === 'SELECT' ? 'select' : field.type, !field.disabled && !field.readOnly];
    }, n);
    // A page that listens already may have taken rows away meanwhile.
    if (!there) break;
    const [kind, enabled] = there;
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

/** Scrolls whatever can be scrolled half of its way, and remembers what stands in the middle of the screen then. */
const scrollAll = (page) =>
  page.evaluate(() => {
    const scrolled = [];
    for (const one of [document.scrollingElement, ...document.querySelectorAll('body *')]) {
      const [down, right] = [one.scrollHeight - one.clientHeight, one.scrollWidth - one.clientWidth];
      one.scrollTop = Math.floor(down / 2);
      one.scrollLeft = Math.floor(right / 2);
      if (one.scrollTop > 0 || one.scrollLeft > 0) scrolled.push({ one, top: one.scrollTop, left: one.scrollLeft });
    }
    const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    window.before = { scrolled, middle, at: middle.getBoundingClientRect().top };
    return scrolled.map(({ one }) => (one === document.scrollingElement ? 'the page' : `${one.localName}.${one.className}`));
  });

/** What is no longer where it was scrolled to, or no longer there. */
const movedSince = (page) =>
  page.evaluate(() => {
    const { scrolled, middle, at } = window.before;
    const moved = scrolled
      .filter(({ one, top, left }) => one !== document.scrollingElement && (one.scrollTop !== top || one.scrollLeft !== left))
      .map(({ one, top, left }) => `${one.localName}.${one.className} from ${top}, ${left} to ${one.scrollTop}, ${one.scrollLeft}`);
    // The browser itself scrolls a page on where something above the middle has grown.
    const now = middle.isConnected ? middle.getBoundingClientRect().top : NaN;
    if (!(Math.abs(now - at) <= 1)) moved.push(`the ${middle.localName} in the middle from ${at} to ${now}`);
    return moved;
  });

journey('whoever has scrolled before the page listens stays where they are, on every page', async ({ page, person }) => {
  await arrive(page, somebody('Eli Scrolls'));
  const prompt = Array.from({ length: 200 }, (_, n) => `Rule ${n + 1} of Mia.`).join('\n');
  const address = await oneOfEach(page, await found(page, 'Scrolling House'), { prompt });
  const stranger = await person();
  for (const one of [page, stranger.page]) await one.setViewportSize({ width: 360, height: 300 });
  const scrolled = new Set();
  for (const { path: route } of pages) {
    const answer = await page.request.get(address(route), { maxRedirects: 0 });
    const tab = answer.status() === 200 ? page : stranger.page;
    let begin;
    const began = new Promise((resolve) => (begin = resolve));
    const late = (request) => began.then(() => request.continue());
    await tab.route(/\/pkg\/switchboard[^/]*\.js/, late);
    await tab.goto(address(route), { waitUntil: 'domcontentloaded' });
    await tab.evaluate(() => document.fonts.ready);
    for (const what of await scrollAll(tab)) scrolled.add(what === 'the page' ? `${what} ${route}` : what);
    begin();
    await alive(tab);
    await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assert.deepEqual(await movedSince(tab), [], route);
    await tab.unroute(/\/pkg\/switchboard[^/]*\.js/, late);
  }
  const long = [...scrolled].filter((what) => what.startsWith('the page'));
  assert.ok(long.length > 15, `only ${long.length} pages were longer than the screen`);
  // A field and a table have a length of their own.
  for (const inner of ['textarea', 'div.table-wrap']) {
    assert.ok([...scrolled].some((what) => what.startsWith(inner)), `no ${inner} among ${[...scrolled].join('; ')}`);
  }
}, { expected: [/^console\.info: Autofocus processing was blocked/, /^console\.warning: The resource .*\/pkg\/.* was preloaded/] });
