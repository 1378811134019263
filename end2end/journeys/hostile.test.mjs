// Pages that somebody else writes into as well: extensions, translators, browsers that make links of numbers.
//
//   HOSTILE=all node end2end/run.mjs end2end/journeys/hostile.test.mjs    every kind at every moment; else one on each page
import assert from 'node:assert/strict';
import { journey } from '../journey.mjs';
import { arrive, found, oneOfEach, somebody } from '../people.mjs';
import { pages } from '../releases.mjs';

/** What is put into a page: each runs in the browser, with the part of the document that is there by then. */
const kinds = {
  'an element before the first': () => document.body.prepend(Object.assign(document.createElement('div'), { id: 'toolbar', textContent: 'Toolbar' })),
  'an element of the same kind before the first': () => document.body.prepend(document.body.firstElementChild.cloneNode(false)),
  'an icon beside every field': () => {
    for (const field of document.querySelectorAll('input, textarea')) field.after(Object.assign(document.createElement('span'), { className: 'icon' }));
  },
  'an element around every field': () => {
    for (const field of document.querySelectorAll('input, textarea')) {
      const around = document.createElement('com-1password-button');
      field.replaceWith(around);
      around.append(field);
    }
  },
  'a translation': () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
      node.data.trim() && !node.parentElement.closest('script, style, textarea, option, title') ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      text.replaceWith(outer);
      outer.append(inner);
      inner.append(text);
    }
  },
  'links around numbers': () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
      /\d{2}/.test(node.data) && !node.parentElement.closest('script, style, textarea, option, a') ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const link = Object.assign(document.createElement('a'), { href: 'tel:0', textContent: text.data });
      text.replaceWith(link);
    }
  },
  'marked words': () => {
    const found = document.querySelector('h1, h2')?.firstChild;
    if (found?.nodeType === Node.TEXT_NODE && found.data.length > 2) {
      const rest = found.splitText(2);
      const mark = document.createElement('mark');
      rest.replaceWith(mark);
      mark.append(rest);
    }
  },
  'comments and spaces': () => {
    for (const parent of document.querySelectorAll('main, nav, form, ul, header')) {
      parent.prepend(document.createComment('extension'), ' ');
      parent.append(document.createTextNode(' '), document.createComment('extension'));
    }
  },
  'something taken away': () => document.querySelector('main p:not(:has(a)), main svg, main label')?.remove(),
  'elements at the end, and attributes': () => {
    document.documentElement.append(document.createElement('grammarly-desktop-integration'));
    document.body.append(Object.assign(document.createElement('div'), { id: 'overlay' }));
    for (const field of document.querySelectorAll('input')) field.setAttribute('data-lastpass-icon-root', '');
    document.body.setAttribute('cz-shortcut-listen', 'true');
  },
};

/** When it is put there. The page's own module runs after the document has been read, and before DOMContentLoaded. */
const moments = {
  'while the document is read': (run) => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('main, form')) return;
      observer.disconnect();
      run();
    });
    observer.observe(document, { childList: true, subtree: true });
  },
  'when it has been read': (run) => document.addEventListener('readystatechange', () => document.readyState === 'interactive' && run(), { once: true }),
  'while the program is loaded': (run) => {
    const load = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...source) => {
      const loaded = await load.apply(WebAssembly, source);
      run();
      return loaded;
    };
  },
  'again and again': (run) => {
    const observer = new MutationObserver(() => {
      if (!document.body?.querySelector('main, form')) return;
      observer.disconnect();
      run();
      observer.observe(document, { childList: true, subtree: true });
    });
    let rounds = 0;
    const once = run;
    run = () => rounds++ < 20 && once();
    observer.observe(document, { childList: true, subtree: true });
  },
  'when it listens': (run) => {
    new MutationObserver((_, observer) => {
      if (!document.documentElement?.hasAttribute('data-hydrated')) return;
      observer.disconnect();
      run();
    }).observe(document, { attributes: true, subtree: true, childList: true });
  },
};

const stopped = (page) => page.getByRole('alert').filter({ hasText: 'Part of this page has stopped.' });
const awake = (page) => page.waitForFunction(() => document.documentElement.hasAttribute('data-hydrated') || document.querySelector('[role=alert]')?.innerText.includes('has stopped'));

/** A link leads where it says, and what is there is drawn. */
async function leads(page, what) {
  const before = new URL(page.url()).pathname;
  const link = page.locator('a[href^="/"]:visible').filter({ hasNotText: 'Skip' });
  const hrefs = await link.evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  const at = hrefs.findIndex((href) => href.split('?')[0] !== before && !href.includes('#') && !href.startsWith('/dev') && !/export|csv/.test(href));
  // Signing out has none.
  if (at < 0) return page.locator('body *').first().waitFor({ state: 'attached' });
  await link.nth(at).click();
  await page.waitForURL((url) => url.pathname !== before).catch(() => assert.fail(`${what}: ${hrefs[at]} leads nowhere`));
  await page.locator('h1').first().waitFor();
}

/** What browsers say of scripts that fail, here on purpose, and of the second look at a page. */
const expected = [/^console\.info: Something had changed this page/, /RuntimeError|unreachable|closure invoked|null pointer|recursive use/, /^console\.warning: The resource .*\/pkg\/.* was preloaded/, /net::ERR_ABORTED/, /status of 422/];

const all = process.env.HOSTILE === 'all';
const names = Object.keys(kinds);
for (const [at, [moment, when]] of Object.entries(moments).entries()) {
  journey(`links work on every page, whatever is put into it ${moment}`, async ({ page, person }) => {
    await arrive(page, somebody('Hal Hostile'));
    const address = await oneOfEach(page, await found(page, 'Hostile House'));
    const stranger = await person();
    for (const [n, { path: route }] of pages.entries()) {
      const chosen = all ? names : [names[(n + 2 * at) % names.length]];
      for (const kind of chosen) {
        const what = `${kind} ${moment} at ${route}`;
        let one = page;
        let tab = await one.context().newPage();
        const answer = await tab.request.get(address(route), { maxRedirects: 0 });
        if (answer.status() !== 200) {
          await tab.close();
          one = stranger.page;
          tab = await one.context().newPage();
        }
        await tab.addInitScript(`{ const run = ${kinds[kind]}; (${when})(() => { try { run(); } catch {} }); }`);
        await tab.goto(address(route));
        await awake(tab).catch(() => assert.fail(`${what}: the page is dead`));
        await leads(tab, what);
        await tab.close();
      }
    }
  }, { expected });
}

journey('a form is sent from a page that was drawn anew, and from one that has stopped', async ({ page }) => {
  await arrive(page, somebody('Hal Forms'));
  await found(page, 'Formal House');
  for (const [moment, when] of Object.entries(moments)) {
    const tab = await page.context().newPage();
    await tab.addInitScript(`{ const run = ${kinds['a translation']}; (${when})(() => { try { run(); } catch {} }); }`);
    await tab.goto('/members');
    await awake(tab);
    await tab.locator('#f-email').fill('nobody at all');
    await tab.locator('form:has(#f-email) button[type=submit]').click();
    await tab.locator('#f-email-err').filter({ hasText: /./ }).waitFor().catch(() => assert.fail(`the form was not sent ${moment}`));
    await tab.close();
  }
}, { expected });

journey('every page asks browsers to make no links of what looks like a number, a date, an address', async ({ page, person }) => {
  await arrive(page, somebody('Hera Plain'));
  const address = await oneOfEach(page, await found(page, 'Plain Numbers'));
  const stranger = await person();
  for (const route of [...pages.map(({ path }) => path), '/nowhere/at/all']) {
    const mine = await page.request.get(address(route), { maxRedirects: 0 });
    const answer = mine.status() < 300 || mine.status() === 404 ? mine : await stranger.page.request.get(address(route), { maxRedirects: 0 });
    const head = (await answer.text()).split('</head>')[0];
    const [, asked = ''] = head.match(/<meta name="format-detection" content="([^"]*)"/) ?? [];
    for (const no of ['telephone=no', 'date=no', 'address=no', 'email=no']) assert.ok(asked.split(', ').includes(no), `${route} says “${asked}”`);
  }
});

journey('whoever has scrolled stays where they are when the page is drawn anew', async ({ page }) => {
  await arrive(page, somebody('Hans Scrolls'));
  await found(page, 'Long Pages');
  await page.setViewportSize({ width: 360, height: 400 });
  let begin;
  const began = new Promise((resolve) => (begin = resolve));
  await page.route(/\/pkg\/switchboard[^/]*\.js/, (request) => began.then(() => request.continue()));
  await page.goto('/members', { waitUntil: 'domcontentloaded' });
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  const before = await page.evaluate(() => scrollY);
  assert.ok(before > 200, `${before} px`);
  await page.evaluate(kinds['an element of the same kind before the first']);
  const anew = page.waitForEvent('console', (message) => message.text().includes('It was drawn anew.'));
  begin();
  await anew;
  assert.equal(await page.evaluate(() => scrollY), before);
}, { expected });
