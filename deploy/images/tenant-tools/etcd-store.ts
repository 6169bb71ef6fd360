import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './archive.ts';
import { commit, removeOthers, restoreFolders, rollBack, swapIn } from './data-folders.ts';
import { inspectSnapshot, restoreSnapshot, saveRunning, saveStopped } from './etcd.ts';
import type { Store } from './store.ts';

/** The store of chart `tenant-control-plane`: etcd, with its folder `data` on the volume. */
export function createEtcdStore(setting: (name: string) => string | undefined): Store {
  const volume = setting('VOLUME') ?? '';
  const folders = restoreFolders(volume, setting('RESTORE_ID') ?? '');
  return {
    async save(file) {
      const sockets = setting('SOCKETS') ?? '';
      const host = setting('ETCD_HOST');
      if (host === undefined)
        await saveStopped(
          { dataDir: join(volume, 'data'), scratch: setting('SCRATCH') ?? '', sockets },
          file,
        );
      else await saveRunning({ host, port: 2379, pki: setting('PKI') ?? '', sockets }, file);
    },
    inspect: inspectSnapshot,
    async prepare(file) {
      await removeOthers(volume, folders.id);
      const partial = join(volume, `partial-${folders.id}`);
      for (const folder of [partial, folders.restored]) await rm(folder, { recursive: true, force: true });
      await restoreSnapshot(file, partial);
      await rename(partial, folders.restored);
      await syncFolder(volume);
    },
    swap: () => swapIn(folders),
    rollback: () => rollBack(folders),
    commit: () => commit(folders),
  };
}
