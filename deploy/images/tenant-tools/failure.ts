/** Codes that the platform maps to its own (activities/snapshots/snapshot.ts, activities/snapshots/restore.ts). */
export type FailureCode = 'snapshot_not_found' | 'snapshot_damaged' | 'operation_failed';

/** A failure for people to read; its message goes to the pod's termination message and holds no secrets. */
export class Failure extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
