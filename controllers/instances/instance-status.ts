import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import { type ManagedKind, managedKinds, type OperationTarget } from '../../contracts/kinds.ts';
import { projectNamespace, projectOfNamespace } from '../../contracts/names.ts';
import { isFinal } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { listSteps } from '../../db/queries/operation-steps.ts';
import { listOpenOperations, targetsOf } from '../../db/queries/operations.ts';
import { descriptorOf } from '../../domain/kinds/kinds.ts';
import { problemNotices, statusNotices } from '../../domain/status/notices.ts';
import { type OpenOperation, presentStatus } from '../../domain/status/present-status.ts';
import { instanceCache, templateCache, templateOf } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { createStatusEvents } from './status-events.ts';

/** Changes of operations come in bursts: a step begins as another one ends. */
const gatherMs = 200;

/**
 * What every status says of the present, whatever is recorded of the past (domain/status/present-status.ts): that the newest
 * spec was seen, what goes on, and what people have to do something about, of which there is an event too.
 */
export function instanceStatus(context: ControllerContext): Controller {
  const { caches, operations, resources } = context;
  const events = createStatusEvents(context);

  async function openOperations(
    target: OperationTarget,
    { metadata, status }: Stored<ManagedInstance>,
  ): Promise<OpenOperation[]> {
    // The status says that it ended before the row does.
    const { id, state } = status?.lastOperation ?? {};
    const ended = state !== undefined && isFinal(state) ? id : undefined;
    return operations.database.query(async (db) => {
      const rows = await listOpenOperations(db, target);
      const open = rows.filter((row) => row.uid === metadata.uid && row.id !== ended);
      const steps = await listSteps(
        db,
        open.map((row) => row.id),
      );
      return open.map((row) => ({
        id: row.id,
        type: row.type,
        message:
          steps.find((step) => step.operationId === row.id && step.state === 'running')?.message ?? undefined,
      }));
    });
  }

  return {
    name: 'instance-status',
    /** @param id kind, blank, key of the object */
    async reconcile(id) {
      const [kind, key] = id.split(' ') as [ManagedKind, string];
      const instance = instanceCache(caches, kind).get(key);
      const { namespace = '', name } = fromObjectKey(key);
      const project = projectOfNamespace(namespace);
      if (instance === undefined || project === undefined) return undefined;
      await events.write(kind, instance, problemNotices(kind, instance));
      const patch = presentStatus(kind, instance, {
        template: templateOf(caches, kind, instance),
        open: await openOperations({ kind, project, name }, instance),
        now: new Date().toISOString(),
      });
      if (patch === undefined) {
        await events.write(kind, instance, statusNotices(kind, instance));
        return resync;
      }
      const { resourceVersion } = instance.metadata;
      await instanceResources(resources, kind).patchStatus({ namespace, name }, patch, resourceVersion);
      return resync; // the change comes back as an event
    },
    watch(add) {
      const addAll = (kind: ManagedKind, which: (instance: ManagedInstance) => boolean) => {
        for (const instance of instanceCache(caches, kind).list())
          if (which(instance)) add(`${kind} ${objectKey(instance.metadata)}`);
      };
      for (const kind of managedKinds) instanceCache(caches, kind).onChange((key) => add(`${kind} ${key}`));
      for (const kind of managedKinds)
        templateCache(caches, kind).onChange((template) =>
          addAll(kind, (instance) => descriptorOf(kind).templateName(instance) === template),
        );
      followOperations(context, async (ids) => {
        if (ids === undefined) {
          for (const kind of managedKinds) addAll(kind, () => true);
          return;
        }
        const targets = await operations.database.query((db) => targetsOf(db, ids));
        // The others are in no project: connected clusters.
        for (const { kind, project, name } of targets.filter((target) => target.project !== ''))
          add(`${kind} ${objectKey({ namespace: projectNamespace(project), name })}`);
      });
    },
  };
}

/** Calls `onChange` with the operations that changed a moment ago; without any if some may have been missed. */
function followOperations(
  { operations: { changes }, logger }: ControllerContext,
  onChange: (ids: readonly string[] | undefined) => Promise<void>,
): void {
  let changed = new Set<string | undefined>();
  changes.subscribeAll((id) => {
    if (changed.size === 0) {
      setTimeout(() => {
        const ids = [...changed].filter((one) => one !== undefined);
        const isMissed = ids.length < changed.size;
        changed = new Set();
        onChange(isMissed ? undefined : ids).catch((err: unknown) =>
          logger.debug({ err }, 'failed to read changed operations'),
        );
      }, gatherMs);
    }
    changed.add(id);
  });
}
