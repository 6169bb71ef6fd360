import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { managementGroup, managementVersion, platformGroup, storageGroup } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { Action } from '../../authorization/action.ts';
import { readsOwnAccount } from '../../authorization/own-account.ts';
import { actionInScope } from '../../authorization/scope-check.ts';
import type { Gateway } from '../../gateway.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import type { Caller } from '../../identity/caller.ts';
import { hasBody } from '../../http/has-body.ts';
import { fieldOf, protobufObject } from '../../http/protobuf-fields.ts';
import { isSecretPlural, secretAllows } from '../../secrets/secret-access.ts';
import { answerText, carriedOf, carryAsJson } from './carry-as-json.ts';
import { type FilteredPlural, filteredPlurals } from './filtered-request.ts';
import { seesProject } from './serve-filtered.ts';

/** A question that callers ask about themselves (`kubectl auth can-i`). */
type SelfReview = 'selfsubjectaccessreviews' | 'selfsubjectrulesreviews';

interface Attributes {
  readonly verb?: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

interface Review {
  readonly spec?: { readonly namespace?: string; readonly resourceAttributes?: Attributes };
  readonly status?: {
    readonly allowed?: boolean;
    readonly denied?: boolean;
    readonly reason?: string;
    readonly resourceRules?: object[];
  };
  readonly [field: string]: unknown;
}

const path = /^\/apis\/authorization\.k8s\.io\/v1\/(selfsubjectaccessreviews|selfsubjectrulesreviews)$/;
const timeoutMs = 30_000;
const longestReview = 64 * 1024;
const listVerbs: readonly string[] = ['list', 'watch'];

/** What a request asks of the management API about its caller. */
export function selfReviewOf(method: string, target: KubernetesTarget): SelfReview | undefined {
  if (target.kind !== 'management' || method !== 'POST') return undefined;
  return path.exec(target.upstreamPath.split('?', 1)[0] ?? '')?.[1] as SelfReview | undefined;
}

/**
 * Answers what the management API says, and in addition what is allowed here: lists and watches of the filtered kinds. (The API
 * server says no to who may not list all of them, and consoles then do not even try.) What the key's scope refuses is a no.
 * The question may come in any form, protobuf as kubectl's. Of one action the API server repeats it in its answer, which is
 * JSON; of all rules it does not, so that the namespace is read from the question.
 * @throws PlatformError `forbidden`, `management_unavailable`, `too_large`
 */
export async function serveSelfReview(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: { gateway: Gateway; caller: Caller; target: KubernetesTarget; kind: SelfReview },
): Promise<FastifyReply> {
  const question = hasBody(request.raw) ? await wholeOf(request.raw) : null;
  const answer = await carryAsJson(
    { ...carriedOf(request), body: question },
    asked,
    AbortSignal.timeout(timeoutMs),
  );
  const text = await answerText(answer, asked.caller);
  const body =
    answer.statusCode === 201
      ? JSON.stringify(await amended(asked, JSON.parse(text) as Review, question))
      : text;
  const contentType = answer.headers['content-type'] ?? 'application/json';
  return reply.code(answer.statusCode).header('content-type', contentType).send(body);
}

function amended(
  { gateway, caller, kind }: { gateway: Gateway; caller: Caller; kind: SelfReview },
  review: Review,
  question: Buffer | null,
): Promise<Review> {
  if (kind === 'selfsubjectaccessreviews') return decided(gateway, caller, review);
  const namespace = question === null ? undefined : namespaceIn(question);
  return namespace ? withFilteredRules(gateway, caller, review, namespace) : Promise.resolve(review);
}

async function wholeOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > longestReview) throw new PlatformError('too_large', 'the review is larger than 64 KiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The namespace that a SelfSubjectRulesReview asks about; undefined if it is in neither of the two forms. */
function namespaceIn(question: Buffer): string | undefined {
  try {
    const review = protobufObject(question);
    if (review === undefined) return (JSON.parse(question.toString()) as Review).spec?.namespace;
    // SelfSubjectRulesReview.spec and its namespace (Kubernetes' generated.proto).
    const spec = fieldOf(review, 2);
    return Buffer.from(fieldOf(spec, 1)).toString();
  } catch {
    return undefined;
  }
}

async function decided(gateway: Gateway, caller: Caller, review: Review): Promise<Review> {
  const given = review.spec?.resourceAttributes;
  if (given === undefined || review.status?.denied === true) return review;
  const asked = meantBy(given);
  const action = actionOf(asked);
  if (!actionInScope(caller.identity.scope, action))
    return { ...review, status: { allowed: false, reason: 'the scope of the access key does not allow it' } };
  if (review.status?.allowed === true) return review;
  if (asked !== given && (await gateway.review.authorizes(caller.identity, action)))
    return { ...review, status: { allowed: true, reason: `as in ${managementGroup}` } };
  if (readsOwnAccount(caller, action))
    return { ...review, status: { allowed: true, reason: 'it is your own account' } };
  if (await secretAllows(gateway, caller.identity, action))
    return { ...review, status: { allowed: true, reason: 'by owner or access of the secret' } };
  if (!(await listsFiltered(gateway, caller, asked))) return review;
  return { ...review, status: { allowed: true, reason: 'lists and watches show what you may get' } };
}

/** What is asked of `storage.loft.sh` is asked of the same resources in management.loft.sh. */
export function meantBy(asked: Attributes): Attributes {
  return asked.group === storageGroup ? { ...asked, group: managementGroup } : asked;
}

/** Empty strings count as absent. */
export function actionOf({
  verb = '',
  group = '',
  resource = '',
  ...rest
}: Attributes): Action & { group: string } {
  const { subresource, namespace, name } = rest;
  return {
    verb,
    group,
    resource,
    ...(subresource ? { subresource } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
  };
}

/** Whether it is a list or watch that the gateway answers for this caller, though the API server would not. */
export async function listsFiltered(gateway: Gateway, caller: Caller, asked: Attributes): Promise<boolean> {
  const virtual = listsVirtual(gateway, caller, asked);
  if (virtual !== undefined) return virtual;
  const { verb = '', group, version, resource, subresource, namespace } = asked;
  const plural = filteredPlurals.find((one) => one === resource);
  if (plural === undefined || !listVerbs.includes(verb) || group !== managementGroup) return false;
  if (subresource || (version && version !== '*' && version !== managementVersion)) return false;
  if (!namespace || !resourceKinds[plural].namespaced) return true;
  return seesProject(gateway, caller, { plural, namespace });
}

/** The same of kinds that the gateway alone serves; undefined of others. */
function listsVirtual(gateway: Gateway, caller: Caller, asked: Attributes): Promise<boolean> | undefined {
  const { group, resource = '' } = asked;
  if (group === platformGroup && resource === 'operations') return readsOperations(gateway, caller, asked);
  return group === managementGroup && isSecretPlural(resource)
    ? listsSecrets(gateway, caller, asked)
    : undefined;
}

/** Lists of secrets show what one may read. */
async function listsSecrets(
  gateway: Gateway,
  caller: Caller,
  { verb, resource, subresource, namespace }: Attributes,
): Promise<boolean> {
  if (subresource || verb !== 'list') return false;
  if (!namespace || resource === 'sharedsecrets') return true;
  return seesProject(gateway, caller, { plural: 'virtualclusterinstances', namespace });
}

/** Of operations one reads those of the instances that one sees. */
async function readsOperations(
  gateway: Gateway,
  caller: Caller,
  { verb = '', subresource, namespace }: Attributes,
): Promise<boolean> {
  if (subresource || !['get', ...listVerbs].includes(verb)) return false;
  return !namespace || seesProject(gateway, caller, { plural: 'virtualclusterinstances', namespace });
}

async function withFilteredRules(
  gateway: Gateway,
  caller: Caller,
  review: Review,
  namespace: string,
): Promise<Review> {
  const resources: FilteredPlural[] = [];
  for (const plural of filteredPlurals) {
    const place = resourceKinds[plural].namespaced ? { namespace } : {};
    const asked = { verb: 'list', group: managementGroup, resource: plural, ...place };
    if (actionInScope(caller.identity.scope, asked) && (await listsFiltered(gateway, caller, asked)))
      resources.push(plural);
  }
  const rule = { verbs: listVerbs, apiGroups: [managementGroup], resources };
  const resourceRules = [...(review.status?.resourceRules ?? []), ...(resources.length === 0 ? [] : [rule])];
  return { ...review, status: { ...review.status, resourceRules } };
}
