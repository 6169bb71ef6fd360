import { type ManagedKind, managedKinds, type OperationTarget } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { UsageSubject } from '../../db/queries/usage.ts';
import { targetAction } from '../authorization/action.ts';
import { goneAccess } from '../authorization/record-access.ts';
import type { Gateway } from '../gateway.ts';
import type { Identity } from '../identity/identity.ts';

type Deps = Pick<Gateway, 'review' | 'cache' | 'managementJson'>;

/** An instance that is there. */
export interface PresentInstance extends OperationTarget {
  readonly instance: ManagedInstance;
}

/** The instances that are there and that `identity` may get, of one project or of all. */
export async function visibleInstances(
  { review, cache }: Pick<Deps, 'review' | 'cache'>,
  identity: Identity,
  asked: { readonly project?: string | undefined; readonly kinds?: readonly ManagedKind[] | undefined },
): Promise<PresentInstance[]> {
  const { kinds = managedKinds } = asked;
  const there = kinds.flatMap((kind) =>
    cache.instances(kind).flatMap((instance: ManagedInstance): PresentInstance[] => {
      const { name, namespace = '' } = instance.metadata;
      const project = projectOfNamespace(namespace);
      if (project === undefined || (asked.project ?? project) !== project) return [];
      return [{ kind, project, name, instance }];
    }),
  );
  return review.filter(identity, there, (one) => targetAction('get', one));
}

/** Those of `records` whose instances are gone, and that `identity` may read all the same. */
export async function visibleRecordsOfGone<R extends UsageSubject>(
  deps: Deps,
  identity: Identity,
  records: readonly R[],
): Promise<R[]> {
  const there = new Set(
    managedKinds.flatMap((kind) => deps.cache.instances(kind).map(({ metadata }) => metadata.uid)),
  );
  const mayRead = goneAccess(deps, identity);
  const gone = records.filter(({ uid }) => !there.has(uid));
  const allowed = await Promise.all(gone.map(mayRead));
  return gone.filter((_record, index) => allowed[index]);
}
