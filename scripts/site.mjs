// Gives the bundle names that change with its content, and every text file a compressed twin.
//
//   node scripts/site.mjs SITE HASHES    SITE/pkg/switchboard.{js,wasm,css} become switchboard.<hash>.*;
//                                        HASHES says which, in the form that leptos reads
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [site, hashes] = process.argv.slice(2);
const pkg = (name) => join(site, 'pkg', name);

function rename(kind) {
  const from = pkg(`switchboard.${kind}`);
  const hash = createHash('md5').update(readFileSync(from)).digest('base64url');
  renameSync(from, pkg(`switchboard.${hash}.${kind}`));
  return hash;
}

const wasm = rename('wasm');
// The script names the module it loads, so its own hash comes after this.
const script = readFileSync(pkg('switchboard.js'), 'utf8');
writeFileSync(pkg('switchboard.js'), script.replaceAll('switchboard_bg.wasm', `switchboard.${wasm}.wasm`));
const [js, css] = [rename('js'), rename('css')];
writeFileSync(hashes, `js: ${js}\nwasm: ${wasm}\ncss: ${css}\n`);

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
