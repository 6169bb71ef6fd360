import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Identity of this process among all that may run Helm, as a label value: machine and boot, process, start time.
 * Helm dies with the process that started it, so a release whose runner is gone has no Helm either.
 */
export function thisRunner(): string {
  return [thisMachine(), process.pid, startTime(process.pid)].join('.');
}

/** Whether the process that `runner` names is surely gone. One on another machine cannot be seen. */
export function isRunnerGone(runner: string): boolean {
  const [machine, pid, started] = runner.split('.');
  return machine === thisMachine() && startTime(Number(pid)) !== started;
}

function thisMachine(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
  // Containers of one machine share its boot id and not their process numbers.
  return createHash('sha256').update(`${hostname()}\n${boot}`).digest('hex').slice(0, 12);
}

/** Start time of a process in ticks since boot, or undefined if there is none; distinguishes reused process numbers. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // no such process
  }
}
