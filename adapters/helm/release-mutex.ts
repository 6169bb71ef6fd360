import type { ReleaseTarget } from './helm.ts';

/**
 * Runs work on a release when all earlier work of this process on it has ended, so that no two runs of Helm meet:
 * an activity that lost its heartbeat may still be ending when the next attempt begins.
 */
export type ReleaseMutex = <T>(target: ReleaseTarget, work: () => Promise<T>) => Promise<T>;

export function createReleaseMutex(): ReleaseMutex {
  const last = new Map<string, Promise<unknown>>();
  return async (target, work) => {
    const key = `${target.cluster}/${target.namespace}/${target.release}`;
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
