// Live pages: what somebody does in one tab shows in the other, which nobody touches.
import assert from 'node:assert/strict';
import { button, heading, journey, url } from '../journey.mjs';
import { arrive, ask, found, linkIn, makeAgent, signIn, somebody } from '../people.mjs';

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

/** Lets a page remember its streams, in `streams`. */
const remembersStreams = (page) =>
  page.addInitScript(() => {
    window.streams = [];
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...address) {
        super(...address);
        window.streams.push(this);
      }
    };
  });
const standing = () => window.streams.filter((stream) => stream.readyState !== EventSource.CLOSED).length;

journey('however quickly a person goes through the pages, one stream stays open', async ({ page, open }) => {
  await remembersStreams(page);
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
  await page.waitForFunction(() => window.streams.at(-1)?.readyState === EventSource.OPEN);
  assert.equal(await page.evaluate(standing), 1);
  assert.ok((await page.evaluate(() => window.streams.length)) > 1, 'each frame has a stream of its own');
});

/** What may be in the way of a stream from its beginning, and what the browser says of it. */
const obstacles = {
  'is never answered': [() => {}, []],
  'is refused by something in between': [(route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }), [/status of 502 .*\/events/]],
  'is cut off': [(route) => route.abort('connectionreset'), [/net::ERR_CONNECTION_RESET .*\/events/]],
};

for (const [what, [obstacle, expected]] of Object.entries(obstacles)) {
  journey(`a page whose stream ${what} says so once, looks by itself, and stops saying it`, async ({ page, open, look }) => {
    await arrive(page, somebody('Nora Notices'));
    const org = await found(page, 'Silent House');
    await page.route('**/events', obstacle);
    await open('/contacts');
    const banner = page.locator('.banner').filter({ hasText: 'Live updates have stopped.' });
    await banner.waitFor({ timeout: 30_000 });
    await ask(page, 'contacts/create_contact', { org, draft: { name: 'Nobody told me' } });
    await page.getByText('Nobody told me', { exact: true }).first().waitFor({ timeout: 30_000 });
    await page.getByText('1 contact', { exact: true }).waitFor();
    assert.equal(await banner.count(), 1);
    assert.equal(await page.locator('html[data-live]').count(), 0);

    // The seconds go on for the eye alone: nothing changes in what is read aloud.
    const read = await banner.ariaSnapshot();
    assert.match(read, /Live updates have stopped. The page looks for itself every ten seconds./);
    const heard = await banner.evaluate(async (banner) => {
      const seconds = () => Number(banner.innerText.match(/Nothing was heard for (\d+) s/)[1]);
      const [begin, changed] = [seconds(), []];
      const observer = new MutationObserver((changes) => changed.push(...changes.filter(({ target }) => {
        const at = target.parentElement ?? target;
        return at.closest('[role=status], [role=alert], [aria-live]') && !at.closest('[aria-hidden=true]');
      })));
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      await new Promise((passed) => {
        const look = () => (seconds() >= begin + 2 ? passed() : requestAnimationFrame(look));
        look();
      });
      return changed.map(({ target }) => target.textContent);
    });
    assert.deepEqual(heard, []);
    assert.equal(await banner.ariaSnapshot(), read);
    if (expected.length === 0) await look('live-stopped');

    await page.unroute('**/events', obstacle);
    await banner.waitFor({ state: 'detached', timeout: 30_000 });
    await page.locator('html[data-live]').waitFor({ state: 'attached' });
    await ask(page, 'contacts/create_contact', { org, draft: { name: 'Told at once' } });
    await page.getByText('Told at once', { exact: true }).first().waitFor();
  }, { expected });
}

/** As when somebody looks at another tab, or comes back: what drives these pages keeps all of them in sight. */
const show = (page, shown) =>
  page.evaluate((shown) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (shown ? 'visible' : 'hidden') });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => !shown });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, shown);

journey('a hidden tab gives the stream up, one that is seen takes it, and who comes back reads anew', async ({ page, open, tab }) => {
  await arrive(page, somebody('Hidi Hides'));
  const org = await found(page, 'Hidden House');
  const [first, second] = [{ page, open }, await tab()];
  for (const one of [first, second]) {
    await remembersStreams(one.page);
    await listening(one, '/contacts');
  }
  const streams = () => Promise.all([first, second].map((one) => one.page.evaluate(standing)));
  assert.deepEqual(await streams(), [1, 0]);

  await show(first.page, false);
  await second.page.waitForFunction(() => window.streams.at(-1)?.readyState === EventSource.OPEN);
  assert.deepEqual(await streams(), [0, 1]);
  await ask(page, 'contacts/create_contact', { org, draft: { name: 'While one looks' } });
  await second.page.getByText('While one looks', { exact: true }).first().waitFor();

  await show(second.page, false);
  await second.page.waitForFunction(() => window.streams.every((stream) => stream.readyState === EventSource.CLOSED));
  assert.deepEqual(await streams(), [0, 0]);
  await ask(page, 'contacts/create_contact', { org, draft: { name: 'While nobody looks' } });
  for (const one of [second, first]) {
    await show(one.page, true);
    await one.page.getByText('While nobody looks', { exact: true }).first().waitFor();
    assert.equal(await one.page.getByText('Live updates have stopped.').count(), 0);
  }
  assert.deepEqual(await streams(), [0, 1]);
});

journey('who is signed out elsewhere is told so once, in every tab, and not that something reconnects', async ({ page, open, tab, person, look }) => {
  const lou = somebody('Lou Leaves');
  await arrive(page, lou);
  const org = await found(page, 'Left House');
  await ask(page, 'contacts/create_contact', { org, draft: { name: 'Still to be read' } });
  const tabs = [{ page, open }, await tab()];
  for (const one of tabs) await listening(one, '/contacts');

  const phone = await person();
  await phone.open('/sign-in');
  await signIn(phone.page, lou);
  await phone.page.waitForURL((to) => to.pathname !== '/sign-in');
  await phone.open('/profile');
  await button(phone.page, 'Sign out everywhere').click();
  await heading(phone.page, 'Sign in').waitFor();

  for (const one of tabs) {
    await one.page.getByRole('status').filter({ hasText: 'You are signed out here, or no member any more.' }).waitFor({ timeout: 30_000 });
    assert.equal(await one.page.locator('.banner').filter({ hasText: /signed out|Reconnecting|Live updates/ }).count(), 1);
    await one.page.getByText('Still to be read', { exact: true }).first().waitFor();
  }
  // The stream is refused for longer than silence is borne, and the page still says that, and nothing else.
  for (let refused = 0; refused < 4; refused++) await page.context().waitForEvent('response', (answer) => answer.url().endsWith('/events') && answer.status() === 401);
  for (const one of tabs) {
    const said = await one.page.locator('.banner').filter({ hasText: /signed out|Reconnecting|Live updates/ }).allInnerTexts();
    assert.deepEqual(said.map((words) => words.split('\n')[0]), ['You are signed out here, or no member any more. What you see is as it was then.']);
  }
  await look('live-signed-out');
  await button(page, 'Go on').click();
  await signIn(page, lou);
  await page.waitForURL((to) => to.pathname === '/contacts');
  // The other tab hears again, and says nothing any more.
  await tabs[1].page.getByText('You are signed out here').waitFor({ state: 'detached' });
}, { expected: [/status of 401/] });
