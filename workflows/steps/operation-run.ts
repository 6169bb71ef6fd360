import { CancellationScope, log, upsertSearchAttributes } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { InstanceRef, UnplacedRef } from '../../contracts/instance-ref.ts';
import { type ManagedKind, namedKind, type OperationKind } from '../../contracts/kinds.ts';
import { type OperationInput, searchAttributes, stepActivityId } from '../../contracts/workflows.ts';
import { type RetryLimit, stepActivities } from '../proxies.ts';
import { failureReason } from './failure-reason.ts';
import type { Progress } from './progress.ts';

/** What a step does, or undoes: calls of activities, which show in Temporal as the step's. */
export type Work<T> = (activities: Activities) => Promise<T>;

/** What a verb's workflow works with while it has the turn. */
export interface OperationRun<K extends OperationKind = ManagedKind> {
  readonly input: OperationInput;
  readonly kind: K;
  /** What the operation is about. */
  readonly target: UnplacedRef<K>;
  /** Where it is, as far as our own database knows it. */
  readonly placed: InstanceRef<K> | undefined;
  /**
   * Runs one planned step. `undo` is registered before `work` begins, so it must hold for work that was done in
   * part or not at all.
   */
  step<T>(key: string, work: Work<T>, undo?: Work<unknown>): Promise<T>;
  /** The same of work that is tried once, and waits for no connected cluster. */
  tryStep<T>(key: string, work: Work<T>): Promise<T>;
  skip(key: string, message: string): void;
  /** Says something of a step that succeeded. */
  note(key: string, message: string): void;
  /** Runs branches side by side; the first failure cancels the others and is thrown when all have ended. */
  parallel(...branches: (() => Promise<unknown>)[]): Promise<void>;
  /** From here on nothing that was done is undone. */
  passPointOfNoReturn(): void;
}

/** A step that could not be undone, by its title, and why. */
export interface FailedUndo {
  readonly title: string;
  readonly message: string;
}

export interface UndoableRun<K extends OperationKind> extends OperationRun<K> {
  /** Undoes in reverse what was begun; gives what could not be undone. Must run non-cancellably. */
  undoAll(): Promise<FailedUndo[]>;
}

/** Makes the connected cluster searchable in Temporal. */
export function tagCluster(cluster: string): void {
  upsertSearchAttributes([{ key: searchAttributes.cluster, value: cluster }]);
}

/** A run of the input's verb whose steps are written through `progress`. */
export function createOperationRun<K extends OperationKind>(
  kind: K,
  input: OperationInput,
  progress: Progress,
  claim: { readonly cluster?: string; readonly hostNamespace?: string },
  retries: RetryLimit,
): UndoableRun<K> {
  const { project, name, uid } = input;
  const { cluster, hostNamespace } = claim;
  const instance = { ...namedKind(kind), project, name, uid };
  const target = (project === '' ? { name, uid } : instance) as UnplacedRef<K>;
  const undos: { key: string; undo: Work<unknown> }[] = [];
  let calls = 0;
  const activitiesOf = (key: string, wanted: RetryLimit, waitsForCluster = true) =>
    stepActivities(() => {
      const steps = progress.takeChanges();
      return {
        activityId: stepActivityId(key, ++calls),
        summary: progress.titleOf(key),
        retries: wanted,
        ...(steps ? { steps } : {}),
      };
    }, waitsForCluster);
  async function perform<T>(key: string, work: Work<T>, activities: Activities): Promise<T> {
    progress.set(key, 'running');
    try {
      const result = await work(activities);
      progress.set(key, 'succeeded');
      return result;
    } catch (error) {
      const { state, message } = failureReason(error);
      progress.set(key, state, message);
      throw error;
    }
  }
  return {
    input,
    kind,
    target,
    placed:
      cluster === undefined || hostNamespace === undefined
        ? undefined
        : ({ ...instance, cluster, hostNamespace } as unknown as InstanceRef<K>),
    step(key, work, undo) {
      if (undo) undos.push({ key, undo });
      return perform(key, work, activitiesOf(key, retries));
    },
    tryStep: (key, work) => perform(key, work, activitiesOf(key, 'once', false)),
    skip: (key, message) => progress.set(key, 'skipped', message),
    note: (key, message) => progress.set(key, 'succeeded', message),
    parallel: (...branches) => runParallel(branches),
    passPointOfNoReturn: () => {
      undos.length = 0;
    },
    async undoAll() {
      const failed: FailedUndo[] = [];
      for (const { key, undo } of undos.reverse()) {
        progress.set(key, 'undoing');
        try {
          // What is cancelled ends now: what could not be undone is told.
          await undo(activitiesOf(key, 'bounded', false));
          progress.set(key, 'undone');
        } catch (error) {
          const { reason, message } = failureReason(error);
          if (reason === 'namespace_missing' || reason === 'control_plane_missing') {
            // What was done there is gone with it.
            progress.set(key, 'undone');
            continue;
          }
          log.warn('failed to undo a step', { step: key, error });
          progress.set(key, 'undo_failed', message);
          failed.push({ title: progress.titleOf(key), message });
        }
      }
      return failed;
    },
  };
}

async function runParallel(branches: readonly (() => Promise<unknown>)[]): Promise<void> {
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const failures: unknown[] = [];
    await Promise.all(
      branches.map(async (branch) => {
        try {
          await branch();
        } catch (error) {
          failures.push(error);
          scope.cancel();
        }
      }),
    );
    if (failures.length > 0) throw failures[0];
  });
}
