// Contacts: sorted into folders, found again, changed by several people, called, and thrown away.
import assert from 'node:assert/strict';
import { button, dialog, heading, journey, path } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';

const tree = (page) => page.getByRole('navigation', { name: 'Folders' });
/** A folder of the tree, with how many it says are in it. */
const folder = (page, name, count) => tree(page).getByRole('link', { name: `${name} ${count}`, exact: true });
const rows = (page) => page.locator('.table tbody tr');

const makeContact = (page, org, draft) => ask(page, 'contacts/create_contact', { org, draft });
/** Answers its id. */
const makeFolder = (page, org, name) => ask(page, 'folders/create_folder', { org, draft: { name } });

/** Chooses from the menu of a folder. */
async function about(page, name, choice) {
  await button(tree(page), `More for ${name}`).click();
  await page.locator('#folder-menu').getByRole('button', { name: choice }).click();
}

journey('folders are made, nested, coloured, moved, and deleted with a choice for what is inside', async ({ page, open, look }) => {
  await arrive(page, somebody('Nia Sorts'));
  const org = await found(page, 'Sorted Ltd');
  await open('/contacts');
  await page.getByRole('heading', { name: 'No contacts yet' }).waitFor();
  await look('contacts-none');

  // A mistake stands beside its field, and what was typed stays.
  await button(page, 'New folder').click();
  const making = dialog(page, 'New folder');
  await button(making, 'Create folder').click();
  await making.getByText('Fill this in.').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-name');
  await making.getByLabel('Name').fill('Clinics');
  await making.getByLabel('Teal').check();
  await look('folder-new');
  await making.getByLabel('Name').press('Enter');
  await page.getByText('Clinics created').waitFor();
  await folder(page, 'Clinics', 0).waitFor();
  assert.equal(await page.locator('.place[data-tint=teal]').count(), 1);
  await button(page, 'New folder').click();
  await making.getByLabel('Name').fill('clinics');
  await button(making, 'Create folder').click();
  await making.getByText('This name is already used. Choose another.').waitFor();
  await making.getByLabel('Name').fill('Partners');
  await button(making, 'Create folder').click();
  await folder(page, 'Partners', 0).waitFor();

  // Inside another, and moved there later.
  await about(page, 'Clinics', 'New folder inside…');
  assert.equal(await making.getByLabel('Lies in').locator('option:checked').innerText(), 'Clinics');
  await making.getByLabel('Name').fill('Oakland');
  await button(making, 'Create folder').click();
  await page.locator('.tree li li').filter({ hasText: 'Oakland' }).waitFor();
  await about(page, 'Partners', 'Rename, move or colour…');
  const changing = dialog(page, 'Change folder');
  await changing.getByLabel('Name').fill('Labs');
  await changing.getByLabel('Lies in').selectOption('Clinics / Oakland');
  await changing.getByLabel('Violet').check();
  await button(changing, 'Save folder').click();
  await page.locator('.tree li li li').filter({ hasText: 'Labs' }).waitFor();
  // It cannot lie in itself, nor in what lies in it.
  await about(page, 'Oakland', 'Rename, move or colour…');
  await changing.getByLabel('Lies in').waitFor();
  const parents = await changing.getByLabel('Lies in').locator('option').allInnerTexts();
  assert.deepEqual(parents, ['At the top', 'Clinics']);
  await button(changing, 'Cancel').click();

  // A folder counts what is in the folders inside it, and shows it.
  const all = await ask(page, 'folders/all_folders', { org });
  const id = (name) => all.find((one) => one.name === name).id;
  for (const [name, where] of [['Ada', 'Clinics'], ['Ben', 'Oakland'], ['Cem', 'Labs'], ['Dora', null]]) {
    await makeContact(page, org, { name, folder_id: where && id(where) });
  }
  await folder(page, 'Clinics', 3).waitFor();
  await folder(page, 'Oakland', 2).waitFor();
  await folder(page, 'Labs', 1).waitFor();
  await folder(page, 'All contacts', 4).waitFor();
  await folder(page, 'No folder', 1).click();
  await page.getByText('1 contact', { exact: true }).waitFor();
  assert.deepEqual(await rows(page).locator('th a').allInnerTexts(), ['Dora']);
  await folder(page, 'Oakland', 2).click();
  await page.getByText('2 contacts', { exact: true }).waitFor();
  assert.deepEqual(await rows(page).locator('th a').allInnerTexts(), ['Cem', 'Ben']);
  assert.equal(path(page), `/contacts?folder=${id('Oakland')}`);
  await look('contacts-in-a-folder');
  await page.reload();
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  assert.equal(await folder(page, 'Oakland', 2).getAttribute('aria-current'), 'true');

  // Deleted, and what was inside is kept: one stands where the folder was.
  await about(page, 'Oakland', 'Delete…');
  const deleting = dialog(page, 'Delete Oakland?');
  await deleting.getByText('It holds 2 contacts and 1 folder.').waitFor();
  await look('folder-delete');
  await button(deleting, 'Delete folder').click();
  await page.getByText('Oakland deleted').waitFor();
  await page.getByText('3 contacts', { exact: true }).waitFor();
  assert.equal(path(page), `/contacts?folder=${id('Clinics')}`);
  await folder(page, 'Labs', 1).waitFor();

  // Deleted with everything in it.
  await about(page, 'Clinics', 'Delete…');
  await dialog(page, 'Delete Clinics?').getByLabel('Delete it too').check();
  await button(page, 'Delete folder and 3 contacts').click();
  await page.getByText('Clinics deleted').waitFor();
  await page.getByText('1 contact', { exact: true }).waitFor();
  assert.equal(path(page), '/contacts');
  await page.waitForFunction(() => document.querySelectorAll('.place').length === 0);
}, { expected: [/status of 422/] });

journey('a person is added with mistakes, changed in two places, and nobody else sees them', async ({ page, open, tab, person, look }) => {
  await arrive(page, somebody('Otto Adds'));
  const org = await found(page, 'Adds Ltd');
  const folder = await makeFolder(page, org, 'Patients');
  await open(`/contacts?folder=${folder}`);
  await page.getByRole('heading', { name: 'No contacts yet' }).waitFor();
  await page.locator('body').press('n');
  await heading(page, 'New contact').waitFor();
  assert.equal(await page.getByLabel('Folder', { exact: true }).locator('option:checked').innerText(), 'Patients');

  // Each complaint stands beside its field, the first field that is wrong has the focus.
  await button(page, 'Create contact').click();
  await page.locator('#f-name-err').getByText('Enter a name or a number.').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-name');
  await page.getByLabel('Name', { exact: true }).fill('Ada Brandt');
  await page.getByLabel('Phone number').fill('030 23125 001');
  await page.getByLabel('Email').fill('ada@brandt.example');
  await page.getByLabel('Time zone').fill('Berlin');
  await button(page, 'Create contact').click();
  await page.locator('#f-phone-err').getByText('Begin with + and the country code').waitFor();
  await page.locator('#f-time_zone-err').getByText('There is no such time zone.').waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-phone');
  await look('contact-wrong');
  await page.getByLabel('Phone number').fill('+49 (0)30 23125 001');
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  await page.getByLabel('Language').selectOption('de-DE');
  await page.getByLabel('Tags').fill('recall');
  await page.getByLabel('Tags').press('Enter');
  await page.getByLabel('What your team should know').fill('Calls back in the evening.');

  // Custom fields: a name is told once.
  await button(page, 'Add a custom field').click();
  await button(page, 'Add a custom field').click();
  const [first, second] = [1, 2].map((n) => page.getByRole('group', { name: `Custom field ${n}`, exact: true }));
  await first.getByLabel('Name').fill('Patient');
  await first.getByLabel('Value').fill('007881');
  await second.getByLabel('Name').fill('Patient');
  await button(page, 'Create contact').click();
  await second.getByText('Another custom field has this name.').waitFor();
  await second.getByLabel('Name').fill('');
  await page.keyboard.press('Control+s');
  await heading(page, 'Ada Brandt').waitFor();
  await page.getByText('Ada Brandt created').waitFor();
  for (const text of ['+493023125001', 'ada@brandt.example', 'Europe/Berlin', 'Patients', 'recall', '007881', 'Calls back in the evening.']) {
    await page.getByText(text).first().waitFor();
  }
  await page.getByText('No calls yet.').waitFor();
  await look('contact');
  const ada = path(page);

  // The same number again, written another way: whose it is, and the way there.
  await open('/contacts/new');
  await page.getByLabel('Name', { exact: true }).fill('Eva');
  await page.getByLabel('Phone number').fill('0049 30 23125001');
  await button(page, 'Create contact').click();
  await page.locator('#f-phone-err').getByText('Ada Brandt already has this number.').waitFor();
  await look('contact-duplicate');
  await page.locator('#f-phone-err').getByRole('link', { name: 'Open it' }).click();
  await dialog(page, 'Leave without saving?').waitFor();
  await button(page, 'Leave').click();
  await heading(page, 'Ada Brandt').waitFor();
  assert.equal(path(page), ada);

  // Two people change the same contact: neither is overwritten unseen.
  await page.locator('body').press('e');
  await heading(page, 'Edit Ada Brandt').waitFor();
  const other = await tab();
  await other.open(`${ada}/edit`);
  await other.page.getByLabel('Company').fill('Brandt Labs');
  await button(other.page, 'Save contact').click();
  await heading(other.page, 'Ada Brandt').waitFor();
  await page.getByLabel('Company').fill('Brandt & Sons');
  await button(page, 'Save contact').click();
  await page.getByText('Saved elsewhere').waitFor();
  await look('contact-saved-elsewhere');
  await button(page, 'Keep mine').click();
  await heading(page, 'Ada Brandt').waitFor();
  await page.getByText('Brandt & Sons').first().waitFor();
  // What others do appears by itself.
  await other.page.getByText('Brandt & Sons').first().waitFor();

  // Another organization finds nothing there.
  const stranger = await person();
  await arrive(stranger.page, somebody('Pat Strange'));
  await found(stranger.page, 'Elsewhere Ltd');
  for (const at of [ada, `${ada}/edit`, `/contacts?folder=${folder}`]) {
    const response = await stranger.open(at);
    assert.equal(response.status(), 404);
    await stranger.page.getByText('This does not exist here').first().waitFor();
    assert.doesNotMatch(await stranger.page.content(), /Brandt|Patients/);
  }

  // Gone, by name; whoever looks at it elsewhere is told.
  await button(page, 'More for this contact').click();
  await button(page, 'Delete…').click();
  await button(dialog(page, 'Delete Ada Brandt?'), 'Delete contact').click();
  await page.getByText('Ada Brandt deleted').waitFor();
  await page.getByRole('heading', { name: 'No contacts yet' }).waitFor();
  await other.page.getByText('This does not exist here').waitFor();
}, { expected: [/status of (404|409|422)/] });

journey('many contacts are searched, narrowed, exported, and changed several at once', async ({ page, open, look }) => {
  await arrive(page, somebody('Quin Many'));
  const org = await found(page, 'Many People');
  await makeFolder(page, org, 'Clinic');
  const one = (n) => {
    const name = `Person ${String(n).padStart(2, '0')}`;
    const phone = `+1 415 555 ${String(1000 + n)}`;
    return makeContact(page, org, { name, phone, company: n % 2 ? 'Odd Ltd' : 'Even Ltd', language: n % 3 ? 'en-US' : 'de-DE', tags: n % 2 ? [] : ['even'] });
  };
  for (let n = 1; n <= 52; n += 4) await Promise.all([n, n + 1, n + 2, n + 3].map(one));
  await open('/contacts');
  await page.getByText('52 contacts.', { exact: true }).waitFor();
  assert.equal(await rows(page).count(), 50);
  await look('contacts');

  // Every step is an address, so that back goes back.
  await page.getByRole('link', { name: 'Older', exact: true }).click();
  await page.getByText('The oldest 2 contacts').waitFor();
  await page.goBack();
  await page.getByText('The newest 50 contacts').waitFor();
  await page.getByRole('searchbox', { name: 'Search contacts', exact: true }).fill('person 1');
  await page.getByText('10 contacts', { exact: true }).waitFor();
  assert.equal(path(page), '/contacts?q=person%201');
  await button(page, 'Tag').click();
  await page.getByRole('link', { name: 'even', exact: true }).click();
  await page.getByText('5 contacts', { exact: true }).waitFor();
  await button(page, 'Language').click();
  await page.getByRole('link', { name: 'German' }).click();
  await page.getByText('2 contacts', { exact: true }).waitFor();
  await folder(page, 'Clinic', 0).click();
  await page.getByRole('heading', { name: 'No contacts in this folder match these 3 filters' }).waitFor();
  await look('contacts-filtered-away');
  await page.goBack();
  await page.getByText('2 contacts', { exact: true }).waitFor();
  await button(page, 'Export').click();
  const file = await page.context().request.get(await page.getByRole('link', { name: 'Plain CSV' }).getAttribute('href'));
  await page.keyboard.press('Escape');
  const lines = (await file.text()).trim().split(/\r?\n/);
  assert.match(lines[0], /id,name,phone,email,company/);
  assert.deepEqual(lines.slice(1).map((line) => line.split(',')[1]).sort(), ['Person 12', 'Person 18']);
  await page.getByRole('link', { name: 'Clear', exact: true }).click();
  await page.getByText('The newest 50 contacts').waitFor();

  // The choice of columns stays with the browser, and the first picture has it.
  await button(page, 'Columns').click();
  await page.getByLabel('Company').uncheck();
  await page.getByLabel('Time zone').check();
  await page.locator('th').filter({ hasText: 'Time zone' }).waitFor({ state: 'attached' });
  const drawn = await (await page.context().request.get('/contacts')).text();
  assert.match(drawn, />Time zone</);
  assert.doesNotMatch(drawn, />Company<!*>*<\/th>/);
  await page.keyboard.press('Escape');

  // By keyboard: two rows are ticked, moved and tagged.
  const names = await rows(page).locator('th a').allInnerTexts();
  await page.locator('body').press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('2 selected').waitFor();
  await look('contacts-selected');
  const bar = page.getByRole('region', { name: 'Selected contacts' });
  await button(bar, 'Move…').click();
  const moving = dialog(page, 'Move 2 contacts');
  await moving.getByLabel('Folder').selectOption('Clinic');
  await look('contacts-move');
  await button(moving, 'Move').click();
  await page.getByText('2 contacts moved').waitFor();
  await folder(page, 'Clinic', 2).waitFor();
  await page.getByText('52 contacts, 50 in no folder.').waitFor();
  await folder(page, 'Clinic', 2).click();
  await page.getByText('2 contacts', { exact: true }).waitFor();
  assert.deepEqual(await rows(page).locator('th a').allInnerTexts(), names.slice(0, 2));

  await page.getByLabel('Select all').check();
  await button(bar, 'Tag…').click();
  const tagging = dialog(page, 'Tag 2 contacts');
  await button(tagging, 'Save tags').click();
  await tagging.getByText('Name a tag.').waitFor();
  await tagging.getByLabel('Add').fill('vip');
  await tagging.getByLabel('Add').press('Enter');
  await tagging.getByLabel('Take away').fill('even');
  await tagging.getByLabel('Take away').press('Enter');
  await look('contacts-tag');
  await button(tagging, 'Save tags').click();
  await page.getByText('2 contacts tagged').waitFor();
  // At this width the column of tags has no room.
  await page.locator('td .tag').filter({ hasText: 'vip' }).nth(1).waitFor({ state: 'attached' });
  assert.equal(await page.locator('td .tag').filter({ hasText: 'even' }).count(), 0);

  await page.getByLabel('Select all').check();
  await button(bar, 'Delete…').click();
  const asked = dialog(page, 'Delete 2 contacts?');
  for (const name of names.slice(0, 2)) await asked.getByText(name).waitFor();
  await button(asked, 'Delete contacts').click();
  await page.getByText('2 contacts deleted').waitFor();
  await page.getByRole('heading', { name: 'Nobody is in here' }).waitFor();
  await folder(page, 'All contacts', 50).click();
  await page.getByText('50 contacts', { exact: true }).waitFor();

  // One, from its row.
  await button(page, `More for ${names[2]}`).click();
  await page.locator('#contact-menu').getByRole('button', { name: 'Delete…' }).click();
  await button(dialog(page, `Delete ${names[2]}?`), 'Delete contact').click();
  await page.getByText('49 contacts', { exact: true }).waitFor();
});

journey('a person is called from their page, and the call and the person lead to each other', async ({ page, open, look }) => {
  await arrive(page, somebody('Rae Calls'));
  const org = await found(page, 'Calling Ltd');
  await makeAgent(page, org);
  const tess = await makeContact(page, org, { name: 'Tess Rowan', phone: '+1 415 555 0121', company: 'Rowan & Co' });
  await open(`/contacts/${tess.id}`);
  // A hand may be quicker than the network: here the agent that calls is known after the button was pressed.
  let press;
  const pressed = new Promise((resolve) => (press = resolve));
  await page.route(/\/list_agents/, async (route) => {
    await pressed;
    await route.continue();
  });
  await button(page, 'Call').click();
  const placing = dialog(page, 'Place a call');
  assert.equal(await placing.getByLabel('Phone number').inputValue(), '+1 415 555 0121');
  await button(placing, 'Call now').click();
  press();
  await heading(page, '+1 415 555 0121').waitFor();
  await page.getByText('Not connected', { exact: true }).first().waitFor();
  await page.getByRole('link', { name: 'Tess Rowan' }).click();
  await heading(page, 'Tess Rowan').waitFor();
  const calls = page.getByRole('region', { name: 'Calls' });
  await calls.getByText('Not connected').waitFor();
  await calls.getByText('Front desk · Busy').waitFor();
  await look('contact-called');

  // In the list a call has their name, and can be narrowed to them.
  await makeContact(page, org, { name: 'Nobody Else', phone: '+1 415 555 0122' });
  await open(`/calls?contact=${tess.id}`);
  await page.getByRole('row', { name: /Tess Rowan/ }).getByText('+1 415 555 0121').waitFor();
  await page.getByText('Contact is Tess Rowan').waitFor();
  await look('calls-of-a-contact');
  await page.getByRole('link', { name: 'Remove filter Contact' }).click();
  assert.equal(path(page), '/calls');

  // A number that nobody has becomes a contact's, and the call is theirs.
  await page.getByRole('button', { name: 'Place a call' }).first().click();
  await placing.getByLabel('Phone number').fill('+1 415 555 0120');
  await button(placing, 'Call now').click();
  await heading(page, '+1 415 555 0120').waitFor();
  await page.getByRole('link', { name: 'Add to contacts' }).click();
  await heading(page, 'New contact').waitFor();
  assert.equal(await page.getByLabel('Phone number').inputValue(), '+14155550120');
  await page.getByLabel('Name', { exact: true }).fill('Uma Late');
  await button(page, 'Create contact').click();
  await heading(page, 'Uma Late').waitFor();
  await calls.getByRole('link').first().waitFor();

  // Found from anywhere by name, and from the panel by key.
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump to' }).fill('rowan');
  await page.getByRole('option', { name: /Tess Rowan/ }).click();
  await heading(page, 'Tess Rowan').waitFor();
  await page.locator('body').press('g');
  await page.keyboard.press('o');
  await heading(page, 'Contacts').waitFor();
});
