import type { ManagedKind, OperationTarget } from '../../contracts/kinds.ts';
import type { Operation, Snapshot } from '../../contracts/operations.ts';
import type { OperationType } from '../../contracts/verbs.ts';

/** What a route asks to be done. */
export interface SubmitRequest extends OperationTarget {
  readonly type: OperationType;
  readonly uid: string;
  readonly projectUid?: string | undefined;
  readonly actor: string;
  readonly actorUid?: string | undefined;
  readonly requestId: string;
  readonly idempotencyKey: string;
  readonly targetHash?: string;
  readonly parameters: Record<string, unknown>;
  /** Where it is, if its resource is gone. */
  readonly placed?: { readonly cluster: string; readonly hostNamespace: string };
}

/** The operations of the platform, as routes see them. */
export interface OperationsService {
  submit(request: SubmitRequest): Promise<Operation>;
  /** @throws PlatformError `operation_not_found` */
  get(id: string): Promise<Operation>;
  /** The operation of this tenant cluster or space that was submitted with `idempotencyKey`; without a uid, of the last one of its name. */
  find(
    subject: OperationTarget & { readonly uid: string | undefined },
    idempotencyKey: string,
  ): Promise<Operation | undefined>;
  list(filter: {
    project: string;
    kind?: ManagedKind;
    name?: string;
    /** Left out: whosever they are. */
    of?: { readonly uid?: string | undefined; readonly projectUid?: string | undefined };
    limit: number;
    before?: string;
  }): Promise<Operation[]>;
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
