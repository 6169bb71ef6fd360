import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import { PlatformError } from '../contracts/errors.ts';
import { cleanupFinalizer } from '../contracts/names.ts';
import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import type { SpaceRef, UnplacedSpace } from '../contracts/space-ref.ts';
import { placeTenantRow } from '../db/queries/tenants.ts';
import { spaceNamespaceOf } from '../domain/host-namespace.ts';
import { isSpaceMade, spaceHash } from '../domain/space-state.ts';
import { chooseCluster, readClusterChoices } from './cluster-choice.ts';
import type { TenantDeps } from './dependencies.ts';
import { managementCall } from './instance-access.ts';
import {
  changeSpace,
  findSpace,
  spaceNotFound,
  spaceObject,
  type StoredSpace,
} from './space-instance-access.ts';

/** The space's resource in the management API. All throw `management_unavailable` while it is away. */
export function createSpaceInstanceActivities({ resources, operations }: TenantDeps) {
  return {
    /**
     * Chooses the connected cluster unless one is chosen, and writes it to `spec.clusterRef` with the finalizer;
     * the phase becomes Pending. Idempotent: a choice stays.
     * @throws PlatformError `space_not_found`, `project_not_found`, `cluster_not_found`, `forbidden`, `conflict`,
     *   `cluster_unreachable` while no cluster is online
     */
    async placeSpace({
      space,
    }: {
      space: UnplacedSpace;
    }): Promise<{ space: SpaceRef; targetHash: string; made: boolean }> {
      const { stored, place } = await changeSpace(resources, space, async (found) => {
        if (!found) throw spaceNotFound(space);
        if (found.metadata.deletionTimestamp !== undefined)
          throw new PlatformError('conflict', `Space ${space.name} is being deleted`);
        const chosen = await choosePlace(resources, space, found);
        await writePlace(resources, space, found, chosen);
        return { stored: found, place: chosen };
      });
      const placed: SpaceRef = { ...space, cluster: place.cluster, hostNamespace: place.namespace };
      const made = isSpaceMade(stored);
      await Promise.all([
        operations.database.query((db) => placeTenantRow(db, placed)),
        made || stored.status?.phase === 'Pending'
          ? undefined
          : managementCall(
              `writing the status of ${space.name}`,
              resources.spaceinstances.patchStatus(spaceObject(space), {
                phase: 'Pending',
                reason: null,
                message: null,
              }),
            ),
      ]);
      return { space: placed, targetHash: spaceHash(stored), made };
    },

    /**
     * Where a space is that was made. Changes nothing but our own note of the place.
     * @throws PlatformError `space_not_found`, `conflict` if it was never made
     */
    async findSpacePlace({ space }: { space: UnplacedSpace }): Promise<{ space: SpaceRef }> {
      const found = await findSpace(resources, space);
      if (!found) throw spaceNotFound(space);
      const placed = placeOf(space, found);
      if (!placed || !isSpaceMade(found))
        throw new PlatformError('conflict', `Space ${space.name} was not made yet`);
      await operations.database.query((db) => placeTenantRow(db, placed));
      return { space: placed };
    },

    /**
     * Where something of the space may be left, by its resource or, if that is gone, by our own note `placed`;
     * nothing if it was never placed or its connected cluster is not connected any more. Changes nothing.
     */
    async findSpaceRemains({
      space,
      placed,
    }: {
      space: UnplacedSpace;
      placed?: SpaceRef;
    }): Promise<{ space?: SpaceRef }> {
      const stored = await findSpace(resources, space);
      const found = (stored && placeOf(space, stored)) ?? placed;
      if (!found) return {};
      const cluster = await managementCall(
        `reading cluster ${found.cluster}`,
        resources.clusters.get({ name: found.cluster }),
      );
      return cluster ? { space: found } : {};
    },

    /** Takes our finalizer off, so that the resource goes. Idempotent: one that is gone needs nothing. */
    async releaseSpace({ space }: { space: UnplacedSpace }): Promise<void> {
      await changeSpace(resources, space, async (found) => {
        const { finalizers = [], resourceVersion } = found?.metadata ?? {};
        if (!found || !finalizers.includes(cleanupFinalizer)) return;
        await resources.spaceinstances.patch(spaceObject(space), {
          metadata: { resourceVersion, finalizers: finalizers.filter((name) => name !== cleanupFinalizer) },
        });
      });
    },
  };
}

interface Place {
  readonly cluster: string;
  readonly namespace: string;
}

async function writePlace(
  resources: ManagementResources,
  space: UnplacedSpace,
  { metadata: { finalizers = [], resourceVersion }, spec }: StoredSpace,
  place: Place,
): Promise<void> {
  const { cluster, namespace } = spec?.clusterRef ?? {};
  const isWritten =
    cluster === place.cluster && namespace === place.namespace && finalizers.includes(cleanupFinalizer);
  if (isWritten) return;
  await resources.spaceinstances.patch(spaceObject(space), {
    metadata: { resourceVersion, finalizers: [...new Set([...finalizers, cleanupFinalizer])] },
    spec: { clusterRef: place },
  });
}

async function choosePlace(
  resources: ManagementResources,
  space: UnplacedSpace,
  { spec }: SpaceInstance,
): Promise<Place> {
  const choices = await readClusterChoices(resources, space.project);
  const wanted = spec?.clusterRef?.cluster || undefined;
  const cluster = await chooseCluster(choices, wanted, () =>
    managementCall('reading spaces', resources.spaceinstances.list()),
  );
  const namespace =
    spec?.clusterRef?.namespace || spaceNamespaceOf(space, choices.project.spec?.namespacePattern?.space);
  return { cluster, namespace };
}

/** Where the resource says that the space is. */
function placeOf(space: UnplacedSpace, { spec }: SpaceInstance): SpaceRef | undefined {
  const { cluster, namespace } = spec?.clusterRef ?? {};
  return cluster && namespace ? { ...space, cluster, hostNamespace: namespace } : undefined;
}
