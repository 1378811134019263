// Releases of the program: which files its pages load, and one more release, whose files have other names.
import { copyFile, cp, link, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from './server.mjs';

const checkout = fileURLToPath(new URL('..', import.meta.url));
const hashes = readFileSync(join(dirname(program()), 'hash.txt'), 'utf8');

/** The files of each chunk, its own last. */
export const chunks = new Map(Array.from(hashes.matchAll(/^chunk (\w+): (.*)$/gm), ([, chunk, files]) => [chunk, files.split(' ')]));

/** Every page of the route table: its path and its chunk, as it is declared there. */
export const pages = Array.from(
  readFileSync(join(checkout, 'app/src/routes.rs'), 'utf8').matchAll(/page!\("([^"]+)", (\w+), \w+\)/g),
  ([, path, chunk]) => ({ path, chunk }),
);

/**
 * Makes the release that comes after this one: the same program, and all that browsers load under new names. Answers where
 * it is and its `site`; `earlier` says whether the files of this one are still among its own.
 */
export async function nextRelease({ earlier }) {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-release-'));
  const bin = join(folder, basename(program()));
  await link(program(), bin).catch(() => copyFile(program(), bin));

  const [from, site] = [join(checkout, 'target/site'), join(folder, 'site')];
  await mkdir(join(site, 'pkg'), { recursive: true });
  const beside = (await readdir(from)).filter((name) => name !== 'pkg');
  for (const name of beside) await cp(join(from, name), join(site, name), { recursive: true });
  const loaded = [...new Set([...chunks.values()].flat())];
  for (const [, kind, hash] of hashes.matchAll(/^(js|wasm|css): (.*)$/gm)) loaded.push(`switchboard.${hash}.${kind}`);
  const renamed = (text) => loaded.reduce((text, name) => text.replaceAll(name.split('.')[1], `${name.split('.')[1]}2`), text);
  for (const name of loaded) {
    const bytes = await readFile(join(from, 'pkg', name));
    await writeFile(join(site, 'pkg', renamed(name)), name.endsWith('.js') ? renamed(bytes.toString()) : bytes);
    if (earlier) await copyFile(join(from, 'pkg', name), join(site, 'pkg', name));
  }
  await writeFile(join(folder, 'hash.txt'), renamed(hashes));
  return { bin, site, remove: () => rm(folder, { recursive: true, force: true }) };
}
