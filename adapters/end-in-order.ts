import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { errorTable, PlatformError } from '../contracts/errors.ts';
import { takeUncaughtFailures, type UncaughtOptions } from './uncaught-failures.ts';

/**
 * Ends the process by `stop` on a signal, or (exit code 1) after an uncaught failure of more than
 * one connection or request; what is not over after `delayMs` is cut off.
 */
export function endInOrder(
  stop: () => Promise<void>,
  options: Omit<UncaughtOptions, 'end'> & { delayMs: number },
): void {
  const { delayMs, ...uncaught } = options;
  const grace = closeWithGrace(
    { delay: delayMs, logger: false, skip: ['uncaughtException', 'unhandledRejection'] },
    stop,
  );
  takeUncaughtFailures({
    ...uncaught,
    end: () => {
      grace.uninstall();
      void Promise.race([stop(), delay(delayMs)]).finally(() => process.exit(1));
    },
  });
}

/** Ends the process at once because it could not start: a failure of ours with its words and exit code, any other one with its stack. */
export function endFailedStart(error: unknown): never {
  if (!(error instanceof PlatformError)) {
    process.stderr.write(`${inspect(error)}\n`);
    process.exit(1);
  }
  const { title, exitCode } = errorTable[error.code];
  process.stderr.write(`error: ${title}: ${error.message} (${error.code})\n`);
  process.exit(exitCode);
}
