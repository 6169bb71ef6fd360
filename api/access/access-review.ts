import { managementGroup } from '../../contracts/names.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { actionInScope } from '../auth/scope-check.ts';
import { type Identity, readerIdentity } from '../auth/identity.ts';
import { type JsonClient, statusMessage } from '../kubernetes/json-request.ts';
import type { Action } from './action.ts';

/** Decisions of the management API's own authorizer (SubjectAccessReview), remembered for a few seconds. */
export interface AccessReview {
  /** @throws PlatformError `management_unavailable` when nobody can decide */
  allows(identity: Identity, action: Action): Promise<boolean>;
  /** Forgets what was decided about objects called `name` in `namespace`. */
  forget(namespace: string, name: string): void;
}

/** Part of the 10 s within which a right that was taken ends (api/revocation). */
const allowedMs = 3_000;
/** Short: rights of a new project or instance come a moment after it. */
const deniedMs = 500;
/** Who asks waits; one who hears that nobody can decide may come again. */
const answerMs = 3_000;
const maxRemembered = 20_000;

export function createAccessReview(management: JsonClient): AccessReview {
  const remembered = new Map<
    string,
    { until: number; namespace?: string; name?: string; decision: Promise<boolean> }
  >();

  function decide(identity: Identity, action: Action, key: string): Promise<boolean> {
    if (remembered.size >= maxRemembered) remembered.clear();
    const decision = review(management, identity, action);
    const entry = { until: performance.now() + allowedMs, decision, ...action };
    remembered.set(key, entry);
    decision.then(
      (allowed) => {
        if (!allowed) entry.until = performance.now() + deniedMs;
      },
      () => remembered.delete(key),
    );
    return decision;
  }

  return {
    async allows(identity, action) {
      if (!actionInScope(identity.scope, action)) return false;
      const key = whoOf(identity) + JSON.stringify(action);
      const entry = remembered.get(key);
      if (entry !== undefined && entry.until > performance.now()) return entry.decision;
      return decide(identity, action, key);
    },
    forget(namespace, name) {
      for (const [key, entry] of remembered) {
        if (entry.namespace === namespace && entry.name === name) remembered.delete(key);
      }
    },
  };
}

/** Identities are made once for many requests (auth/caller.ts). */
const known = new WeakMap<Identity, string>();

function whoOf(identity: Identity): string {
  let who = known.get(identity);
  if (who === undefined) {
    who = JSON.stringify([identity.user, identity.groups]);
    known.set(identity, who);
  }
  return who;
}

async function review(management: JsonClient, { user, groups }: Identity, action: Action): Promise<boolean> {
  const answer = await management(readerIdentity, {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    timeoutMs: answerMs,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, groups, resourceAttributes: { group: managementGroup, ...action } },
    },
  });
  const { status } = (answer.body ?? {}) as { status?: { allowed?: boolean } };
  if (answer.status !== 201 || typeof status?.allowed !== 'boolean') {
    throw new PlatformError(
      'management_unavailable',
      'the management API could not decide whether this is allowed; try again',
      {
        cause: new Error(statusMessage(answer)),
      },
    );
  }
  return status.allowed;
}
