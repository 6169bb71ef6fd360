import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { writePrivateFile } from '../adapters/processes/start-process.ts';

/** Loopback ports by name, the same at every start as long as they are still free. */
export interface RememberedPorts {
  get(name: string): Promise<number>;
}

/** Opens the ports kept in `file`. Asked before the servers start: a port in use belongs to another process. */
export function openPorts(file: string): RememberedPorts {
  const ports = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as Record<string, number>;
  const checked = new Set<string>();
  return {
    async get(name) {
      const known = ports[name];
      if (known !== undefined && (checked.has(name) || (await isPortFree(known)))) {
        checked.add(name);
        return known;
      }
      let port = await freePort();
      while (Object.values(ports).includes(port)) port = await freePort();
      ports[name] = port;
      checked.add(name);
      writePrivateFile(file, JSON.stringify(ports, undefined, 2));
      return port;
    },
  };
}

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
