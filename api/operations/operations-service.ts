import type { OperationSubject } from '../../contracts/kinds.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import type { Operation, Snapshot } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { findOperationByKey } from '../../db/queries/operations.ts';
import { listSnapshots } from '../../db/queries/snapshots.ts';
import type { AttemptMark } from '../../domain/lifecycle/attempts.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { deleteSnapshot } from '../../operations/delete-snapshot.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { previewOperation } from '../../operations/preview.ts';
import { getOperation, listOperations, readRecorded, readSeveral } from '../../operations/read.ts';
import { submitOperation } from '../../operations/submit.ts';
import { watchOperation } from '../../operations/watch.ts';

/** What a route asks to be done. */
export interface SubmitRequest extends OperationSubject {
  readonly type: OperationType;
  readonly uid: string;
  readonly projectUid?: string | undefined;
  readonly actor: string;
  readonly actorUid?: string | undefined;
  readonly requestId: string;
  readonly idempotencyKey: string;
  readonly targetHash?: string;
  readonly mark?: AttemptMark;
  readonly parameters: Record<string, unknown>;
  /** Where it is, if its resource is gone. */
  readonly placed?: { readonly cluster: string; readonly hostNamespace: string };
}

/** The operations of the platform, as routes see them. */
export interface OperationsService {
  submit(request: SubmitRequest): Promise<Operation>;
  /** What `submit` would do; nothing is changed. */
  preview(request: SubmitRequest): Promise<OperationPreview>;
  /** @throws PlatformError `operation_not_found` */
  get(id: string): Promise<Operation>;
  /** The same for those who heard by `onChange` that it changed: it is read once for all of them. */
  getChanged(id: string): Promise<Operation>;
  /** As `get`, from our own records alone, for callers that wait for its end. */
  recorded(id: string): Promise<Operation>;
  /** The operation of this tenant cluster or space that was submitted with `idempotencyKey`; without a uid, of the last one of its name. */
  find(
    subject: OperationSubject & { readonly uid: string | undefined },
    idempotencyKey: string,
  ): Promise<Operation | undefined>;
  list(filter: Parameters<typeof listOperations>[1]): Promise<Operation[]>;
  /** Those of these operations that there are, as recorded, whosever they are. */
  several(ids: readonly string[]): Promise<Operation[]>;
  /** Calls `onChange` with the id of each operation that changed; with undefined when some may have been missed. */
  onChange(onChange: (id: string | undefined) => void): () => void;
  /** The operation now and at every change, until it has ended or `signal` aborts. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Operation>;
  cancel(id: string, actor: string): Promise<Operation>;
  /** Whosever they are: `name` is of the tenant cluster. */
  snapshots(filter: { project: string; name?: string; snapshot?: string }): Promise<Snapshot[]>;
  /** @param operationId that made it. @throws PlatformError `snapshot_not_found`, `conflict` */
  deleteSnapshot(operationId: string, actor: string): Promise<void>;
  /** Fails when Temporal does not answer. */
  probeTemporal(): Promise<void>;
  close(): Promise<void>;
}

const temporalProbeMs = 1_500;

/** The operations service on our database and Temporal. Closing it waits for the calls that are under way. */
export function createOperationsService(
  deps: OperationsDeps & { close(): Promise<void> },
): OperationsService {
  const underWay = new Set<Promise<unknown>>();
  /** A Temporal connection that is closed under a call that retries throws where it cannot be caught (SDK 1.24). */
  function tracked<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return (...args) => {
      const running = call(...args).finally(() => underWay.delete(running));
      underWay.add(running);
      return running;
    };
  }
  /** Reads under way, of operations that changed. What changes meanwhile is read again. */
  const changed = new Map<string, Promise<Operation>>();
  const get = tracked((id: string) => getOperation(deps, id));
  return {
    submit: tracked(async (request) => {
      const { operation, joined } = await submitOperation(deps, request);
      return { ...operation, joined };
    }),
    preview: tracked((request) => previewOperation(deps, request)),
    get,
    getChanged(id) {
      const known = changed.get(id);
      if (known !== undefined) return known;
      const reading = get(id).finally(() => {
        if (changed.get(id) === reading) changed.delete(id);
      });
      changed.set(id, reading);
      return reading;
    },
    recorded: tracked((id) => readRecorded(deps, id)),
    find: tracked(async (subject, idempotencyKey) => {
      const row = await deps.database.query((db) => findOperationByKey(db, subject, idempotencyKey));
      return row === undefined ? undefined : { ...(await getOperation(deps, row.id)), joined: true };
    }),
    list: tracked((filter) => listOperations(deps, filter)),
    several: tracked((ids) => readSeveral(deps, ids)),
    onChange: (onChange) =>
      deps.changes.subscribeAll((id) => {
        // Before anybody reads: all who listen hear of a change at once.
        if (id === undefined) changed.clear();
        else changed.delete(id);
        onChange(id);
      }),
    watch: (id, signal) => watchOperation(deps, id, signal),
    cancel: tracked((id, actor) => cancelOperation(deps, { id, actor })),
    snapshots: tracked(({ project, name, snapshot }) =>
      deps.database.query((db) => listSnapshots(db, { project, tenantCluster: name, name: snapshot })),
    ),
    deleteSnapshot: tracked((operationId, actor) => deleteSnapshot(deps, operationId, actor)),
    probeTemporal: tracked(async () => {
      const { connection } = deps.temporal;
      await deps.temporal.withDeadline(Date.now() + temporalProbeMs, () =>
        connection.workflowService.getSystemInfo({}),
      );
    }),
    async close() {
      await Promise.allSettled(underWay);
      await deps.close();
    },
  };
}
