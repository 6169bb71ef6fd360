import { useSyncExternalStore } from 'react';

let awaySince: number | undefined;
const listeners = new Set<() => void>();

/** Says since when the event stream is not there (milliseconds since 1970); undefined: it is. */
export function setAwaySince(since: number | undefined): void {
  if (since === awaySince) return;
  awaySince = since;
  for (const listener of listeners) listener();
}

/** Since when nothing is heard of the platform; undefined: it is connected. */
export function useAwaySince(): number | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => awaySince,
  );
}
