// A narrow screen leaves out nothing that is known: every list of facts is there, and all of it can be read.
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';
import { arrive, found, oneOfEach, somebody } from '../people.mjs';
import { pages } from '../releases.mjs';

/** The names of all facts on the page, and those that nobody can see although what they are in is open. */
const facts = (page) =>
  page.locator('dl').evaluateAll((lists) => {
    const open = lists.filter((list) => !list.closest('dialog:not([open]), [popover]:not(:popover-open), details:not([open]), [hidden]'));
    const parts = open.flatMap((list) => [list, ...list.querySelectorAll('dt, dd')]);
    const hidden = parts.filter((part) => {
      const { width, height, left, right } = part.getBoundingClientRect();
      const visible = part.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
      return !visible || width < 8 || height < 8 || left < 0 || right > innerWidth || !part.innerText.trim();
    });
    return { names: open.flatMap((list) => [...list.querySelectorAll('dt')].map((name) => name.innerText)), hidden: hidden.map((part) => part.outerHTML.slice(0, 200)) };
  });

journey('facts that are seen on a wide screen are seen on a phone, on every page', async ({ page, open }) => {
  await arrive(page, somebody('Pho Narrow'));
  const address = await oneOfEach(page, await found(page, 'Narrow House'));
  const seen = new Map();
  for (const { path: route } of pages) {
    const answer = await page.request.get(address(route), { maxRedirects: 0 });
    if (answer.status() !== 200) continue;
    await page.setViewportSize({ width: 1280, height: 800 });
    await open(address(route));
    // A call goes on while one looks; its page is compared when it is over.
    if (route === '/calls/:id') await page.getByText('Ended because').waitFor();
    const wide = await facts(page);
    await page.setViewportSize({ width: 360, height: 740 });
    const narrow = await facts(page);
    assert.deepEqual([wide.hidden, narrow.hidden], [[], []], route);
    assert.deepEqual(narrow.names, wide.names, route);
    seen.set(route, narrow.names);
  }
  const has = (route, names) => assert.deepEqual(names.filter((name) => !seen.get(route)?.includes(name)), [], `${route} has ${seen.get(route)}`);
  has('/calls/:id', ['Ended because', 'Talk time', 'Rang for', 'Price', 'Placed by', 'To', 'From']);
  has('/agents/:id', ['Saved', 'Revision', 'Checked', 'Agent id', 'Copy at provider']);
  has('/tools/:id', ['Saved']);
  has('/contacts/:id', ['Folder', 'Changed']);
});
