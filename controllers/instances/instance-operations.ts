import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { cleanupFinalizer, projectOfNamespace } from '../../contracts/names.ts';
import type { ManagedInstance, ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import { markOf } from '../../domain/lifecycle/attempts.ts';
import { isUpToDate, neededOperations, requestedRebuild } from '../../domain/lifecycle/desired-state.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { followingOf, isSyncedOnce } from '../../domain/instance-templates/template-sync.ts';
import { instanceCache, templateCache, templateOf } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { createAttempts } from './attempts.ts';
import { createOperationSubmitter } from './operation-submitter.ts';

/** Submits the operation that each instance of a kind needs; what failed is tried again as domain/lifecycle/attempts.ts says. */
export function instanceOperations(kind: ManagedKind, context: ControllerContext): Controller {
  const { caches } = context;
  const cache = instanceCache(caches, kind);
  const resources = instanceResources(context.resources, kind);
  const descriptor = descriptorOf(kind);
  const submitter = createOperationSubmitter(context, resources);
  const attempts = createAttempts(context, resources);

  async function reconcile(key: string): Promise<Requeue | undefined> {
    const instance = cache.get(key);
    const { namespace = '', name } = fromObjectKey(key);
    const project = projectOfNamespace(namespace);
    if (instance === undefined || project === undefined) return undefined;
    const template = templateOf(caches, kind, instance);
    const change = firstChange(instance, project) ?? afterSync(instance, template);
    if (change !== undefined) {
      const { resourceVersion } = instance.metadata;
      const metadata = { ...change.metadata, resourceVersion };
      await resources.patch({ namespace, name }, { ...change, metadata });
      return resync; // the change comes back as an event
    }
    const target = { kind, project, name };
    const around = { project: caches.projects.get(project), clusters: caches.clusters.list(), template };
    const mark = markOf(instance, around);
    const rebuild = requestedRebuild(kind, instance, template);
    const needed = neededOperations(kind, instance, template);
    const wanted = rebuild === undefined ? needed : [rebuild, ...needed];
    const judged = await attempts.judge(instance, target, wanted, mark);
    if ('later' in judged) return judged.later;
    const requeue = await submitter.submit(instance, target, judged.submit, mark);
    await attempts.begun(instance);
    return requeue;
  }

  /** What the resource needs before its first operation: our finalizer, and what its spec lacks. */
  function firstChange(
    instance: Stored<ManagedInstance>,
    project: string,
  ): { metadata: object; spec?: object } | undefined {
    const { finalizers = [], deletionTimestamp } = instance.metadata;
    if (deletionTimestamp !== undefined) return undefined;
    const found = caches.projects.get(project);
    const spec = found === undefined ? undefined : descriptor.defaults(instance, found);
    const isHeld = finalizers.includes(cleanupFinalizer);
    if (isHeld && spec === undefined) return undefined;
    return {
      metadata: isHeld ? {} : { finalizers: [...finalizers, cleanupFinalizer] },
      ...(spec === undefined ? {} : { spec }),
    };
  }

  /** `templateRef.syncOnce` asks for something once, and is taken off when it is done, as vCluster Platform does. */
  function afterSync(
    instance: Stored<ManagedInstance>,
    template: ManagedTemplate | undefined,
  ): { metadata: object; spec: object } | undefined {
    const isDone = isSyncedOnce(followingOf(instance), template) && isUpToDate(kind, instance, template);
    const isDeleted = instance.metadata.deletionTimestamp !== undefined;
    return isDone && !isDeleted ? { metadata: {}, spec: { templateRef: { syncOnce: null } } } : undefined;
  }

  return {
    name: `${kindNames[kind].role}-operations`,
    reconcile,
    watch(add) {
      cache.onChange(add);
      const addIf = (concerns: (instance: Stored<ManagedInstance>) => boolean) => {
        for (const instance of cache.list()) if (concerns(instance)) add(objectKey(instance.metadata));
      };
      templateCache(caches, kind).onChange((template) =>
        addIf((instance) => descriptor.templateName(instance) === template),
      );
      // What failed may succeed now.
      const waits = ({ status }: ManagedInstance) => status?.nextAttempt !== undefined;
      caches.clusters.onChange(() => addIf(waits));
      caches.projects.onChange((project) =>
        addIf((one) => waits(one) && projectOfNamespace(one.metadata.namespace ?? '') === project),
      );
    },
  };
}
