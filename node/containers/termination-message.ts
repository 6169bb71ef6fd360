import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { V1Container } from '@kubernetes/client-node';
import { isErrno } from '../../adapters/processes/identity.ts';
import { type ContainerRun, terminationMessageFile } from './container-run.ts';

const messageBytes = 4096;
const logBytes = 2048;

/**
 * What a container left in its termination message file (4 KiB at most) or, with FallbackToLogsOnError and a
 * failure, the end of its log (2 KiB).
 */
export function terminationMessage(run: ContainerRun, container: V1Container): string {
  const message = readPart(terminationMessageFile(run.dir), messageBytes, 'start');
  if (message !== '' || container.terminationMessagePolicy !== 'FallbackToLogsOnError') return message;
  return run.exit?.code === 0 ? '' : readPart(run.logFile, logBytes, 'end');
}

function readPart(file: string, bytes: number, from: 'start' | 'end'): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const length = Math.min(size, bytes);
    const buffer = Buffer.alloc(length);
    readSync(descriptor, buffer, 0, length, from === 'start' ? 0 : size - length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}
