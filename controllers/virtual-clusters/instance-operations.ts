import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { cleanupFinalizer, projectOfNamespace } from '../../contracts/names.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { nextOperation } from '../../domain/desired-state.ts';
import { defaultTemplate, namesNoTemplate } from '../../domain/template-choice.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { createOperationSubmitter } from '../instances/operation-submitter.ts';

type Instance = Stored<VirtualClusterInstance>;

/** Submits the operation that each tenant cluster needs; what is tried in vain waits for a change of its spec. */
export function instanceOperations(context: ControllerContext): Controller {
  const { caches, resources } = context;
  const submitter = createOperationSubmitter(context, resources.virtualclusterinstances);

  async function reconcile(key: string): Promise<Requeue | undefined> {
    const instance = caches.virtualclusterinstances.get(key);
    if (instance === undefined) return undefined;
    const { namespace = '', name } = fromObjectKey(key);
    const project = projectOfNamespace(namespace);
    if (project === undefined) return undefined;
    const change = firstChange(instance, project);
    if (change !== undefined) {
      const { resourceVersion } = instance.metadata;
      await resources.virtualclusterinstances.patch(
        { namespace, name },
        { ...change, metadata: { ...change.metadata, resourceVersion } },
      );
      return resync; // the change comes back as an event
    }
    const template = caches.virtualclustertemplates.get(instance.spec?.templateRef?.name ?? '');
    const next = nextOperation(instance, template);
    return next === undefined ? resync : submitter.submit(instance, { kind: 'tenant', project, name }, next);
  }

  /** What the resource needs before its first operation: our finalizer, and a template. */
  function firstChange(
    instance: Instance,
    project: string,
  ): { metadata?: object; spec?: object } | undefined {
    if (instance.metadata.deletionTimestamp !== undefined) return undefined;
    const finalizers = instance.metadata.finalizers ?? [];
    const found = caches.projects.get(project);
    const template = found === undefined || !namesNoTemplate(instance) ? undefined : defaultTemplate(found);
    if (finalizers.includes(cleanupFinalizer) && template === undefined) return undefined;
    return {
      metadata: finalizers.includes(cleanupFinalizer)
        ? {}
        : { finalizers: [...finalizers, cleanupFinalizer] },
      ...(template === undefined ? {} : { spec: { templateRef: { name: template } } }),
    };
  }

  return {
    name: 'instance-operations',
    reconcile,
    watch(add) {
      caches.virtualclusterinstances.onChange(add);
      caches.virtualclustertemplates.onChange((template) => {
        for (const instance of caches.virtualclusterinstances.list()) {
          if (instance.spec?.templateRef?.name === template) add(objectKey(instance.metadata));
        }
      });
    },
  };
}
