import type { SpaceHost } from '../adapters/host-namespaces.ts';
import type { ManagementResources } from '../adapters/kubernetes/resources.ts';
import { PlatformError } from '../contracts/errors.ts';
import { cleanupFinalizer } from '../contracts/names.ts';
import type { Project } from '../contracts/resources/project.ts';
import type { SpaceInstance } from '../contracts/resources/space-instance.ts';
import type { SpaceRef, UnplacedSpace } from '../contracts/space-ref.ts';
import { placeTenantRow } from '../db/queries/tenants.ts';
import { spaceNamespaceOf } from '../domain/host-namespace.ts';
import { isProvisioned } from '../domain/desired-state.ts';
import { space as descriptor } from '../domain/kinds/space.ts';
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
export function createSpaceInstanceActivities(deps: TenantDeps) {
  const { resources, hosts } = deps;
  return {
    /**
     * Chooses the connected cluster and the namespace there, unless they are chosen. Writes the cluster to
     * `spec.clusterRef` with the finalizer; the namespace is noted once it is the space's (`applySpaceNamespace`). The
     * phase becomes Pending. Idempotent: a choice stays.
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
        await writePlace(resources, space, found, { cluster: chosen.cluster });
        return { stored: found, place: chosen };
      });
      const placed: SpaceRef = { ...space, cluster: place.cluster, hostNamespace: place.namespace };
      const made = isProvisioned(stored);
      if (!made && stored.status?.phase !== 'Pending') {
        await managementCall(
          `writing the status of ${space.name}`,
          resources.spaceinstances.patchStatus(spaceObject(space), {
            phase: 'Pending',
            reason: null,
            message: null,
          }),
        );
      }
      return { space: placed, targetHash: descriptor.desiredHash(stored, undefined), made };
    },

    /**
     * Where a space is that was made. Changes nothing but our own note of the place.
     * @throws PlatformError `space_not_found`, `conflict` if it was never made, and what HostNamespaces.prove throws
     */
    async findSpacePlace({ space }: { space: UnplacedSpace }): Promise<{ space: SpaceRef }> {
      const found = await findSpace(resources, space);
      if (!found) throw spaceNotFound(space);
      const placed = placeOf(space, found);
      if (!placed || !isProvisioned(found))
        throw new PlatformError('conflict', `Space ${space.name} was not made yet`);
      await notePlaceRow(deps, await hosts.prove(placed));
      return { space: placed };
    },

    /**
     * Where something of the space may be left, by its resource or, if that is gone, by our own note `placed`;
     * nothing if no connected cluster was chosen or it is not connected any more. Of one that never got its namespace,
     * the namespace that it would have got: a create that was killed may have made it. Changes nothing.
     */
    async findSpaceRemains({
      space,
      placed,
    }: {
      space: UnplacedSpace;
      placed?: SpaceRef;
    }): Promise<{ space?: SpaceRef }> {
      const stored = await findSpace(resources, space);
      // What the worker wrote comes before what anybody may have asked for since.
      const asked =
        stored && !placed
          ? (placeOf(space, stored) ?? (await wouldBePlace(resources, space, stored)))
          : undefined;
      const found = placed ?? asked;
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

/**
 * Notes that the namespace is the space's place: in `spec.clusterRef` and in our own database. Idempotent.
 * @throws PlatformError `management_unavailable`, `database_unavailable`
 */
export async function noteSpacePlace(deps: TenantDeps, host: SpaceHost): Promise<void> {
  const { owner: space, name: namespace } = host;
  await changeSpace(deps.resources, space, async (found) => {
    if (found) await writePlace(deps.resources, space, found, { cluster: space.cluster, namespace });
  });
  await notePlaceRow(deps, host);
}

function notePlaceRow({ operations }: TenantDeps, { owner }: SpaceHost): Promise<void> {
  return operations.database.query((db) => placeTenantRow(db, owner));
}

async function writePlace(
  resources: ManagementResources,
  space: UnplacedSpace,
  { metadata: { finalizers = [], resourceVersion }, spec }: StoredSpace,
  place: { readonly cluster: string; readonly namespace?: string },
): Promise<void> {
  const { cluster, namespace } = spec?.clusterRef ?? {};
  const isWritten =
    cluster === place.cluster &&
    (place.namespace === undefined || namespace === place.namespace) &&
    finalizers.includes(cleanupFinalizer);
  if (isWritten) return;
  await resources.spaceinstances.patch(spaceObject(space), {
    metadata: { resourceVersion, finalizers: [...new Set([...finalizers, cleanupFinalizer])] },
    spec: { clusterRef: place },
  });
}

async function choosePlace(
  resources: ManagementResources,
  space: UnplacedSpace,
  stored: SpaceInstance,
): Promise<Place> {
  const choices = await readClusterChoices(resources, space.project);
  const wanted = stored.spec?.clusterRef?.cluster || undefined;
  const cluster = await chooseCluster(choices, wanted, () =>
    managementCall('reading spaces', resources.spaceinstances.list()),
  );
  return { cluster, namespace: chooseNamespace(space, stored, choices.project) };
}

function chooseNamespace(space: UnplacedSpace, { spec }: SpaceInstance, project: Project): string {
  return spec?.clusterRef?.namespace || spaceNamespaceOf(space, project.spec?.namespacePattern?.space);
}

/** Where the space would be: no place yet, but where to look for one. */
async function wouldBePlace(
  resources: ManagementResources,
  space: UnplacedSpace,
  stored: SpaceInstance,
): Promise<SpaceRef | undefined> {
  const cluster = stored.spec?.clusterRef?.cluster;
  if (!cluster) return undefined;
  const project = await managementCall(
    `reading project ${space.project}`,
    resources.projects.get({ name: space.project }),
  );
  if (!project) return undefined;
  try {
    return { ...space, cluster, hostNamespace: chooseNamespace(space, stored, project) };
  } catch (error) {
    if (error instanceof PlatformError) return undefined; // no namespace could have such a name
    throw error;
  }
}

/** Where the resource says that the space is. */
function placeOf(space: UnplacedSpace, { spec }: SpaceInstance): SpaceRef | undefined {
  const { cluster, namespace } = spec?.clusterRef ?? {};
  return cluster && namespace ? { ...space, cluster, hostNamespace: namespace } : undefined;
}
