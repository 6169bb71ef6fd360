import { Duplex } from 'node:stream';

/** More than any way has under way at once: what comes then waits. */
const mostBytes = 256 * 1024 * 1024;

/** A stream out of which each chunk comes `ms` milliseconds after it went in, however many are under way. */
export function createDelayLine(ms: number): Duplex {
  const waiting: { readonly at: number; readonly chunk: Buffer | null }[] = [];
  let bytes = 0;
  let resume: (() => void) | undefined;
  let isRunning = false;
  const release = () => {
    const now = performance.now();
    for (let next = waiting[0]; next !== undefined && next.at <= now; next = waiting[0]) {
      waiting.shift();
      bytes -= next.chunk?.length ?? 0;
      line.push(next.chunk);
    }
    const next = waiting[0];
    isRunning = next !== undefined;
    if (next !== undefined) setTimeout(release, Math.max(1, next.at - now));
    if (bytes < mostBytes) resume?.();
  };
  const add = (chunk: Buffer | null) => {
    waiting.push({ at: performance.now() + ms, chunk });
    bytes += chunk?.length ?? 0;
    if (!isRunning) setTimeout(release, ms);
    isRunning = true;
  };
  const line = new Duplex({
    readableHighWaterMark: mostBytes,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      add(chunk);
      resume = () => {
        resume = undefined;
        done();
      };
      if (bytes < mostBytes) resume();
    },
    final(done) {
      add(null);
      done();
    },
  });
  return line;
}
