import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '../../adapters/processes/identity.ts';
import { runMarker } from './shim.ts';

/**
 * Kills every process that carries the marker of a container run, whatever group or session it moved to: what
 * the end of a pid namespace does to a real container. The shim carries it too, so call this when the run ended.
 */
export function killStrays(runDir: string): void {
  for (const pid of processesOfRun(runDir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  }
}

/** Pids whose environment carries the marker of the run in `runDir`. */
export function processesOfRun(runDir: string): number[] {
  const marker = `${runMarker}=${runDir}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environmentOf(pid).includes(marker))
    .map(Number);
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return []; // it ended meanwhile, or belongs to another user and so not to us
  }
}
