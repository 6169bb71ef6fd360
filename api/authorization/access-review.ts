import { managementGroup } from '../../contracts/names.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { RbacQuestion } from '../../domain/access/rbac.ts';
import { actionInScope } from './scope-check.ts';
import type { Identity } from '../identity/identity.ts';
import type { Action } from './action.ts';
import type { RbacCache } from '../cache/rbac-cache.ts';

/**
 * Authorization in the management API, filtered by the scope of the key: its own RBAC, evaluated here
 * ([ADR 13](../../docs/adr/0013-in-process-rbac.md)).
 */
export interface AccessReview {
  /** @throws PlatformError `management_unavailable` while the roles and bindings are not known as of now */
  allows(identity: Identity, action: Action): Promise<boolean>;
  /**
   * Those of `things` whose action is allowed, by one state of all roles and bindings.
   * @throws PlatformError `management_unavailable`
   */
  filter<T>(identity: Identity, things: readonly T[], actionOf: (thing: T) => Action): Promise<T[]>;
  /**
   * What RBAC says of a request whose scope was looked at before.
   * @throws PlatformError `management_unavailable`
   */
  authorizes(identity: Identity, question: RbacQuestion): Promise<boolean>;
  /**
   * All namespaces with objects of a kind of ours that `identity` may `get`; undefined: they may be anywhere.
   * @throws PlatformError `management_unavailable`
   */
  namespacesOf(identity: Identity, resource: string): Promise<string[] | undefined>;
  /**
   * What `allows` says by the roles and bindings that were known last: for what is shown of rights, never for a decision, so that
   * an answer that is on its way need not break off.
   */
  shows(identity: Identity, action: Action): boolean;
  /** Counts changes: as long as it is the same for `identity`, so is every answer about it. */
  generationOf(identity: Identity): number;
}

/** Decides from `rbac`. */
export function createAccessReview(
  rbac: Pick<RbacCache, 'allows' | 'namespacesOf' | 'generationOf' | 'isUpToDate'>,
): AccessReview {
  function checkUpToDate(): void {
    if (rbac.isUpToDate()) return;
    throw new PlatformError(
      'management_unavailable',
      'cannot decide whether this is allowed: the management API is unreachable; try again',
    );
  }

  const decide = (identity: Identity, action: Action) =>
    rbac.allows(identity, { group: managementGroup, ...action });

  return {
    async allows(identity, action) {
      if (!actionInScope(identity.scope, action)) return false;
      checkUpToDate();
      return decide(identity, action);
    },
    async filter(identity, things, actionOf) {
      checkUpToDate();
      return things.filter((thing) => {
        const action = actionOf(thing);
        return actionInScope(identity.scope, action) && decide(identity, action);
      });
    },
    async authorizes(identity, question) {
      checkUpToDate();
      return rbac.allows(identity, question);
    },
    async namespacesOf(identity, resource) {
      checkUpToDate();
      return rbac.namespacesOf(identity, { verb: 'get', group: managementGroup, resource });
    },
    shows: (identity, action) => actionInScope(identity.scope, action) && decide(identity, action),
    generationOf: rbac.generationOf,
  };
}
