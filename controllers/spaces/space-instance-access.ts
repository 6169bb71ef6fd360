import { fromObjectKey } from '../../adapters/kubernetes/informer.ts';
import type { RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import { accessRules } from '../../domain/tenant-grants.ts';
import { accessGrants, grantOn, groupSubjects, ruleOf } from '../rbac/access-grants.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const prefix = 'spaces/';

/** Owner, `spec.access` and access rules of a space as RBAC on that one resource in the management API. */
export function spaceInstanceAccess({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'space-instance-access',
    async reconcile(key) {
      const space = caches.spaceinstances.get(key);
      const { namespace = '' } = fromObjectKey(key);
      const isInProject = projectOfNamespace(namespace) !== undefined;
      await rbac.sync(`${prefix}${key}`, space && isInProject ? grants(space, namespace) : []);
      return space === undefined ? undefined : resync;
    },
    watch(add) {
      caches.spaceinstances.onChange(add);
      rbac.onChange((owner) => {
        if (owner.startsWith(prefix)) add(owner.slice(prefix.length));
      });
    },
  };
}

function grants(space: SpaceInstance, namespace: string): RbacObject[] {
  const { owner, access } = space.spec ?? {};
  const { name } = space.metadata;
  const object = {
    plural: 'spaceinstances',
    name,
    namespace,
    subresources: ['operations'],
    owner,
    access,
  } as const;
  // Who has a role in the namespace is let in.
  const named = accessRules(space, undefined).flatMap(({ groups }) => groups);
  return [
    ...accessGrants(object),
    ...grantOn(
      object,
      'rules',
      ruleOf(object, ['get', 'use'], ['operations']),
      groupSubjects(named.toSorted()),
    ),
  ];
}
