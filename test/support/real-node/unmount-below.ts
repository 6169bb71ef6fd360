import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Returns what unmounts everything that is mounted below a folder from now on, the innermost first. */
export function unmountBelow(dir: string): () => void {
  // What a run that was killed left to the machine cannot be unmounted in a namespace that only sees it.
  const before = new Set(mountsBelow(dir));
  const ours = () => mountsBelow(dir).filter((target) => !before.has(target));
  return () => {
    for (const target of ours().toReversed()) {
      try {
        execFileSync('umount', ['--lazy', target], { stdio: 'pipe' });
      } catch (error) {
        // The network plugin, which takes pods down beside us, may have been faster.
        if (ours().includes(target)) throw error;
      }
    }
  };
}

function mountsBelow(dir: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${dir}/`));
}
