// The first thing anybody sees.
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';

journey('the front page answers with a page that says what it is', async ({ page, open, look }) => {
  const response = await open('/');
  assert.equal(response.status(), 200);
  assert.match(await page.title(), /Switchboard/);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await look('front');
});
