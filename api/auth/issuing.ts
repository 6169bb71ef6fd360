import { PlatformError } from '../../contracts/errors.ts';
import type { AccessKeyScope, AccessKeySpec } from '../../contracts/resources/access-key.ts';
import type { Credential } from '../identity/caller.ts';

/** Keys made with keys made with keys: no client needs more than a few. */
const maxGeneration = 5;

/**
 * What a key becomes that is made with `credential`: it ends with it and lives no longer.
 * @param asked `named`: the key has a name of its own; made so with a credential that is as good as its owner, it stands
 *   by itself
 * @throws PlatformError `unauthenticated` for a credential that ends now, `forbidden` for a key too many generations down
 */
export function boundByIssuer<S extends Partial<AccessKeySpec>>(
  spec: S,
  credential: Credential,
  { named, now = Date.now() }: { named: boolean; now?: number },
): S {
  const { expiresAt, generation = 0, issues } = credential;
  if (named && isAsGoodAsOwner(credential)) return spec;
  if (generation >= maxGeneration) {
    throw new PlatformError(
      'forbidden',
      'this access key is at the end of a chain of keys that created each other: use a key further up the chain, or log in',
    );
  }
  const bound = issues === undefined ? spec : { ...spec, issuedBy: issues };
  if (expiresAt === undefined) return bound;
  const left = Math.floor((expiresAt.getTime() - now) / 1000);
  if (left < 1) throw new PlatformError('unauthenticated', 'the access key has expired. Please login again');
  return { ...bound, ttl: Math.min(spec.ttl || left, left) };
}

/** Whether what is made with the credential may outlive it: it is a login, or a key without an end that stands by itself. */
export function isAsGoodAsOwner({ kind, keyType, expiresAt, generation = 0 }: Credential): boolean {
  return generation === 0 && (kind === 'session' || keyType === 'Login' || expiresAt === undefined);
}

/** Scope of a key for one tenant cluster that is made with a key of scope `own`: within both. */
export function tenantScope(
  own: AccessKeyScope | undefined,
  { project, name }: { project: string; name: string },
): AccessKeyScope {
  const opensAll =
    own === undefined ||
    own.projects?.some((entry) => matches(entry.project, project)) === true ||
    own.virtualClusters?.some(
      (entry) => matches(entry.project, project) && matches(entry.virtualCluster, name),
    ) === true;
  // Rules may open less than all of the tenant cluster, and no scope says "both".
  return opensAll ? { virtualClusters: [{ project, virtualCluster: name }] } : own;
}

function matches(pattern: string | undefined, name: string): boolean {
  return pattern === '*' || pattern === name;
}
