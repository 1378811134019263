// Makes the bundle small, gives it names that change with its content, and every text file a compressed twin.
//
//   node scripts/site.mjs BOUND SITE HASHES    BOUND/switchboard.js and switchboard_bg.wasm, as wasm-bindgen wrote them, become
//                                              SITE/pkg/switchboard.<hash>.{js,wasm}; style/main.css joins them; HASHES says
//                                              which is which, in the form that leptos reads
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [bound, site, hashes] = process.argv.slice(2);
const pkg = (name) => join(site, 'pkg', name);
const run = (tool, ...args) => execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] });

// What rustc's wasm32-unknown-unknown turns on by itself.
const features = [
  'bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int',
  'reference-types', 'sign-ext',
].map((feature) => `--enable-${feature}`);

/** The script without what no page can reach: wasm-bindgen exports the classes of every crate, used or not. */
function script() {
  const written = readFileSync(join(bound, 'switchboard.js'), 'utf8')
    .replaceAll(/^if \(Symbol\.dispose\) .*$/gm, '')
    .replaceAll('new FinalizationRegistry(', '/* @__PURE__ */ new FinalizationRegistry(');
  writeFileSync(join(bound, 'whole.js'), written);
  writeFileSync(join(bound, 'entry.js'), "export { default, hydrate } from './whole.js';\n");
  return run('esbuild', '--log-level=warning', '--bundle', '--format=esm', join(bound, 'entry.js'));
}

/** The module without the exports that the script does not use, and the short names of what the two have in common. */
function module(js) {
  const used = new Set(['memory', ...Array.from(js.matchAll(/\bwasm\.(\w+)/g), ([, name]) => name)]);
  const graph = join(bound, 'roots.json');
  writeFileSync(graph, JSON.stringify([...used].map((name) => ({ name, export: name, root: true }))));
  const reached = join(bound, 'reached.wasm');
  run('wasm-metadce', ...features, `--graph-file=${graph}`, join(bound, 'switchboard_bg.wasm'), '-o', reached);
  const told = run('wasm-opt', ...features, '-Oz', '--converge', '--minify-imports-and-exports-and-modules', reached, '-o', pkg('switchboard.wasm'));
  // It tells the names after each of several rounds; the first has the ones the script knows.
  return JSON.parse(told.slice(0, told.indexOf('\n}\n') + 2));
}

/** The script with those names. */
function renamed(js, { imports, exports }) {
  const short = new Map(imports.map(([, name, brief]) => [name, brief]));
  const brief = new Map(exports);
  return js
    .replaceAll(/\bwasm\.(\w+)/g, (whole, name) => (brief.has(name) ? `wasm.${brief.get(name)}` : whole))
    .replaceAll(/^(\s+)"?(__wb\w+)"?(?=: function\b)/gm, (whole, space, name) => (short.has(name) ? `${space}${short.get(name)}` : whole))
    .replaceAll('"./switchboard_bg.js"', '"a"');
}

function rename(kind) {
  const from = pkg(`switchboard.${kind}`);
  const hash = createHash('md5').update(readFileSync(from)).digest('base64url');
  renameSync(from, pkg(`switchboard.${hash}.${kind}`));
  return hash;
}

const js = script();
const names = module(js);
const wasm = rename('wasm');
// The script names the module it loads, so its own hash comes after this.
writeFileSync(join(bound, 'named.js'), renamed(js, names).replaceAll('switchboard_bg.wasm', `switchboard.${wasm}.wasm`));
run('esbuild', '--log-level=warning', '--minify', '--format=esm', join(bound, 'named.js'), `--outfile=${pkg('switchboard.js')}`);
run('esbuild', '--log-level=warning', '--minify', '--bundle', '--external:/*', 'style/main.css', `--outfile=${pkg('switchboard.css')}`);
writeFileSync(hashes, `js: ${rename('js')}\nwasm: ${wasm}\ncss: ${rename('css')}\n`);

for (const file of readdirSync(site, { recursive: true, withFileTypes: true })) {
  if (!file.isFile() || !/\.(css|html|js|json|svg|txt|wasm|webmanifest|xml)$/.test(file.name)) continue;
  const path = join(file.parentPath ?? file.path, file.name);
  const bytes = readFileSync(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
