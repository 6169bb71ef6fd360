import { existsSync, readFileSync } from 'node:fs';
import { freePort, isPortFree } from './free-port.ts';
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
