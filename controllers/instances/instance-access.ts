import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { accessRules } from '../../domain/access/tenant-grants.ts';
import { instanceCache, templateCache, templateOf } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { accessGrants, grantOn, groupSubjects, ruleOf } from '../rbac/access-grants.ts';

/** Owner, `spec.access` and access rules of each instance of a kind as RBAC on that one resource in the management API. */
export function instanceAccess(kind: ManagedKind, { caches, rbac }: ControllerContext): Controller {
  const { role } = kindNames[kind];
  const prefix = `${role}s/`;
  const cache = instanceCache(caches, kind);
  const { templateName } = descriptorOf(kind);
  return {
    name: `${role}-access`,
    async reconcile(key) {
      const instance = cache.get(key);
      const { namespace = '' } = fromObjectKey(key);
      const isInProject = projectOfNamespace(namespace) !== undefined;
      const template = instance && templateOf(caches, kind, instance);
      await rbac.sync(
        `${prefix}${key}`,
        instance === undefined || !isInProject ? [] : grants(kind, instance, template, namespace),
      );
      return instance === undefined ? undefined : resync;
    },
    watch(add) {
      cache.onChange(add);
      templateCache(caches, kind).onChange((template) => {
        for (const instance of cache.list())
          if (templateName(instance) === template) add(objectKey(instance.metadata));
      });
      rbac.onChange((owner) => {
        if (owner.startsWith(prefix)) add(owner.slice(prefix.length));
      });
    },
  };
}

function grants(
  kind: ManagedKind,
  instance: ManagedInstance,
  template: ManagedTemplate | undefined,
  namespace: string,
): RbacObject[] {
  const { plural } = kindNames[kind];
  const { subresources, templateAccess } = descriptorOf(kind);
  const { owner, access } = instance.spec ?? {};
  const { name } = instance.metadata;
  const object = { plural, name, namespace, subresources: subresources.all, owner, access };
  // A role inside implies access to it.
  const named = accessRules(instance, templateAccess(instance, template)).flatMap(({ groups }) => groups);
  return [
    ...accessGrants(object),
    ...grantOn(
      object,
      'rules',
      ruleOf(object, ['get', 'use'], subresources.rules),
      groupSubjects(named.toSorted()),
    ),
  ];
}
