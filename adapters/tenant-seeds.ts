import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Keys of etcd that a seed holds: what every API server of a version makes alike at its first start, and takes longest
 * for. Everything else is a tenant cluster's own: namespaces and Services with their uids, leases, addresses, and all that has a key,
 * a certificate or a token.
 */
export const seededKeys: readonly string[] = [
  '/registry/clusterrolebindings/',
  '/registry/clusterroles/',
  '/registry/flowschemas/',
  '/registry/priorityclasses/',
  '/registry/prioritylevelconfigurations/',
  '/registry/rolebindings/',
  '/registry/roles/',
];

/** Name of the seed of these programs, by the tags of their images; the chart makes the same. */
export function seedName(kubernetes: string, etcd: string): string {
  return `kubernetes-${kubernetes}-etcd-${etcd}`;
}

/** Path of a seed: a snapshot of etcd, which ends with its SHA-256. Another choice of keys is another file. */
export function seedFile(dir: string, name: string): string {
  const keys = createHash('sha256').update(seededKeys.join()).digest('hex').slice(0, 8);
  return join(dir, `${name}-${keys}.db`);
}

/** A seed, or why there is none. */
export type Seed = { readonly snapshot: Buffer } | { readonly missing: string };

/** Reads a seed and checks its hash. @param name from a chart's values: anything */
export async function readSeed(dir: string, name: string): Promise<Seed> {
  if (!/^[\w.-]+$/.test(name)) return { missing: `"${name}" is not a name of a seed` };
  try {
    const snapshot = await readFile(seedFile(dir, name));
    return isWhole(snapshot) ? { snapshot } : { missing: `seed ${name} is damaged` };
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { missing: isAbsent ? `seed ${name} does not exist` : `seed ${name} cannot be read` };
  }
}

/** Whether a snapshot of etcd has the hash that it ends with. */
export function isWhole(snapshot: Buffer): boolean {
  const { data, hash } = parts(snapshot);
  return data.length > 0 && hashOf(data).equals(hash);
}

/** The seed of one tenant cluster: every uid in it is a new one. All other bytes stay, so its pages do. */
export function ownSeed(snapshot: Buffer): Buffer {
  const own = new Map<string, string>();
  const text = parts(snapshot).data.toString('latin1');
  const data = Buffer.from(
    text.replaceAll(uid, (old) => {
      const known = own.get(old) ?? randomUUID();
      own.set(old, known);
      return known;
    }),
    'latin1',
  );
  return Buffer.concat([data, hashOf(data)]);
}

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const hashLength = 32;

function parts(snapshot: Buffer): { data: Buffer; hash: Buffer } {
  const end = Math.max(0, snapshot.length - hashLength);
  return { data: snapshot.subarray(0, end), hash: snapshot.subarray(end) };
}

function hashOf(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
