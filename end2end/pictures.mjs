// Takes the pictures that the README shows, of the demo organization, into docs/images.
//
//   node end2end/pictures.mjs    scripts/screenshots builds first and calls this
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goTo, launch, openPage } from './browser.mjs';
import { start } from './server.mjs';

const folder = fileURLToPath(new URL('../docs/images', import.meta.url));
const pictures = [{ name: 'front', path: '/' }];

await mkdir(folder, { recursive: true });
const server = await start({ before: [['migrate'], ['seed']] });
const browser = await launch();
try {
  for (const { name, path } of pictures) {
    for (const dark of [false, true]) {
      const { context, page } = await openPage(browser, server.url, { dark, scale: 2 });
      await goTo(page, path);
      await page.screenshot({ path: join(folder, `${name}-${dark ? 'dark' : 'light'}.png`) });
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
