// Clients that well-known generators make of the API's document spend a day with it, types checked as strictly as they can be; the
// document passes the recommended rules of two linters; and Schemathesis tries what no client would.
//
//   node end2end/clients/run.mjs [SECONDS]     how long Schemathesis tries, 20 by default; scripts/test-clients builds first
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../server.mjs';

const seconds = Number(process.argv[2] ?? 20);
const here = fileURLToPath(new URL('.', import.meta.url));
const tools = process.env.CLIENTS_HOME ?? assert.fail('CLIENTS_HOME is not set: run scripts/test-clients');
const [node, python] = [(name) => join(tools, 'node_modules/.bin', name), (name) => join(tools, 'python/bin', name)];
const made = join(tools, 'day');

async function run(program, ...args) {
  const child = spawn(program, args, { cwd: made, stdio: 'inherit', env: { ...process.env, ...surroundings } });
  const [code] = await once(child, 'exit');
  // Its other arguments may hold a key.
  assert.equal(code, 0, `${program.split('/').at(-1)} ${args[0] ?? ''} ended with ${code}`);
}

let surroundings = {};
const env = { SWITCHBOARD_SANDBOX_SPEED: '8', SWITCHBOARD_REQUESTS_PER_SECOND: '100000' };
const server = await start({ before: [['seed']], env });
try {
  const ask = async (path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(`${server.url}/api/v1${path}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  const { token } = await ask('/auth/token', { email: 'ada@larkfield.example', password: 'correct-horse-battery' });
  const { permissions: scopes } = await ask('/auth/me', undefined, token);
  const { secret } = await ask('/api-keys', { name: 'Clients', scopes }, token);
  const [voice] = await ask('/voices/available', undefined, token);
  surroundings = { SWITCHBOARD_URL: server.url, SWITCHBOARD_KEY: secret, SWITCHBOARD_VOICE: voice.id };

  await rm(made, { recursive: true, force: true });
  await mkdir(join(made, 'made'), { recursive: true });
  for (const file of ['day.ts', 'fetch.ts', 'hey.ts', 'tsconfig.json', 'package.json', 'day.py']) await run('cp', join(here, file), made);
  await run('ln', '-s', join(tools, 'node_modules'), join(made, 'node_modules'));
  await writeFile(join(made, 'api.json'), JSON.stringify(await ask('/openapi.json')));

  await writeFile(join(made, '.spectral.yaml'), 'extends: ["spectral:oas"]\n');
  await run(node('spectral'), 'lint', '--fail-severity', 'hint', 'api.json');
  await run(node('redocly'), 'lint', '--extends=recommended', '--max-problems', '100', 'api.json');

  await run(node('openapi-typescript'), 'api.json', '--output', 'made/openapi.ts');
  await run(node('openapi-ts'), '--input', 'api.json', '--output', 'made/hey', '--client', '@hey-api/client-fetch');
  await run(node('tsc'));
  await run(node('esbuild'), '--bundle', '--platform=node', '--format=esm', '--outdir=built', 'fetch.ts', 'hey.ts');
  await run('node', 'built/fetch.js');
  await run('node', 'built/hey.js');

  // What it has no reading of its own for is bytes; a patch it sends as the plain JSON that it is.
  const bytes = ['audio/wav', 'text/csv', 'text/html'].map((type) => `  ${type}: application/octet-stream\n`).join('');
  await writeFile(join(made, 'python.yaml'), `post_hooks: []\ncontent_type_overrides:\n${bytes}  application/merge-patch+json: application/json\n`);
  await run(python('openapi-python-client'), 'generate', '--path', 'api.json', '--meta', 'none', '--output-path', 'switchboard_client', '--config', 'python.yaml', '--fail-on-warning');
  await run(python('mypy'), '--strict', 'day.py');
  await run(python('python'), 'day.py');

  await writeFile(join(made, 'schemathesis.toml'), exceptions(await ask('/openapi.json')));
  await run('cp', join(here, 'why.py'), made);
  await run(
    python('schemathesis'), 'run', 'api.json', '--url', `${server.url}/api/v1`, '--header', `Authorization: Bearer ${secret}`,
    '--checks', 'all', '--mode', 'all', '--max-time', `${seconds}`, '--continue-on-failure',
    // Nobody revokes the key that everything is asked with.
    '--exclude-operation-id', 'revokeApiKey',
  );
} finally {
  await server.stop();
}

/** How a request that fits the schema may be answered: as the document says beside the status, in words of the operation's own or by what the status is. */
function exceptions({ paths }) {
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const table = ({ operationId, responses, security }) => {
    const state = ['404', '409', '412', '416', ...(security?.length === 0 ? ['401', '429'] : [])];
    const expected = Object.keys(responses).filter((status) => status < '400' || state.includes(status) || responses[status].description);
    return `[[operations]]\ninclude-operation-id = "${operationId}"\n[operations.checks.positive_data_acceptance]\nexpected-statuses = ${JSON.stringify(expected)}\n`;
  };
  return ['hooks = "why.py"\n', ...operations.map(table)].join('\n');
}
