import { closeSync, copyFileSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { isErrno } from './identity.ts';

/** Size at which a log is moved to `<file>.1`: a process's logs take twice this at most. */
const maxLogBytes = 16 * 1024 * 1024;

/** Descriptor to append to log `file` with (mode 0600). The caller closes it. */
export function openLog(file: string): number {
  trimLog(file);
  return openSync(file, 'a', 0o600);
}

/**
 * Moves the content of `file` to `<file>.1` if it has grown too large. Its writer keeps its descriptor: it is
 * open for appending, so it goes on at the new end. Lines written between copy and truncation are lost.
 */
export function trimLog(file: string, maxBytes = maxLogBytes): void {
  if (sizeOf(file) <= maxBytes) return;
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}

/** The last `lines` lines of a log, for messages about a process that ended. */
export function logTail(file: string, lines = 5): string {
  if (sizeOf(file) === 0) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

/** Whether what was written to the log since it had `offset` bytes matches `pattern`. */
export function logSays(file: string, offset: number, pattern: RegExp): boolean {
  const size = sizeOf(file);
  if (size === 0) return false;
  // Shorter than before: it was trimmed meanwhile, so all that is there is new.
  return pattern.test(
    readFileSync(file)
      .subarray(size < offset ? 0 : offset)
      .toString('utf8'),
  );
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** Closes a descriptor made by `openLog`. */
export function closeLog(descriptor: number): void {
  closeSync(descriptor);
}
