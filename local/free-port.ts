import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port on `host` that is free now. It lies below the range that the kernel takes for outgoing
 * connections (32768 and up): there a restarted server could find its port taken by some client's connection,
 * and a client that retries against a stopped server can even connect to itself.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`no free port between 20000 and 32000 on ${host}`);
}

/** Whether a server could listen on this port now. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
