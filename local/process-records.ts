import { existsSync, readFileSync } from 'node:fs';
import { identify, isRunning, type ProcessIdentity } from '../adapters/processes/identity.ts';
import type { Program } from '../adapters/processes/program.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { stopProcess } from '../adapters/processes/stop-process.ts';

/** A process as `processes.json` holds it, by name; `supervisor` is the one that wrote the file. */
export interface ProcessRecord extends ProcessIdentity {
  /** How it is asked to stop when it was left behind. */
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
}

/** The record of all processes of one state folder; every change is on disk before the call returns. */
export interface ProcessRecords {
  set(name: string, record: ProcessRecord): void;
  delete(name: string): void;
}

/** The record of a running process. */
export function toRecord(
  identity: ProcessIdentity,
  program: Pick<Program, 'stopSignal' | 'leftoverSignal' | 'stopGraceMs'> = {},
): ProcessRecord {
  return {
    ...identity,
    stopSignal: program.leftoverSignal ?? program.stopSignal ?? 'SIGTERM',
    stopGraceMs: program.stopGraceMs ?? 15_000,
  };
}

/** Begins a new record in `file`, with ourselves as `supervisor`. */
export function createProcessRecords(file: string): ProcessRecords {
  const records = new Map<string, ProcessRecord>();
  const write = (): void => writePrivateFile(file, JSON.stringify(Object.fromEntries(records), undefined, 2));
  const self = identify(process.pid);
  if (self !== undefined) records.set('supervisor', toRecord(self));
  write();
  return {
    set(name, record) {
      records.set(name, record);
      write();
    },
    delete(name) {
      records.delete(name);
      write();
    },
  };
}

/** What a supervisor that died left running, by name. */
export function leftovers(file: string): Map<string, ProcessRecord> {
  if (!existsSync(file)) return new Map();
  const records = JSON.parse(readFileSync(file, 'utf8')) as Record<string, ProcessRecord>;
  return new Map(
    Object.entries(records).filter(([name, record]) => name !== 'supervisor' && isRunning(record)),
  );
}

/** Ends them in the given order, one group after the other. */
export async function stopLeftovers(
  found: Map<string, ProcessRecord>,
  order: readonly (readonly string[])[],
): Promise<void> {
  for (const group of order) {
    await Promise.all(
      group.map(async (name) => {
        const record = found.get(name);
        if (record !== undefined) await stopProcess(record, record.stopSignal, record.stopGraceMs);
      }),
    );
  }
}
