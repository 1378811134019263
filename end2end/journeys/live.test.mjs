// Live pages: what somebody does in one tab shows in the other, which nobody touches.
import assert from 'node:assert/strict';
import { button, heading, journey, url } from '../journey.mjs';
import { arrive, ask, found, linkIn, makeAgent, somebody } from '../people.mjs';

/** Opens a page in this tab and waits until it hears of changes. */
async function listening({ page, open }, path) {
  await open(path);
  await page.locator('html[data-live]').waitFor({ state: 'attached' });
}

journey('members, keys, the log and the balance of an open page keep up with another tab', async ({ page, open, person, tab, look }) => {
  const [una, vic] = [somebody('Una Watches'), somebody('Vic Joins')];
  await arrive(page, una);
  const org = await found(page, 'Watch House');
  const agent = await makeAgent(page, org);
  const other = await tab();

  // Somebody joins, and becomes something else.
  await listening(other, '/members');
  const invitation = { org, draft: { email: vic.email, role: 'viewer' } };
  await ask(page, 'members/invite_member', invitation);
  await other.page.getByRole('heading', { name: 'Invitations' }).waitFor();
  const guest = await person();
  await arrive(guest.page, vic);
  const link = new URL(await linkIn(page, vic.email, 'Join Watch House'));
  await guest.open(link.pathname + link.search);
  await button(guest.page, 'Join Watch House').click();
  await guest.page.getByRole('heading', { name: 'Agents', level: 1 }).waitFor();
  const role = other.page.getByLabel(`Role of ${vic.name}`);
  await role.waitFor();
  await other.page.getByRole('heading', { name: 'Invitations' }).waitFor({ state: 'detached' });
  await open('/members');
  for (const to of ['operator', 'developer']) {
    await page.getByLabel(`Role of ${vic.name}`).selectOption(to);
    await other.page.waitForFunction(
      ([name, to]) => document.querySelector(`select[aria-label="Role of ${name}"]`).value === to,
      [vic.name, to],
    );
  }

  // A key is made and revoked.
  await listening(other, '/api-keys');
  const draft = { name: 'Night shift', scopes: ['agents:read'] };
  const made = await ask(page, 'keys/create_key', { org, draft });
  await other.page.getByRole('rowheader', { name: /Night shift/ }).waitFor();
  await ask(page, 'keys/revoke_key', { org, key: made.id });
  await other.page.getByText('Revoked', { exact: true }).waitFor();

  // The log goes on at its top.
  await listening(other, '/audit');
  await ask(page, 'agents/duplicate_agent', { org, id: agent.id });
  await other.page.getByRole('rowheader', { name: /Created agent Front desk copy/ }).waitFor();
  await look('audit-live', other.page);

  // A call is paid, and the bar of a page that is about something else says what is left.
  await listening(other, '/agents');
  const balance = other.page.locator('.topbar .bar-item b');
  const before = await balance.innerText();
  await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550100' } } });
  await other.page.waitForFunction(
    (before) => document.querySelector('.topbar .bar-item b').innerText !== before,
    before,
    { timeout: 30_000 },
  );
  const drawn = await (await page.context().request.get(`${url}/agents`)).text();
  assert.ok(drawn.includes(`<b>${await balance.innerText()}</b>`), 'the bar says what the server says');
});

journey('however quickly a person goes through the pages, one stream stays open', async ({ page, open }) => {
  await page.addInitScript(() => {
    window.streams = [];
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...address) {
        super(...address);
        window.streams.push(this);
      }
    };
  });
  await arrive(page, somebody('Hurley Hops'));
  await found(page, 'Hopping House');
  await listening({ page, open }, '/agents');
  await page.evaluate(async () => {
    const painted = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    // Both have a frame of their own.
    for (const to of Array(8).fill(['/profile', '/calls']).flat()) {
      const link = Object.assign(document.createElement('a'), { href: to });
      document.body.append(link);
      link.click();
      link.remove();
      for (let frame = 0; frame < 3 || location.pathname !== to; frame++) await painted();
    }
  });
  await heading(page, 'Calls').waitFor();
  const standing = () => window.streams.filter((stream) => stream.readyState !== EventSource.CLOSED).length;
  await page.waitForFunction(() => window.streams.at(-1)?.readyState === EventSource.OPEN);
  assert.equal(await page.evaluate(standing), 1);
  assert.ok((await page.evaluate(() => window.streams.length)) > 1, 'each frame has a stream of its own');
});
