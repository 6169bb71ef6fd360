import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Unmounts everything that is mounted below a folder, the innermost first. */
export function unmountBelow(dir: string): void {
  for (const target of mountsBelow(dir).toReversed()) {
    try {
      execFileSync('umount', ['--lazy', target], { stdio: 'pipe' });
    } catch (error) {
      // The network plugin, which takes pods down beside us, may have been faster.
      if (mountsBelow(dir).includes(target)) throw error;
    }
  }
}

function mountsBelow(dir: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
}
