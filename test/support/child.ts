import { isRunning, sendSignal } from '../../adapters/processes/identity.ts';
import type { Program } from '../../adapters/processes/program.ts';
import { type RunningProcess, startProcess } from '../../adapters/processes/start-process.ts';

const children: RunningProcess[] = [];

/** Like `startProcess`, but the child does not outlive this test process, however that ends (but by SIGKILL). */
export async function startChild(name: string, program: Program, logFile: string): Promise<RunningProcess> {
  if (children.length === 0) {
    process.once('exit', killChildren);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
  }
  const child = await startProcess(name, program, logFile);
  children.push(child);
  return child;
}

function killChildren(): void {
  for (const { identity } of children) if (isRunning(identity)) sendSignal(identity, 'SIGKILL', 'group');
}
