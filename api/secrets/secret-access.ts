import { PlatformError } from '../../contracts/errors.ts';
import { managementGroup, projectOfNamespace, sharedSecretNamespace } from '../../contracts/names.ts';
import {
  type SecretPlural,
  type SecretResource,
  secretPlurals,
} from '../../contracts/resources/secret-kinds.ts';
import { secretGrants } from '../../domain/secret-resources.ts';
import type { AccessReview } from '../authorization/access-review.ts';
import type { Action } from '../authorization/action.ts';
import { actionInScope } from '../authorization/scope-check.ts';
import type { Identity } from '../identity/identity.ts';
import { notFound, readSecret, type SecretDeps, type SecretPlace } from './kept-secrets.ts';

type Deps = SecretDeps & { readonly review: AccessReview };

export function isSecretPlural(resource: string): resource is SecretPlural {
  return (secretPlurals as readonly string[]).includes(resource);
}

/** Whether the namespace may hold secrets of this kind at all. */
export function mayHold(plural: SecretPlural, namespace: string): boolean {
  return plural === 'sharedsecrets'
    ? namespace === sharedSecretNamespace
    : projectOfNamespace(namespace) !== undefined;
}

/**
 * Whether `identity` may do `verb` with this secret: by RBAC, or as its owner, or by its `access`.
 * @throws PlatformError `management_unavailable`
 */
export async function maySecret(
  { review }: Pick<Deps, 'review'>,
  identity: Identity,
  verb: string,
  place: SecretPlace,
  { spec }: SecretResource,
): Promise<boolean> {
  const { plural: resource, namespace, name } = place;
  const action = { verb, resource, namespace, name };
  if (await review.allows(identity, action)) return true;
  return actionInScope(identity.scope, action) && secretGrants(spec, identity.groups, verb);
}

/**
 * The secret, if `identity` may do `verb` with it. For callers who may not even read it, it does not exist.
 * @throws PlatformError `not_found`, `forbidden`, `management_unavailable`
 */
export async function accessibleSecret(
  deps: Deps,
  identity: Identity,
  verb: string,
  place: SecretPlace,
): Promise<SecretResource> {
  if (!mayHold(place.plural, place.namespace)) throw notFound(place);
  const secret = await readSecret(deps, place).catch((error: unknown) =>
    unlessAway(deps, identity, place, error),
  );
  if (await maySecret(deps, identity, verb, place, secret)) return secret;
  if (verb === 'get' || !(await maySecret(deps, identity, 'get', place, secret))) throw notFound(place);
  throw new PlatformError('forbidden', `you may see ${place.plural} ${place.name}, but not ${verb} it`);
}

/** What cannot be read is told to those only who may see the project: to others it would tell that there is one. */
async function unlessAway(
  deps: Deps,
  identity: Identity,
  place: SecretPlace,
  error: unknown,
): Promise<never> {
  const project = projectOfNamespace(place.namespace);
  if (!(error instanceof PlatformError) || error.code !== 'management_unavailable' || project === undefined)
    throw error;
  const seesIt = await deps.review.allows(identity, { verb: 'get', resource: 'projects', name: project });
  throw seesIt ? error : notFound(place);
}

/**
 * Whether the owner or the `access` of a secret allow an action that RBAC does not.
 * @throws PlatformError `management_unavailable`
 */
export async function secretAllows(deps: Deps, identity: Identity, action: Action): Promise<boolean> {
  const { verb, group = managementGroup, resource: plural, subresource, namespace, name } = action;
  if (group !== managementGroup || subresource !== undefined || !isSecretPlural(plural)) return false;
  if (namespace === undefined || name === undefined) return false;
  return accessibleSecret(deps, identity, verb, { plural, namespace, name }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof PlatformError && (error.code === 'not_found' || error.code === 'forbidden'))
        return false;
      throw error;
    },
  );
}
