// Leaving while a page is on its way: nobody else notices, and the program's log stays clean (run.mjs looks at it).
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';
import { arrive, found, makeAgent, somebody } from '../people.mjs';

journey('pages left half loaded disturb neither the program nor anybody else', async ({ page }) => {
  await arrive(page, somebody('Quin Leaves'));
  const org = await found(page, 'Half a Page');
  const agent = await makeAgent(page, org);
  const paths = ['/agents', '/agents/new', '/agents/new/draft', `/agents/${agent.id}`, '/calls', '/members', '/audit', '/api-keys', '/profile', '/select-org', '/nowhere'];
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const load = (path, signal) => fetch(new URL(path, process.env.SWITCHBOARD_URL), { headers: { cookie, accept: 'text/html' }, signal });
  const leave = (path, ms) => load(path, AbortSignal.timeout(ms)).then((answer) => answer.text(), () => null).catch(() => null);
  for (let round = 0; round < 6; round += 1) {
    const left = paths.flatMap((path) => [1, 4, 9, 16].map((ms) => leave(path, ms)));
    // Enough of them at once that each is drawn in turns with the others.
    const stayed = Array(8).fill(paths).flat().map(async (path) => {
      const answer = await load(path);
      assert.equal(answer.status, path === '/nowhere' ? 404 : 200, path);
      assert.match(await answer.text(), /<title>[^<]+ · Switchboard<\/title>[^]*<\/html>/, path);
    });
    await Promise.all([...left, ...stayed]);
  }

  // And in a browser, where the next click comes before the last page is there.
  for (const path of [...paths, ...paths]) {
    await page.goto(path, { waitUntil: 'commit' });
  }
}, { expected: [/status of 404/] });
