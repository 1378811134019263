// Prints what each page's first load is, in bytes as they travel, and what each chunk of pages adds; fails over a budget.
import { readFileSync, statSync } from 'node:fs';
import { FILES, FIRST_LOAD, OWN, PARTS, weight } from './budgets.mjs';

const named = Object.fromEntries(readFileSync('target/hash.txt', 'utf8').trim().split('\n').map((line) => line.split(': ')));
const pages = Array.from(readFileSync('app/src/routes.rs', 'utf8').matchAll(/page!\("([^"]+)", (\w+), \w+\)/g), ([, path, chunk]) => ({ path, chunk }));
const travels = (file) => statSync(`target/site/pkg/${file}.br`).size;
const of = (kind) => travels(`switchboard.${named[kind]}.${kind}`);
const filesOf = (chunk) => named[`chunk ${chunk}`]?.split(' ') ?? fail(`there is no chunk ${chunk}`);

let missed = false;
function line(name, value, unit, bar) {
  const over = bar !== undefined && value > bar;
  missed ||= over;
  console.log(`${name} ${value} ${unit} ${bar === undefined ? '-' : `<=${bar}`}${over ? ' MISSED' : ''}`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

if (pages.length === 0) fail('app/src/routes.rs has no pages');
const sum = (files) => files.reduce((bytes, file) => bytes + travels(file), 0);
const chunks = [...new Set(pages.map(({ chunk }) => chunk))];
line('program', of('wasm'), 'bytes');
line('script', of('js'), 'bytes');
line('styles', of('css'), 'bytes');
for (const chunk of [...chunks, ...PARTS]) line(`own:${chunk}`, travels(filesOf(chunk).at(-1)), 'bytes', OWN[weight(chunk)]);
for (const { path, chunk } of pages) {
  line(`first_load:${path}`, of('wasm') + of('js') + sum(filesOf(chunk)), 'bytes', FIRST_LOAD[weight(chunk)]);
}
// The document, the styles, the script and the program are files of every page.
for (const chunk of chunks) line(`files:${chunk}`, 4 + filesOf(chunk).length, 'files', FILES);
line('whole_client', of('wasm') + of('js') + sum([...new Set([...chunks, ...PARTS].flatMap(filesOf))]), 'bytes');
if (missed) fail('A page is over its budget (docs/performance.md): put what is heavy and seldom needed into a chunk of its own.');
