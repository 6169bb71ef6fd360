import { type ErrorCode, isErrorCode } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';

/** Why an API server that answers does not store what is written to it: what is set up there refuses, not who asks. */
const writeRefusals = ['admission_refused', 'quota_exceeded', 'store_full'] as const satisfies ErrorCode[];
export type WriteRefusal = (typeof writeRefusals)[number];

/** Whether a failure with this reason is such a refusal. */
export function isWriteRefusal(reason: string): reason is WriteRefusal {
  return (writeRefusals as readonly string[]).includes(reason);
}

/** Whether what made an operation fail may end by itself, or be mended outside of the instance; else it stays until the spec or its template changes. */
type Passes = boolean;
const passing: Passes = true;
const lasting: Passes = false;

/** That an instance is not there passes, of whatever kind it is. */
type MissingInstance = (typeof kindNames)[ManagedKind]['notFound'];

/**
 * Which causes of a failed operation pass and which need a change: the one table, by the reason that the operation ended with.
 * A passing cause is tried again with back-off (domain/lifecycle/attempts.ts), a lasting one only after a change or on request.
 */
const failureCauses: { readonly [C in Exclude<ErrorCode, MissingInstance>]: Passes } = {
  invalid_request: passing, // a connected cluster's own policies and webhooks answer so too
  invalid_values: lasting,
  invalid_parameters: lasting,
  too_large: lasting,
  head_too_large: lasting,
  method_not_allowed: lasting,
  request_timeout: passing,
  chart_failed: passing, // quotas, webhooks, time limits; what is not says so itself
  chart_unavailable: passing,
  control_plane_not_ready: passing,
  unauthenticated: passing,
  too_many_attempts: passing,
  too_many_streams: passing,
  forbidden: passing,
  quota_exceeded: passing,
  admission_refused: passing,
  store_full: passing,
  namespace_missing: lasting, // only an update, a restore, or a wake of a space, make it again
  control_plane_missing: lasting, // likewise: an update or a restore
  conflict: passing,
  already_exists: passing,
  not_found: passing,
  project_not_found: passing,
  template_not_found: passing,
  cluster_not_found: passing,
  operation_not_found: passing,
  snapshot_not_found: lasting,
  snapshot_damaged: lasting,
  operation_finished: passing,
  operation_failed: passing,
  operation_cancelled: lasting,
  sleeping: passing,
  waking: passing,
  wake_failed: passing,
  cluster_unreachable: passing,
  cluster_offline: passing,
  management_unavailable: passing,
  identity_provider_unavailable: passing,
  database_unavailable: passing,
  temporal_unavailable: passing,
  toolchain_unavailable: passing,
  port_taken: passing,
  state_in_use: passing,
  internal: passing,
};

/**
 * Whether a failure with this reason may pass; one without a known reason may.
 * @param lasts whether it said that it does not (contracts/errors.ts `lastingFailure`)
 */
export function mayPass(reason: string | null, lasts: boolean | null): boolean {
  if (lasts === true) return false;
  if (!isErrorCode(reason)) return true;
  return isMissing(reason) ? passing : failureCauses[reason];
}

function isMissing(code: ErrorCode): code is MissingInstance {
  return Object.values(kindNames).some(({ notFound }) => notFound === code);
}
