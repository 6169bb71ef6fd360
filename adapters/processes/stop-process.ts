import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, type ProcessIdentity, sendSignal } from './identity.ts';

/**
 * Ends exactly this process: `signal` first, SIGKILL to its whole group after `graceMs`. Resolves when it has
 * ended. It need not be a child of ours.
 * @returns whether it had to be killed
 */
export async function stopProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<boolean> {
  if (!sendSignal(identity, signal)) return false;
  if (await ends(identity, graceMs)) return false;
  sendSignal(identity, 'SIGKILL', 'group');
  await ends(identity, 10_000);
  return true;
}

async function ends(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isRunning(identity)) {
    if (Date.now() > deadline) return false;
    await delay(15);
  }
  return true;
}
