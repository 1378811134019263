// nginx as Debian ships it, with what docs/operations.md says to put into it.
import { fail } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Starts one at this port of loopback, before a program at `address`. */
export async function startNginx(port, address) {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const documented = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8').match(/```nginx\n(.*?)```/s)[1];
  const site = `server {\n  listen 127.0.0.1:${port};\n  ${documented.replace('127.0.0.1:3000', address)}\n}\n`;
  // Everything of Debian's file, but for where it writes and which sites there are.
  const shipped = readFileSync('/etc/nginx/nginx.conf', 'utf8')
    .replace('/run/nginx.pid', join(folder, 'pid'))
    .replaceAll('/var/log/nginx/', `${folder}/`)
    .replace('/etc/nginx/sites-enabled/*', join(folder, 'site'));
  await writeFile(join(folder, 'site'), site);
  await writeFile(join(folder, 'nginx.conf'), shipped);
  const binary = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync) ?? fail('nginx is missing: run scripts/setup proxy');
  const child = spawn(binary, ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log'), '-g', 'daemon off;'], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  for (let tries = 0; !(await listens(port)); tries++) {
    if (tries > 500 || child.exitCode !== null) fail(`nginx does not listen: ${readFileSync(join(folder, 'error.log'), 'utf8')}`);
    await pause(20);
  }
  return async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
}

async function listens(port) {
  try {
    await fetch(`http://127.0.0.1:${port}/healthz`);
    return true;
  } catch {
    return false;
  }
}
