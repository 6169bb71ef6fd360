import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cacheDir } from '../../toolchain/cache.ts';

const file = cacheDir('test-times.json');

/** Seconds that test files took when they last ran on this machine, by path; empty where none ever ran. */
export function readPastTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/** Remembers the times of the files that ran now, beside those of others. */
export function writePastTimes(times: Readonly<Record<string, number>>): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...readPastTimes(), ...times }));
}
