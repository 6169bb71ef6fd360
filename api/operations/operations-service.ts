import type { Operation, OperationType, Snapshot, Subject, SubjectKind } from '../../contracts/operations.ts';

/** What a route asks to be done. */
export interface SubmitRequest extends Subject {
  readonly type: OperationType;
  readonly uid: string;
  readonly actor: string;
  readonly requestId: string;
  readonly idempotencyKey: string;
  readonly targetHash?: string;
  readonly parameters: Record<string, unknown>;
  /** Where it is, of what has no resource any more that would say so. */
  readonly placed?: { readonly cluster: string; readonly hostNamespace: string };
}

/** The operations of the platform, as routes see them. */
export interface OperationsService {
  submit(request: SubmitRequest): Promise<Operation>;
  /** @throws PlatformError `operation_not_found` */
  get(id: string): Promise<Operation>;
  /** The operation of this tenant cluster or space that was submitted with `idempotencyKey`. */
  find(subject: Subject, idempotencyKey: string): Promise<Operation | undefined>;
  list(filter: {
    project: string;
    kind?: SubjectKind;
    name?: string;
    limit: number;
    before?: string;
  }): Promise<Operation[]>;
  /** The operation now and at every change, until it has ended or `signal` aborts. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Operation>;
  cancel(id: string, actor: string): Promise<Operation>;
  snapshots(filter: { project: string; name?: string }): Promise<Snapshot[]>;
  /** @throws PlatformError `snapshot_not_found` */
  deleteSnapshot(key: { project: string; tenantCluster: string; name: string }, actor: string): Promise<void>;
  /** Fails when Temporal does not answer. */
  probeTemporal(): Promise<void>;
  close(): Promise<void>;
}
