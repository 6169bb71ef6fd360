import { fromObjectKey } from '../../adapters/kubernetes/informer.ts';
import type { Requeue } from '../../adapters/kubernetes/work-queue.ts';
import { cleanupFinalizer, projectOfNamespace } from '../../contracts/names.ts';
import { nextSpaceOperation } from '../../domain/space-state.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { createOperationSubmitter } from '../instances/operation-submitter.ts';

/** Submits the operation that each space needs; what is tried in vain waits for a change of its spec. */
export function spaceOperations(context: ControllerContext): Controller {
  const { caches, resources } = context;
  const submitter = createOperationSubmitter(context, resources.spaceinstances);

  async function reconcile(key: string): Promise<Requeue | undefined> {
    const space = caches.spaceinstances.get(key);
    const { namespace = '', name } = fromObjectKey(key);
    const project = projectOfNamespace(namespace);
    if (space === undefined || project === undefined) return undefined;
    const { finalizers = [], deletionTimestamp, resourceVersion } = space.metadata;
    if (deletionTimestamp === undefined && !finalizers.includes(cleanupFinalizer)) {
      const metadata = { finalizers: [...finalizers, cleanupFinalizer], resourceVersion };
      await resources.spaceinstances.patch({ namespace, name }, { metadata });
      return resync; // the change comes back as an event
    }
    const next = nextSpaceOperation(space);
    return next === undefined ? resync : submitter.submit(space, { kind: 'space', project, name }, next);
  }

  return {
    name: 'space-operations',
    reconcile,
    watch: (add) => void caches.spaceinstances.onChange(add),
  };
}
