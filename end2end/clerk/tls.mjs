// TLS in front of the simulated Clerk, under a name that Clerk's own script takes for a development instance.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { promisify } from 'node:util';

/** Names that end like this are development instances to the script. It leads nowhere but where the browser is told. */
export const NAME = 'clerk.sandbox.lcl.dev';
/** Where Clerk says that everybody's picture is. */
export const PICTURES = 'img.clerk.com';

/** Passes on what it is asked to a port of this machine. Answers the port it listens at, and how to close it. */
export async function endTls(to) {
  const pem = await certificate();
  const server = createServer({ key: pem, cert: pem }, (asked, answer) => {
    const { method, url: path, headers } = asked;
    const passed = request({ host: '127.0.0.1', port: to, method, path, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    // What is not answered there is not answered here.
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { port: server.address().port, close };
}

/** A key and a certificate that only lives in this process. */
async function certificate() {
  const wanted = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`, '-days', '2'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const { stdout } = await promisify(execFile)('openssl', ['req', '-x509', ...key, ...wanted, '-keyout', '-', '-out', '-']);
  return stdout;
}
