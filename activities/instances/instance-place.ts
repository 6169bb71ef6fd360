import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { OwnedNamespace } from '../../adapters/host-namespaces.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import { refuse } from '../../adapters/project-policy.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { InstanceRef, UnplacedRef } from '../../contracts/instance-ref.ts';
import { kindNames, kindOf, type ManagedKind } from '../../contracts/kinds.ts';
import { cleanupFinalizer } from '../../contracts/names.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type {
  InstanceOf,
  ManagedInstance,
  ManagedTemplate,
} from '../../contracts/resources/resource-kinds.ts';
import { placeInstanceRow } from '../../db/queries/instances.ts';
import { isProvisioned } from '../../domain/lifecycle/desired-state.ts';
import { hostNamespaceOf } from '../../domain/placement/host-namespace.ts';
import type { InstancePlace } from '../../domain/kinds/descriptor.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { knownPlace } from '../../domain/placement/known-place.ts';
import type { PlacementWish } from '../../domain/placement/placement.ts';
import { chooseCluster, readClusterChoices } from './cluster-choice.ts';
import type { TenantDeps } from '../dependencies.ts';
import {
  changeInstance,
  findInstance,
  instanceNotFound,
  objectName,
  readInstance,
  templateOf,
  type Wanted,
  wantedFrom,
} from './instance-access.ts';

/** Where an instance was placed. */
export interface PlacedInstance<K extends ManagedKind> extends Wanted {
  readonly placed: InstanceRef<K>;
  /** It is there already. */
  readonly provisioned: boolean;
}

/**
 * Chooses the connected cluster and the namespace there, unless they are chosen. Writes the finalizer and what the spec
 * lacks (a project's default template), and then the cluster to `status.clusterRef`, where no manifest has to repeat
 * it; the namespace is noted once it is the instance's ({@link notePlace}). The phase becomes Pending. Idempotent: a
 * choice stays.
 * @throws PlatformError the kind's not-found code, `project_not_found`, `template_not_found`, and what {@link chooseCluster} throws
 */
export async function placeInstance<K extends ManagedKind>(
  deps: Pick<TenantDeps, 'resources' | 'operations'>,
  target: UnplacedRef<K>,
): Promise<PlacedInstance<K>> {
  const { resources } = deps;
  const kind = kindOf(target);
  const client = instanceResources(resources, kind);
  return changeInstance(resources, target, async (instance) => {
    if (!instance) return instanceNotFound(target);
    if (instance.metadata.deletionTimestamp !== undefined)
      throw new PlatformError('conflict', `the ${kindNames[kind].noun} ${target.name} is being deleted`);
    const { wanted, ...chosen } = await choosePlace(deps, target, instance);
    const { finalizers = [], resourceVersion } = instance.metadata;
    const isHeld = chosen.defaults === undefined && finalizers.includes(cleanupFinalizer);
    const held = isHeld
      ? instance
      : await client.patch(objectName(target), {
          metadata: { resourceVersion, finalizers: [...new Set([...finalizers, cleanupFinalizer])] },
          ...(chosen.defaults === undefined ? {} : { spec: chosen.defaults }),
        });
    const { cluster } = chosen.place;
    const provisioned = isProvisioned(held);
    const begins = !provisioned && held.status?.phase !== 'Pending';
    if (begins || held.status?.clusterRef?.cluster !== cluster) {
      const phase = begins ? { phase: 'Pending', reason: null, message: null } : {};
      const status = { ...phase, clusterRef: { cluster } };
      await client.patchStatus(objectName(target), status, held.metadata.resourceVersion);
    }
    return { placed: placedAt<K>(target, chosen.place), ...wanted, provisioned };
  });
}

/** An instance that was created, and its namespace. */
export interface LocatedInstance<K extends ManagedKind> {
  readonly placed: InstanceRef<K>;
  readonly instance: Stored<InstanceOf<K>>;
  readonly host: OwnedNamespace<InstanceRef<K>>;
}

/**
 * Where an instance is that was created. Changes nothing.
 * @throws PlatformError as {@link readPlace}, and what HostNamespaces.prove throws
 */
export async function locateInstance<K extends ManagedKind>(
  deps: Pick<TenantDeps, 'resources' | 'hosts'>,
  target: UnplacedRef<K>,
): Promise<LocatedInstance<K>> {
  const found = await readPlace<K>(deps, target);
  return { ...found, host: await deps.hosts.prove(found.placed) };
}

/**
 * Where an instance that was created has its namespace, which may be gone. Changes nothing.
 * @throws PlatformError the kind's not-found code, `conflict` if it was never created
 */
export async function readPlace<K extends ManagedKind>(
  { resources }: Pick<TenantDeps, 'resources'>,
  target: UnplacedRef<K>,
): Promise<Omit<LocatedInstance<K>, 'host'>> {
  const instance = await readInstance<K>(resources, target);
  const placed = placeOf<K>(target, instance);
  if (!placed || !isProvisioned(instance)) {
    const { noun } = kindNames[kindOf(target)];
    throw new PlatformError('conflict', `the ${noun} ${target.name} was not created yet`);
  }
  return { placed, instance };
}

/**
 * Where something of the instance may be left, by its resource or, if that is gone, by our own note `placed`; undefined
 * if no connected cluster was chosen or it is not connected any more. Of one that never got its namespace, the namespace
 * that it would have got: a create that was killed may have made it. Changes nothing.
 */
export async function findRemains<K extends ManagedKind>(
  { resources }: Pick<TenantDeps, 'resources'>,
  target: UnplacedRef<K>,
  placed: InstanceRef<K> | undefined,
): Promise<InstanceRef<K> | undefined> {
  const instance = await findInstance<K>(resources, target);
  // What the worker wrote comes before what anybody may have asked for since.
  const deployed = instance && descriptorOf(kindOf(target)).deployedPlace(instance);
  const written = deployed ? placedAt<K>(target, deployed) : placed;
  const asked =
    instance && !written
      ? (placeOf<K>(target, instance) ?? (await wouldBePlace<K>(resources, target, instance)))
      : undefined;
  const found = written ?? asked;
  if (!found) return undefined;
  const cluster = await callManagement(
    `reading cluster ${found.cluster}`,
    resources.clusters.get({ name: found.cluster }),
  );
  return cluster && found;
}

/** Takes our finalizer off, so that the resource goes. Idempotent: one that is gone needs nothing. */
export async function removeFinalizer(
  { resources }: Pick<TenantDeps, 'resources'>,
  target: UnplacedRef,
): Promise<void> {
  await changeInstance(resources, target, async (instance) => {
    const { finalizers = [], resourceVersion } = instance?.metadata ?? {};
    if (!instance || !finalizers.includes(cleanupFinalizer)) return;
    await instanceResources(resources, kindOf(target)).patch(objectName(target), {
      metadata: { resourceVersion, finalizers: finalizers.filter((name) => name !== cleanupFinalizer) },
    });
  });
}

/**
 * Notes that the namespace is the instance's place: in `status.clusterRef` and in our own database. Idempotent.
 * @throws PlatformError `management_unavailable`, `database_unavailable`
 */
export async function notePlace(deps: TenantDeps, host: OwnedNamespace): Promise<void> {
  const { resources } = deps;
  const { owner: target, name: namespace } = host;
  await changeInstance(resources, target, async (instance) => {
    const { resourceVersion } = instance?.metadata ?? {};
    const { clusterRef } = instance?.status ?? {};
    if (!instance || (clusterRef?.cluster === target.cluster && clusterRef.namespace === namespace)) return;
    await instanceResources(resources, kindOf(target)).patchStatus(
      objectName(target),
      { clusterRef: { cluster: target.cluster, namespace } },
      resourceVersion,
    );
  });
  await notePlaceRow(deps, host);
}

/** Notes the place in our own database alone. */
export function notePlaceRow({ operations }: TenantDeps, { owner }: OwnedNamespace): Promise<void> {
  return operations.database.query((db) => placeInstanceRow(db, owner));
}

function placedAt<K extends ManagedKind>(
  target: UnplacedRef<K>,
  { cluster, namespace }: InstancePlace,
): InstanceRef<K> {
  const { kind, project, name, uid } = target;
  const named = kind === undefined ? {} : { kind };
  return { ...named, project, name, uid, cluster, hostNamespace: namespace } as InstanceRef<K>;
}

/** Where the worker deployed it, or before that, where the instance says that it shall be. */
function placeOf<K extends ManagedKind>(
  target: UnplacedRef<K>,
  instance: ManagedInstance,
): InstanceRef<K> | undefined {
  const { cluster, namespace } = descriptorOf(kindOf(target)).deployedPlace(instance) ?? knownPlace(instance);
  return cluster && namespace ? placedAt<K>(target, { cluster, namespace }) : undefined;
}

async function choosePlace(
  deps: Pick<TenantDeps, 'resources' | 'operations'>,
  target: UnplacedRef,
  instance: ManagedInstance,
): Promise<{ place: InstancePlace; defaults: object | undefined; wanted: Wanted }> {
  const kind = kindOf(target);
  const descriptor = descriptorOf(kind);
  const choices = await readClusterChoices(deps.resources, target.project);
  const { project } = choices;
  // The controllers give it what the project has by default, unless it is placed before they have seen the project.
  const defaults = descriptor.defaults(instance, project);
  if (defaults === undefined) refuse(descriptor.breach(project, instance));
  const complete = { ...instance, spec: { ...instance.spec, ...defaults } } as ManagedInstance;
  const template = await templateOf(deps.resources, kind, complete);
  const placed = instance.status?.clusterRef?.cluster || descriptor.deployedPlace(instance)?.cluster;
  const name = descriptor.templateName(complete);
  // It may say where.
  if (!placed && name !== undefined && template === undefined)
    throw new PlatformError('template_not_found', `template ${name} not found`);
  const cluster = await chooseCluster(deps, {
    ...choices,
    placed,
    asked: wishOf(complete),
    template: template && { name: template.metadata.name, ...wishOf(template) },
  });
  const namespace = chooseNamespace(target, instance, project);
  return { place: { cluster, namespace }, defaults, wanted: wantedFrom(kind, complete, template) };
}

function wishOf({ spec }: ManagedInstance | ManagedTemplate): PlacementWish {
  return { cluster: spec?.clusterRef?.cluster, selector: spec?.clusterSelector };
}

function chooseNamespace(target: UnplacedRef, instance: ManagedInstance, project: Project): string {
  const kind = kindOf(target);
  return (
    descriptorOf(kind).deployedPlace(instance)?.namespace ??
    knownPlace(instance).namespace ??
    hostNamespaceOf(
      { kind, project: target.project, name: target.name },
      project.spec?.namespacePattern?.[kindNames[kind].namespace.pattern],
    )
  );
}

/** Where the instance would be: no place yet, but where to look for one. */
async function wouldBePlace<K extends ManagedKind>(
  resources: TenantDeps['resources'],
  target: UnplacedRef<K>,
  instance: ManagedInstance,
): Promise<InstanceRef<K> | undefined> {
  const { cluster } = knownPlace(instance);
  if (cluster === undefined) return undefined;
  const project = await callManagement(
    `reading project ${target.project}`,
    resources.projects.get({ name: target.project }),
  );
  if (!project) return undefined;
  try {
    return placedAt<K>(target, { cluster, namespace: chooseNamespace(target, instance, project) });
  } catch (error) {
    if (error instanceof PlatformError) return undefined; // no namespace could have such a name
    throw error;
  }
}
