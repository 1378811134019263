// Pages whose code comes when it is needed: at once, late, never, and from a server that has become another one meanwhile.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { keepEarlierFiles } from '../../scripts/earlier-files.mjs';
import { button, heading, journey } from '../journey.mjs';
import { arrive, found, oneOfEach, somebody } from '../people.mjs';
import { chunks, nextRelease, pages } from '../releases.mjs';
import { start } from '../server.mjs';

const section = (page, name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true });
const unfinished = (page) => page.getByRole('alert').filter({ hasText: 'Part of this page did not load.' });
const offline = (page) => page.getByRole('status').filter({ hasText: 'There is no network.' });
const path = (page) => new URL(page.url()).pathname;

const arrives = (route) => route.continue();
const failures = {
  'answers that it cannot': (route) => route.fulfill({ status: 503, body: '' }),
  'is cut off': (route) => route.abort('connectionreset'),
  'is not there': (route) => route.fulfill({ status: 404, body: '' }),
};
const disconnected = (route) => route.abort('internetdisconnected');

// What Chromium itself says of a file that did not come or came late.
const cut = [/^console\.error: Failed to load resource: .*\/pkg\//, /^console\.warning: The resource .*\/pkg\/.* was preloaded/];
// And of the stream of changes and of questions, while there is no network or no server.
const unreachable = [...cut, /^console\.error: .*net::ERR_/];

/** Holds back the file that only this chunk needs, until it is told what becomes of it, now and from now on. */
async function hold(page, chunk) {
  let [held, fate, asked] = [[], null, null];
  const waited = new Promise((resolve) => (asked = resolve));
  await page.route(`**/pkg/${chunks.get(chunk).at(-1)}`, (route) => {
    asked();
    if (fate) return fate(route);
    held.push(route);
  });
  const become = async (next) => {
    fate = next;
    // Whoever asked may have gone meanwhile.
    for (const route of held.splice(0)) await fate(route).catch(() => {});
  };
  return { waited, become };
}

const loading = (page) => page.locator('html[data-loading]').waitFor({ state: 'attached' });
const alive = (page) => page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
const settled = (page) => page.locator('html:not([data-loading])').waitFor({ state: 'attached' });

/** Marks the document, and answers whether the page is still in it. */
async function sameDocument(page) {
  await page.evaluate(() => (window.marked = true));
  return () => page.evaluate(() => window.marked === true);
}

/** The link that skips to the content has the first focus, whatever stands above the page. */
async function skipsFirst(page) {
  const first = await page.evaluate(() => document.body.querySelector('a[href], button, input, [tabindex="0"]').className);
  assert.equal(first, 'skip');
}

journey('while a page is on its way the one before it goes on working, and says so', async ({ page, open, look }) => {
  await arrive(page, somebody('Sam Waits'));
  await found(page, 'Slow House');
  const agents = await hold(page, 'agents');
  await open('/calls');
  const stays = await sameDocument(page);
  await section(page, 'Agents').click();
  await loading(page);
  await agents.waited;
  assert.equal(await page.title(), 'Calls · Switchboard');
  await look('chunk-late');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('memb');
  await page.getByRole('option', { name: /Members/ }).waitFor();
  await page.keyboard.press('Escape');

  // Somebody who changes their mind is not led there later.
  await section(page, 'Members').click();
  await heading(page, 'Members').waitFor();
  await settled(page);
  await section(page, 'Agents').click();
  await loading(page);
  await agents.become(arrives);
  await heading(page, 'Agents').waitFor();
  await settled(page);
  assert.deepEqual([path(page), await page.title(), await stays()], ['/agents', 'Agents · Switchboard', true]);
}, { expected: cut });

journey('what is typed into the palette before its list is there is not lost', async ({ page, open }) => {
  await arrive(page, somebody('Pia Quick'));
  await found(page, 'Quick House');
  const panels = await hold(page, 'panels');
  await open('/calls');
  const palette = page.getByRole('dialog', { name: 'Search or jump' });
  await page.keyboard.press('Control+k');
  await palette.getByRole('combobox').waitFor();
  await page.keyboard.type('memb');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await panels.waited;
  await panels.become(failures['is cut off']);
  await palette.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
  await panels.become(arrives);
  await button(palette, 'Try again').click();
  await heading(page, 'Members').waitFor();
  await palette.waitFor({ state: 'hidden' });

  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await help.getByRole('heading', { name: 'In a list' }).waitFor();
  await help.getByText('Fold the side panel').waitFor();
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'hidden' });

  // With the arrows among what was found, twice in a row.
  for (const name of ['Agents', 'Contacts']) {
    await page.keyboard.press('Control+k');
    await palette.getByRole('option', { name: /Agents/ }).waitFor();
    await page.keyboard.type(name.toLowerCase());
    const option = palette.getByRole('option', { name, exact: false }).first();
    await option.waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    assert.equal(await palette.getByRole('combobox').getAttribute('aria-activedescendant'), 'hit-0');
    await page.keyboard.press('Enter');
    await heading(page, name).waitFor();
  }
}, { expected: cut });

journey('a page at its own address is there before its code, and its links and forms work', async ({ page }) => {
  await arrive(page, somebody('Sid Early'));
  await found(page, 'Early House');
  const members = await hold(page, 'members');
  const early = () => page.goto('/members', { waitUntil: 'domcontentloaded' });
  await early();
  await loading(page);
  await section(page, 'Calls').click();
  await alive(page);
  assert.equal(path(page), '/calls');
  await early();
  await loading(page);
  await page.getByLabel('Email').fill('nobody at all');
  await button(page, 'Invite').click();
  await page.locator('#f-email-err').filter({ hasText: /./ }).waitFor();
  await members.become(arrives);
  await alive(page);
  await settled(page);
  assert.equal(await page.title(), 'Members · Switchboard');
}, { expected: cut });

for (const [what, fails] of Object.entries(failures)) {
  journey(`a page whose code ${what} can be read, says so, and comes when it is loaded again`, async ({ page, open, look }) => {
    await arrive(page, somebody('Flo Fails'));
    await found(page, 'Failing House');
    const [agents, members] = [await hold(page, 'agents'), await hold(page, 'members')];
    await agents.become(fails);
    await members.become(fails);
    await open('/calls');
    await section(page, 'Agents').click();
    await unfinished(page).waitFor();
    await heading(page, 'Agents').waitFor();
    assert.deepEqual([path(page), await page.title()], ['/agents', 'Agents · Switchboard']);
    await settled(page);
    await skipsFirst(page);
    await look(`chunk-${what.replaceAll(' ', '-')}`);

    // A form of such a page is sent by the browser, and a link leads to another page, which lives.
    await section(page, 'Members').click();
    await unfinished(page).waitFor();
    await page.getByLabel('Email').fill('nobody at all');
    await button(page, 'Invite').click();
    await page.locator('#f-email-err').filter({ hasText: /./ }).waitFor();
    await unfinished(page).waitFor();
    await section(page, 'Calls').click();
    await alive(page);
    assert.equal(await unfinished(page).count(), 0);

    await section(page, 'Agents').click();
    await unfinished(page).waitFor();
    await agents.become(arrives);
    await unfinished(page).getByRole('link', { name: 'Reload' }).click();
    await alive(page);
    await heading(page, 'Agents').waitFor();
    assert.equal(await unfinished(page).count(), 0);
  }, { expected: cut });
}

journey('a browser that keeps nothing does not load a page again for ever', async ({ page }) => {
  await arrive(page, somebody('Ned Keepsnot'));
  await found(page, 'Forgetful House');
  const agents = await hold(page, 'agents');
  await agents.become(failures['is cut off']);
  await page.addInitScript(() => {
    const denied = () => { throw new DOMException('no storage here', 'SecurityError'); };
    Object.defineProperty(window, 'sessionStorage', { get: denied });
  });
  let documents = 0;
  page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  await page.goto('/agents');
  await unfinished(page).waitFor();
  assert.equal(documents, 1);
}, { expected: cut });

journey('whoever was asked whether to leave and has stayed still gets the page they wanted', async ({ page, open }) => {
  await arrive(page, somebody('Lea Stays'));
  await found(page, 'Staying House');
  const agents = await hold(page, 'agents');
  await open('/calls');
  const stays = await sameDocument(page);
  await section(page, 'Agents').click();
  await agents.waited;
  await page.evaluate(() => window.dispatchEvent(new Event('beforeunload')));
  // A browser that is leaving breaks off what is under way.
  let broken = 0;
  await agents.become((route) => (broken++ === 0 ? route.abort('aborted') : route.continue()));
  await heading(page, 'Agents').waitFor();
  assert.deepEqual([await page.title(), await stays()], ['Agents · Switchboard', true]);
}, { expected: cut });

journey('a page waits for a network that went away, and comes with it', async ({ page, open, look }) => {
  await arrive(page, somebody('Ona Offline'));
  await found(page, 'Offline House');
  const [agents, keys] = [await hold(page, 'agents'), await hold(page, 'keys')];
  await open('/calls');
  const stays = await sameDocument(page);
  await section(page, 'Agents').click();
  await agents.waited;
  await page.context().setOffline(true);
  await agents.become(disconnected);
  await offline(page).waitFor();
  await settled(page);
  await heading(page, 'Calls').waitFor();
  await look('chunk-offline');
  await skipsFirst(page);
  await agents.become(arrives);
  await page.context().setOffline(false);
  await heading(page, 'Agents').waitFor();
  assert.deepEqual([path(page), await page.title(), await stays()], ['/agents', 'Agents · Switchboard', true]);
  assert.equal(await offline(page).count(), 0);

  // Who goes somewhere else instead is not told of it any more.
  await section(page, 'API keys').click();
  await keys.waited;
  await page.context().setOffline(true);
  await keys.become(disconnected);
  await offline(page).waitFor();
  await section(page, 'Calls').click();
  await offline(page).waitFor({ state: 'detached' });
  await heading(page, 'Calls').waitFor();
  await page.context().setOffline(false);

  // And at a page's own address.
  const own = await hold(page, 'members');
  await page.goto('/members', { waitUntil: 'domcontentloaded' });
  await own.waited;
  await page.context().setOffline(true);
  await own.become(disconnected);
  await offline(page).waitFor();
  await skipsFirst(page);
  await own.become(arrives);
  await page.context().setOffline(false);
  await alive(page);
  assert.equal(await offline(page).count(), 0);
  await heading(page, 'Members').waitFor();
}, { expected: unreachable });

journey('every page opens at its own address, and after and before every other one', async ({ page, open, person }) => {
  await arrive(page, somebody('Wes Walks'));
  const org = await found(page, 'Walking House');
  const address = await oneOfEach(page, org);
  const stranger = await person();
  const members = [];
  const declared = readFileSync(new URL('../../app/src/routes.rs', import.meta.url), 'utf8').match(/<Page at=/g).length;
  assert.equal(pages.length, declared, 'a page of the route table is declared in another way');
  for (const { path: route, chunk } of pages) {
    const to = address(route);
    // Some pages are for people who are signed in, and some for those who are not.
    let who = stranger;
    let answer = await who.open(to);
    if (path(who.page) !== to) {
      who = { page, open };
      answer = await open(to);
    }
    assert.deepEqual([answer.status(), path(who.page)], [200, to]);
    const preloads = await who.page.locator('head link[rel=preload]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    for (const file of chunks.get(chunk)) assert.ok(preloads.includes(`/pkg/${file}`), `${to} does not ask for ${file}`);
    const [title, words] = [await who.page.title(), await who.page.getByRole('heading', { level: 1 }).innerText()];
    assert.match(title, /^\S.* · Switchboard$/, to);
    await settled(who.page);
    if (who.page === page) members.push({ to, title, words });
  }
  assert.ok(members.length > pages.length / 2, `${members.length} pages are for members`);

  await open(members[0].to);
  const stays = await sameDocument(page);
  await page.evaluate(() => {
    window.titles = [];
    new MutationObserver(() => window.titles.push(document.title)).observe(document.head, { childList: true, subtree: true, characterData: true });
  });
  const is = async ({ to, title, words }, after) => {
    const there = ([to, title, words]) =>
      location.pathname === to && document.title === title && [...document.querySelectorAll('h1')].map((h1) => h1.innerText).join() === words;
    await page.waitForFunction(there, [to, title, words]).catch(async (error) => {
      const [title, words] = [await page.title(), await page.locator('h1').allInnerTexts()];
      throw new Error(`${to} after ${after}: at ${path(page)} with “${title}” and ${JSON.stringify(words)}`, { cause: error });
    });
  };
  let last = members[0];
  const go = async (next) => {
    await page.evaluate((to) => {
      const link = Object.assign(document.createElement('a'), { href: to });
      document.body.append(link);
      link.click();
      link.remove();
    }, next.to);
    await is(next, last.to);
    last = next;
  };
  for (const [at, one] of members.entries()) {
    if (last !== one) await go(one);
    for (const other of members.slice(at + 1)) {
      await go(other);
      await go(one);
    }
  }

  // Back and forward, through all of them.
  for (const one of members) if (last !== one) await go(one);
  for (const one of members.slice(0, -1).reverse()) {
    await page.goBack();
    await is(one, 'back');
  }
  for (const one of members.slice(1)) {
    await page.goForward();
    await is(one, 'forward');
  }
  const titles = new Set(members.map(({ title }) => title));
  assert.deepEqual((await page.evaluate(() => window.titles)).filter((title) => !titles.has(title)), []);
  assert.ok(await stays());
});

const server = await start({ before: [['migrate'], ['seed']] });
let running = server;
after(() => running.stop());

journey('a page goes on when its server has become another one, with its own files or with the new ones', async ({ page, open }) => {
  const again = async (options) => {
    await running.stop({ leave: true });
    running = await start({ place: server.place, ...options });
  };
  // A browser that saves data loads no page's code ahead.
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) }));
  await open('/sign-in');
  await page.getByLabel('Email').fill('ada@larkfield.example');
  await page.getByLabel('Password', { exact: true }).fill('correct-horse-battery');
  await button(page, 'Sign in').click();
  await page.waitForURL('**/agents');
  await open('/calls');
  const stays = await sameDocument(page);
  const loaded = [];
  page.on('response', (response) => loaded.push([new URL(response.url()).pathname, response.status()]));
  const file = (of, name) => `/pkg/${name(of)}`;
  const today = (chunk) => chunks.get(chunk).at(-1);
  const tomorrow = (chunk) => today(chunk).replace(/\.wasm$/, '2.wasm');

  // The files of the release before are still there.
  const next = await nextRelease({ earlier: true });
  await again({ bin: next.bin, env: { SWITCHBOARD_SITE: next.site } });
  await section(page, 'Agents').click();
  await heading(page, 'Agents').waitFor();
  assert.ok(await stays());
  assert.ok(loaded.some(([name, status]) => name === file('agents', today) && status === 200), JSON.stringify(loaded));

  // A page of the next release, whose files are gone from the server that comes then.
  await open('/calls');
  await again({});
  await section(page, 'Members').click();
  await heading(page, 'Members').waitFor();
  await alive(page);
  assert.deepEqual([path(page), await page.title()], ['/members', 'Members · Switchboard']);
  const how = (name) => loaded.find(([one]) => one === name)?.[1];
  assert.deepEqual([how(file('members', tomorrow)), how(file('members', today))], [404, 200]);
  await page.goBack();
  await heading(page, 'Calls').waitFor();
  await alive(page);
  await section(page, 'Members').click();
  await heading(page, 'Members').waitFor();
  await next.remove();
}, { at: server.url, expected: unreachable });

test('the files of earlier releases stay for a day after others took their place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-files-'));
  const [site, list] = [join(folder, 'site'), join(folder, 'list')];
  const release = (hour, ...names) => {
    const next = join(folder, 'next');
    mkdirSync(join(next, 'pkg'), { recursive: true });
    for (const name of names) writeFileSync(join(next, 'pkg', name), '');
    keepEarlierFiles(site, next, list, Date.UTC(2030, 0, 1, hour));
    rmSync(site, { recursive: true, force: true });
    renameSync(next, site);
    return readdirSync(join(site, 'pkg')).sort().join(' ');
  };
  assert.equal(release(0, 'a.1', 'b.1'), 'a.1 b.1');
  assert.equal(release(50, 'a.1', 'b.2'), 'a.1 b.1 b.2');
  assert.equal(release(60, 'a.2', 'b.2'), 'a.1 a.2 b.1 b.2');
  assert.equal(release(75, 'a.2', 'b.3'), 'a.1 a.2 b.2 b.3');
  assert.equal(release(85, 'a.1', 'b.3'), 'a.1 a.2 b.2 b.3');
  assert.equal(release(100, 'a.1', 'b.3'), 'a.1 a.2 b.3');
  rmSync(folder, { recursive: true });
});
