import {
  createReadStream,
  existsSync,
  openSync,
  readSync,
  closeSync,
  readdirSync,
  statSync,
  watch,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface LogRequest {
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

const blockBytes = 64 * 1024;

/** File of a container's latest run, or of the one before; undefined if there is none. */
export function logFileOf(home: string, previous: boolean): string | undefined {
  if (!existsSync(home)) return undefined;
  const numbers = readdirSync(home).flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? []);
  const sorted = numbers.map(Number).toSorted((a, b) => b - a);
  const number = sorted[previous ? 1 : 0];
  return number === undefined ? undefined : join(home, `${number}.log`);
}

/** The log's bytes; with `follow` until the run has ended or `signal` aborts. */
export async function* readLog(
  file: string,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let position = request.tailLines === undefined ? 0 : tailPosition(file, request.tailLines);
  let left = request.limitBytes ?? Number.POSITIVE_INFINITY;
  while (!signal.aborted && left > 0) {
    const ended = existsSync(file.replace(/\.log$/, '/exit')); // looked up before reading: nothing is written after
    const size = sizeOf(file);
    if (size < position) position = 0; // the file was cut because it had grown too large
    if (size > position) {
      for await (const chunk of createReadStream(file, {
        start: position,
        end: size - 1,
      }) as AsyncIterable<Buffer>) {
        position += chunk.length;
        yield chunk.subarray(0, left);
        left -= chunk.length;
        if (left <= 0) return;
      }
    } else if (!request.follow || ended) return;
    else await change(file, signal);
  }
}

/** Where the last `lines` lines begin. */
function tailPosition(file: string, lines: number): number {
  const descriptor = openSync(file, 'r');
  try {
    let end = sizeOf(file);
    let newlines = 0;
    const size = end;
    const buffer = Buffer.alloc(blockBytes);
    while (end > 0) {
      const start = Math.max(0, end - blockBytes);
      readSync(descriptor, buffer, 0, end - start, start);
      for (let index = end - start - 1; index >= 0; index -= 1) {
        // The newline at the very end closes the last line and begins none.
        if (buffer[index] !== 10 || start + index === size - 1) continue;
        newlines += 1;
        if (newlines === lines) return start + index + 1;
      }
      end = start;
    }
    return lines === 0 ? size : 0;
  } finally {
    closeSync(descriptor);
  }
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** Waits for the file to change, at most a second: the end of a run is seen in another file. */
async function change(file: string, signal: AbortSignal): Promise<void> {
  if (!existsSync(file)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(file, () => resolve());
  watcher.on('error', () => resolve());
  try {
    await Promise.race([promise, delay(1_000, undefined, { signal }).catch(() => undefined)]);
  } finally {
    watcher.close();
  }
}
