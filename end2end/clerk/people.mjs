// People at Clerk's own forms, as its script draws them.
import { button, heading } from '../journey.mjs';

/** All that Clerk's script says: that an instance for development is one. The browser has an opinion about its forms. */
export const SAYS = [
  /^console\.warning: Clerk: Clerk has been loaded with development keys/,
  /^console\.verbose: \[DOM\] Input elements should have autocomplete/,
];

/** Fills in one of Clerk's forms and sends it. */
export async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(value);
  await button(page, 'Continue').click();
}

/** Signs somebody up, who then belongs nowhere yet. */
export async function signUp(page, open, who) {
  const [firstName, lastName] = who.name.split(' ');
  await open('/sign-up');
  await fill(page, { firstName, lastName, emailAddress: who.email, password: who.password });
  await heading(page, 'Where do you want to work?').waitFor();
}

/** Signs in with a password, which the script asks for on a page of its own. */
export async function signIn(page, who) {
  await fill(page, { identifier: who.email });
  await fill(page, { password: who.password });
}

/** Founds an organization and is in it. */
export async function found(page, open, name) {
  await open('/select-org');
  await page.getByLabel('Name').fill(name);
  await button(page, 'Create organization').click();
  await place(page, name).waitFor();
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor();
}

export const place = (page, name) => page.getByRole('banner').getByRole('link', { name });

/** What the session token of the browser says. */
export async function claims(page) {
  const cookie = (await page.context().cookies()).find(({ name }) => name === '__session');
  return JSON.parse(Buffer.from(cookie.value.split('.')[1], 'base64url'));
}

export const isRenewal = (response) => /\/v1\/client\/sessions\/[^/]+\/tokens/.test(response.url()) && response.ok();
