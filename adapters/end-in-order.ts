import { setTimeout as delay } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
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
