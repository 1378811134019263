// Clerk: people who sign in with it, and whose session it moves between organizations.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { button, heading, journey } from '../journey.mjs';
import { oneOfEach, somebody } from '../people.mjs';
import { pages } from '../releases.mjs';
import { startWithClerk } from '../server.mjs';

const server = await startWithClerk();
after(async () => {
  await server.stop();
  assert.deepEqual(server.complaints().filter((line) => !line.includes("a session of Clerk is not taken")), []);
});

const set = (settings) => fetch(`${server.clerk}/_sandbox/settings`, { method: 'POST', body: JSON.stringify(settings) });

const rob = somebody('Rob Clerk');

journey('a person signs up with Clerk, works in two organizations, and signs out', async ({ page, open }) => {
  const place = (name) => page.getByRole('banner').getByRole('link', { name });
  const foundOne = async (name) => {
    await open('/select-org');
    await page.getByLabel('Name').fill(name);
    await button(page, 'Create organization').click();
    await place(name).waitFor();
    await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
  };
  await open('/sign-up');
  await page.getByLabel('First name').fill('Rob');
  await page.getByLabel('Last name').fill('Clerk');
  await page.getByLabel('Email address').fill(rob.email);
  await page.locator('input[name=password]').fill(rob.password);
  await page.locator('main button[type=submit]').click();
  await heading(page, 'Where do you want to work?').waitFor();
  await foundOne('Alpha House');
  await foundOne('Beta House');

  // Its session follows the choice, and so does every page.
  await open('/select-org');
  await page.getByRole('button', { name: /Alpha House/ }).click();
  await place('Alpha House').waitFor();
  const session = () => page.evaluate(() => JSON.parse(atob(document.cookie.match(/__session=[^.]+\.([^.]+)/)[1].replaceAll('-', '+').replaceAll('_', '/'))));
  const alpha = await session();
  await open('/select-org');
  await page.getByRole('button', { name: /Beta House/ }).click();
  await place('Beta House').waitFor();
  const beta = await session();
  assert.notEqual(alpha.org_id ?? alpha.o.id, beta.org_id ?? beta.o.id);

  // Out, and in again with the password.
  await button(page, 'Rob Clerk, account menu').click();
  await button(page.locator('#account'), 'Sign out').click();
  await page.getByLabel('Password').waitFor();
  await open('/agents');
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  await page.getByLabel('Email address').fill(rob.email);
  await page.locator('input[name=password]').fill('not the password');
  await page.locator('main button[type=submit]').click();
  await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
  await page.locator('input[name=password]').fill(rob.password);
  await page.locator('main button[type=submit]').click();
  await heading(page, 'Agents').or(heading(page, 'Where do you want to work?')).waitFor();
}, { at: server.url, also: [server.clerk], expected: [/status of 4(01|22) .*v1\/client/] });

/** Signs somebody up with Clerk, and founds an organization. */
async function arriveWithClerk(page, open, who) {
  await open('/sign-up');
  const [first, last] = who.name.split(' ');
  await page.getByLabel('First name').fill(first);
  await page.getByLabel('Last name').fill(last);
  await page.getByLabel('Email address').fill(who.email);
  await page.locator('input[name=password]').fill(who.password);
  await page.locator('main button[type=submit]').click();
  await heading(page, 'Where do you want to work?').waitFor();
  await open('/select-org');
  await page.getByLabel('Name').fill(`${last} House`);
  await button(page, 'Create organization').click();
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
}

journey('whoever stays on a page stays signed in, for as long as Clerk says', async ({ page, open }) => {
  await set({ token_seconds: 6 });
  await arriveWithClerk(page, open, somebody('Sue Stays'));
  await open('/calls');
  // Each token lives for six seconds, and this page has none of Clerk's forms.
  for (let renewals = 0; renewals < 3; renewals++) await page.waitForResponse((response) => /\/v1\/client\/sessions\/[^/]+\/tokens/.test(response.url()) && response.ok());
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Agents', exact: true }).click();
  await heading(page, 'Agents').waitFor();
  await open('/members');
  await heading(page, 'Members').waitFor();
  await set({ token_seconds: null });
}, { at: server.url, also: [server.clerk] });

for (const [ahead, good] of [[4, true], [-7, true], [-18, true], [7, false], [18, false], [45, false]]) {
  journey(`with a clock that is ${ahead} s off one ${good ? 'works' : 'is told so'}`, async ({ page, open }) => {
    await set({ ahead_s: ahead });
    const who = somebody('Cleo Clock');
    let documents = 0;
    page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
    if (good) {
      await arriveWithClerk(page, open, who);
      await open('/calls');
      await heading(page, 'Calls').waitFor();
    } else {
      await open('/sign-up');
      await page.getByLabel('First name').fill('Cleo');
      await page.getByLabel('Last name').fill('Clock');
      await page.getByLabel('Email address').fill(who.email);
      await page.locator('input[name=password]').fill(who.password);
      documents = 0;
      await page.locator('main button[type=submit]').click();
      await page.getByRole('alert').filter({ hasText: `begins ${ahead} s from now` }).or(page.getByRole('alert').filter({ hasText: `begins ${ahead - 1} s from now` })).waitFor();
      assert.ok(documents <= 4, `${documents} documents`);
    }
    await set({ ahead_s: 0 });
  }, { at: server.url, also: [server.clerk] });
}

journey('with a clock that is 45 s slow at Clerk a token ends early, and whoever works on is led through one renewal', async ({ page, open }) => {
  // Of its fifty seconds a token is good for ten here; Clerk's own script renews it later than that.
  await set({ ahead_s: -45, token_seconds: 50 });
  await arriveWithClerk(page, open, somebody('Otto Late'));
  await open('/calls');
  await heading(page, 'Calls').waitFor();
  await page.waitForFunction(async () => {
    const answer = await fetch('/calls', { redirect: 'manual' });
    return answer.type === 'opaqueredirect';
  }, null, { polling: 500 });
  let documents = 0;
  page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  await page.goto('/calls?q=late');
  await heading(page, 'Calls').waitFor();
  assert.equal(new URL(page.url()).search, '?q=late');
  assert.ok(documents <= 3, `${documents} documents`);
  await set({ ahead_s: 0, token_seconds: null });
}, { at: server.url, also: [server.clerk] });

journey('every page of somebody whom Clerk signed in has its script, which has their session', async ({ page, open }) => {
  await arriveWithClerk(page, open, somebody('Wes Walks'));
  const org = (await (await page.context().request.get('/members')).text()).match(/name="org" value="([^"]+)"/)[1];
  const address = await oneOfEach(page, org);
  const without = [];
  let seen = 0;
  for (const route of [...pages.map(({ path }) => path).filter((path) => path !== '/sign-out'), '/nowhere/at/all']) {
    await open(address(route));
    // Pages for those who are not signed in lead on.
    if (new URL(page.url()).pathname !== address(route)) continue;
    seen++;
    const has = await page.locator('script[data-clerk-publishable-key]').count();
    if (has === 0) without.push(route);
    else await page.waitForFunction(() => window.Clerk?.loaded && window.Clerk.session);
  }
  assert.deepEqual(without, []);
  assert.ok(seen > 18, `${seen} pages`);
}, { at: server.url, also: [server.clerk], expected: [/status of 404/] });

const away = /net::ERR_|status of 500/;

journey('where Clerk does not move the session, the page says so, and works after a reload', async ({ page, open, look }) => {
  const place = (name) => page.getByRole('banner').getByRole('link', { name });
  await arriveWithClerk(page, open, somebody('Stu First'));
  const stuck = page.getByRole('alert').filter({ hasText: 'Clerk did not take you there' });
  const refuse = (route) => route.fulfill({ status: 500, contentType: 'application/json', headers: { 'access-control-allow-origin': server.url, 'access-control-allow-credentials': 'true' }, body: '{"errors":[]}' });
  const cut = (route) => route.abort('connectionreset');
  const moves = /\/v1\/client\/sessions\/[^/]+\/touch/;
  const refused = async (fails, choose) => {
    await open('/select-org');
    await page.waitForFunction(() => window.Clerk?.loaded);
    await page.route(moves, fails);
    await choose();
    await stuck.waitFor();
    assert.equal(new URL(page.url()).pathname, '/select-org');
    await page.unroute(moves, fails);
  };

  // To one that is made just now: it is there, and can be chosen.
  await refused(refuse, async () => {
    await page.getByLabel('Name').fill('Second House');
    await button(page, 'Create organization').click();
  });
  await look('clerk-did-not-move');
  await stuck.getByRole('link', { name: 'Reload' }).click();
  await page.getByRole('button', { name: /Second House/ }).waitFor();
  // To one of the list, and to one's own.
  await refused(cut, () => page.getByRole('button', { name: /Second House/ }).click());
  await refused(refuse, () => button(page, 'Open personal workspace').click());

  await open('/select-org');
  await page.waitForFunction(() => window.Clerk?.loaded);
  await page.getByRole('button', { name: /Second House/ }).click();
  await place('Second House').waitFor();

  // Where its script cannot ask, that is said before anybody chooses, and again when they do.
  for (const fails of [cut, refuse]) {
    const asks = /\/v1\/client\?/;
    await page.route(asks, fails);
    await open('/select-org');
    await page.getByRole('alert').filter({ hasText: 'Clerk could not be reached.' }).waitFor();
    await page.getByRole('button', { name: /First House/ }).click();
    await stuck.waitFor();
    assert.equal(new URL(page.url()).pathname, '/select-org');
    await page.unroute(asks, fails);
    await open('/select-org');
    await page.waitForFunction(() => window.Clerk?.loaded);
    assert.equal(await page.getByRole('alert').count(), 0);
  }
  await page.getByRole('button', { name: /First House/ }).click();
  await place('First House').waitFor();

  // A script that was blocked before the page listened tells nobody.
  const script = /clerk[^/]*\.js/;
  await page.route(script, (route) => route.abort('blockedbyclient'));
  await open('/select-org');
  await page.getByRole('alert').filter({ hasText: 'Clerk could not be reached.' }).waitFor({ timeout: 20_000 });
  await page.unroute(script);
}, { at: server.url, also: [server.clerk], expected: [away] });
