import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandFailure } from '../failures/failure.ts';

const patienceMs = 10_000;
const againMs = 20;

/**
 * Runs `work` while `<path>.lock` exists for each of `paths`, which is how kubectl keeps other writers out; waits for
 * them, where kubectl gives up. A link's target is locked too.
 * @throws CommandFailure `conflict` if a lock stays for 10 s
 */
export async function withLocks<T>(paths: readonly string[], dirMode: number, work: () => T): Promise<T> {
  const locks = [...new Set(paths.flatMap((path) => [path, realPath(path)]))]
    .sort()
    .map((path) => `${path}.lock`);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const held: string[] = [];
    try {
      const busy = locks.find((lock) => !take(lock, dirMode, held));
      if (busy === undefined) return work();
      if (Date.now() > deadline)
        throw new CommandFailure(
          'conflict',
          `${busy} exists, so another kubectl or vcp is writing that file; remove the lock if none is`,
        );
    } finally {
      for (const lock of held) rmSync(lock, { force: true });
    }
    await delay(againMs);
  }
}

function take(lock: string, dirMode: number, held: string[]): boolean {
  try {
    mkdirSync(dirname(lock), { recursive: true, mode: dirMode });
    closeSync(openSync(lock, 'wx', 0));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw notWritable(lock, error);
  }
  held.push(lock);
  return true;
}

/**
 * Replaces the contents of `path` at once where that keeps what the file is; a link stays a link, and a file with
 * several names, or of another owner, is written in place. A new file, and one whose mode has a bit of `closed`, can be
 * read by its owner only from now on; other modes stay.
 * @throws CommandFailure `invalid_request` if it cannot be written
 */
export function replaceContents(path: string, text: string, closed: number): void {
  const target = realPath(path);
  try {
    const present = lstatSync(target, { throwIfNoEntry: false });
    const mode = present?.isFile() === true && (present.mode & closed) === 0 ? present.mode & 0o7777 : 0o600;
    if (present?.isFile() === true) accessSync(target, constants.W_OK);
    if (canBeReplaced(present) && renamed(target, text, mode)) return;
    if (present?.isFile() === true && (present.mode & 0o7777) !== mode) chmodSync(target, mode);
    writeFileSync(target, text, { mode });
  } catch (error) {
    throw notWritable(path, error);
  }
}

function canBeReplaced(present: Stats | undefined): boolean {
  if (present === undefined) return true;
  return present.isFile() && present.nlink === 1 && present.uid === process.getuid?.();
}

function renamed(target: string, text: string, mode: number): boolean {
  const temporary = `${target}.${process.pid}.new`;
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    chmodSync(temporary, mode);
    renameSync(temporary, target);
    return true;
  } catch {
    rmSync(temporary, { force: true });
    return false; // a folder that cannot be written, a file that is a mount
  }
}

/** Where a link leads; the path itself if there is nothing yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function notWritable(path: string, error: unknown): CommandFailure {
  return new CommandFailure(
    'invalid_request',
    `${path} cannot be written (${codeOf(error) ?? String(error)})`,
  );
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
