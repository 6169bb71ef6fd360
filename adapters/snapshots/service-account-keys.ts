import { createDecipheriv, hkdfSync } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { labels } from '../../contracts/names.ts';
import type { TenantHost } from '../host-namespaces.ts';
import { callKubernetes, orUndefined, unlessConflict } from '../kubernetes/failures.ts';
import { operationLabels } from '../operation-job.ts';

/*
 * Restored data may hold service-account tokens that another instance signed. Its keys travel in the snapshot; the
 * tenant cluster takes them over when the data are swapped in, and gets its own back when they are swapped out.
 * Between the phases both pairs wait in Secret `restore-keys-<operation>` of the host namespace.
 */

const label = 'vcluster-platform.io/restore-keys';
const pairNames = ['sa.key', 'sa.pub'] as const;

const secretName = (operationId: string): string => `restore-keys-${operationId}`;

/** Both halves as they stand in a Secret, base64. */
type KeyPair = Record<(typeof pairNames)[number], string>;

/** Opens what deploy/images/tenant-tools/snapshot.ts sealed. @throws PlatformError `snapshot_damaged` */
export function openServiceAccountKeys(projectKey: string, sealed: string): KeyPair {
  const bytes = Buffer.from(sealed, 'base64');
  const key = Buffer.from(
    hkdfSync('sha256', Buffer.from(projectKey, 'base64'), '', 'vcps service-account keys', 32),
  );
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString(
      'utf8',
    );
    const { privateKey, publicKey } = JSON.parse(plain) as { privateKey: string; publicKey: string };
    return { 'sa.key': base64(privateKey), 'sa.pub': base64(publicKey) };
  } catch (error) {
    throw new PlatformError('snapshot_damaged', 'failed to read the service-account keys of the snapshot', {
      cause: error,
    });
  }
}

/**
 * Keeps the snapshot's keys and the present ones for the swap, unless they are the same. Idempotent.
 * @param keysSecret the Secret that the control plane takes its keys from
 */
export async function keepKeys(
  host: TenantHost,
  operationId: string,
  keysSecret: string,
  restored: KeyPair,
): Promise<void> {
  await callKubernetes(replacingKeysOf(host), async () => {
    const present = await readKeys(host, keysSecret);
    if (pairNames.every((name) => present[name] === restored[name])) return;
    const data = Object.fromEntries(
      pairNames.flatMap((name) => [
        [`restored.${name}`, restored[name]],
        [`former.${name}`, present[name] ?? ''],
      ]),
    );
    const metadata = {
      name: secretName(operationId),
      labels: { ...operationLabels(host, operationId), [label]: 'true' },
    };
    // A conflict: they were kept before.
    await unlessConflict(
      host.client.core.createNamespacedSecret({ namespace: host.name, body: { metadata, data } }),
    );
  });
}

/** Gives the tenant cluster the keys of the snapshot or those it had; it uses them when it starts next. Idempotent. */
export async function useKeys(
  host: TenantHost,
  operationId: string,
  keysSecret: string,
  which: 'restored' | 'former',
): Promise<void> {
  const { client, name: namespace } = host;
  await callKubernetes(replacingKeysOf(host), async () => {
    const kept = await orUndefined(
      client.core.readNamespacedSecret({ namespace, name: secretName(operationId) }),
    );
    if (kept === undefined) return;
    const body = pairNames.map((name) => ({
      op: 'replace',
      path: `/data/${name}`,
      value: kept.data?.[`${which}.${name}`],
    }));
    await client.core.patchNamespacedSecret({ namespace, name: keysSecret, body });
  });
}

/** Forgets the keys that restores kept, but for those of operation `exceptOperationId`. Idempotent. */
export async function forgetKeys(host: TenantHost, exceptOperationId?: string): Promise<void> {
  const { client, name: namespace } = host;
  await callKubernetes(replacingKeysOf(host), async () => {
    const { items } = await client.core.listNamespacedSecret({
      namespace,
      labelSelector: `${label}=true,!${labels.synced}`,
    });
    const names = items.map(({ metadata }) => metadata?.name ?? '');
    const forgotten = names.filter(
      (name) => exceptOperationId === undefined || name !== secretName(exceptOperationId),
    );
    for (const name of forgotten) await orUndefined(client.core.deleteNamespacedSecret({ namespace, name }));
  });
}

async function readKeys(host: TenantHost, name: string): Promise<NonNullable<V1Secret['data']>> {
  return (await host.client.core.readNamespacedSecret({ namespace: host.name, name })).data ?? {};
}

function replacingKeysOf({ owner }: TenantHost): string {
  return `replacing the service-account keys of ${owner.name}`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
