// Makes the bundle small, gives it names that change with its content, and every text file a compressed twin.
//
//   node scripts/site.mjs BOUND SITE HASHES    BOUND has what the splitter and wasm-bindgen wrote: switchboard.js and
//                                              switchboard_bg.wasm, __wasm_split.js, a split_<chunk>.wasm for each chunk of
//                                              pages, and a chunk_<n>.wasm for every set of chunks that share something.
//                                              They become SITE/pkg/<name>.<hash>.{js,wasm}; style/main.css joins them;
//                                              HASHES says which is which, in the form that leptos reads, and in lines
//                                              of our own which files each chunk needs
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { TABLES } from './budgets.mjs';
import { joinShared } from './join-shared.mjs';

const [bound, site, hashes] = process.argv.slice(2);
const pkg = (name) => join(site, 'pkg', name);
const run = (tool, ...args) => execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] });

// What rustc's wasm32-unknown-unknown turns on by itself.
const features = [
  'bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int',
  'reference-types', 'sign-ext',
].map((feature) => `--enable-${feature}`);


/** What the splitter wrote: the chunks of pages, what they share (which chunks need it), and the names that all of them import. */
function split() {
  const text = readFileSync(join(bound, '__wasm_split.js'), 'utf8');
  const chunks = Array.from(text.matchAll(/^export const __wasm_split_load_(\w+) = /gm), ([, chunk]) => chunk);
  const shared = Array.from(text.matchAll(/^\/\* ([\w, ]+) \*\/\nconst __(chunk_\d+) = /gm), ([, users, file]) => ({ users: users.split(', '), files: [file] }));
  const [, names] = text.match(/const \{ ([^}]*) \} = initSync/);
  if (chunks.length + shared.length !== text.split('makeLoad(').length - 2) throw new Error('__wasm_split.js is not written as expected');
  return { chunks, shared, names: names.split(', ').map((name) => name.trim()).filter(Boolean) };
}

/** The names for people are still in the files here, and say whether somebody has brought such a table along. */
function withoutTables() {
  for (const file of readdirSync(bound).filter((name) => name.endsWith('.wasm'))) {
    const bytes = readFileSync(join(bound, file));
    const found = Object.keys(TABLES).find((name) => bytes.includes(name));
    if (found) throw new Error(`${file} has a function of ${found}: call ${TABLES[found]}`);
  }
}

/** The sections of a module: what kind, and its bytes. */
function sections(file) {
  const bytes = readFileSync(join(bound, `${file}.wasm`));
  const found = [];
  for (let at = 8; at < bytes.length; ) {
    const kind = bytes[at];
    const { value, next } = number(bytes, at + 1);
    found.push({ kind, bytes: bytes.subarray(next, next + value) });
    at = next + value;
  }
  return found;
}

/** A number of any length, seven bits a byte. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

const sizes = new Map();
/** Bytes of a module without the names for people, which nobody loads. */
function size(file) {
  if (!sizes.has(file)) sizes.set(file, sections(file).reduce((sum, { kind, bytes }) => (kind === 0 ? sum : sum + bytes.length), 0));
  return sizes.get(file);
}

/** Puts what most pages need back into the program, and answers which files each chunk needs, its own last. */
function merge(parts) {
  const { program, groups } = joinShared(parts, 'switchboard_bg', size);
  const inputs = (files) => files.flatMap((file) => [join(bound, `${file}.wasm`), file]);
  const quietly = { stdio: ['ignore', 'ignore', 'pipe'] };
  const merged = (first, files, to) => execFileSync('wasm-merge', [...features, first, '__wasm_split', ...inputs(files), '-o', join(bound, to)], quietly);
  merged(join(bound, 'switchboard_bg.wasm'), program, 'program.wasm');
  // Files that are joined import the program's memory and table once, by way of a module that has nothing else.
  const of = (kind) => sections('switchboard_bg').find((section) => section.kind === kind).bytes;
  const kinds = { memory: `(memory ${number(of(5), 2).value})`, __indirect_function_table: `(table ${number(of(4), 3).value} funcref)` };
  const imports = parts.names.map((name) => `(import "p" "${name}" ${kinds[name] ?? '(global (mut i32))'})`);
  const exported = parts.names.map((name) => `(export "${name}" (${kinds[name] ? kinds[name].split(' ')[0].slice(1) : 'global'} 0))`);
  writeFileSync(join(bound, 'hub.wat'), `(module ${imports.join(' ')} ${exported.join(' ')})`);
  run('wasm-as', ...features, join(bound, 'hub.wat'), '-o', join(bound, 'hub.wasm'));
  for (const [at, group] of groups.entries()) {
    group.name = `shared-${at}`;
    merged(join(bound, 'hub.wasm'), group.files, `${group.name}.wasm`);
  }
  for (const chunk of parts.chunks) merged(join(bound, 'hub.wasm'), [`split_${chunk}`], `${chunk}.wasm`);
  return new Map(parts.chunks.map((chunk) => [chunk, [...groups.filter(({ users }) => users.includes(chunk)).map(({ name }) => name), chunk]]));
}

/**
 * The script without what no page can reach (wasm-bindgen exports the classes of every crate, used or not), and with our own
 * loader in place of the splitter's: it lives in this file, and says nothing where a chunk cannot be had, because the page does.
 */
function script(chunks, names) {
  const loaders = [...chunks.keys()].map((chunk) => `__wasm_split_load_${chunk}: function(callback, data) { loadChunk(${JSON.stringify(chunk)}, callback, data); },`);
  const written = readFileSync(join(bound, 'switchboard.js'), 'utf8')
    .replaceAll(/^if \(Symbol\.dispose\) .*$/gm, '')
    .replaceAll('new FinalizationRegistry(', '/* @__PURE__ */ new FinalizationRegistry(')
    // One import and one key for each loader, and every key is the same: only the first set is what the program asks for.
    .replaceAll(/^import \* as import\d+ from "\.\/__wasm_split\.js";?\n/gm, '')
    .replaceAll(/^\s*"\.\/__wasm_split\.js": import\d+,\n/gm, '')
    .replace(/(const import0 = \{\n\s*__proto__: null,\n)/, (whole) => `${whole}        ${loaders.join('\n        ')}\n`);
  writeFileSync(join(bound, 'whole.js'), `${written}
const CHUNKS = ${JSON.stringify(Object.fromEntries(chunks))};
const loads = new Map();
function loadFile(file) {
  let load = loads.get(file);
  if (!load) {
    load = WebAssembly.instantiateStreaming(fetch(new URL(file, import.meta.url)), { p: { ${names.map((name) => `${name}: wasm.${name}`).join(', ')} } });
    loads.set(file, load);
    // A file that is here is never made again: its data would be as at the beginning. One that is not may be asked for anew.
    load.catch(() => loads.delete(file));
  }
  return load;
}
function loadChunk(chunk, callback, data) {
  const done = (success) => wasm.__indirect_function_table.get(callback)(data, success);
  Promise.all(CHUNKS[chunk].map(loadFile)).then(() => done(true), () => done(false));
}
`);
  writeFileSync(join(bound, 'entry.js'), "export { default, hydrate } from './whole.js';\n");
  return run('esbuild', '--log-level=warning', '--bundle', '--format=esm', join(bound, 'entry.js'));
}

/** The program without the exports that neither the script nor a chunk uses, and the short names of what they have in common. */
function program(js) {
  const used = new Set(['memory', ...Array.from(js.matchAll(/\bwasm\.(\w+)/g), ([, name]) => name)]);
  const graph = join(bound, 'roots.json');
  writeFileSync(graph, JSON.stringify([...used].map((name) => ({ name, export: name, root: true }))));
  const reached = join(bound, 'reached.wasm');
  run('wasm-metadce', ...features, `--graph-file=${graph}`, join(bound, 'program.wasm'), '-o', reached);
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
    .replaceAll(/^(\s+)"?(__w\w+)"?(?=: function\b)/gm, (whole, space, name) => (short.has(name) ? `${space}${short.get(name)}` : whole))
    .replaceAll('"./switchboard_bg.js"', '"a"');
}

function rename(name, kind) {
  const from = pkg(`${name}.${kind}`);
  const hash = createHash('md5').update(readFileSync(from)).digest('base64url');
  renameSync(from, pkg(`${name}.${hash}.${kind}`));
  return hash;
}

/** Optimizes and names a file that comes later; answers what it is called now. */
function later(name) {
  run('wasm-opt', ...features, '-Oz', '--converge', join(bound, `${name}.wasm`), '-o', pkg(`${name}.wasm`));
  return `${name}.${rename(name, 'wasm')}.wasm`;
}

withoutTables();
const parts = split();
const chunks = merge(parts);
const called = new Map([...new Set([...chunks.values()].flat())].map((name) => [name, later(name)]));
for (const [chunk, files] of chunks) chunks.set(chunk, files.map((name) => called.get(name)));
const js = script(chunks, parts.names);
const brief = program(js);
const wasm = rename('switchboard', 'wasm');
// The script names the files it loads, so its own hash comes after theirs.
writeFileSync(join(bound, 'named.js'), renamed(js, brief).replaceAll('switchboard_bg.wasm', `switchboard.${wasm}.wasm`));
run('esbuild', '--log-level=warning', '--minify', '--format=esm', join(bound, 'named.js'), `--outfile=${pkg('switchboard.js')}`);
run('esbuild', '--log-level=warning', '--minify', '--bundle', '--external:/*', 'style/main.css', `--outfile=${pkg('switchboard.css')}`);
const lines = [`js: ${rename('switchboard', 'js')}`, `wasm: ${wasm}`, `css: ${rename('switchboard', 'css')}`];
for (const [chunk, files] of chunks) lines.push(`chunk ${chunk}: ${files.join(' ')}`);
writeFileSync(hashes, `${lines.join('\n')}\n`);

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
