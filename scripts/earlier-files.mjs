// Keeps the files of earlier releases for a day beside those of the new one: whoever opened a page before goes on asking
// for the files of then.
//
//   node scripts/earlier-files.mjs SITE NEW LIST    SITE is the site so far, if there is one, and NEW what takes its place;
//                                                   LIST names the files of the last release, and afterwards those of NEW
import { constants, copyFileSync, existsSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DAY_MS = 24 * 60 * 60 * 1000;

export function keepEarlierFiles(site, next, list, now) {
  const [earlier, newest] = [join(site, 'pkg'), readdirSync(join(next, 'pkg'))];
  if (existsSync(list) && existsSync(earlier)) {
    const replacedNow = new Set(readFileSync(list, 'utf8').split('\n'));
    for (const name of readdirSync(earlier)) {
      const from = join(earlier, name);
      // A file's date is when others took its place.
      const replaced = replacedNow.has(name) ? now : statSync(from).mtimeMs;
      if (newest.includes(name) || now - replaced > DAY_MS) continue;
      const to = join(next, 'pkg', name);
      copyFileSync(from, to, constants.COPYFILE_EXCL);
      utimesSync(to, replaced / 1000, replaced / 1000);
    }
  }
  writeFileSync(list, newest.map((name) => `${name}\n`).join(''));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) keepEarlierFiles(...process.argv.slice(2, 5), Date.now());
