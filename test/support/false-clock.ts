import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A clock that is wrong, and can jump, for processes that are started with its environment. */
export interface FalseClock {
  readonly env: Record<string, string>;
  /** From now on, or within 20 ms, it is wrong by so many hours. Timers are not: they go by another clock. */
  set(hours: number): void;
}

/** Seconds to add stand in a file. */
const source = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void) {
  static long known, readAt = -1000;
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  long ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
  if (ms - readAt < 20) return known;
  readAt = ms;
  char text[32] = "";
  int file = open(getenv("FALSE_CLOCK"), O_RDONLY | O_CLOEXEC);
  if (file < 0) return known;
  if (read(file, text, sizeof text - 1) > 0) known = atol(text);
  close(file);
  return known;
}
int clock_gettime(clockid_t clock, struct timespec *at) {
  int result = syscall(SYS_clock_gettime, clock, at);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) at->tv_sec += offset();
  return result;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
`;

/**
 * Makes a clock in folder `dir`: a library that stands before libc, so that certificates are checked by it, too.
 * Undefined: this machine has no C compiler.
 */
export function createFalseClock(dir: string, name: string): FalseClock | undefined {
  const [code, library, offset] = ['c', 'so', 'offset'].map((end) => join(dir, `${name}.${end}`)) as [
    string,
    string,
    string,
  ];
  const set = (hours: number) => writeFileSync(offset, String(Math.round(hours * 3600)));
  writeFileSync(code, source);
  set(0);
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, code], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return { env: { LD_PRELOAD: library, FALSE_CLOCK: offset }, set };
}
