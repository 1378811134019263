// Signs in at an address as the bench's person, who is at once in their only organization, and prints the cookie.
import { launch, goTo, openPage } from '../end2end/browser.mjs';

const browser = await launch();
const { context, page } = await openPage(browser, process.argv[2]);
await goTo(page, '/sign-in');
await page.getByLabel('Email').fill('bench@example.com');
await page.getByLabel('Password', { exact: true }).fill('bench-bench-bench');
await page.getByRole('button', { name: 'Sign in' }).click();
await page.waitForURL('**/agents');
const cookies = await context.cookies();
console.log(cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
await browser.close();
