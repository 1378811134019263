// What else may answer a page that has been open for a while: another version of the program, a proxy, the guard. Each has its own words.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

/** What is answered in the server's place, and what the page makes of it. */
const answers = {
  'another version, which answers in other words': {
    // An invitation that was sent has no answer to be misread.
    short: false,
    words: 'The server was updated since this page was loaded. Reload the page, and look whether it was done before you try it again.',
    answer: (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"of":"another version"}' }),
  },
  'another version, which does not know the function': {
    words: 'The server was updated since this page was loaded. Reload the page, and look whether it was done before you try it again.',
    answer: async (route) => {
      const url = route.request().url().replace(/\/fn\/app\/.*/, '/fn/app/agents/of_an_earlier_version');
      await route.fulfill({ response: await route.fetch({ url }) });
    },
  },
  'another version, which expects something else': {
    words: 'The page sent something else than this version of the server expects. Reload it and try again.',
    answer: async (route) => route.fulfill({ response: await route.fetch({ postData: '{"of":"an earlier version"}', headers: { ...route.request().headers(), 'content-type': 'application/json' } }) }),
  },
  'the page of a proxy, with its failure': {
    words: 'Something between you and the server answered in its place (status 502).',
    answer: (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<html><h1>502 Bad Gateway</h1><hr>nginx</html>' }),
  },
  'the page of a network, as if all were well': {
    words: 'Something between you and the server answered in its place (status 200).',
    answer: (route) => route.fulfill({ status: 200, contentType: 'text/html; charset=utf-8', body: '<html><h1>Welcome to our guest network</h1></html>' }),
  },
  'the guard, which does not know where this came from': {
    words: 'This came from https://calls.example, and this installation is ',
    answer: async (route) => {
      const headers = { ...route.request().headers(), origin: 'https://calls.example', 'sec-fetch-site': 'cross-site' };
      await route.fulfill({ response: await route.fetch({ headers }) });
    },
  },
  'nobody': {
    words: 'No answer came from the server. Check your connection. What you did may have been done all the same',
    answer: (route) => route.abort('connectionreset'),
  },
};

const functions = /\/fn\/app\//;

for (const [who, { words, answer, short = true, list = true }] of Object.entries(answers)) {
  journey(`a page that is answered by ${who} says so, keeps what was written, and goes on afterwards`, async ({ page, open, look }) => {
    await arrive(page, somebody('Ola Old'));
    const org = await found(page, 'Old Tabs');
    const agent = await makeAgent(page, org, { name: 'Front desk' });

    // A form that is saved.
    await open(`/agents/${agent.id}`);
    await page.getByLabel('Name', { exact: true }).fill('Night desk');
    await page.route(functions, answer);
    await button(page, 'Save draft').click();
    const alert = page.getByRole('main').getByRole('alert').filter({ hasText: words });
    await alert.waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Night desk');
    if (who.startsWith('the guard')) await look('answered-by-the-guard');
    await page.unroute(functions);
    assert.equal((await ask(page, 'agents/get_agent', { org, id: agent.id })).name, 'Front desk');
    await button(page, 'Save draft').click();
    await heading(page, 'Night desk').waitFor();

    // A short form.
    if (short) {
      await open('/members');
      await page.getByLabel('Email').fill('vera@example.com');
      await page.route(functions, answer);
      await button(page, 'Invite').click();
      await page.getByRole('alert').filter({ hasText: words }).waitFor();
      assert.equal(await page.getByLabel('Email').inputValue(), 'vera@example.com');
      await page.unroute(functions);
      await button(page, 'Invite').click();
      await page.getByText('vera@example.com').first().waitFor();
    }

    // A list that is asked for something else.
    if (list) {
      await open('/agents');
      await page.route(functions, answer);
      await page.getByRole('searchbox', { name: 'Search agents', exact: true }).fill('night');
      await page.getByText(words).waitFor();
      if (who.startsWith('another version, which does')) await look('list-of-an-old-tab');
      await page.unroute(functions);
      await page.getByRole('link', { name: 'Try again' }).click();
      await page.getByRole('rowheader', { name: 'Night desk' }).waitFor();
      assert.equal(new URL(page.url()).search, '?q=night');
    }
  }, { expected: [/^console\.error: Failed to load resource: .*\/fn\/app\//, /net::ERR_CONNECTION_RESET/] });
}

journey('a call whose answer was lost is placed once, however often one presses', async ({ page, open }) => {
  await arrive(page, somebody('Lou Lost'));
  const org = await found(page, 'Lost Answers');
  await makeAgent(page, org, { name: 'Front desk' });
  await open('/calls');
  await button(page, 'Place a call').first().click();
  const place = dialog(page, 'Place a call');
  await place.getByLabel('Phone number').fill('+1 415 555 0100');
  // It reaches the server, and the answer is cut off.
  await page.route(/place_call/, async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  }, { times: 1 });
  await place.getByRole('button', { name: 'Call now' }).click();
  await place.getByRole('alert').filter({ hasText: 'look before you try it again' }).waitFor();
  await place.getByRole('button', { name: 'Call now' }).click();
  await page.waitForURL(/\/calls\/./);
  const calls = await ask(page, 'calls/list_calls', { org, query: '', page: {} });
  assert.equal(calls.items.length, 1);
  await ask(page, 'calls/stop_call', { org, id: calls.items[0].id });
}, { expected: [/net::ERR_CONNECTION_RESET/] });

journey('a key whose answer cannot be read is said to be made', async ({ page, open }) => {
  await arrive(page, somebody('Kay Keyless'));
  await found(page, 'Keyless House');
  await open('/api-keys');
  await page.route(/create_key/, async (route) => {
    await route.fetch();
    await route.fulfill({ status: 200, contentType: 'application/json', body: '{"of":"another version"}' });
  }, { times: 1 });
  await page.getByLabel('Name', { exact: true }).fill('Booking site');
  await button(page, 'Read only').click();
  await button(page, 'Create key').click();
  await page.getByRole('alert').filter({ hasText: 'its secret did not arrive' }).waitFor();
  await page.getByRole('rowheader', { name: /Booking site/ }).waitFor();
});
