// Starts the real program with a data folder and a port of its own, and stops it again.
import { fail } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NAME, PICTURES, endTls } from './clerk/tls.mjs';

const checkout = fileURLToPath(new URL('..', import.meta.url));
export const results = fileURLToPath(new URL('results', import.meta.url));

/**
 * Starts `switchboard serve` and answers when it is ready. `before` are commands to run first, such as [['seed']].
 * `place` is that of a server which was stopped and left in place: this one takes over its data and its address.
 */
export async function start({ env = {}, before = [], bin = program(), place = null } = {}) {
  const { data, address } = place ?? (await newPlace());
  await mkdir(results, { recursive: true });
  const url = `http://${address}`;
  // A conversation takes half a minute; simulated time passes faster, and a journey can still see a call ring and talk.
  const pace = { SWITCHBOARD_SANDBOX_SPEED: '8' };
  const surroundings = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'PG_BIN', 'RUST_LOG', 'SWITCHBOARD_SITE'].map((name) => [name, process.env[name]]));
  const options = {
    cwd: checkout,
    env: { ...surroundings, SWITCHBOARD_ADDR: address, SWITCHBOARD_DATA: data, PUBLIC_URL: url, ...pace, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  };

  const log = createWriteStream(join(results, `${basename(data)}.log`), { flags: 'a' });
  let tail = [];
  const said = [];
  const launch = (...args) => {
    const child = spawn(bin, args, options);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        log.write(chunk);
        said.push(chunk);
        tail = [...tail, ...chunk.toString().split('\n')].slice(-40);
      });
    }
    return { child, ended: once(child, 'exit').then(([code, signal]) => code ?? signal) };
  };

  for (const args of before) {
    const result = await launch(...args).ended;
    if (result !== 0) throw new Error(`switchboard ${args.join(' ')} ended with ${result}:\n${tail.join('\n')}`);
  }
  const { child, ended } = launch('serve');
  let over = null;
  ended.then((result) => (over = result));

  const stop = async ({ leave = false } = {}) => {
    child.kill('SIGTERM');
    const result = await ended;
    log.end();
    if (!leave) await rm(data, { recursive: true, force: true });
    if (result !== 0) throw new Error(`switchboard serve ended with ${result}:\n${tail.join('\n')}`);
  };

  /** Ends it without a word, as when its machine does; its data and its Postgres stay. */
  const crash = async () => {
    child.kill('SIGKILL');
    await ended;
    log.end();
  };

  const deadline = Date.now() + 60_000;
  while (!(await answers(`${url}/readyz`))) {
    if (over !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`switchboard serve ${over === null ? 'is not ready after a minute' : `ended with ${over}`}:\n${tail.join('\n')}`);
    }
    await pause(20);
  }
  const lines = () => Buffer.concat(said).toString().split('\n');
  // Where the simulated provider listens, if there is one.
  const sandbox = lines().join('\n').match(/calls are simulated[^\n]*?"url":"([^"]+)"/)?.[1];
  const model = lines().join('\n').match(/the language model is simulated[^\n]*?"url":"([^"]+)"/)?.[1];
  /** Panics, and what the program itself calls an error. */
  const complaints = () => lines().filter((line) => / panicked at |"level":"ERROR"/.test(line));
  return { url, data, place: { data, address }, sandbox, model, complaints, stop, crash };
}

async function newPlace() {
  const data = await mkdtemp(join(tmpdir(), 'switchboard-'));
  // Where the tests run as root, Postgres runs as another account and must be able to pass through.
  await chmod(data, 0o711);
  return { data, address: `127.0.0.1:${await freePort()}` };
}

/**
 * Starts the simulated provider of calls as a program of its own, which goes on when a server is gone. `env` are the settings of a
 * server that calls with it, `ask` asks it like one that has the key.
 */
export async function startProvider() {
  const child = spawn(program(), ['sandbox'], { cwd: checkout, env: { ...process.env, SWITCHBOARD_SANDBOX_SPEED: '8' }, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const [ready] = await once(child.stdout, 'data');
  const { url } = JSON.parse(ready).ultravox;
  const key = `sandbox0.${'0'.repeat(32)}`;
  const env = { ULTRAVOX_API_KEY: key, ULTRAVOX_URL: url, ULTRAVOX_FROM: '+14155550199', ULTRAVOX_SIP_HOST: 'sandbox.invalid' };
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const ask = async (path, body = null) => {
    const answer = await fetch(url + path, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
    if (!answer.ok) fail(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url, env, ask, stop };
}

/**
 * Starts the simulated Clerk, and a program whose people sign in with it. `clerk` is where it listens, `frontend` is what pages ask, `key` its secret key.
 * With `script`, the folder of Clerk's own script, that is https and a name, which `names` leads to a port of this machine, as it does the host of
 * Clerk's `pictures`.
 */
export async function startWithClerk({ script = null } = {}) {
  const port = await freePort();
  const clerk = `http://127.0.0.1:${port}`;
  const tls = script ? await endTls(port) : null;
  const frontend = tls ? `https://${NAME}` : clerk;
  const own = tls ? ['--clerk-name', NAME, '--clerk-script', script] : [];
  const child = spawn(program(), ['sandbox', '--clerk', `${port}`, ...own], { cwd: checkout, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  // It prints where it listens once it does.
  await once(child.stdout, 'data');
  const key = `sk_test_${'0'.repeat(40)}`;
  const keys = { CLERK_SECRET_KEY: key, CLERK_PUBLISHABLE_KEY: `pk_test_${btoa(`${new URL(frontend).host}$`)}` };
  const server = await start({ env: { ...keys, CLERK_API_URL: clerk, ...(!tls && { CLERK_FRONTEND_API: clerk }) } });
  const stop = async () => {
    await server.stop();
    child.kill('SIGTERM');
    await ended;
    await tls?.close();
  };
  const scriptVersion = script && JSON.parse(await readFile(join(script, '../package.json'))).version;
  return { ...server, clerk, key, frontend, pictures: `https://${PICTURES}`, names: tls ? { [NAME]: tls.port, [PICTURES]: tls.port } : {}, scriptVersion, stop };
}

export function program() {
  return process.env.SWITCHBOARD_BIN ?? fail('SWITCHBOARD_BIN does not name the program: run scripts/e2e');
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
