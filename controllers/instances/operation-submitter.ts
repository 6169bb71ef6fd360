import type { ResourceClient, Stored } from '../../adapters/kubernetes/resources.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { withRootSpan } from '../../adapters/tracing/spans.ts';
import { annotations } from '../../contracts/names.ts';
import type { OperationTarget } from '../../contracts/kinds.ts';
import { isFinal } from '../../contracts/operations.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import type { AttemptMark } from '../../domain/lifecycle/attempts.ts';
import type { NextOperation } from '../../domain/lifecycle/desired-state.ts';
import { submitOperation } from '../../operations/submit.ts';
import { type ControllerContext, resync, underWay } from '../controller.ts';

/** Time for the gateway to submit a delete first: it knows who deleted, the resource does not. */
const deleteGraceMs = 250;
/** So long a status may take to follow the operation that ended. */
const staleStatusMs = 30_000;

interface Operated {
  metadata: ObjectMeta;
  status?: { phase?: string };
}

/** Submits operations of one kind of resource, each under the name of who changed the resource last. */
export function createOperationSubmitter<T extends Operated>(
  context: Pick<ControllerContext, 'caches' | 'operations' | 'logger'>,
  resources: Pick<ResourceClient<T>, 'patchStatus'>,
) {
  /** When a delete, or an operation that had ended already, was seen first. */
  const firstSeen = new Map<string, number>();

  async function submit(
    resource: Stored<T>,
    subject: OperationTarget,
    next: NextOperation,
    mark: AttemptMark,
  ): Promise<Requeue> {
    const { uid } = resource.metadata;
    if (next.type === 'delete') {
      const remainingMs = deleteGraceMs - sinceFirstSeen(`${uid}:delete`);
      if (remainingMs > 0) return { requeueAfterMs: remainingMs };
    }
    const submission = {
      ...subject,
      type: next.type,
      uid,
      projectUid: context.caches.projects.get(subject.project)?.metadata.uid,
      actor: resource.metadata.annotations?.[annotations.changedBy] ?? 'unknown',
      targetHash: next.targetHash,
      mark,
    };
    const { type } = next;
    try {
      // A trace of its own: which request has changed the resource is not known here.
      const { operation, joined } = await withRootSpan({ name: `submit ${type}` }, () =>
        submitOperation(context.operations, { ...submission, idempotencyKey: next.idempotencyKey }),
      );
      if (!joined) context.logger.info({ operation: operation.id, type, ...subject }, 'submitted');
      if (!isFinal(operation.state)) {
        await showPending(resource);
        return underWay;
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
        { type, ...subject, reason: error.message },
        'submit refused; waiting for the next event',
      );
      return resync;
    }
  }

  /** Shows that something has begun; a concurrent write of the status wins. */
  async function showPending({ metadata, status }: Stored<T>): Promise<void> {
    if (status?.phase || metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name, resourceVersion } = metadata;
    await resources
      .patchStatus({ namespace, name }, { phase: 'Pending' }, resourceVersion)
      .catch((err: unknown) => context.logger.debug({ err, name }, 'failed to write phase Pending'));
  }

  function sinceFirstSeen(what: string): number {
    const now = performance.now();
    if (firstSeen.size > 1000)
      for (const [key, at] of firstSeen) if (now - at > 2 * staleStatusMs) firstSeen.delete(key);
    const at = firstSeen.get(what) ?? now;
    firstSeen.set(what, at);
    return now - at;
  }

  return { submit };
}
