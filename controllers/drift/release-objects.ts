import { findByName, listFollowed, readApplied } from '../../adapters/applied-objects.ts';
import type { TenantHost } from '../../adapters/host-namespaces.ts';
import { callKubernetes, orUndefined } from '../../adapters/kubernetes/failures.ts';
import { appliedState, lastChanger, scaledBy } from '../../adapters/kubernetes/field-owners.ts';
import { identities } from '../../contracts/names.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { listOpenOperations } from '../../db/queries/operations.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { virtualCluster } from '../../domain/kinds/virtual-cluster.ts';
import { neededOperations } from '../../domain/lifecycle/desired-state.ts';
import { submitOperation } from '../../operations/submit.ts';
import { templateOf } from '../caches.ts';
import type { ControllerContext } from '../controller.ts';
import type { ClusterWatch } from './drift-watches.ts';
import { type Drift, sentenceOf } from './put-backs.ts';

/** Named as the cause of an update. */
const maxTold = 5;

/** Objects of a tenant cluster's release, and of the gateway's access to it, in its host namespace. */
export interface ReleaseObjects {
  /**
   * What of it is not as the worker left it, read now if the watch suspects something; `at work` while an operation is, and nothing
   * while one is needed: what comes of them may put it back anyway.
   * @throws PlatformError `cluster_unreachable`, `forbidden`, `namespace_missing`
   */
  find(
    instance: Stored<VirtualClusterInstance>,
    tenant: TenantRef,
    watch: ClusterWatch,
  ): Promise<Drift[] | 'at work'>;
  /** Submits the update that applies all of it again in its turn. @returns its id */
  putBack(
    instance: Stored<VirtualClusterInstance>,
    tenant: TenantRef,
    drifts: readonly Drift[],
  ): Promise<string>;
}

export function createReleaseObjects(
  context: Pick<ControllerContext, 'caches' | 'operations' | 'tenants'>,
): ReleaseObjects {
  const { caches, operations, tenants } = context;
  const templateFor = (instance: Stored<VirtualClusterInstance>) => templateOf(caches, 'tenant', instance);

  async function isAtWork({ project, name }: TenantRef): Promise<boolean> {
    const target = { kind: 'tenant', project, name } as const;
    return (await operations.database.query((db) => listOpenOperations(db, target))).length > 0;
  }

  return {
    async find(instance, tenant, watch) {
      const { hostNamespace } = tenant;
      const isSuspect = watch.namespace(hostNamespace)?.applied.some((object) => {
        const state = watch.stateOf(object, hostNamespace);
        return state !== undefined && state !== object.state;
      });
      if (isSuspect !== true) return [];
      if (await isAtWork(tenant)) return 'at work';
      if (neededOperations('tenant', instance, templateFor(instance)).length > 0) return [];
      const host = await tenants.prove(tenant);
      const drifts = await readDrifts(host);
      // Only people can say whether to make again what has lost its data.
      const isControlPlaneGone = drifts.some(({ kind, how }) => isWorkload(kind) && how === 'deleted');
      return isControlPlaneGone && !(await isVolumeLeft(host)) ? [] : drifts;
    },

    async putBack(instance, { project, name, uid }, drifts) {
      const lastOperation = instance.status?.lastOperation?.id ?? 'none';
      const more = drifts.length - maxTold;
      const told = drifts.slice(0, maxTold).map(sentenceOf);
      const cause = [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
      const { operation } = await submitOperation(operations, {
        ...{ kind: 'tenant', project, name, uid, type: 'update' },
        projectUid: caches.projects.get(project)?.metadata.uid,
        actor: identities.controllers,
        targetHash: virtualCluster.desiredHash(instance, templateFor(instance) as never),
        idempotencyKey: `${uid}:put-back:${contentHash(drifts)}:${lastOperation}`,
        parameters: { putsBack: cause },
      });
      return operation.id;
    },
  };
}

async function readDrifts(host: TenantHost): Promise<Drift[]> {
  const { client, name: namespace, owner } = host;
  const applied = readApplied(host.namespace.metadata?.annotations);
  return callKubernetes(`reading what was applied in namespace ${namespace}`, async () => {
    const drifts: Drift[] = [];
    for (const kind of new Set(applied.map((object) => object.kind))) {
      const present = await listFollowed(client.kubeConfig, kind, namespace, owner.uid);
      for (const { name, state } of applied.filter((one) => one.kind === kind)) {
        const found = present.get(name)?.metadata;
        const scaler = scaledBy(found?.managedFields);
        if (found !== undefined && scaler === undefined && appliedState(found.managedFields) === state)
          continue;
        const left = found ?? (await findByName(client.kubeConfig, kind, namespace, name))?.metadata;
        const how = left === undefined ? 'deleted' : 'changed';
        drifts.push({ kind, name, namespace, how, by: scaler ?? lastChanger(left?.managedFields) });
      }
    }
    return drifts;
  });
}

function isWorkload(kind: string): boolean {
  return kind === 'StatefulSet' || kind === 'Deployment';
}

/** Whether the claim of the data is there and does not go with the StatefulSet that it was made for. */
async function isVolumeLeft({ client, owner, name: namespace }: TenantHost): Promise<boolean> {
  const name = `data-${owner.name}-0`;
  const claim = await callKubernetes(
    `reading claim ${name}`,
    orUndefined(client.core.readNamespacedPersistentVolumeClaim({ namespace, name })),
  );
  const { deletionTimestamp, ownerReferences = [] } = claim?.metadata ?? {};
  return claim !== undefined && deletionTimestamp === undefined && ownerReferences.length === 0;
}
