// What an address asks a list for and the list does not have is said, with a way on: never everything instead.
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';
import { arrive, found, makeAgent, somebody } from '../people.mjs';

const WRONG = [
  ['/agents?state=nonsense', 'There is no state “nonsense”.'],
  ['/agents?cursor=nonsense', /cursor|place/],
  ['/tools?method=FETCH', 'There is no method “FETCH”.'],
  ['/calls?status=rung', 'There is no state “rung”.'],
  ['/calls?agent=42', 'There is no agent “42”.'],
  ['/calls?contact=me', 'There is no contact “me”.'],
  ['/contacts?folder=old', 'There is no folder “old”.'],
  ['/contacts?unfiled=perhaps', 'There is no choice “perhaps”.'],
  ['/audit?kind=weather', 'There is no kind of thing “weather”.'],
];
const LISTS = ['/agents', '/tools', '/calls', '/contacts', '/audit'];

async function walk({ page, open, look }) {
  await arrive(page, somebody('Ada Dress'));
  const org = await found(page, 'Address House');
  await makeAgent(page, org, { name: 'Front desk' });
  for (const [path, words] of WRONG) {
    await open(path);
    await page.getByRole('heading', { name: 'This link asks for something unknown' }).waitFor();
    await page.locator('.problem').getByText(words).waitFor();
    await page.getByRole('link', { name: 'Show everything' }).click();
    await page.waitForURL((url) => url.search === '');
    await page.locator('.problem').waitFor({ state: 'detached' });
  }
  for (const path of LISTS) {
    await open(`${path}?sate=live&q=&utm=mail`);
    const banner = page.getByRole('status').filter({ hasText: 'this list has no such filter' });
    await banner.getByText('“sate”, “utm”').waitFor();
    if (path === '/agents') await look('address-unknown');
    await banner.getByRole('link', { name: 'Remove from the link' }).click();
    await banner.waitFor({ state: 'detached' });
    assert.ok(!page.url().includes('sate'));
  }
  await open('/agents?state=nonsense');
  await look('address-wrong');
}

journey('an address that asks a list for what it does not have is answered in words', walk, { expected: [/status of 422/] });
