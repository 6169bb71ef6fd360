import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AuthenticationV1Api } from '@kubernetes/client-node';
import { createRestoreActivities, type RestoreJob } from '../../activities/snapshots/restore.ts';
import {
  createSnapshotActivities,
  type SnapshotJob,
  type SnapshotResult,
} from '../../activities/snapshots/snapshot.ts';
import { isNotFound } from '../../adapters/kubernetes/failures.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { eventually } from '../support/eventually.ts';
import { startTenantFleet, type TenantFleet } from './tenant-fleet.ts';

let fleet: TenantFleet;
let tenant: TenantRef;
before(async () => {
  fleet = await startTenantFleet();
  tenant = await fleet.install('saved');
});
after(() => fleet.stop());

function fileOf(name: string): string {
  return join(fleet.snapshots.snapshotsDir, 'default', 'saved', `${name}.vcps`);
}

async function save(snapshot: string, asleep = false): Promise<SnapshotResult> {
  const { applySnapshotJob, waitForSnapshotJob, deleteSnapshotJob } = createSnapshotActivities(
    fleet.snapshots,
  );
  const job: SnapshotJob = { tenant, operationId: `op-${snapshot}`, snapshot, asleep };
  await applySnapshotJob(job);
  await applySnapshotJob(job);
  const result = await waitForSnapshotJob(job);
  assert.deepEqual(await waitForSnapshotJob(job), result);
  await deleteSnapshotJob(job);
  await deleteSnapshotJob(job);
  return result;
}

async function restore(
  phase: RestoreJob['phase'],
  snapshot: string,
  sha256: string,
  operationId = `restore-${snapshot}`,
): Promise<void> {
  const { applyRestoreJob, waitForRestoreJob, deleteRestoreJob } = createRestoreActivities(fleet.snapshots);
  const job: RestoreJob = {
    tenant,
    operationId,
    phase,
    snapshot: { project: 'default', tenantCluster: 'saved', name: snapshot, sha256 },
  };
  await applyRestoreJob(job);
  try {
    await waitForRestoreJob(job);
  } finally {
    await deleteRestoreJob(job);
  }
}

/** The folder that the process node gave the tenant's volume. */
async function volumeFolder(): Promise<string> {
  const { core } = fleet.platform.client;
  const claim = await core.readNamespacedPersistentVolumeClaim({
    namespace: tenant.hostNamespace,
    name: 'data-saved-0',
  });
  const volume = await core.readPersistentVolume({ name: claim.spec?.volumeName ?? '' });
  return volume.spec?.local?.path ?? volume.spec?.hostPath?.path ?? '';
}

const put = async (text: string): Promise<void> => {
  const inside = await fleet.connect(tenant);
  const body = { metadata: { name: 'note' }, data: { text } };
  await inside.core
    .deleteNamespacedConfigMap({ namespace: 'default', name: 'note' })
    .catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  await inside.core.createNamespacedConfigMap({ namespace: 'default', body });
};
const note = async (): Promise<string | undefined> => {
  const inside = await fleet.connect(tenant);
  return (await inside.core.readNamespacedConfigMap({ namespace: 'default', name: 'note' })).data?.['text'];
};

const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PlatformError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

test('a snapshot taken awake restores lost data, and revisions only increase', async () => {
  await put('before');
  const inside = await fleet.connect(tenant);
  const seen = (await inside.core.listNamespacedConfigMap({ namespace: 'default' })).metadata
    ?.resourceVersion;
  const startedAt = performance.now();
  const result = await save('awake');
  console.log(`saved awake in ${Math.round(performance.now() - startedAt)} ms`);
  const content = readFileSync(fileOf('awake'));
  assert.equal(result.sizeBytes, content.length);
  assert.equal(result.sha256, createHash('sha256').update(content).digest('hex'));
  assert.ok(result.totalKeys >= 40 && result.revision >= 50, JSON.stringify(result));
  assert.equal(statSync(fileOf('awake')).mode & 0o777, 0o600);
  assert.doesNotMatch(content.toString('latin1'), /PRIVATE KEY|kubernetesVersion|registry\/configmaps/);
  await put('after');

  await restore('prepare', 'awake', result.sha256);
  await fleet.sleep(tenant);
  const volume = await volumeFolder();
  rmSync(join(volume, 'data'), { recursive: true });
  await restore('swap', 'awake', result.sha256);
  await restore('swap', 'awake', result.sha256);
  await fleet.wake(tenant);
  assert.equal(await note(), 'before');
  const again = await fleet.connect(tenant);
  const revision = async (client: ClusterClient) =>
    Number((await client.core.listNamespacedConfigMap({ namespace: 'default' })).metadata?.resourceVersion);
  const now = await revision(again);
  assert.ok(now > Number(seen) + 1_000_000, `${seen} → ${now}`);
  await restore('commit', 'awake', result.sha256);
  assert.deepEqual(readdirSync(volume), ['data']);

  // The same snapshot a second time: not even then a revision twice.
  await put('later');
  const last = await revision(again);
  await fleet.sleep(tenant);
  for (const phase of ['prepare', 'swap', 'commit'] as const)
    await restore(phase, 'awake', result.sha256, 'twice');
  await fleet.wake(tenant);
  assert.equal(await note(), 'before');
  assert.ok((await revision(await fleet.connect(tenant))) > last);
});

test('a snapshot taken asleep does not wake it, and a rolled back restore keeps the data', async () => {
  await put('asleep');
  await fleet.sleep(tenant);
  const startedAt = performance.now();
  const { sha256 } = await save('asleep', true);
  console.log(`saved asleep in ${Math.round(performance.now() - startedAt)} ms`);
  assert.equal(
    (await fleet.platform.client.core.listNamespacedPod({ namespace: tenant.hostNamespace })).items.length,
    0,
  );
  await fleet.wake(tenant);
  await put('newer');
  await fleet.sleep(tenant);
  for (const phase of ['prepare', 'swap', 'rollback', 'rollback'] as const)
    await restore(phase, 'asleep', sha256);
  assert.deepEqual(readdirSync(await volumeFolder()), ['data']);
  await fleet.wake(tenant);
  assert.equal(await note(), 'newer');
  await fleet.sleep(tenant);
  for (const phase of ['prepare', 'swap', 'commit'] as const)
    await restore(phase, 'asleep', sha256, 'second');
  await fleet.wake(tenant);
  assert.equal(await note(), 'asleep');
});

test("a restore into another instance keeps both instances' service account tokens valid", async () => {
  const inside = await fleet.connect(tenant);
  const serviceAccount = { name: 'default', namespace: 'default' };
  await eventually('the service account', () => inside.core.readNamespacedServiceAccount(serviceAccount));
  const request = { ...serviceAccount, body: { spec: { audiences: [], expirationSeconds: 3600 } } };
  const token = (await inside.core.createNamespacedServiceAccountToken(request)).status?.token ?? '';
  const { sha256 } = await save('donor');
  const first = tenant;
  tenant = await fleet.install('other');
  try {
    const isGood = async (): Promise<boolean | undefined> => {
      const other = (await fleet.connect(tenant)).kubeConfig.makeApiClient(AuthenticationV1Api);
      return (await other.createTokenReview({ body: { spec: { token } } })).status?.authenticated;
    };
    assert.notEqual(await isGood(), true);
    const phases = async (...names: RestoreJob['phase'][]) => {
      await fleet.sleep(tenant);
      for (const phase of names) await restore(phase, 'donor', sha256);
      await fleet.wake(tenant);
    };
    await phases('prepare', 'swap');
    assert.equal(await isGood(), true);
    await phases('rollback');
    assert.notEqual(await isGood(), true);
    await phases('prepare', 'swap', 'commit');
    assert.equal(await isGood(), true);
    const { items } = await fleet.platform.client.core.listNamespacedSecret({
      namespace: tenant.hostNamespace,
    });
    assert.deepEqual(
      items.filter(({ metadata }) => metadata?.name?.startsWith('restore-')),
      [],
    );
  } finally {
    await fleet.sleep(tenant);
    tenant = first;
  }
});

test('a missing, truncated, changed or swapped snapshot file is refused, and leaves nothing on the volume', async () => {
  const { sha256 } = await save('whole');
  const whole = readFileSync(fileOf('whole'));
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const cut = whole.subarray(0, whole.length - 50_000);
  const changed = Buffer.from(whole);
  changed[whole.length - 70_000] = (changed[whole.length - 70_000] ?? 0) ^ 1;
  for (const [name, bytes] of Object.entries({ cut, changed, whole2: whole, foreign: Buffer.from('hello') }))
    writeFileSync(fileOf(name), bytes, { mode: 0o600 });
  await assert.rejects(
    restore('prepare', 'missing', sha256),
    failsWith('snapshot_not_found', /file of the snapshot is missing/),
  );
  await assert.rejects(restore('prepare', 'cut', digest(cut)), failsWith('snapshot_damaged', /damaged/));
  await assert.rejects(
    restore('prepare', 'changed', digest(changed)),
    failsWith('snapshot_damaged', /damaged/),
  );
  await assert.rejects(
    restore('prepare', 'foreign', digest(Buffer.from('hello'))),
    failsWith('snapshot_damaged', /not a snapshot/),
  );
  await assert.rejects(restore('prepare', 'whole2', digest(cut)), failsWith('snapshot_damaged', /SHA-256/));
  assert.deepEqual(readdirSync(await volumeFolder()), ['data']);
  const { deleteSnapshotFile } = createSnapshotActivities(fleet.snapshots);
  const name = { project: 'default', tenantCluster: 'saved', snapshot: 'whole' };
  await deleteSnapshotFile(name);
  await deleteSnapshotFile(name);
  await assert.rejects(
    restore('prepare', 'whole', sha256, 'third'),
    failsWith('snapshot_not_found', /file of the snapshot is missing/),
  );
  await assert.rejects(
    async () => deleteSnapshotFile({ ...name, snapshot: '../../x' }),
    failsWith('invalid_request', /invalid snapshot "/),
  );
});

test('the key of the project is not left in the host namespace', async () => {
  const secrets = await fleet.platform.client.core.listNamespacedSecret({ namespace: tenant.hostNamespace });
  assert.deepEqual(
    secrets.items.map(({ metadata }) => metadata?.name ?? '').filter((name) => /input/.test(name)),
    [],
  );
});
