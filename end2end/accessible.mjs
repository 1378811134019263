// Holds a page to WCAG 2.2 AA, light and dark, wide and narrow.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const wide = { width: 1280, height: 800 };
const narrow = { width: 360, height: 740 };

/**
 * Fails with every rule that the page, as it stands now, breaks in any of the four looks.
 * `picture(look)` is called in each of them: `1280-light`, `360-dark` and so on.
 */
export async function accessible(page, picture = async () => {}) {
  const broken = [];
  for (const viewport of [wide, narrow]) {
    await page.setViewportSize(viewport);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) broken.push(`${viewport.width} px: the page scrolls sideways by ${overflow} px`);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await picture(`${viewport.width}-${colorScheme}`);
      for (const { id, help, nodes } of await violations(page)) {
        const where = nodes.map((node) => `      ${node.target.join(' ')}: ${node.failureSummary.replaceAll(/\s+/g, ' ')}`);
        broken.push([`${viewport.width} px, ${colorScheme}: ${help} (${id})`, ...where].join('\n'));
      }
    }
  }
  await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: 'light' });
  if (broken.length > 0) throw new Error(`${page.url()} is not accessible\n  ${broken.join('\n  ')}`);
}

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const answer = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: 'tag', values } }), rules);
  for (const violation of answer.violations.filter(({ id }) => id === 'target-size')) {
    const small = [];
    for (const node of violation.nodes) if (await tooSmall(page, node)) small.push(node);
    violation.nodes = small;
  }
  return answer.violations.filter(({ nodes }) => nodes.length > 0);
}

/** A target that the bar at the top half covers is whole as soon as one scrolls. */
function tooSmall(page, node) {
  return page.evaluate(async (target) => {
    document.querySelector(target).scrollIntoView({ block: 'center' });
    const answer = await window.axe.run(target, { runOnly: ['target-size'] });
    return answer.violations.length > 0;
  }, node.target[0]);
}
