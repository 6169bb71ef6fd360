import { fromObjectKey, objectKey } from '../adapters/kubernetes/informer.ts';
import type { Stored } from '../adapters/kubernetes/resources.ts';
import type { Requeue } from '../adapters/kubernetes/work-queue.ts';
import { PlatformError } from '../contracts/errors.ts';
import { annotations, cleanupFinalizer, projectOfNamespace } from '../contracts/names.ts';
import { isFinal } from '../contracts/operations.ts';
import type { VirtualClusterInstance } from '../contracts/resources/virtual-cluster-instance.ts';
import { type NextOperation, nextOperation } from '../domain/desired-state.ts';
import { defaultTemplate, namesNoTemplate } from '../domain/template-choice.ts';
import { submitOperation } from '../operations/submit.ts';
import { type Controller, type ControllerContext, resync } from './controller.ts';

type Instance = Stored<VirtualClusterInstance>;

/** Time for the gateway to submit a delete first: it knows who deleted, the resource does not. */
const deleteGraceMs = 250;
/** So long a status may take to follow the operation that ended. */
const staleStatusMs = 30_000;

/** Submits the operation that each tenant cluster needs; what is tried in vain waits for a change of its spec. */
export function instanceOperations(context: ControllerContext): Controller {
  const { caches, resources } = context;
  /** When a delete, or an operation that had ended already, was seen first. */
  const firstSeen = new Map<string, number>();

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
    if (next === undefined) return resync;
    if (next.type === 'delete') {
      const remainingMs = deleteGraceMs - sinceFirstSeen(`${instance.metadata.uid}:delete`);
      if (remainingMs > 0) return { requeueAfterMs: remainingMs };
    }
    return submit(instance, project, next);
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

  async function submit(instance: Instance, project: string, next: NextOperation): Promise<Requeue> {
    const { name, uid } = instance.metadata;
    const submission = {
      type: next.type,
      project,
      name,
      uid,
      actor: instance.metadata.annotations?.[annotations.changedBy] ?? 'unknown',
      targetHash: next.targetHash,
    };
    try {
      const { operation, joined } = await submitOperation(context.operations, {
        ...submission,
        idempotencyKey: next.idempotencyKey,
      });
      if (!joined)
        context.logger.info({ operation: operation.id, type: next.type, project, name }, 'submitted');
      if (!isFinal(operation.state)) {
        await showPending(instance);
        return resync;
      }
      // It ended, but the status does not say so: usually because the event is still under way.
      const seen = `${next.idempotencyKey}:${operation.id}`;
      const remainingMs = staleStatusMs - sinceFirstSeen(seen);
      if (remainingMs > 0) return { requeueAfterMs: remainingMs };
      await submitOperation(context.operations, { ...submission, idempotencyKey: seen });
      return resync;
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'conflict') throw error;
      context.logger.info(
        { type: next.type, project, name, reason: error.message },
        'not accepted; the next event decides',
      );
      return resync;
    }
  }

  /** Shows that something has begun; whoever writes the status at the same time wins. */
  async function showPending(instance: Instance): Promise<void> {
    if (instance.status?.phase || instance.metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name, resourceVersion } = instance.metadata;
    await resources.virtualclusterinstances
      .patchStatus({ namespace, name }, { phase: 'Pending' }, resourceVersion)
      .catch((err: unknown) => context.logger.debug({ err, name }, 'phase Pending was not written'));
  }

  function sinceFirstSeen(what: string): number {
    const now = performance.now();
    if (firstSeen.size > 1000)
      for (const [key, at] of firstSeen) if (now - at > 2 * staleStatusMs) firstSeen.delete(key);
    const at = firstSeen.get(what) ?? now;
    firstSeen.set(what, at);
    return now - at;
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
