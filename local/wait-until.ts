import { setTimeout as delay } from 'node:timers/promises';
import { isErrorCode, PlatformError } from '../contracts/errors.ts';
import { logTail } from '../adapters/processes/log-file.ts';
import type { RunningProcess } from '../adapters/processes/start-process.ts';

export interface WaitOptions {
  /** Default 60,000. */
  timeoutMs?: number;
  /** Default 50. */
  intervalMs?: number;
  /** Waiting ends with an error as soon as this process does. */
  process?: RunningProcess;
  signal?: AbortSignal;
}

/**
 * Resolves when `probe` answers true; a probe that throws counts as "not yet".
 * @throws PlatformError of the process, if it said why it ended; `internal`: it ended without, or the time is over; with
 *   the end of its log
 */
export async function waitUntil(
  what: string,
  probe: () => Promise<boolean>,
  options: WaitOptions = {},
): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  let ended: string | undefined;
  void options.process?.exited.then((how) => {
    ended = how;
  });
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      if (await probe()) return;
    } catch (error) {
      last = error;
    }
    if (ended !== undefined) {
      throw (
        ownFailure(what, options.process) ??
        failure(`${what}: the process ended (${ended})`, options.process, last)
      );
    }
    if (Date.now() > deadline)
      throw failure(
        `${what}: not ready after ${Math.round((options.timeoutMs ?? 60_000) / 1000)} s`,
        options.process,
        last,
      );
    await delay(
      options.intervalMs ?? 50,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
}

function failure(message: string, process: RunningProcess | undefined, cause: unknown): PlatformError {
  const log =
    process === undefined ? '' : `; its log ${process.logFile} ends with:\n${logTail(process.logFile)}`;
  return new PlatformError('internal', message + log, { cause });
}

/** What a process of ours said last: `error: <title>: <detail> (<code>)`. */
function ownFailure(what: string, process: RunningProcess | undefined): PlatformError | undefined {
  const [, message = '', code] = /^error: (.*) \((\w+)\)$/.exec(logTail(process?.logFile ?? '', 1)) ?? [];
  return isErrorCode(code) ? new PlatformError(code, `${what}: ${message}`) : undefined;
}
