import { kindNames, kindOfPlural } from '../../../contracts/kinds.ts';
import { managementGroup, projectOfNamespace } from '../../../contracts/names.ts';
import { type ErrorCode, PlatformError } from '../../../contracts/errors.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import { refusalAsOther } from '../../authorization/impersonation.ts';
import { targetNotFound } from '../../authorization/target-access.ts';
import type { Gateway } from '../../gateway.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { Caller } from '../../identity/caller.ts';
import { type FilteredPlural, filteredPlurals } from './filtered-request.ts';
import { checkKnown, seesProject } from './serve-filtered.ts';

/** Not `patch`: what applies a manifest on the server's side makes what is not there, and must hear that it may not. */
const verbs: ReadonlySet<string> = new Set(['get', 'update', 'delete']);

interface Place {
  readonly plural: FilteredPlural;
  readonly namespace?: string;
  readonly name: string;
}

/**
 * Refuses a request for one object of a filtered kind that the caller may not see as if there were none, whether or not there
 * is one: RBAC says "forbidden" of every name that it does not give, and clients that look before they create (`kubectl apply`)
 * stop at that. Only where the caller may create such objects or sees others; elsewhere RBAC refuses everything.
 * @throws PlatformError the kind's not-found code; `management_unavailable`; `forbidden` for an impersonated user that is not known
 */
export async function refuseUnseen(
  gateway: Pick<Gateway, 'cache' | 'review'>,
  caller: Caller,
  method: string,
  target: KubernetesTarget,
): Promise<void> {
  if (target.kind !== 'management') return;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || resource.group !== managementGroup || !verbs.has(verb)) return;
  const plural = filteredPlurals.find((one) => one === resource.resource);
  const { name, namespace } = resource;
  if (plural === undefined || name === undefined) return;
  const place: Place = { plural, name, ...(namespace === undefined ? {} : { namespace }) };
  const { review } = gateway;
  const { identity } = caller;
  if (await review.authorizes(identity, { verb, ...resource })) return;
  // What they see, the API server says they may not do.
  if (await review.allows(identity, { verb: 'get', ...actionOn(place) })) return;
  if (!(await isAtHome(gateway, caller, place))) return;
  if (identity.originalUser !== undefined) await checkKnown(gateway, identity);
  throw refusalAsOther(notFound(place), caller);
}

function actionOn({ plural: resource, ...at }: Place) {
  return { resource, ...at };
}

async function isAtHome(
  gateway: Pick<Gateway, 'cache' | 'review'>,
  caller: Caller,
  { plural, namespace }: Place,
): Promise<boolean> {
  const at = namespace === undefined ? {} : { namespace };
  if (await gateway.review.allows(caller.identity, { verb: 'create', resource: plural, ...at })) return true;
  return namespace !== undefined && seesProject(gateway, caller, { plural, namespace });
}

const nouns: Readonly<Partial<Record<FilteredPlural, readonly [noun: string, code: ErrorCode]>>> = {
  projects: ['project', 'project_not_found'],
  clusters: ['connected cluster', 'cluster_not_found'],
  virtualclustertemplates: ['template', 'template_not_found'],
  spacetemplates: ['template', 'template_not_found'],
};

function notFound({ plural, namespace = '', name }: Place): PlatformError {
  const kind = kindOfPlural(plural);
  const project = projectOfNamespace(namespace);
  if (kind !== undefined && project !== undefined) return targetNotFound({ kind, project, name });
  const [noun, code] = nouns[plural] ?? [kind === undefined ? plural : kindNames[kind].noun, 'not_found'];
  return new PlatformError(code, `${noun} "${name}" not found, or you may not see it`);
}
