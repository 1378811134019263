// Prints how long the agents page takes from navigation to listening, on a CPU slowed four times: the median of five.
import { launch, openPage } from '../end2end/browser.mjs';

const [, , url, cookie] = process.argv;
const browser = await launch();
const times = [];
for (let round = 0; round < 5; round += 1) {
  const { context, page } = await openPage(browser, url);
  await context.addCookies(cookie.split('; ').map((pair) => ({ name: pair.split('=')[0], value: pair.slice(pair.indexOf('=') + 1), url })));
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto('/agents');
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  times.push(await page.evaluate(() => performance.getEntriesByName('hydrated')[0].startTime));
  await context.close();
}
await browser.close();
times.sort((a, b) => a - b);
console.log(times[2].toFixed(1));
