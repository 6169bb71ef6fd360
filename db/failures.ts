import { PlatformError } from '../contracts/errors.ts';

/**
 * SQLSTATEs that mean "not now": connection failures, a login that is refused (a password that is being changed),
 * too many connections and other want of room, a server that shuts down, starts up, fails over or cannot read its disk,
 * a transaction that was ended or must be tried again. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const unavailable = /^(08\w{3}|28\w{3}|3D000|25P0[34]|53\w{3}|57P0[1-5]|57014|58\w{3}|40001|40P01|55P03)$/;
/** A server that takes no changes: a standby, or one that is set so for a failover. */
const readOnly = '25006';
/** What a statement says can never be stored: data of a wrong form, a constraint, something too large. */
const dataFault = /^(22|23|54)\w{3}$/;
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
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
    if (!isUnavailable(error)) throw error;
    const why = codesOf(error).includes(readOnly) ? 'is read-only at the moment' : 'does not answer';
    throw new PlatformError('database_unavailable', `PostgreSQL ${why}; nothing was lost, try again`, {
      cause: error,
    });
  }
}

/** Whether an error says that PostgreSQL could not be reached, or not now. */
export function isUnavailable(error: unknown): boolean {
  return causesOf(error).some((cause) => {
    const code = codeOf(cause);
    return (
      code === readOnly ||
      unavailable.test(code) ||
      connectionCodes.has(code) ||
      connectionMessages.test(cause.message)
    );
  });
}

/** Whether what was to be stored is at fault, rather than PostgreSQL or what it was set to: trying again is of no use. */
export function isFaultOfData(error: unknown): boolean {
  const states = codesOf(error).filter((code) => /^[0-9A-Z]{5}$/.test(code));
  return !isUnavailable(error) && (states.length === 0 || states.some((state) => dataFault.test(state)));
}

function codesOf(error: unknown): string[] {
  return causesOf(error).map(codeOf);
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/** An error and what caused it. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(cause);
  return causes;
}
