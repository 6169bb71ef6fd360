import { PlatformError } from '../contracts/errors.ts';
import { isFinal, type Operation } from '../contracts/operations.ts';
import type { OperationsDeps } from './dependencies.ts';
import { createBell } from './bell.ts';
import { addLiveState } from './live-state.ts';
import { readRecorded } from './read.ts';

/** Retries inside Temporal change no row, so a running operation is also read this often. */
const lookAgainMs = 2000;

/**
 * The operation now and after every change, until it has ended or `signal` aborts. Changes that follow one
 * another faster than they are read are seen as one; a database that is away only delays.
 * @throws PlatformError `operation_not_found`
 */
export async function* watchOperation(
  deps: OperationsDeps,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Operation, void> {
  const bell = createBell();
  const unsubscribe = deps.changes.subscribe(id.toLowerCase(), bell.ring);
  signal.addEventListener('abort', bell.ring);
  let last = '';
  try {
    while (!signal.aborted) {
      bell.reset();
      const operation = await read(deps, id);
      const text = JSON.stringify(operation);
      if (operation && text !== last) {
        last = text;
        yield operation;
        if (isFinal(operation.state)) return;
      }
      await bell.rung(lookAgainMs);
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', bell.ring);
  }
}

async function read(deps: OperationsDeps, id: string): Promise<Operation | undefined> {
  try {
    return await addLiveState(deps, await readRecorded(deps, id), { askWorker: false });
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'database_unavailable') return undefined;
    throw error;
  }
}
