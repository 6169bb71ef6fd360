import type { ReleaseTarget } from '../../adapters/helm/helm.ts';

/**
 * Runs work on a release when all earlier work of this process on it has ended, so that no two runs of Helm meet:
 * an activity that lost its heartbeat may still be ending when the next attempt begins.
 */
type ReleaseMutex = <T>(target: ReleaseTarget, work: () => Promise<T>) => Promise<T>;

/** Makes a mutex for each release. */
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
