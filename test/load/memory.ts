import { readdirSync, readFileSync } from 'node:fs';

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
}

function processTable(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(pid), parent: Number(afterName[1]) }];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

/** Proportional set size of one process, MiB; 0 if it ended. */
function proportionalMiB(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A process and all its descendants. */
export function treeOf(pid: number): number[] {
  const table = processTable();
  const pids = [pid];
  for (let index = 0; index < pids.length; index++) {
    pids.push(...table.filter((entry) => entry.parent === pids[index]).map((entry) => entry.pid));
  }
  return pids;
}

/** Processes whose command line names `text`. */
export function pidsNaming(text: string): number[] {
  return processTable()
    .map((entry) => entry.pid)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

/** Memory of these processes themselves, MiB (PSS: shared pages counted once over their sharers). */
export function sumMiB(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + proportionalMiB(pid), 0);
}
