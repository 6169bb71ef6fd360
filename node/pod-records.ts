import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './containers/container-run.ts';

/** What a node remembers of a pod on disk, in `<state>/pods/<uid>/pod.json`. */
export interface PodRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The pod's own loopback address. */
  readonly address: string;
  /** Boot of the machine that the sandbox belongs to. */
  readonly bootId: string;
  /** Counts the pod's sandboxes: in a new one everything starts again, init containers first. */
  readonly sandbox: number;
  /** All containers were stopped because the node stops. */
  readonly stopped: boolean;
}

/** Folders of one pod. */
export interface PodFolders {
  readonly root: string;
  readonly volumes: string;
  /** On memory, with a short name: paths of unix sockets are limited to 108 bytes. */
  readonly memory: string;
  container(name: string): string;
}

export interface PodRecords {
  folders(uid: string): PodFolders;
  list(): PodRecord[];
  read(uid: string): PodRecord | undefined;
  write(record: PodRecord): void;
  /** Logs of all runs of all containers of a pod; each lies beside the folder of its run. */
  logFiles(uid: string): string[];
  /** Removes the pod's folders, volumes and logs included. */
  remove(uid: string): Promise<void>;
}

export function createPodRecords(stateDir: string): PodRecords {
  const pods = join(stateDir, 'pods');
  mkdirSync(pods, { recursive: true, mode: 0o700 });
  const folders = (uid: string): PodFolders => {
    if (!/^[\w-]+$/.test(uid)) throw new Error(`not a pod's uid: ${uid}`);
    const root = join(pods, uid);
    const hash = createHash('sha256').update(root).digest('hex').slice(0, 8);
    return {
      root,
      volumes: join(root, 'volumes'),
      memory: `/dev/shm/vcp-${hash}`,
      container: (name) => join(root, 'containers', name),
    };
  };
  const read = (uid: string) => {
    const file = join(folders(uid).root, 'pod.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PodRecord) : undefined;
  };
  return {
    folders,
    read,
    list: () => readdirSync(pods).flatMap((uid) => read(uid) ?? []),
    logFiles(uid) {
      const homes = join(folders(uid).root, 'containers');
      if (!existsSync(homes)) return [];
      return readdirSync(homes).flatMap((name) =>
        readdirSync(join(homes, name)).flatMap((file) =>
          /^\d+\.log$/.test(file) ? join(homes, name, file) : [],
        ),
      );
    },
    write(record) {
      const { root } = folders(record.uid);
      mkdirSync(root, { recursive: true, mode: 0o700 });
      writeWhole(join(root, 'pod.json'), JSON.stringify(record));
    },
    async remove(uid) {
      const { root, memory } = folders(uid);
      await rm(memory, { recursive: true, force: true });
      await rm(root, { recursive: true, force: true });
    },
  };
}
