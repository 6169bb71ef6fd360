import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { RbacObject } from '../../adapters/kubernetes/rbac-objects.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../../contracts/resources/virtual-cluster-template.ts';
import { templateAccessOf } from '../../domain/template-access.ts';
import { accessRules } from '../../domain/tenant-grants.ts';
import { accessGrants, grantOn, groupSubjects, ruleOf } from '../rbac/access-grants.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

const subresources = ['accesskey', 'kubeconfig', 'log', 'operations', 'snapshot'];

/** Owner, `spec.access` and access rules of a tenant cluster as RBAC on that one resource. */
export function instanceAccess({ caches, rbac }: ControllerContext): Controller {
  return {
    name: 'instance-access',
    async reconcile(key) {
      const instance = caches.virtualclusterinstances.get(key);
      const { namespace = '' } = fromObjectKey(key);
      const isInProject = projectOfNamespace(namespace) !== undefined;
      const template = caches.virtualclustertemplates.get(instance?.spec?.templateRef?.name ?? '');
      await rbac.sync(
        `instances/${key}`,
        instance === undefined || !isInProject ? [] : grants(instance, template, namespace),
      );
      return instance === undefined ? undefined : resync;
    },
    watch(add) {
      caches.virtualclusterinstances.onChange(add);
      caches.virtualclustertemplates.onChange((template) => {
        for (const { metadata, spec } of caches.virtualclusterinstances.list())
          if (spec?.templateRef?.name === template) add(objectKey(metadata));
      });
      rbac.onChange((owner) => {
        if (owner.startsWith('instances/')) add(owner.slice('instances/'.length));
      });
    },
  };
}

function grants(
  instance: VirtualClusterInstance,
  template: VirtualClusterTemplate | undefined,
  namespace: string,
): RbacObject[] {
  const { owner, access } = instance.spec ?? {};
  const { name } = instance.metadata;
  const object = { plural: 'virtualclusterinstances', name, namespace, subresources, owner, access } as const;
  // Who has a role inside is let in.
  const named = accessRules(instance, templateAccessOf(instance, template)).flatMap(({ groups }) => groups);
  return [
    ...accessGrants(object),
    ...grantOn(
      object,
      'rules',
      ruleOf(object, ['get', 'use'], ['kubeconfig']),
      groupSubjects(named.toSorted()),
    ),
  ];
}
