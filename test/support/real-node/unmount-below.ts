import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Unmounts everything that is mounted below a folder, the innermost first. */
export function unmountBelow(dir: string): void {
  const targets = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
  for (const target of targets.toReversed()) execFileSync('umount', ['--lazy', target]);
}
