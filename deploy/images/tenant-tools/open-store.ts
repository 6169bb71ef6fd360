import { createEtcdStore } from './etcd-store.ts';
import { createSqliteStore } from './sqlite-store.ts';
import type { Store, StoreKind } from './store.ts';

const stores: Record<StoreKind, (setting: (name: string) => string | undefined) => Store> = {
  etcd: createEtcdStore,
  sqlite: createSqliteStore,
};

/** @param setting gives the value of an environment variable */
export function openStore(kind: string, setting: (name: string) => string | undefined): Store {
  const create = stores[kind as StoreKind];
  if (create === undefined) throw new Error(`unknown store ${kind}`);
  return create(setting);
}
