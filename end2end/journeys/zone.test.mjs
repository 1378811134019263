// Times: written in the zone of the person or of the organization, whatever the browser's own, and the same from the first picture on.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey, path } from '../journey.mjs';
import { arrive, ask, found, linkIn, makeAgent, somebody } from '../people.mjs';

const zone = (page) => page.locator('#f-time_zone');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (number) => String(number).padStart(2, '0');

/** A moment as clocks show it that are so many hours ahead of UTC. */
function shown(moment, ahead) {
  const at = new Date(new Date(moment).getTime() + ahead * 3_600_000);
  return `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}, ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

/** The words of every time in a document that no script has touched. */
async function drawn(page, to) {
  const html = await (await page.context().request.get(to)).text();
  return [...html.matchAll(/<time datetime="([^"]+)" title="([^"]+)">([^<]*)/g)].map(([, at, title, words]) => ({ at, title, words }));
}

/** The same of the living page. */
const living = (page) => page.locator('time').evaluateAll((times) => times.map((time) => ({ at: time.dateTime, title: time.title, words: time.textContent })));

async function chooseZone(page, name, save) {
  await zone(page).fill(name);
  const next = page.waitForEvent('load');
  await button(page, save).click();
  await next;
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
}

async function menu(page) {
  await button(page, await page.getByRole('button', { name: /account menu$/ }).getAttribute('aria-label')).click();
  return page.locator('#account');
}

journey('a call half an hour before midnight is on the right day, in the first picture and alive', async ({ page, open, person, look }) => {
  await arrive(page, somebody('Zoe Zone'));
  const org = await found(page, 'Clock House');
  const agent = await makeAgent(page, org);
  const call = await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550121' } } });

  // A zone where it was the last hour of the day, far from the browser's own.
  const hour = new Date(call.created_at).getUTCHours();
  const ahead = 23 - hour > 14 ? -1 - hour : 23 - hour;
  const name = ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
  await open('/organization');
  await chooseZone(page, name, 'Save changes');
  await page.getByText('Saved', { exact: true }).waitFor();
  const wanted = shown(call.created_at, ahead);
  assert.match(wanted, /, 23:/);

  await open(`/calls/${call.id}`);
  const first = (await drawn(page, `/calls/${call.id}`)).filter(({ words }) => words === wanted);
  assert.ok(first.length > 0, `${wanted} is not in the first picture`);
  assert.deepEqual((await living(page)).filter(({ words }) => words === wanted), first);
  assert.ok(first[0].title.startsWith(`${wanted} ${name} · `) && first[0].title.endsWith(' UTC'), first[0].title);
  assert.equal(new Date(first[0].at).getTime(), Math.floor(new Date(call.created_at).getTime() / 1000) * 1000);
  await (await menu(page)).getByText(`Times in ${name}`).waitFor();
  await look('zone-menu');
  await page.keyboard.press('Escape');

  // What was just done is told by the clock as soon as the page is alive.
  await open('/agents');
  await page.getByText(/^(just now|\d+ s ago|1 min ago)$/).first().waitFor({ timeout: 5_000 });

  // Without scripts, in the same session.
  const plain = await person({ javaScript: false, timeZone: 'America/Los_Angeles' });
  await plain.page.context().addCookies(await page.context().cookies());
  await plain.page.goto(`/calls/${call.id}`);
  assert.deepEqual((await living(plain.page)).filter(({ words }) => words === wanted), first);
}, { timeZone: 'Pacific/Kiritimati' });

journey('a browser says its zone once, the person’s own counts before the organization’s, and a day may have 25 hours', async ({ page, open, look }) => {
  // Signing up and founding as a person does: browsers know some zones by older names.
  const kim = somebody('Kim Kolkata');
  await open('/sign-up');
  await page.getByLabel('Name').fill(kim.name);
  await page.getByLabel('Email').fill(kim.email);
  await page.getByLabel('Password', { exact: true }).fill(kim.password);
  await button(page, 'Create account').click();
  await heading(page, 'Check your mail').waitFor();
  const link = new URL(await linkIn(page, kim.email, 'Confirm'));
  await open(link.pathname + link.search);
  await button(page, 'Confirm email').click();
  await heading(page, 'Where do you want to work?').waitFor();
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await page.getByLabel('Name').fill('Indian House');
  await button(page, 'Create organization').click();
  await heading(page, 'Agents').waitFor();
  await open('/organization');
  assert.match(await zone(page).inputValue(), /^Asia\/(Calcutta|Kolkata)$/);
  await open('/profile');
  assert.match(await zone(page).inputValue(), /^Asia\/(Calcutta|Kolkata)$/);

  // What there is not is refused beside the field; what there is counts from the next page on.
  await zone(page).fill('Berlin');
  await button(page, 'Save time zone').click();
  await page.locator('#f-time_zone-err').getByText('Write it like Europe/Berlin').waitFor();
  await chooseZone(page, 'Europe/Berlin', 'Save time zone');
  await page.getByText('Times are in Europe/Berlin now.').waitFor();
  assert.equal(path(page), '/profile?changed=zone');
  await button(page, /^Use this browser’s, Asia\/(Calcutta|Kolkata)$/).click();
  assert.match(await zone(page).inputValue(), /^Asia/);
  await look('profile-zone');

  // The hour that is twice in the night of 25 October, as the living page writes it.
  const nights = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z'];
  await page.route('**/fn/app/audit/list_audit', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    json.items = nights.map((at, index) => ({ ...json.items[0], id: `00000000-0000-7000-8000-00000000000${index}`, at }));
    await route.fulfill({ response, json });
  });
  await open('/members');
  await page.getByRole('link', { name: 'Audit log' }).click();
  await heading(page, 'Audit log').waitFor();
  await page.locator('time').nth(3).waitFor();
  const words = (await living(page)).map(({ title }) => title);
  assert.deepEqual(words, [
    '25 Oct 2026, 02:30 Europe/Berlin · 00:30 UTC',
    '25 Oct 2026, 02:30 Europe/Berlin · 01:30 UTC',
    '25 Oct 2026, 23:59 Europe/Berlin · 22:59 UTC',
    '26 Oct 2026, 00:00 Europe/Berlin · 25 Oct 2026, 23:00 UTC',
  ]);

  // With none of one's own it is the organization's again.
  await open('/profile');
  await chooseZone(page, '', 'Save time zone');
  await page.getByText(/Times are in Asia\/(Calcutta|Kolkata) now\./).waitFor();
}, { timeZone: 'Asia/Kolkata', expected: [/status of 422/] });

journey('an organization is renamed, and everybody in it sees so', async ({ page, open, look }) => {
  await arrive(page, somebody('Ora Owner'));
  await found(page, 'Old Name');
  await open('/agents');
  await page.getByRole('link', { name: 'Organization', exact: true }).click();
  await heading(page, 'Organization').waitFor();
  await look('organization');
  await page.getByLabel('Name', { exact: true }).fill('');
  await button(page, 'Save changes').click();
  await page.locator('#f-name-err').filter({ hasText: /./ }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('New Name');
  await page.getByRole('radio', { name: 'Plum' }).check({ force: true });
  await chooseZone(page, 'America/New_York', 'Save changes');
  await page.getByRole('link', { name: /New Name/ }).first().waitFor();
  assert.equal(await page.locator('html').getAttribute('data-color'), 'plum');
  await look('organization-saved');
  await open('/audit');
  await page.getByText('colour, name, time zone').waitFor();
  await page.getByRole('rowheader', { name: 'Changed organization New Name' }).waitFor();

  await open('/organization');
  await button(page, 'Leave New Name').click();
  await dialog(page, 'Leave New Name?').getByRole('button', { name: 'Stay' }).click();
  await open('/select-org');
  await button(page, 'Open personal workspace').click();
  await heading(page, 'Agents').waitFor();
  await open('/organization');
  await page.getByText('A personal workspace has the name of its person.').waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Leave' }).count(), 0);
  await look('organization-personal');
}, { expected: [/status of 422/] });
