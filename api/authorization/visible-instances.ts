import { type ManagedKind, managedKinds, type OperationTarget } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { targetAction } from './action.ts';
import type { Gateway } from '../gateway.ts';
import type { Identity } from '../identity/identity.ts';

/** An instance that is there. */
export interface PresentInstance extends OperationTarget {
  readonly instance: ManagedInstance;
}

/** The instances that are there and that `identity` may get, of one project or of all. */
export async function visibleInstances(
  { review, cache }: Pick<Gateway, 'review' | 'cache'>,
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
