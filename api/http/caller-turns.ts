import { PlatformError } from '../../contracts/errors.ts';

/** Of callers. */
const maxWaiting = 20;

/**
 * Does one work at a time, and one of each caller: for what takes a processor for some seconds.
 * @throws PlatformError `too_many_attempts`
 */
export function createCallerTurns(): <T>(caller: string, work: () => Promise<T>) => Promise<T> {
  const callers = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  return async (caller, work) => {
    if (callers.has(caller) || callers.size >= maxWaiting)
      throw new PlatformError(
        'too_many_attempts',
        'this is done one at a time: wait until yours has ended, and try again',
      );
    callers.add(caller);
    try {
      const mine = last.then(work);
      last = mine.catch(() => undefined);
      return await mine;
    } finally {
      callers.delete(caller);
    }
  };
}
