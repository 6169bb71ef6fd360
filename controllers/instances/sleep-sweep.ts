import { isConflict } from '../../adapters/kubernetes/failures.ts';
import { fromObjectKey, objectKey } from '../../adapters/kubernetes/informer.ts';
import { instanceResources, type Stored } from '../../adapters/kubernetes/resources.ts';
import { type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { annotationsOf, type DueChange, outlookOf } from '../../domain/sleep/due-change.ts';
import { createDueTimes } from '../../domain/sleep/due-times.ts';
import { databaseAnswers } from '../../db/queries/database-answers.ts';
import { instanceCache } from '../caches.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { createAutoDeletion } from './auto-deletion.ts';

const defaultSweepMs = 30_000;
/** A watch hears of something about once a minute: then the management API was there, and so were the users. */
const heardOfMs = 150_000;

/**
 * Every half minute, and at the start, does what sleep policies ask for now of any instance: sleep and deletion for want of use, and
 * the times of schedules that came while Temporal, or everything, was away. (At their times Temporal Schedules do it:
 * sleep-schedules.ts.) An instance is evaluated when it has changed or its next time has come, so that a sweep is
 * a comparison for all others.
 */
export function sleepSweep(context: ControllerContext): Controller {
  const { caches, resources, operations, logger, sweepMs = defaultSweepMs } = context;
  const dueTimes = createDueTimes();
  let ranMs = 0;
  let lookedAt = performance.now();
  let isUp = true;
  const deletion = createAutoDeletion(context, () => ranMs);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  /**
   * Whether the platform has been up since the last look. While it is not, uses are recorded nowhere; when it comes back, the
   * gateways record theirs first.
   */
  async function hasBeenUp(): Promise<boolean> {
    const now = performance.now();
    const isHeardOf = managedKinds.every((kind) => now - instanceCache(caches, kind).syncedAt < heardOfMs);
    const wasUp = isUp;
    isUp = isHeardOf && (await databaseAnswers(operations.database));
    // What warnings stood for: the time of this process, which no clock changes.
    if (wasUp && isUp) ranMs += now - lookedAt;
    lookedAt = now;
    return wasUp && isUp;
  }

  async function sweep(add: (key: string) => void): Promise<void> {
    if (!(await hasBeenUp())) return;
    const now = Date.now();
    for (const kind of managedKinds)
      for (const instance of instanceCache(caches, kind).list())
        if (dueTimes.isDue(instance, now)) add(`${kind} ${objectKey(instance.metadata)}`);
  }

  async function sweepAgainAndAgain(add: (key: string) => void): Promise<void> {
    await sweep(add).catch((err: unknown) => logger.warn({ err }, 'failed to sweep'));
    if (!isStopped) timer = setTimeout(() => void sweepAgainAndAgain(add), sweepMs);
  }

  async function carryOut(kind: ManagedKind, instance: Stored<ManagedInstance>, change: DueChange) {
    const { namespace = '', name, resourceVersion } = instance.metadata;
    const { action, because, at } = change;
    // For the version that was judged: a use or change at the same moment wins.
    const metadata = { resourceVersion, annotations: annotationsOf(change) };
    await instanceResources(resources, kind).patch({ namespace, name }, { metadata });
    logger.info({ kind, namespace, name, action, because, at }, 'following the sleep policy');
  }

  return {
    name: 'sleep-sweep',
    /** @param key kind, blank, key of the object */
    async reconcile(key) {
      const [kind, name] = key.split(' ') as [ManagedKind, string];
      const instance = instanceCache(caches, kind).get(name);
      if (instance === undefined) return undefined;
      const now = new Date();
      const { change, nextAt } = outlookOf(kind, instance, now);
      try {
        if (change === undefined) {
          const lookAgainAt = await deletion.reconcile(kind, instance, now);
          dueTimes.lookedAt(instance, now.getTime(), Math.min(nextAt, lookAgainAt));
        } else await carryOut(kind, instance, change);
      } catch (error) {
        // Another version of it is on its way, which the next sweep judges.
        if (!isConflict(error)) throw error;
        logger.debug({ ...fromObjectKey(name), kind }, 'left alone: it has changed at this moment');
      }
      return undefined;
    },
    watch(add) {
      const synced = managedKinds.map((kind) => instanceCache(caches, kind).synced);
      void Promise.all(synced).then(() => sweepAgainAndAgain(add));
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
