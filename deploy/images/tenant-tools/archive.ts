import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from './failure.ts';
import { type FileFacts, seal, unseal } from './sealed-stream.ts';
import type { StoreKind } from './store.ts';

/** What a snapshot file holds beside the saved store (`etcd`: what is known of it). */
export interface SnapshotMetadata {
  readonly project: string;
  readonly tenantCluster: string;
  readonly snapshot: string;
  readonly createdAt: string;
  readonly kubernetesVersion: string;
  readonly chart: { readonly name: string; readonly version: string; readonly values: string };
  /** Files of the Secret that the control plane takes its keys from. */
  readonly pki: Record<string, string>;
  /** Kind of the saved store; left out by earlier versions, which knew etcd only. */
  readonly store?: StoreKind;
  readonly etcd: { readonly revision: number; readonly totalKeys: number; readonly hash: number };
}

const lengthBytes = 4;
const maxMetadataBytes = 16 * 1024 * 1024;

/** Writes a snapshot file: first beside its place under another name, mode 0600, then renamed, all of it on disk. */
export async function writeArchive(
  path: string,
  archive: { key: Buffer; metadata: SnapshotMetadata; etcdSnapshot: string },
): Promise<FileFacts> {
  const folder = dirname(path);
  const temporary = `${path}.${process.pid}.tmp`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { project, tenantCluster, snapshot, createdAt } = archive.metadata;
  try {
    const file = await open(temporary, 'w', 0o600);
    let facts: FileFacts;
    try {
      facts = await seal(
        file,
        archive.key,
        { project, tenantCluster, snapshot, createdAt },
        contentOf(archive),
      );
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
    return facts;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function* contentOf(archive: {
  metadata: SnapshotMetadata;
  etcdSnapshot: string;
}): AsyncGenerator<Buffer> {
  const metadata = Buffer.from(JSON.stringify(archive.metadata));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(metadata.length);
  yield Buffer.concat([length, metadata]);
  for await (const bytes of createReadStream(archive.etcdSnapshot)) yield bytes as Buffer;
}

/**
 * Reads a snapshot file, writes the saved store to `etcdSnapshot` and returns the rest, after the whole file was
 * found undamaged and the one that `sha256` names.
 * @throws Failure `snapshot_not_found`, `snapshot_damaged`
 */
export async function readArchive(
  path: string,
  options: { key: Buffer; sha256: string; etcdSnapshot: string },
): Promise<SnapshotMetadata> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new Failure('snapshot_not_found', 'The file of the snapshot is missing', {
      cause: error,
    });
  });
  try {
    return await extract(file, options);
  } finally {
    await file.close();
  }
}

async function extract(
  file: FileHandle,
  options: { key: Buffer; sha256: string; etcdSnapshot: string },
): Promise<SnapshotMetadata> {
  const output = await open(options.etcdSnapshot, 'w', 0o600);
  try {
    let facts: FileFacts | undefined;
    let head: Buffer | undefined = Buffer.alloc(0);
    let metadata: SnapshotMetadata | undefined;
    for await (const bytes of unseal(file, options.key, (found) => {
      facts = found;
    })) {
      if (head === undefined) {
        await output.writeFile(bytes);
        continue;
      }
      head = Buffer.concat([head, bytes]);
      const end =
        head.length < lengthBytes
          ? Number.POSITIVE_INFINITY
          : lengthBytes + Math.min(head.readUInt32BE(), maxMetadataBytes);
      if (head.length < end) continue;
      metadata = JSON.parse(head.toString('utf8', lengthBytes, end)) as SnapshotMetadata;
      await output.writeFile(head.subarray(end));
      head = undefined;
    }
    if (metadata === undefined) throw new Failure('snapshot_damaged', 'The snapshot is empty');
    if (facts?.sha256 !== options.sha256)
      throw new Failure('snapshot_damaged', 'The file has changed since it was saved: its SHA-256 differs');
    return metadata;
  } finally {
    await output.close();
  }
}

/** Makes what was created, renamed or removed in `folder` survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where the saved store is put while it is worked on. */
export function scratchSnapshot(scratch: string): string {
  return join(scratch, 'etcd-snapshot.db');
}
