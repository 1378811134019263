// Opens Chromium where nothing but loopback can be reached, and pages that take note of every noise they make.
import { chromium } from 'playwright-core';

/** `names` are host names that it knows, and the port of this machine that https to each of them leads to. */
export function launch(names = {}) {
  const known = Object.entries(names).map(([name, port]) => `MAP ${name}:443 127.0.0.1:${port}, `).join('');
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // A sandbox needs privileges that neither root nor a container has; these pages are all our own.
    chromiumSandbox: false,
    args: [
      `--host-resolver-rules=${known}MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      '--disable-domain-reliability',
      '--no-pings',
    ],
  });
}

/**
 * A page of `url` in a browser profile of its own; `noise` fills with what it should not have said or asked for. `also`
 * are other addresses that its pages may ask. `from` is the address that a proxy in front would say they come from. `trusting`
 * takes a certificate that nobody vouches for. `timeZone` is the browser's own.
 */
export async function openPage(browser, url, { also = [], javaScript = true, scale = 1, dark = false, from = null, trusting = false, timeZone = 'UTC' } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: dark ? 'dark' : 'light',
    deviceScaleFactor: scale,
    extraHTTPHeaders: from ? { 'x-forwarded-for': from } : {},
    ignoreHTTPSErrors: trusting,
    javaScriptEnabled: javaScript,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    timezoneId: timeZone,
    viewport: { width: 1280, height: 800 },
  });
  context.setDefaultTimeout(10_000);
  const noise = [];
  context.on('console', (message) => noise.push(`console.${message.type()}: ${message.text()} (${message.location().url})`));
  context.on('weberror', (error) => noise.push(`uncaught: ${error.error().stack || error.error().message}`));
  context.on('request', (request) => {
    if (/^(https?|wss?):/.test(request.url()) && ![url, ...also].some((known) => request.url().startsWith(known))) noise.push(`asked for ${request.url()}`);
  });
  return { context, noise, page: await context.newPage() };
}

/** Goes to a path, and waits until the page listens where it is one that will. */
export async function goTo(page, path) {
  const response = await page.goto(path);
  const hydrates = await page.locator('link[rel=modulepreload]').count();
  if (hydrates > 0) await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  return response;
}
