import { noteActivityHours } from '../../db/queries/activity-hours.ts';
import { insertSnapshot } from '../../db/queries/snapshots.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { listOperations } from '../../operations/read.ts';
import { submitOperation } from '../../operations/submit.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { eventually } from '../support/eventually.ts';
import { applyProjectNamespace } from '../support/management-api.ts';
import type { CliWorld } from './cli-world.ts';

/** Project gold with tenant clusters in several states, as controllers and worker would have left them; no one runs its operations. */
export async function makeGold({ fixture, operations }: CliWorld): Promise<void> {
  const { resources, admin } = fixture;
  await resources.clusters.create({ metadata: { name: 'edge' }, spec: { displayName: 'Edge', local: true } });
  await resources.teams.create({
    metadata: { name: 'night-shift' },
    spec: { displayName: 'Night shift', users: ['ben'] },
  });
  await resources.virtualclustertemplates.create({
    metadata: { name: 'small' },
    spec: {
      displayName: 'Small',
      versions: [
        {
          version: '1.0.0',
          parameters: [{ variable: 'size' }],
          template: { helmRelease: { values: 'size: 1' } },
        },
      ],
    },
  });
  await resources.projects.create({
    metadata: { name: 'gold' },
    spec: { displayName: 'Gold', owner: { user: 'anna' }, members: [{ kind: 'User', name: 'ben' }] },
  });
  await applyProjectNamespace(admin, 'gold', {});
  const sleeping = { 'sleepmode.loft.sh/force': 'true', 'sleepmode.loft.sh/sleeping-since': '1790000000' };
  await makeTenant(
    resources,
    'blue',
    {},
    { phase: 'Ready', kubernetesVersion: 'v1.35.0', observedHash: 'x' },
  );
  await makeTenant(
    resources,
    'night',
    { ...sleeping, 'sleepmode.loft.sh/sleep-schedule': '0 20 * * *' },
    {
      phase: 'Sleeping',
      observedHash: 'x',
    },
  );
  await makeTenant(
    resources,
    'broken',
    {},
    {
      phase: 'Failed',
      reason: 'control_plane_not_ready',
      message: 'the pod blue-0 is not ready',
      nextAttempt: { type: 'create', targetHash: 'x', message: 'tried again after 30 s' },
    },
  );
  const desk = await resources.spaceinstances.create({
    metadata: { name: 'desk', namespace: 'p-gold' },
    spec: { owner: { user: 'ben' }, clusterRef: { cluster: 'edge' } },
  });
  await resources.spaceinstances.patchStatus(
    { namespace: 'p-gold', name: 'desk' },
    { phase: 'Ready', clusterRef: { cluster: 'edge', namespace: 'loft-gold-s-desk' } },
  );
  const end = async (kind: ManagedKind, type: OperationType, name: string, uid: string, reason?: string) => {
    const { operation } = await submitOperation(operations, {
      kind,
      type,
      project: 'gold',
      name,
      uid,
      actor: 'anna@example.com',
      idempotencyKey: `${name}-${type}`,
      parameters: {},
    });
    const outcome = reason === undefined ? { state: 'succeeded' as const } : failed(reason);
    await endOperation(operations.database, { id: operation.id, ...outcome });
    return operation.id;
  };
  const uidOf = async (name: string) =>
    (await resources.virtualclusterinstances.get({ namespace: 'p-gold', name }))?.metadata.uid ?? '';
  await end('tenant', 'create', 'blue', await uidOf('blue'));
  const saved = await end('tenant', 'update', 'blue', await uidOf('blue'));
  await end('tenant', 'sleep', 'night', await uidOf('night'));
  await end('tenant', 'create', 'broken', await uidOf('broken'), 'the pod blue-0 is not ready');
  await end('space', 'create', 'desk', desk.metadata.uid);
  await operations.database.query((db) => noteActivityHours(db, [{ uid: 'any', at: new Date() }]));
  const snapshot = { project: 'gold', tenantCluster: 'blue', uid: await uidOf('blue'), name: 'monday' };
  await operations.database.query((db) =>
    insertSnapshot(db, snapshot, { operationId: saved, projectUid: '', file: saved }),
  );
}

function failed(message: string) {
  return { state: 'failed' as const, reason: 'control_plane_not_ready', message };
}

async function makeTenant(
  resources: ManagementResources,
  name: string,
  annotations: Record<string, string>,
  status: object,
): Promise<void> {
  await resources.virtualclusterinstances.create({
    metadata: { name, namespace: 'p-gold', annotations },
    spec: {
      displayName: `The ${name} one`,
      owner: { user: 'anna' },
      templateRef: { name: 'small', version: '1.0.x' },
      extraAccessRules: [{ users: ['ben'], clusterRole: 'view' }],
    },
  });
  await resources.virtualclusterinstances.patchStatus(
    { namespace: 'p-gold', name },
    {
      clusterRef: { cluster: 'edge', namespace: `loft-gold-v-${name}` },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Ready',
          message: 'as the test says',
          lastTransitionTime: '2026-11-29T12:00:00Z',
        },
      ],
      ...status,
    },
  );
}

/** Project forge with a tenant cluster and a space, and connected cluster rim, whose operations end by themselves. */
export async function makeForge({ fixture, operations }: CliWorld): Promise<void> {
  const { resources, admin } = fixture;
  await resources.projects.create({ metadata: { name: 'forge' }, spec: { displayName: 'Forge' } });
  await applyProjectNamespace(admin, 'forge', {});
  await resources.clusters.create({ metadata: { name: 'rim' }, spec: { networkPeer: true } });
  const spec = { owner: { user: 'anna' } };
  const at = { namespace: 'p-forge' };
  await resources.virtualclusterinstances.create({
    metadata: { ...at, name: 'iron' },
    spec: { ...spec, templateRef: { name: 'small' } },
  });
  await resources.spaceinstances.create({ metadata: { ...at, name: 'nook' }, spec });
  await eventually('both are created', async () => {
    const ended = await listOperations(operations, { project: 'forge', limit: 10 });
    return ended.filter(({ state }) => state === 'succeeded').length === 2;
  });
  const status = { phase: 'Ready', observedHash: 'x' } as const;
  await resources.virtualclusterinstances.patchStatus({ ...at, name: 'iron' }, status);
  await resources.spaceinstances.patchStatus(
    { ...at, name: 'nook' },
    { ...status, clusterRef: { cluster: 'edge', namespace: 'loft-forge-s-nook' } },
  );
}
