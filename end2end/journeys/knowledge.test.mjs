// Knowledge bases: made, filled with files and text, asked, checked, and taken away again.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey } from '../journey.mjs';
import { arrive, found, somebody } from '../people.mjs';

const text = (name, words, mimeType = 'text/plain') => ({ name, mimeType, buffer: Buffer.from(words) });

/** A PDF with one page for each list of lines. */
function pdf(pages) {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, at) => `${4 + at * 2} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ];
  pages.forEach((lines, at) => {
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + at * 2} 0 R >>`);
    const content = `BT /F1 11 Tf 14 TL 60 740 Td\n${lines.map((line) => `(${line}) Tj T*\n`).join('')}ET`;
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
  });
  let file = '%PDF-1.7\n';
  const places = objects.map((object, at) => {
    const place = file.length;
    file += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF`;
  return { name: 'Prices.pdf', mimeType: 'application/pdf', buffer: Buffer.from(file, 'latin1') };
}

const row = (page, name) => page.getByRole('row').filter({ hasText: name });

journey('a knowledge base is filled, asked, checked and emptied', async ({ page, open, look }) => {
  await arrive(page, somebody('Kira Knows'));
  await found(page, 'Kira Dental');
  await open('/knowledge');
  await page.getByRole('heading', { name: 'No knowledge bases yet' }).waitFor();
  await page.locator('.empty').getByRole('link', { name: 'New knowledge base' }).click();
  await heading(page, 'New knowledge base').waitFor();
  await button(page, 'Create').click();
  await page.locator('#f-name-err').filter({ hasText: /./ }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Prices and plans');
  await button(page, 'Create').click();
  await heading(page, 'Prices and plans').waitFor();
  await look('knowledge-empty');

  // Several files at once: good ones are read, and what is wrong with another is said beside it.
  await page.locator('#f-files').setInputFiles([
    pdf([['A porcelain crown costs $900 and takes two visits.'], ['Teeth whitening takes ninety minutes.']]),
    text('plans.md', '# Delta Dental\n\nWe accept Delta Dental and bill it for you.'),
    text('team.pdf', 'this is no PDF', 'application/pdf'),
  ]);
  const files = page.getByRole('list', { name: 'Files that were chosen' });
  await files.getByText('Its name ends with .pdf, and it is no PDF.').waitFor();
  await row(page, 'Prices.pdf').getByText('Ready').waitFor();
  await row(page, 'plans.md').getByText('Ready').waitFor();
  await button(page, 'Add text…').click();
  await dialog(page, 'Add text').getByLabel('Title').fill('Parking');
  await dialog(page, 'Add text').getByLabel('Text', { exact: true }).fill('Patients park for free behind the clinic.');
  await dialog(page, 'Add text').getByRole('button', { name: 'Add text' }).click();
  await page.getByText('Parking added').waitFor();
  await row(page, 'Parking').getByText('Ready').waitFor();
  await look('knowledge-sources');

  // What is found is what an agent is told, in its place, and can be kept as a check.
  await page.getByLabel('Question').fill('How much is a crown?');
  await button(page, 'Ask').click();
  const hits = page.getByRole('list', { name: 'Passages that were found' });
  await hits.getByText('A porcelain crown costs $900').waitFor();
  assert.match(page.url(), /q=How/);
  await hits.getByRole('listitem').first().getByRole('button', { name: 'Open in place' }).click();
  await page.locator('.place .here').filter({ hasText: 'crown' }).waitFor();
  await hits.getByRole('listitem').first().getByRole('button', { name: 'Keep as check' }).click();
  await page.getByText('Kept as a check').waitFor();
  await page.getByRole('list', { name: 'Checks' }).getByText('Passes').waitFor();
  await look('knowledge-asked');
  await page.getByLabel('Question').fill('crwon');
  await button(page, 'Ask').click();
  await page.getByText('“crwon” is in no passage, so “crown” was looked for.').waitFor();

  // What is off or deleted is found no more, and the check says so.
  await button(page, 'Turn Prices.pdf off').click();
  await page.getByText('Nothing found', { exact: true }).waitFor();
  await page.getByRole('list', { name: 'Checks' }).getByText('Fails').waitFor();
  await button(page, 'Turn Prices.pdf on').click();
  await hits.getByText('A porcelain crown costs $900').waitFor();
  await button(page, 'Delete Prices.pdf').click();
  await button(dialog(page, 'Delete Prices.pdf?'), 'Delete source').click();
  await page.getByText('Prices.pdf deleted').waitFor();
  await page.getByText('Nothing found', { exact: true }).waitFor();

  await button(page, 'Edit').click();
  await dialog(page, 'Edit knowledge base').getByLabel('Name', { exact: true }).fill('Plans');
  await dialog(page, 'Edit knowledge base').getByRole('button', { name: 'Save' }).click();
  await heading(page, 'Plans').waitFor();
  await button(page, 'Delete…').click();
  await button(dialog(page, 'Delete Plans?'), 'Delete knowledge base').click();
  await page.waitForURL(/\/knowledge$/);
  await page.getByText('Plans deleted').waitFor();
}, { expected: [/status of 422/] });
