import { objectKey } from '../../adapters/kubernetes/informer.ts';
import { instanceResources } from '../../adapters/kubernetes/resources.ts';
import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { resolvedPolicy } from '../../domain/sleep/policy-sources.ts';
import { mergePatch } from '../../domain/merge-patch.ts';
import { instanceCache, templateCache, templateOf } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';

/**
 * Writes `status.sleepPolicy`: what template, values, annotations and project say of the sleep of an instance, and which of them
 * decided each setting. Everybody else reads that alone, by `sleepPolicyOf`.
 */
export function sleepPolicies({ caches, resources }: ControllerContext): Controller {
  return {
    name: 'sleep-policies',
    /** @param id kind, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [ManagedKind, string];
      const instance = instanceCache(caches, kind).get(key);
      if (instance === undefined || instance.metadata.deletionTimestamp !== undefined) return undefined;
      const { name, namespace = '', resourceVersion } = instance.metadata;
      const wanted = resolvedPolicy(kind, instance, {
        template: templateOf(caches, kind, instance),
        project: caches.projects.get(projectOfNamespace(namespace) ?? ''),
      });
      const patch = mergePatch(instance.status?.sleepPolicy ?? {}, wanted);
      if (Object.keys(patch).length === 0) return resync;
      const client = instanceResources(resources, kind);
      await client.patchStatus({ namespace, name }, { sleepPolicy: patch }, resourceVersion);
      return resync;
    },
    watch(add) {
      const addAll = (kind: ManagedKind, which: (instance: ManagedInstance) => boolean) => {
        for (const instance of instanceCache(caches, kind).list())
          if (which(instance)) add(`${kind} ${objectKey(instance.metadata)}`);
      };
      for (const kind of managedKinds) {
        instanceCache(caches, kind).onChange((key) => add(`${kind} ${key}`));
        templateCache(caches, kind).onChange((template) =>
          addAll(kind, (instance) => descriptorOf(kind).templateName(instance) === template),
        );
        caches.projects.onChange((project) =>
          addAll(kind, ({ metadata }) => projectOfNamespace(metadata.namespace ?? '') === project),
        );
      }
    },
  };
}
