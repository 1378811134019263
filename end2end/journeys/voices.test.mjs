// Voices: found and heard in the library, cloned from a sample, had by an agent, and removed.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey, path } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

/** A WAV file with a tone of so many seconds, as loud as `amplitude` says. */
function tone(seconds, amplitude = 0.3) {
  const rate = 16_000;
  const data = Buffer.alloc(seconds * rate * 2);
  for (let at = 0; at < seconds * rate; at += 1) data.writeInt16LE(Math.round(Math.sin((at * 440 * Math.PI) / rate) * amplitude * 32_767), at * 2);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}
const file = (seconds, amplitude) => ({ name: 'okafor.wav', mimeType: 'audio/wav', buffer: tone(seconds, amplitude) });

const library = (page) => page.getByRole('list', { name: 'Voices of the library' });

journey('a voice of the library is found by what it is, and heard', async ({ page, open, look }) => {
  await arrive(page, somebody('Vera Voice'));
  await found(page, 'Vera Voices');
  await open('/voices');
  await library(page).getByRole('listitem').first().waitFor();
  const all = await library(page).getByRole('listitem').count();
  assert.ok(all > 20, `${all} voices`);
  await look('voices-library');

  // Each filter narrows, and stands in the address.
  await button(page, 'Language').click();
  await page.getByRole('link', { name: 'English (United Kingdom)' }).click();
  await page.waitForURL(/language=en/);
  await page.getByText(`2 of ${all} voices`).waitFor();
  await open('/voices?gender=female&accent=British');
  await library(page).getByRole('listitem').filter({ hasText: 'Emily' }).waitFor();
  assert.equal(await library(page).getByRole('listitem').count(), 1);
  await button(page, 'Listen to Emily').click();
  await button(page, 'Stop Emily').waitFor();
  await button(page, 'Stop Emily').click();
  await button(page, 'Listen to Emily').waitFor();
  await open('/voices?q=nobody-is-called-so');
  await heading(page, 'Voices').waitFor();
  await page.getByRole('heading', { name: 'No voice matches' }).waitFor();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await library(page).getByRole('listitem').nth(all - 1).waitFor();
});

journey('a voice is cloned with consent, spoken with by an agent, and removed when no agent has it', async ({ page, open, look }) => {
  await arrive(page, somebody('Cleo Clone'));
  const org = await found(page, 'Cleo Voices');
  await open('/voices?source=cloned');
  await page.getByRole('heading', { name: 'No voices of your own yet' }).waitFor();
  await page.locator('.empty').getByRole('link', { name: 'Clone a voice' }).click();
  await heading(page, 'Clone a voice').waitFor();
  await look('voice-new');

  // What is missing is said beside each field, the consent too.
  await button(page, 'Clone voice').click();
  for (const field of ['name', 'speaker', 'agreed']) await page.locator(`#f-${field}-err`).filter({ hasText: /./ }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Dr. Okafor');
  await page.getByLabel('Whose voice it is').fill('Ada Okafor');
  await page.getByText('My name is Ada Okafor.').waitFor();
  await page.getByLabel('They agree to this statement').check();
  await button(page, 'Clone voice').click();
  await page.locator('#f-sample-err').filter({ hasText: 'Choose a file' }).waitFor();

  // A sample of three seconds is refused before anything is sent; the one after it is taken, and nothing was typed twice.
  await page.locator('#f-sample').setInputFiles(file(3));
  await button(page, 'Clone voice').click();
  await page.locator('#f-sample-err').filter({ hasText: 'The recording has 3 s.' }).waitFor();
  await look('voice-refused');
  await page.locator('#f-sample').setInputFiles(file(20));
  await button(page, 'Clone voice').click();
  await heading(page, 'Dr. Okafor').waitFor();
  await page.getByText('Ready', { exact: true }).waitFor();
  await page.getByText('I agree that my voice is cloned').waitFor();
  await look('voice-ready');
  const voice = path(page).split('/').pop();

  // It can be chosen like any other, and says who has it.
  const agent = await makeAgent(page, org, { name: 'Reception' });
  await open(`/agents/${agent.id}`);
  await button(page, 'Choose voice').click();
  await dialog(page, 'Choose a voice').getByText('Your own').waitFor();
  await button(page, 'Choose Dr. Okafor').click();
  await button(page, 'Save draft').click();
  await page.getByText('Reception saved').waitFor();
  await open(`/voices/${voice}`);
  await page.getByRole('list', { name: 'Agents that speak with this voice' }).getByText('Reception').waitFor();

  // As long as it is spoken with it stays.
  await button(page, 'Delete…').click();
  await button(dialog(page, 'Delete Dr. Okafor?'), 'Delete voice').click();
  await page.getByText('Reception speaks with this voice. Give it another and publish that first.').waitFor();
  await button(dialog(page, 'Delete Dr. Okafor?'), 'Keep it').click();
  await ask(page, 'agents/delete_agent', { org, id: agent.id });
  await page.getByText('No agent speaks with it yet.').waitFor();
  await button(page, 'Edit').click();
  await dialog(page, 'Edit voice').getByLabel('Name', { exact: true }).fill('Morning voice');
  await button(page, 'Save voice').click();
  await heading(page, 'Morning voice').waitFor();
  await button(page, 'Delete…').click();
  await button(dialog(page, 'Delete Morning voice?'), 'Delete voice').click();
  await page.waitForURL(/\/voices$/);
  await page.getByText('Morning voice deleted').waitFor();
}, { expected: [/status of 422/, /status of 409/] });
