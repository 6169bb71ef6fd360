import type { Informer } from '../../adapters/kubernetes/informer.ts';
import { rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import type { RbacQuestion, RbacUser, ResourceQuestion } from '../../domain/access/rbac.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import { type BindingObject, createRbacIndex, type RoleObject } from './rbac-index.ts';

/** The roles and bindings of the management API, from informers. */
export interface RbacCache {
  /** What the management API's authorizer would say; ask {@link isUpToDate} before. */
  allows(who: RbacUser, question: RbacQuestion): boolean;
  /** All namespaces in which `who` may be allowed it about some object; undefined: anywhere. */
  namespacesOf(who: RbacUser, question: ResourceQuestion): string[] | undefined;
  /** As long as it is unchanged for `who`, so is every decision about them. */
  generationOf(who: RbacUser): number;
  /** Whether all four kinds are known as of a moment ago: otherwise no decision can be made. */
  isUpToDate(): boolean;
  /** Settles when all four kinds were read. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Twice a watch of 3 s, which leaves a loaded machine time. With the 4 s between two sweeps of open streams
 * (api/streams/revocation.ts) a right that was taken ends within 10 s even if its end is never heard of.
 */
const outdatedMs = 6_000;

type RbacObject = (RoleObject | BindingObject) & { metadata: ObjectMeta };

/** What decisions are made by. There are roles and bindings for each tenant cluster. */
function keptRbac<T extends RbacObject>(object: T): T {
  const { name, namespace, resourceVersion } = object.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), resourceVersion };
  const { rules, roleRef, subjects } = object as Partial<RoleObject & BindingObject>;
  return { metadata, ...(roleRef === undefined ? { rules } : { roleRef, subjects }) } as unknown as T;
}

/** @param watch informers over a path, in watches of 3 s, as a user who may read roles and bindings */
export function createRbacCache(
  watch: <T extends { metadata: ObjectMeta }>(path: string, keep: (object: T) => T) => Informer<T>,
): RbacCache {
  const index = createRbacIndex();

  function follow<T extends RbacObject>(
    kind: Parameters<typeof rbacPath>[0],
    set: (key: string, object: T | undefined) => void,
  ): Informer<T> {
    const informer = watch<T>(rbacPath(kind), keptRbac);
    informer.onChange((key) => set(key, informer.get(key)));
    return informer;
  }

  const informers = [
    follow<RoleObject & { metadata: ObjectMeta }>('Role', index.setRole),
    follow<RoleObject & { metadata: ObjectMeta }>('ClusterRole', index.setRole),
    follow<BindingObject & { metadata: ObjectMeta }>('RoleBinding', index.setBinding),
    follow<BindingObject & { metadata: ObjectMeta }>('ClusterRoleBinding', index.setBinding),
  ];
  return {
    allows: index.allows,
    namespacesOf: index.namespacesOf,
    generationOf: index.generationOf,
    isUpToDate: () => {
      const since = performance.now() - outdatedMs;
      return informers.every(({ syncedAt }) => syncedAt >= since);
    },
    ready: Promise.all(informers.map(({ synced }) => synced)).then(() => undefined),
    stop: async () => {
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}
