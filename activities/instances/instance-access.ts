import { callManagement, retryOnConflict } from '../../adapters/kubernetes/failures.ts';
import {
  instanceResources,
  type ManagementResources,
  type Stored,
  templateResources,
} from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { UnplacedRef } from '../../contracts/instance-ref.ts';
import { kindNames, kindOf, type ManagedKind } from '../../contracts/kinds.ts';
import { projectNamespace } from '../../contracts/names.ts';
import type {
  InstanceOf,
  ManagedInstance,
  ManagedTemplate,
  TemplateOf,
} from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import type { OperationOutcome } from '../../domain/status/after-operation.ts';
import { selectionOf } from '../../domain/instance-templates/template-sync.ts';

/** The instance's resource; undefined if it is gone or another of the same name has taken its place. */
export async function findInstance<K extends ManagedKind>(
  resources: ManagementResources,
  target: UnplacedRef<K>,
): Promise<Stored<InstanceOf<K>> | undefined> {
  const kind = kindOf(target);
  const instance = await callManagement(
    `reading ${kindNames[kind].noun} ${target.name}`,
    instanceResources(resources, kind).get(objectName(target)),
  );
  return instance?.metadata.uid === target.uid ? (instance as Stored<InstanceOf<K>>) : undefined;
}

/** @throws PlatformError the kind's not-found code, `management_unavailable` */
export async function readInstance<K extends ManagedKind>(
  resources: ManagementResources,
  target: UnplacedRef<K>,
): Promise<Stored<InstanceOf<K>>> {
  return (await findInstance<K>(resources, target)) ?? instanceNotFound(target);
}

/** What an instance asks for. */
export interface Wanted {
  /** Its hash: what an attempt is for. */
  readonly targetHash: string;
  /**
   * What the status says once it is deployed, when nothing is left to follow once; workers of earlier versions told its
   * hash alone, and histories hold that.
   */
  readonly deploys?: Required<Pick<OperationOutcome, 'observedHash' | 'template'>>;
}

/** What the instance asks for now. */
export async function wantedOf(
  resources: ManagementResources,
  kind: ManagedKind,
  instance: ManagedInstance,
): Promise<Wanted> {
  return wantedFrom(kind, instance, await templateOf(resources, kind, instance));
}

/** What the instance asks for, if its template is `found`. */
export function wantedFrom(
  kind: ManagedKind,
  instance: ManagedInstance,
  found: ManagedTemplate | undefined,
): Wanted {
  const { desiredHash } = descriptorOf(kind);
  const template = selectionOf(instance.spec?.templateRef, found);
  const deployed = { ...instance, status: { ...instance.status, template } } as ManagedInstance;
  return {
    targetHash: desiredHash(instance, found),
    deploys: { observedHash: desiredHash(deployed, found), template: template ?? null },
  };
}

/** The template that the instance is made of; undefined if it names none, or one that does not exist. */
export async function templateOf<K extends ManagedKind>(
  resources: ManagementResources,
  kind: K,
  instance: ManagedInstance,
): Promise<TemplateOf<K> | undefined> {
  const name = descriptorOf(kind).templateName(instance);
  if (name === undefined) return undefined;
  const found = await callManagement(
    `reading template ${name}`,
    templateResources(resources, kind).get({ name }),
  );
  return found as TemplateOf<K> | undefined;
}

/**
 * Reads the instance, has `change` write it with its resourceVersion, and begins again if somebody else wrote
 * meanwhile. `change` gets undefined if the instance is gone.
 * @param known the instance as it was a moment ago, which spares reading it
 */
export async function changeInstance<T>(
  resources: ManagementResources,
  target: UnplacedRef,
  change: (instance: Stored<ManagedInstance> | undefined) => Promise<T>,
  known?: Stored<ManagedInstance>,
): Promise<T> {
  return callManagement(`writing ${kindNames[kindOf(target)].noun} ${target.name}`, () =>
    retryOnConflict(10, async (attempt) =>
      change((attempt === 1 ? known : undefined) ?? (await findInstance(resources, target))),
    ),
  );
}

export function objectName({ project, name }: UnplacedRef): { namespace: string; name: string } {
  return { namespace: projectNamespace(project), name };
}

/** @throws PlatformError always: the kind's not-found code */
export function instanceNotFound(target: UnplacedRef): never {
  const { noun, notFound } = kindNames[kindOf(target)];
  throw new PlatformError(notFound, `${noun} "${target.name}" not found in project "${target.project}"`);
}
