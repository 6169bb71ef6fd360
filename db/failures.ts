import { PlatformError } from '../contracts/errors.ts';

/** Classes of SQLSTATE that mean "not now": connection failures, too many connections, shutting down, starting up. */
const unavailable = /^(08|53300$|57P0[1-5]$|57014$|40001$|40P01$)/;
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);
const connectionMessages =
  /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end/;

/**
 * What `work` gives; a failure to reach PostgreSQL becomes `database_unavailable`, so that callers retry or say so.
 * Any other failure is thrown as it is.
 */
export async function databaseCall<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error)
      ? new PlatformError('database_unavailable', 'PostgreSQL does not answer; nothing was lost, try again', {
          cause: error,
        })
      : error;
  }
}

/** Whether an error says that PostgreSQL could not be reached, or not now. */
export function isUnavailable(error: unknown): boolean {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 5;
    current = current.cause, depth++
  ) {
    const code = 'code' in current ? String(current.code) : '';
    if (unavailable.test(code) || connectionCodes.has(code) || connectionMessages.test(current.message))
      return true;
  }
  return false;
}
