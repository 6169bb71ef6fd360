import type { OperationTarget } from '../../contracts/kinds.ts';
import type { KubernetesRequest } from '../requests/kubernetes-request.ts';

/** Where a request goes. */
export type ScopeTarget =
  | { readonly kind: 'management' }
  | { readonly kind: 'cluster'; readonly name: string }
  | OperationTarget;

/** What a scope is asked about. */
export interface ScopedRequest {
  readonly target: ScopeTarget;
  /** Undefined asks whether the scope reaches the target at all. */
  readonly request?: KubernetesRequest;
}
