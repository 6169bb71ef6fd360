/*
 * Runs commands of `vcp` one after another in one process: `{ args, env }` comes as a message, and how it ended goes back as
 * one. What they print is the same as in a process of their own, and a hundred starts are saved.
 */
import { randomUUID } from 'node:crypto';

const main = new URL('../../cli/main.ts', import.meta.url);
const printed = { stdout: '', stderr: '' };

for (const name of ['stdout', 'stderr'] as const) {
  // Each run listens for its errors.
  process[name].setMaxListeners(0);
  process[name].write = (chunk: string | Uint8Array) => {
    printed[name] += chunk.toString();
    return true;
  };
}

process.on('message', (message) => void run(message as { args: string[]; env: Record<string, string> }));

async function run({ args, env }: { args: string[]; env: Record<string, string> }): Promise<void> {
  Object.assign(process.env, env);
  Object.assign(printed, { stdout: '', stderr: '' });
  process.argv = [process.execPath, main.pathname, ...args];
  process.exitCode = 0;
  // A module of a new address is run again; what it imports is there already.
  await import(`${main.href}?run=${randomUUID()}`);
  process.send?.({ code: process.exitCode, ...printed });
}
