// Tools: made with mistakes, tried against a server, given to an agent, used on a call, and kept from being deleted meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import { button, heading, journey, path } from '../journey.mjs';
import { arrive, ask, found, makeAgent, somebody } from '../people.mjs';
import { breakOnce } from '../provider.mjs';

// The clinic whose calendar the tools ask. It keeps what it was asked.
const asked = [];
let clinic;
before(async () => {
  clinic = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      asked.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() });
      const place = new URL(request.url, 'http://clinic').pathname;
      if (place === '/never') return;
      const [status, body] = place.startsWith('/clinics/') ? [201, { visit: '88214', where: place.split('/')[2] }] : [404, { error: 'nothing here' }];
      response.writeHead(place === '/broken' ? 503 : status, { 'content-type': 'application/json', 'x-request-id': '5f0c91d2' });
      response.end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(clinic, 'listening');
});
after(() => {
  clinic.closeAllConnections();
  clinic.close();
});
const at = (place) => `http://127.0.0.1:${clinic.address().port}${place}`;

/** A tool that books a visit; `draft` changes what it is made of. */
function makeTool(page, org, draft = {}) {
  const plain = {
    name: 'Book a visit', model_name: 'book_visit', description: 'Books a visit at the clinic.', method: 'POST', url: at('/clinics/{clinic}/visits'),
    parameters: [
      { name: 'clinic', place: 'path', kind: 'dynamic', required: true, schema: { type: 'string', enum: ['oakland', 'napa'] } },
      { name: 'reason', place: 'body', kind: 'dynamic', required: true, schema: { type: 'string', description: 'Why the patient comes' } },
    ],
  };
  return ask(page, 'tools/create_tool', { org, draft: { ...plain, ...draft } });
}

journey('a tool with mistakes is not created, nothing typed is lost, and its secret is never shown again', async ({ page, open, look }) => {
  await arrive(page, somebody('Tia Typo'));
  const org = await found(page, 'Tia Tools');
  await open('/tools');
  await page.getByRole('heading', { name: 'No tools yet' }).waitFor();
  await look('tools-none');
  await page.locator('.empty').getByRole('link', { name: 'New tool' }).click();
  await heading(page, 'New tool').waitFor();

  // Each complaint stands beside its field, the first field that is wrong has the focus.
  await button(page, 'Create tool').click();
  for (const field of ['name', 'model_name', 'description', 'url']) await page.locator(`#f-${field}-err`).filter({ hasText: /./ }).waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-name');
  await page.getByLabel('Name', { exact: true }).fill('Book a visit');
  assert.equal(await page.getByLabel('Name for the model').inputValue(), 'book_a_visit');
  await page.getByLabel('Name for the model').fill('book visit');
  await page.getByLabel('What it does and when to use it').fill('Books a visit at the clinic. Read the time back first.');
  await page.getByLabel('Address', { exact: true }).fill(at('/clinics/{clinic}/visits'));
  await page.getByText('has no parameter', { exact: false }).first().waitFor();
  await button(page, 'Add parameter clinic').click();

  // Parameters: by hand, by keyboard, in an order of one's own.
  await button(page, 'Add a parameter').click();
  await page.waitForFunction(() => document.activeElement.id === 'f-parameters-1-name');
  await page.keyboard.type('reason');
  await page.locator('#f-parameters-1-type').selectOption('One of a list');
  await page.waitForFunction(() => document.activeElement.id === 'f-parameters-1-type');
  const choices = page.locator('#f-parameters-1-choices');
  for (const choice of ['check-up', 'pain']) {
    await choices.fill(choice);
    await choices.press('Enter');
  }
  await page.locator('#f-parameters-1-description').fill('Why the patient comes');
  await button(page, 'Add a parameter').click();
  await page.waitForFunction(() => document.activeElement.id === 'f-parameters-2-name');
  await page.keyboard.type('reason');
  await page.locator('#f-parameters-2-kind').selectOption('Fixed');
  await page.locator('#f-parameters-2-value').fill('voice-agent');
  await button(page, 'Add a parameter').click();
  await page.waitForFunction(() => document.activeElement.id === 'f-parameters-3-name');
  await page.keyboard.type('call');
  await page.locator('#f-parameters-3-place').selectOption('Header');
  await page.locator('#f-parameters-3-kind').selectOption('The call');
  await button(page, 'Create tool').click();
  await page.locator('#f-model_name-err').getByText('letters').waitFor();
  await page.locator('#f-parameters-2-name-err').getByText('already has this name').waitFor();
  await look('tool-wrong');
  await page.locator('#f-parameters-2-name').fill('source');
  await page.getByLabel('Name for the model').fill('book_visit');
  const names = () => page.locator('.param > summary b').allInnerTexts();
  await page.locator('#parameter-3 > summary').press('Alt+ArrowUp');
  assert.deepEqual(await names(), ['clinic', 'reason', 'call', 'source']);
  await page.waitForFunction(() => document.activeElement.parentElement.id === 'parameter-2');
  await page.keyboard.press('Alt+ArrowDown');
  assert.deepEqual(await names(), ['clinic', 'reason', 'source', 'call']);
  await page.waitForFunction(() => document.activeElement.parentElement.id === 'parameter-3');

  // A schema that no field can say.
  await button(page, 'Add a parameter').click();
  await page.waitForFunction(() => document.activeElement.id === 'f-parameters-4-name');
  await page.keyboard.type('guests');
  await page.locator('#parameter-4 .raw > summary').click();
  await page.locator('#f-parameters-4-schema').fill('{"type": "integer", "minimum": 1, ');
  await button(page, 'Create tool').click();
  await page.locator('#f-parameters-4-schema-err').getByText('A schema is a JSON object').waitFor();
  await page.locator('#f-parameters-4-schema').fill('{"type": "integer", "minimum": 1}');
  await page.locator('#f-parameters-4-schema-err').waitFor({ state: 'hidden' });
  assert.equal(await page.locator('#f-parameters-4-type').inputValue(), 'schema');

  // The secret: kept neither by the tab nor by any later page.
  await page.getByLabel('Sent in header').fill('Authorization');
  await page.locator('#f-secret-value').fill('Bearer kept-from-all-7f2c');
  await page.waitForFunction(() => Object.values(sessionStorage).some((kept) => kept.includes('guests')));
  assert.ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes('kept-from-all'));
  await page.keyboard.press('Control+s');
  await heading(page, 'Book a visit').waitFor();
  await page.getByText('Book a visit created').waitFor();
  await page.getByText('••••••••7f2c').waitFor();
  assert.equal(await page.locator('#f-parameters-1-choices').count(), 1);
  await look('tool');
  assert.ok(!(await (await page.context().request.get(path(page))).text()).includes('kept-from-all'));

  // The same name again: only the server knows, and the page says it in the same place.
  await open('/tools/new');
  await page.getByLabel('Name', { exact: true }).fill('Book a visit');
  await page.getByLabel('Name for the model').fill('book_visit_2');
  await page.getByLabel('What it does and when to use it').fill('Books.');
  await page.getByLabel('Address', { exact: true }).fill(at('/visits'));
  await button(page, 'Create tool').click();
  await page.locator('#f-name-err').getByText('already used').waitFor();

  // Leaving with something unsaved asks first, and what was typed is there again.
  await page.getByRole('link', { name: 'Agents', exact: true }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
  await button(page, 'Stay').click();
  await heading(page, 'New tool').waitFor();
  const { items } = await ask(page, 'tools/list_tools', { org, filter: {}, page: {} });
  assert.equal(items.length, 1);
}, { expected: [/status of 422/] });

journey('a tool is tried: what is sent is shown without its secret, and each failure is told apart', async ({ page, open, look }) => {
  await arrive(page, somebody('Tom Tries'));
  const org = await found(page, 'Tom Tries Ltd');
  const tool = await makeTool(page, org, { secret: { header: 'Authorization', value: 'Bearer kept-from-all-7f2c' } });
  await open(`/tools/${tool.id}`);
  const panel = page.getByRole('region', { name: 'Try this tool' });
  const send = button(panel, 'Send request');
  await send.click();
  await panel.locator('#f-test-values-clinic-err').filter({ hasText: /./ }).waitFor();
  await page.waitForFunction(() => document.activeElement.id === 'f-test-values-clinic');
  await panel.getByLabel('clinic').selectOption('oakland');
  await panel.getByLabel('reason').fill('A check-up');
  await send.click();
  await panel.getByText('201 Created').waitFor();
  const { method, url, headers, body } = asked.at(-1);
  assert.deepEqual([method, url, JSON.parse(body)], ['POST', '/clinics/oakland/visits', { reason: 'A check-up' }]);
  assert.equal(headers.authorization, 'Bearer kept-from-all-7f2c');
  const sent = panel.getByRole('group', { name: 'Request as sent' });
  await sent.getByText('/clinics/oakland/visits').waitFor();
  await sent.locator('mark').waitFor();
  assert.ok(!(await page.content()).includes('kept-from-all'));
  await panel.getByRole('group', { name: 'Body of the answer' }).getByText('"88214"').waitFor();
  await panel.getByRole('button', { name: /^Headers/ }).click();
  await panel.getByRole('group', { name: 'Headers of the answer' }).getByText('5f0c91d2').waitFor();
  await look('tool-tried');

  // What is typed is tried, saved or not; each way to fail has its own words.
  const address = page.getByLabel('Address', { exact: true });
  const trying = async (place, words, advice) => {
    await address.fill(place);
    await send.click();
    await panel.getByText(words).waitFor();
    await panel.getByText(advice).waitFor();
  };
  await page.locator('#parameter-0 > summary').click();
  await page.locator('#f-parameters-0-place').selectOption('Query');
  await panel.getByText('unsaved changes included', { exact: false }).waitFor();
  await trying(at('/nothing'), '404 Not Found', 'nothing at this address');
  assert.equal(asked.at(-1).url, '/nothing?clinic=oakland');
  await trying(at('/broken'), '503 Unavailable', 'Their server failed');
  await look('tool-failed');
  // A secret goes to the server that it was given for, and to no other.
  await address.fill('http://127.0.0.1:1/');
  await send.click();
  await panel.getByText('The address is on another server now', { exact: false }).waitFor();
  await page.locator('#limit > summary').click();
  await page.getByLabel('Give up after').fill('1');
  await trying(at('/never'), 'No answer in time', 'may have acted all the same');
  await look('tool-timed-out');
  await button(page, 'Discard changes').click();
  assert.equal(await address.inputValue(), tool.url);

  // The secret is replaced and taken away again.
  await button(page, 'Replace the secret').click();
  await page.waitForFunction(() => document.activeElement.id === 'f-secret-value');
  await page.keyboard.type('Bearer another-one-91ab');
  await page.keyboard.press('Control+s');
  await page.getByText('••••••••91ab').waitFor();
  await button(page, 'Remove the secret').click();
  await page.getByText('Is deleted when you save').waitFor();
  await page.keyboard.press('Control+s');
  await page.getByText('Is deleted when you save').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Sent in header').inputValue(), '');
  await trying('http://127.0.0.1:1/{clinic}', 'No connection', 'refuses the connection');
}, { expected: [/status of 422/] });

journey('an agent uses a tool on a call, and a tool in use is not deleted', async ({ page, open, look }) => {
  await arrive(page, somebody('Uma Uses'));
  const org = await found(page, 'Uma Uses Ltd');
  const tool = await makeTool(page, org);
  const agent = await makeAgent(page, org, { name: 'Reception' });
  await open(`/tools/${tool.id}`);
  await page.getByText('No agent has it yet').waitFor();

  // Bound in the agent's editor, published with it.
  await open(`/agents/${agent.id}`);
  await button(page, 'Add a tool…').click();
  const dialog = page.getByRole('dialog', { name: 'Choose tools' });
  await dialog.getByRole('searchbox', { name: 'Search tools', exact: true }).fill('no such words');
  await dialog.getByText('No tool matches').waitFor();
  await dialog.getByRole('searchbox', { name: 'Search tools', exact: true }).fill('clinic');
  await button(dialog, 'Add Book a visit').click();
  await look('agent-choose-tools');
  await button(dialog, 'Close').click();
  await page.getByRole('list', { name: 'Tools of this agent' }).getByRole('link', { name: 'Book a visit' }).waitFor();
  await button(page, 'Save draft').click();
  await page.getByText('Reception saved').waitFor();
  await look('agent-tools');

  // A written call that has it used; the clinic hears it, and the transcript shows it.
  const panel = page.getByRole('region', { name: 'Test this agent' });
  await button(panel, 'Start').click();
  await panel.getByText('Hello, this is Mia.').waitFor();
  const line = panel.getByLabel('Say as the caller');
  await line.fill('Please book me a visit at the clinic.');
  await line.press('Enter');
  await panel.locator('.tool-use').getByText('Answered').waitFor();
  await line.fill('Goodbye.');
  await line.press('Enter');
  await panel.getByText('Completed', { exact: true }).waitFor();
  assert.ok(asked.some(({ url, headers }) => url === '/clinics/oakland/visits' && headers['content-type']));
  await panel.getByRole('link', { name: 'Open its call page' }).click();
  const use = page.locator('.turn .aside').filter({ hasText: 'book_visit' });
  await use.getByText('Answered').first().waitFor();
  await use.locator('summary').click();
  await use.getByText('"88214"').waitFor();
  await look('call-tool');

  // Refused while an agent has it, and the page says which.
  await open(`/tools/${tool.id}`);
  await page.getByRole('list', { name: 'Agents that use this tool' }).getByRole('link', { name: 'Reception' }).waitFor();
  await button(page, 'More for this tool').click();
  await button(page, 'Delete…').click();
  const question = page.getByRole('dialog', { name: 'Delete Book a visit?' });
  await question.getByRole('button', { name: 'Delete tool' }).click();
  await question.getByRole('alert').getByText('Reception').waitFor();
  await look('tool-delete-refused');
  await question.getByRole('button', { name: 'Keep it' }).click();

  // Taken away from the agent, it goes.
  await page.getByRole('list', { name: 'Agents that use this tool' }).getByRole('link', { name: 'Reception' }).click();
  await heading(page, 'Reception').waitFor();
  await button(page, 'Remove Book a visit').click();
  await page.keyboard.press('Control+s');
  await page.getByText('Reception saved').waitFor();
  await open('/tools');
  await button(page, 'More for Book a visit').click();
  await page.locator('#tool-menu').getByRole('button', { name: 'Delete…' }).click();
  await question.getByRole('button', { name: 'Delete tool' }).click();
  await page.getByText('Book a visit deleted').waitFor();
  await page.getByRole('heading', { name: 'No tools yet' }).waitFor();
}, { expected: [/status of 409/] });

journey('tools are found by search and filter, and a provider that fails is named', async ({ page, open, look }) => {
  await arrive(page, somebody('Vic Views'));
  const org = await found(page, 'Vic Views Ltd');
  const plain = (n) => ({ url: at(`/line/${n}`), parameters: [], method: n % 2 ? 'GET' : 'POST', tags: n === 3 ? ['night'] : [] });
  for (const n of [1, 2, 3, 4]) await makeTool(page, org, { ...plain(n), name: `Look up ${n}`, model_name: `look_${n}` });
  const gone = await makeTool(page, org, { ...plain(5), name: 'Ask the calendar', model_name: 'calendar' });
  await makeAgent(page, org, { name: 'Reception', tool_ids: [gone.id] });
  const rows = page.locator('.table tbody tr');
  await open('/tools');
  await page.getByText('5 tools, 5 live.').waitFor();
  await page.getByRole('row', { name: 'Ask the calendar' }).getByText('1 agent').waitFor();
  await look('tools');
  await page.getByRole('searchbox', { name: 'Search tools', exact: true }).fill('look');
  await page.getByText('4 tools', { exact: true }).waitFor();
  await button(page, 'Method').click();
  await page.getByRole('link', { name: 'GET', exact: true }).click();
  await page.getByText('2 tools', { exact: true }).waitFor();
  assert.equal(path(page), '/tools?q=look&method=GET');
  await button(page, 'Tag').click();
  await page.getByRole('link', { name: 'night' }).click();
  await page.getByText('1 tool', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Clear' }).click();
  await page.getByText('5 tools', { exact: true }).waitFor();

  // By keyboard to two rows; one of them is in use, so it stays, and the dialog says why.
  await page.locator('body').press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('2 selected').waitFor();
  await page.getByRole('region', { name: 'Selected tools' }).getByRole('button', { name: 'Delete…' }).click();
  const asking = page.getByRole('dialog', { name: 'Delete 2 tools?' });
  await asking.getByText('Ask the calendar').waitFor();
  await asking.getByRole('button', { name: 'Delete tools' }).click();
  await asking.getByRole('alert').getByText('Reception').waitFor();
  await asking.getByRole('button', { name: 'Keep them' }).click();
  await rows.filter({ hasText: 'Ask the calendar' }).waitFor();

  // A save that the provider fails keeps what was typed.
  await rows.filter({ hasText: 'Ask the calendar' }).getByRole('link').click();
  await heading(page, 'Ask the calendar').waitFor();
  await breakOnce({ kind: 'status', status: 503, method: 'PUT', path: `/api/tools/${gone.provider_id}`, count: 3 });
  await page.getByLabel('What it does and when to use it').fill('Asks what is free.');
  await button(page, 'Save tool').click();
  await page.locator('.notices').getByText('Nothing was changed').waitFor();
  assert.equal(await page.getByLabel('What it does and when to use it').inputValue(), 'Asks what is free.');
  await look('tool-provider-down');
}, { expected: [/status of (409|502|503)/] });
