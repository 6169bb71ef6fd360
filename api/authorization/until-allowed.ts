import { setTimeout as delay } from 'node:timers/promises';
import { managementGroup } from '../../contracts/names.ts';
import type { Identity } from '../identity/identity.ts';
import type { JsonClient } from '../upstreams/json-request.ts';
import type { AccessReview } from './access-review.ts';
import type { Action } from './action.ts';
import { actionInScope } from './scope-check.ts';

/** Controllers give an owner what belongs to them within a second. */
const patienceMs = 5_000;
const lookMs = 20;

/** By what it is known that something is allowed. */
export interface AllowedBy {
  readonly review: Pick<AccessReview, 'shows'>;
  readonly managementJson: JsonClient;
}

/**
 * Waits until `identity` may do `action`, here and by the management API's own word: each of the two learns of new roles and
 * bindings in its own time, and the next request of a client is decided by the API server.
 * @returns false if that took longer than 5 s, or their key is not for it
 */
export async function untilAllowed(by: AllowedBy, identity: Identity, action: Action): Promise<boolean> {
  if (!actionInScope(identity.scope, action)) return false;
  const deadline = performance.now() + patienceMs;
  do {
    if (by.review.shows(identity, action) && (await isAllowedThere(by, identity, action))) return true;
    await delay(lookMs);
  } while (performance.now() < deadline);
  return false;
}

async function isAllowedThere({ managementJson }: AllowedBy, identity: Identity, action: Action) {
  const resourceAttributes = { group: managementGroup, ...action };
  const kind = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };
  const answer = await managementJson(identity, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { ...kind, spec: { resourceAttributes } },
    timeoutMs: patienceMs,
  }).catch(() => undefined);
  return (answer?.body as { status?: { allowed?: boolean } } | undefined)?.status?.allowed === true;
}
