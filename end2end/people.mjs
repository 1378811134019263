// People: who they are, the mail they get, and the short way to where a journey begins.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { url } from './journey.mjs';

/** Somebody whose address nobody else has. */
export function somebody(name) {
  const mark = randomUUID().slice(0, 8);
  return { name, email: `${name.toLowerCase().replaceAll(' ', '.')}.${mark}@example.com`, password: 'plum cord lamp jack' };
}

/** Where a page is from; one that is nowhere yet is about to go where all journeys do. */
const origin = (page) => (page.url().startsWith('http') ? new URL(page.url()).origin : url);

/** Sends one of the product's forms as it stands in a page. The browser of `page` keeps the cookies of the answer. */
export async function send(page, form, fields) {
  const headers = { accept: 'text/html', origin: origin(page) };
  const answer = await page.context().request.post(`/fn/app/${form}`, { form: fields, headers, maxRedirects: 0 });
  const to = answer.headers().location ?? '';
  assert.ok(answer.status() === 302 && !to.includes('__err'), `${form} answered ${answer.status()} and led to ${to}`);
  return to;
}

/** Asks the core through one of the functions that pages ask it through. */
export async function ask(page, name, question) {
  const headers = { accept: 'application/json', origin: origin(page) };
  const answer = await page.context().request.post(`/fn/app/${name}`, { data: question, headers });
  assert.ok(answer.ok(), `${name} answered ${answer.status()}: ${await answer.text()}`);
  return answer.json();
}

/** The link in the newest mail to this address whose subject has these words. */
export async function linkIn(page, email, words) {
  const mailbox = await (await page.context().request.get('/dev/mail')).text();
  const links = mailbox.match(/<a [^>]*>/g).filter((link) => link.includes(`for ${email}"`) && link.includes(words));
  assert.ok(links.length > 0, `no mail to ${email} about “${words}”`);
  return links[0].match(/href="([^"]*)"/)[1].replaceAll('&amp;', '&');
}

/** Signs somebody up and in. */
export async function arrive(page, who) {
  await send(page, 'account/sign_up', { 'draft[name]': who.name, 'draft[email]': who.email, 'draft[password]': who.password });
  const link = new URL(await linkIn(page, who.email, 'Confirm'));
  await send(page, 'account/verify_email', { token: link.searchParams.get('token') });
}

/** Fills in the sign-in page that stands there, as a person would. */
export async function signIn(page, who) {
  await page.getByRole('heading', { name: /^Sign in/, level: 1 }).waitFor();
  await page.getByLabel('Email').fill(who.email);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Founds an organization and enters it; answers its id. */
export async function found(page, name) {
  await send(page, 'orgs/create_org', { 'draft[name]': name, 'draft[color]': 'teal', next: '/' });
  const drawn = await (await page.context().request.get('/members')).text();
  return drawn.match(/name="org" value="([^"]+)"/)[1];
}

/** An agent with a voice; `draft` changes what it is made of. */
export async function makeAgent(page, org, draft = {}) {
  const voice = { voice_id: '9c1a5c4c-176e-c7b5-6a25-4da0fef6f5ff', voice_name: 'Aaron' };
  const plain = { name: 'Front desk', prompt: 'You are Mia. Answer the telephone.', first_message: 'Hello, this is Mia.', ...voice };
  return ask(page, 'agents/create_agent', { org, draft: { ...plain, ...draft } });
}

/** Makes one of whatever has a page of its own, the agent of `draft`; answers a function from a route to its address. */
export async function oneOfEach(page, org, draft = {}) {
  const agent = await makeAgent(page, org, draft);
  const call = await ask(page, 'calls/place_call', { org, draft: { agent_id: agent.id, to: { medium: 'phone', number: '+14155550121' } } });
  const contact = await ask(page, 'contacts/create_contact', { org, draft: { name: 'Ada Away' } });
  const tool = await ask(page, 'tools/create_tool', { org, draft: {
    name: 'Opening hours', model_name: 'opening_hours', description: 'Says when they are open.', url: 'http://127.0.0.1:9/hours',
  } });
  const voice = await ask(page, 'voices/create_voice', { org, draft: { name: 'Dr. Okafor', language: 'en-US', speaker: 'Ada Okafor', agreed: true } });
  const base = await ask(page, 'knowledge/create_knowledge_base', { org, draft: { name: 'Prices and plans' } });
  const ids = { agents: agent.id, calls: call.id, contacts: contact.id, tools: tool.id, voices: voice.id, knowledge: base.id };
  return (route) => route.replace(/^\/(\w+)\/:id(?=\/|$)/, (whole, of) => `/${of}/${ids[of] ?? assert.fail(`no id for ${route}`)}`);
}
