import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { OperationParameters } from '../../contracts/verbs.ts';
import { deletionBlock } from '../sleep/deletion-due.ts';
import { saidByInstance } from '../sleep/sleep-settings.ts';
import { knownPlace } from './known-place.ts';

/** A tenant cluster or space that is in a connected cluster, or asks to be. */
export interface ClusterTenant extends OperationTarget {
  readonly instance: ManagedInstance;
}

/** Named in a message; of the others, how many there are. */
const mostNamed = 10;

/** Those of `instances` that are in connected cluster `cluster`, or ask to be. */
export function tenantsOf(
  cluster: string,
  kind: ManagedKind,
  instances: readonly ManagedInstance[],
): ClusterTenant[] {
  return instances
    .filter((instance) => knownPlace(instance).cluster === cluster)
    .map((instance) => {
      const { name, namespace = '' } = instance.metadata;
      return { kind, project: projectOfNamespace(namespace) ?? '', name, instance };
    });
}

/** Why `cluster` cannot be disconnected: a sentence for people; undefined if it can be. */
export function disconnectFault(
  { metadata, spec }: Cluster,
  tenants: readonly ClusterTenant[],
  { deleteTenants = false }: OperationParameters,
): string | undefined {
  const { name } = metadata;
  if (spec.local === true) return `connected cluster "${name}" is the platform's own`;
  if (isMarked(metadata)) return `connected cluster "${name}" is marked as not to be deleted`;
  if (tenants.length === 0) return undefined;
  if (!deleteTenants)
    return `${countText(tenants)} in connected cluster "${name}" (${namesOf(tenants)}): delete them first, or with it ("deleteTenants", or --delete-tenants of vcp)`;
  const kept = tenants.filter(
    ({ instance }) => deletionBlock(instance, isMarked(instance.metadata)) !== undefined,
  );
  return kept.length === 0
    ? undefined
    : `${countText(kept)} in connected cluster "${name}" that ${kept.length === 1 ? 'is' : 'are'} not to be deleted: ${namesOf(kept)}`;
}

/** "space default/a, tenant cluster default/b and 3 more" */
export function namesOf(tenants: readonly OperationTarget[]): string {
  const names = tenants.map(({ kind, project, name }) => `${kindNames[kind].noun} ${project}/${name}`);
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function countText({ length }: readonly unknown[]): string {
  return length === 1 ? '1 tenant cluster or space is' : `${length} tenant clusters and spaces are`;
}

function isMarked(metadata: ManagedInstance['metadata']): boolean {
  return saidByInstance(metadata).preventDeletion !== undefined;
}
