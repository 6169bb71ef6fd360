import type { Informer } from '../adapters/kubernetes/informer.ts';
import type { Stored } from '../adapters/kubernetes/resources.ts';
import type { ManagedInstance } from '../contracts/resources/resource-kinds.ts';
import { isOnlyUse } from '../domain/sleep/last-activity.ts';

/**
 * The same cache, whose handlers do not hear that an instance was used: there is nothing to reconcile then, and of a thousand in use
 * there would be seventeen a second, for each controller. What is read from it has the last use.
 */
export function withQuietUses<T extends Stored<ManagedInstance>>(informer: Informer<T>): Informer<T> {
  const handlers = new Set<(key: string) => void>();
  const known = new Map<string, T>();
  informer.onChange((key) => {
    const before = known.get(key);
    const after = informer.get(key);
    if (after === undefined) known.delete(key);
    else known.set(key, after);
    if (before !== undefined && after !== undefined && before !== after && isOnlyUse(before, after)) return;
    for (const handler of handlers) handler(key);
  });
  return {
    get: (key) => informer.get(key),
    list: () => informer.list(),
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    synced: informer.synced,
    get syncedAt() {
      return informer.syncedAt;
    },
    stop: () => informer.stop(),
  };
}
