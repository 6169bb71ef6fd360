import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { errorTable, isErrorCode } from '../../contracts/errors.ts';
import { isFinal, type Operation, targetOf } from '../../contracts/operations.ts';
import { operationEvents } from '../../contracts/rest/operation-routes.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';

/** So long a platform that is away is asked again; operations go on meanwhile. */
const patienceMs = 120_000;
const againMs = 1_000;

/**
 * The operation at every change until it has ended, the last one included. A gateway that goes away is asked
 * again for two minutes.
 * @throws CommandFailure
 */
export async function* followOperation(client: Client, id: string): AsyncGenerator<Operation, void> {
  let lastHeard = Date.now();
  while (true) {
    try {
      for await (const operation of events(client, id)) {
        lastHeard = Date.now();
        yield operation;
        if (isFinal(operation.state)) return;
      }
    } catch (error) {
      const mayReturn = error instanceof CommandFailure && errorTable[error.code].retryable;
      if (!mayReturn || Date.now() - lastHeard > patienceMs) throw error;
    }
    await delay(againMs);
  }
}

async function* events(client: Client, id: string): AsyncGenerator<Operation, void> {
  const stop = new AbortController();
  const queue: Operation[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === 'operation') queue.push(JSON.parse(data) as Operation);
    },
  });
  const decoder = new TextDecoder();
  const body = await client.stream(operationEvents(id), stop.signal);
  try {
    for await (const chunk of body) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* queue.splice(0);
    }
  } catch {
    return; // cut off: asked again
  } finally {
    stop.abort();
  }
}

/** @throws CommandFailure with the operation's own reason if it did not succeed */
export function requireSuccess(operation: Operation): void {
  if (operation.state === 'succeeded') return;
  const fallback = operation.state === 'failed' ? 'operation_failed' : 'operation_cancelled';
  const code = operation.state === 'failed' && isErrorCode(operation.reason) ? operation.reason : fallback;
  const what = `${operation.type} of ${targetOf(operation).name}`;
  throw new CommandFailure(code, operation.message ?? `${what} ended as ${operation.state}`, {
    requestId: operation.requestId,
    next: `vcp operations get ${operation.id}`,
  });
}
