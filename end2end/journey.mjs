// A journey: a person's way through the product, in a browser profile of its own, in silence.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accessible } from './accessible.mjs';
import { goTo, launch, openPage } from './browser.mjs';
import { results } from './server.mjs';

export const url = process.env.SWITCHBOARD_URL ?? assert.fail('SWITCHBOARD_URL is not set: run scripts/e2e');

// What journeys ask for on most pages. A heading begins with its name, and may end in a state: "Ada Brandt" is not "Edit Ada Brandt".
export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const dialog = (page, name) => page.getByRole('dialog', { name, exact: true });
export const heading = (page, name) => page.getByRole('heading', { name: new RegExp(`^${name.replaceAll(/[^\w\s]/g, '\\$&')}`), level: 1 });
export const path = (page) => page.url().slice(new URL(page.url()).origin.length);

/** Host names that the browser of this file knows, and the ports they lead to; a file adds its own before its first journey. */
export const names = {};

// Opened by the first journey, when the file has said all that the browser has to know.
let browser = null;
after(async () => (await browser)?.close());

/**
 * Declares a test. Its body gets
 *   page             a Playwright page at no address yet
 *   open(path)       goes there and waits until the page listens; answers the response
 *   person(options)  one more page and open(), as somebody else in another browser profile
 *   tab()            one more page and open() in the first person's own browser
 *   look(name, page) fails unless the page meets WCAG 2.2 AA, light and dark, at 1280 and 360 px, and keeps a picture of
 *                    each look in end2end/results
 * and fails on any console message, uncaught error or request to somewhere else but for what `expected` matches.
 * `at` is the address of the program, where it is not the one that all journeys share; `timeout` is in milliseconds.
 */
export function journey(name, body, { expected = [], at = url, timeout = 180_000, ...options } = {}) {
  test(name, { timeout }, async () => {
    const people = [];
    const person = async (more = {}) => {
      // Everybody comes from somewhere else: whoever signs up at one address too often has to wait.
      const from = at === url ? `10.${[0, 0, 0].map(() => Math.floor(Math.random() * 256)).join('.')}` : null;
      browser ??= launch(names);
      const one = await openPage(await browser, at, { from, ...options, ...more });
      people.push(one);
      return { page: one.page, open: (path) => goTo(one.page, path) };
    };
    const { page, open } = await person();
    const tab = async () => {
      const next = await page.context().newPage();
      return { page: next, open: (path) => goTo(next, path) };
    };
    const look = async (title, of = page) => {
      // A tab in the background is drawn once a second at most.
      await of.bringToFront();
      await accessible(of, (as) => of.screenshot({ path: join(results, `${title}-${as}.png`), fullPage: true }));
    };
    await mkdir(results, { recursive: true });
    let failure = null;
    try {
      await body({ page, open, person, tab, look });
    } catch (error) {
      failure = error;
    }
    const noise = people.flatMap((one) => one.noise).filter((line) => !expected.some((pattern) => pattern.test(line)));
    if (noise.length > 0) {
      const what = failure?.message ?? 'a page was not silent';
      failure = new Error(`${what}\nThe page said:\n  ${noise.join('\n  ')}`, { cause: failure });
    }
    if (failure) await remember(name, people);
    for (const { context } of people) await context.close();
    if (failure) throw failure;
  });
}

/** Keeps what each person saw when it went wrong: a picture and the document of every page. */
async function remember(name, people) {
  const title = name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
  const pages = people.flatMap(({ context }) => context.pages());
  for (const [index, page] of pages.entries()) {
    const file = join(results, `failed-${title}-${index}`);
    await page.screenshot({ path: `${file}.png`, fullPage: true });
    await writeFile(`${file}.html`, `<!-- ${page.url()} -->\n${await page.content()}`);
  }
}
