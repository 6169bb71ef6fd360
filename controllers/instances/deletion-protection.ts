import { objectKey } from '../../adapters/kubernetes/informer.ts';
import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { isDeletionPrevented } from '../../domain/sleep/policy-sources.ts';
import { instanceCache, templateCache, templateOf } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { setConditions } from './instance-conditions.ts';

/**
 * Condition `DeletionPrevented`, True on instances whose vcluster.yaml says `deletion.prevent`: admission reads no YAML, and
 * refuses a delete by this condition (deploy/management/policy-deletion.yaml).
 */
export function deletionProtection(context: ControllerContext): Controller {
  const { caches } = context;
  return {
    name: 'deletion-protection',
    /** @param id kind, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [ManagedKind, string];
      const instance = instanceCache(caches, kind).get(key);
      if (instance === undefined) return undefined;
      const name = descriptorOf(kind).templateName(instance);
      const isPrevented = isDeletionPrevented(kind, instance, templateOf(caches, kind, instance));
      await setConditions(context, kind, instance, {
        DeletionPrevented: isPrevented ? prevented(name) : undefined,
      });
      return resync;
    },
    watch(add) {
      for (const kind of managedKinds) instanceCache(caches, kind).onChange((key) => add(`${kind} ${key}`));
      for (const kind of managedKinds)
        templateCache(caches, kind).onChange((template) => {
          for (const instance of instanceCache(caches, kind).list())
            if (descriptorOf(kind).templateName(instance) === template)
              add(`${kind} ${objectKey(instance.metadata)}`);
        });
    },
  };
}

function prevented(template: string | undefined) {
  const where = template === undefined ? 'spec.template' : `template ${template}`;
  return {
    status: 'True',
    reason: 'VClusterYaml',
    message: `helmRelease.values of ${where} set deletion.prevent: a delete is refused until they do not`,
  } as const;
}
