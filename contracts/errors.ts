/**
 * The one table of errors. HTTP status, retry behaviour inside Temporal, metric label and CLI exit code of
 * every failure come from here; the set of codes is closed.
 */
export const errorTable = {
  invalid_request: { status: 400, retryable: false, exitCode: 2, title: 'Invalid request' },
  invalid_values: { status: 422, retryable: false, exitCode: 2, title: 'Invalid chart values' },
  invalid_parameters: {
    status: 422,
    retryable: false,
    exitCode: 2,
    title: 'Invalid template parameters',
  },
  unauthenticated: { status: 401, retryable: false, exitCode: 3, title: 'Not logged in' },
  too_many_attempts: { status: 429, retryable: true, exitCode: 3, title: 'Too many attempts' },
  too_many_streams: { status: 429, retryable: true, exitCode: 8, title: 'Too many event streams' },
  forbidden: { status: 403, retryable: false, exitCode: 3, title: 'Not allowed' },
  method_not_allowed: { status: 405, retryable: false, exitCode: 2, title: 'Method not allowed' },
  not_found: { status: 404, retryable: false, exitCode: 4, title: 'Not found' },
  project_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Project not found' },
  template_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Template not found' },
  cluster_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Connected cluster not found' },
  tenant_cluster_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Tenant cluster not found' },
  space_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Space not found' },
  operation_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Operation not found' },
  snapshot_not_found: { status: 404, retryable: false, exitCode: 4, title: 'Snapshot not found' },
  snapshot_damaged: { status: 409, retryable: false, exitCode: 5, title: 'Snapshot is damaged' },
  already_exists: { status: 409, retryable: false, exitCode: 5, title: 'Already exists' },
  conflict: { status: 409, retryable: false, exitCode: 5, title: 'Conflicts with the current state' },
  operation_finished: { status: 409, retryable: false, exitCode: 5, title: 'Operation has ended' },
  operation_failed: { status: 409, retryable: false, exitCode: 6, title: 'Operation failed' },
  operation_cancelled: { status: 409, retryable: false, exitCode: 7, title: 'Operation cancelled' },
  quota_exceeded: { status: 403, retryable: false, exitCode: 5, title: 'Quota exceeded' },
  admission_refused: { status: 409, retryable: false, exitCode: 5, title: 'Refused by admission' },
  store_full: { status: 409, retryable: false, exitCode: 5, title: 'Store of the tenant cluster is full' },
  namespace_missing: { status: 409, retryable: false, exitCode: 5, title: 'Host namespace is missing' },
  too_large: { status: 413, retryable: false, exitCode: 2, title: 'Request too large' },
  head_too_large: { status: 431, retryable: false, exitCode: 2, title: 'URL or headers too long' },
  request_timeout: { status: 408, retryable: true, exitCode: 8, title: 'Request not complete in time' },
  chart_failed: { status: 422, retryable: false, exitCode: 6, title: 'Failed to install the chart' },
  chart_unavailable: {
    status: 503,
    retryable: true,
    exitCode: 8,
    title: 'Failed to fetch the chart',
  },
  control_plane_not_ready: {
    status: 504,
    retryable: false,
    exitCode: 6,
    title: 'Control plane did not become ready',
  },
  control_plane_missing: { status: 409, retryable: false, exitCode: 5, title: 'Control plane is missing' },
  sleeping: { status: 503, retryable: true, exitCode: 8, title: 'Asleep' },
  waking: { status: 503, retryable: true, exitCode: 8, title: 'Not awake yet' },
  wake_failed: { status: 503, retryable: true, exitCode: 6, title: 'Failed to wake' },
  cluster_unreachable: { status: 503, retryable: true, exitCode: 8, title: 'Cluster unreachable' },
  cluster_offline: { status: 503, retryable: true, exitCode: 8, title: 'Connected cluster offline' },
  management_unavailable: {
    status: 503,
    retryable: true,
    exitCode: 8,
    title: 'Management API unreachable',
  },
  identity_provider_unavailable: {
    status: 503,
    retryable: true,
    exitCode: 8,
    title: 'Identity provider unreachable',
  },
  database_unavailable: {
    status: 503,
    retryable: true,
    exitCode: 8,
    title: 'Database unreachable',
  },
  temporal_unavailable: { status: 503, retryable: true, exitCode: 8, title: 'Temporal unreachable' },
  toolchain_unavailable: {
    status: 500,
    retryable: false,
    exitCode: 9,
    title: 'Required program missing',
  },
  port_taken: { status: 500, retryable: false, exitCode: 9, title: 'Port already in use' },
  state_in_use: { status: 500, retryable: false, exitCode: 9, title: 'State folder already in use' },
  internal: { status: 500, retryable: true, exitCode: 1, title: 'Internal error' },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  /** HTTP status of the response that carries the error. */
  readonly status: number;
  /** Whether trying the same thing again may succeed. */
  readonly retryable: boolean;
  /** Exit code of the CLI. */
  readonly exitCode: number;
  readonly title: string;
}

export type ErrorCode = keyof typeof errorTable;

/**
 * The one error class. `message` is public: it says what is wrong and what to do, and never holds a secret;
 * the internal reason travels in `cause`, which only logs show.
 */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: ErrorCode;
  /** Public structured details, JSON only, without secrets. */
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options?: { details?: Record<string, unknown>; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options?.details;
  }
}

/**
 * Details of a failure that stays until the spec or its template changes, though others with its code may pass
 * (domain/lifecycle/failure-causes.ts).
 */
export const lastingFailure = { lasts: true } as const;

/** Whether the details of a failure are, or have, {@link lastingFailure}. */
export function isLastingFailure(details: unknown): boolean {
  return typeof details === 'object' && details !== null && 'lasts' in details && details.lasts === true;
}

/** Details of `cluster_not_found` when the resource of the connected cluster is gone: trying again is of no use, whatever is tried. */
export const clusterGone = { clusterGone: true } as const;

/** Whether the details of a failure are, or have, {@link clusterGone}. */
export function isClusterGone(details: unknown): boolean {
  return typeof details === 'object' && details !== null && 'clusterGone' in details;
}

/** Whether `value` is a code of the table (an `ApplicationFailure` carries it as `type`). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value);
}
