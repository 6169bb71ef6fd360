import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './archive.ts';
import { Failure } from './failure.ts';

/*
 * On the volume, `data` is etcd's folder. A restore makes `restored-<id>` beside it; `swap` renames `data` to
 * `former-<id>` and `restored-<id>` to `data`. Each phase can be repeated, and begun again wherever it was killed.
 */

/** Folders of one restore on the volume `volume`. */
export function restoreFolders(volume: string, id: string) {
  return {
    volume,
    id,
    data: join(volume, 'data'),
    restored: join(volume, `restored-${id}`),
    former: join(volume, `former-${id}`),
  };
}
type RestoreFolders = ReturnType<typeof restoreFolders>;

/** Puts the restored data in their place; the former ones stay beside. @throws Failure if nothing was prepared */
export async function swapIn({ volume, data, restored, former }: RestoreFolders): Promise<void> {
  if (!existsSync(restored)) {
    if (existsSync(former) && existsSync(data)) return; // done before
    throw new Failure('operation_failed', 'No restore was prepared');
  }
  if (!existsSync(former)) {
    // Without former data an empty folder stands for them, so that a rollback goes back to nothing.
    if (existsSync(data)) await rename(data, former);
    else await mkdir(former, { mode: 0o700 });
  }
  await rename(restored, data);
  await syncFolder(volume);
}

/** Puts the former data back, if they were swapped out, and removes what was prepared. */
export async function rollBack({ volume, id, data, restored, former }: RestoreFolders): Promise<void> {
  if (existsSync(former)) {
    const discarded = join(volume, `discarded-${id}`);
    if (existsSync(data)) {
      await rm(discarded, { recursive: true, force: true });
      await rename(data, discarded);
    }
    await rename(former, data);
    await syncFolder(volume);
  }
  await removeLeftovers(volume, () => false);
  await rm(restored, { recursive: true, force: true });
}

/** Removes what restores left on the volume, but for folders of the restore `exceptId`. */
export async function removeOthers(volume: string, exceptId: string): Promise<void> {
  await removeLeftovers(volume, (name) => name.endsWith(`-${exceptId}`));
}

/** The restore is final: removes the former data and all other leftovers. */
export async function commit({ volume }: RestoreFolders): Promise<void> {
  await removeLeftovers(volume, () => false);
}

async function removeLeftovers(volume: string, keep: (name: string) => boolean): Promise<void> {
  const names = (await readdir(volume)).filter(
    (name) => /^(restored|former|discarded|partial)-/.test(name) && !keep(name),
  );
  for (const name of names) await rm(join(volume, name), { recursive: true, force: true });
  if (names.length > 0) await syncFolder(volume);
}
