// `make watch` as somebody uses it: it serves, and three edits are seen in the browser; prints the seconds of each.
//
//   node end2end/watch.mjs    scripts/watch-test calls this
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { goTo, launch, openPage } from './browser.mjs';
import { freePort } from './server.mjs';

const checkout = fileURLToPath(new URL('..', import.meta.url));
// The first build of a machine compiles everything, for the browser and for the server.
const FIRST_MS = 45 * 60_000;
const EDIT_MS = 5 * 60_000;

const began = Date.now();
const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);

const files = new Map();
/** Puts other words into a file; answers when. */
function edit(name, from, to) {
  const file = join(checkout, name);
  const text = readFileSync(file, 'utf8');
  assert.equal(text.split(from).length, 2, `${name} does not have “${from}” once`);
  files.set(file, text);
  writeFileSync(file, text.replace(from, to));
  return Date.now();
}
const restore = () => files.forEach((text, file) => writeFileSync(file, text));

const data = await mkdtemp(join(tmpdir(), 'switchboard-watch-'));
// Where this runs as root, Postgres runs as another account and must be able to pass through.
await chmod(data, 0o711);
const [address, reload] = [`127.0.0.1:${await freePort()}`, await freePort()];
const url = `http://${address}`;
const watch = spawn(join(checkout, 'scripts/watch'), {
  cwd: checkout,
  // In a group of its own, which is what a terminal tells to stop.
  detached: true,
  env: { ...process.env, SWITCHBOARD_ADDR: address, SWITCHBOARD_DATA: data, LEPTOS_RELOAD_PORT: `${reload}` },
  stdio: ['ignore', 'inherit', 'inherit'],
});
let over = false;
const ended = once(watch, 'exit').then(() => (over = true));
const stop = async () => {
  restore();
  if (!over) process.kill(-watch.pid, 'SIGINT');
  await ended;
  await rm(data, { recursive: true, force: true });
};
process.once('SIGINT', () => stop().then(() => process.exit(1)));

const told = [];
const tell = (line) => {
  told.push(line);
  console.log(`\n── ${line}\n`);
};
let browser;
try {
  while (!(await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false))) {
    assert.ok(!over, 'the watch ended');
    assert.ok(Date.now() - began < FIRST_MS, 'it does not serve');
    await pause(200);
  }
  tell(`served ${seconds(began)} s after the start`);

  browser = await launch();
  const { page, noise } = await openPage(browser, url, { also: [`ws://127.0.0.1:${reload}`] });
  await goTo(page, '/sign-in');
  await page.getByLabel('Email').fill('ada@larkfield.example');
  await page.getByLabel('Password', { exact: true }).fill('correct-horse-battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/agents');
  const mark = () => page.evaluate(() => (window.marked = true));
  const loadedAnew = () =>
    page.waitForFunction(() => !window.marked && document.documentElement.hasAttribute('data-hydrated'), null, { timeout: EDIT_MS });

  await goTo(page, '/profile');
  await mark();
  let since = edit('app/src/account/profile.rs', '"Keyboard"</h2>', '"Keyboard and mouse"</h2>');
  const heading = page.getByRole('heading', { name: 'Keyboard and mouse' });
  await heading.waitFor({ timeout: EDIT_MS });
  const patched = seconds(since);
  await loadedAnew();
  tell(`a word of a page: seen after ${patched} s, compiled and loaded anew after ${seconds(since)} s`);
  await heading.waitFor();

  await goTo(page, '/agents/new/draft');
  await mark();
  since = edit('src/agents/draft.rs', '"Choose a voice."', '"Every agent needs a voice."');
  await loadedAnew();
  await page.getByRole('button', { name: 'Create agent', exact: true }).click();
  await page.locator('#f-voice_id-err').getByText('Every agent needs a voice.').waitFor();
  tell(`a rule in src/: seen after ${seconds(since)} s`);

  await mark();
  const height = () => page.evaluate(() => getComputedStyle(document.querySelector('h1')).lineHeight);
  const before = await height();
  since = edit('style/main.css', 'h1 { font-size: var(--t-20); line-height: 1.3;', 'h1 { font-size: var(--t-20); line-height: 1.9;');
  await page.waitForFunction((before) => getComputedStyle(document.querySelector('h1')).lineHeight !== before, before, { timeout: EDIT_MS });
  tell(`a style: seen after ${seconds(since)} s, ${(await page.evaluate(() => window.marked)) ? 'in the same document' : 'in a new document'}`);

  // The stream of changes and the watch's own line end with each server.
  const wrong = noise.filter((line) => !/^console\.(log|info|debug|warning)|net::ERR_|WebSocket connection to/.test(line));
  assert.deepEqual(wrong, []);
} finally {
  await browser?.close();
  await stop();
}
console.log(told.join('\n'));
