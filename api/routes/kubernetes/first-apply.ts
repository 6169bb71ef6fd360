import type { FastifyReply, FastifyRequest } from 'fastify';
import { parse } from 'yaml';
import { annotations, projectNamespace, writers } from '../../../contracts/names.ts';
import { kindNames } from '../../../contracts/kinds.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { untilAllowed } from '../../authorization/until-allowed.ts';
import type { Gateway } from '../../gateway.ts';
import { hasBody } from '../../http/has-body.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { wholeBody } from '../../http/whole-body.ts';
import type { Caller } from '../../identity/caller.ts';
import { withComputed } from '../../proxy/computed/computed-objects.ts';
import type { JsonAnswer, JsonRequest } from '../../upstreams/json-request.ts';
import type { InstanceWrite } from './checked-parameters.ts';
import { checkInstance, instanceWrite } from './checked-write.ts';
import { jsonText } from '../../http/json-text.ts';

const attempts = 5;

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly [field: string]: unknown;
}
interface Stored {
  readonly metadata: { readonly resourceVersion: string; readonly managedFields?: readonly ManagedFields[] };
}

/**
 * Server-side apply of an instance that is not there yet, by somebody who may create instances and patch only their own: an API server
 * asks for the right to patch even then. The object is created as they may, and once they own it, applied as their client asked. What
 * the creation was managed by is taken off in between, so that the fields belong to the apply alone.
 * @returns whether it was answered; the body, if it was read and is to be sent on
 * @throws PlatformError `invalid_parameters`, `too_large`, `management_unavailable`
 */
export async function serveFirstApply(
  gateway: Gateway,
  caller: Caller,
  request: FastifyRequest,
  reply: FastifyReply,
  target: KubernetesTarget,
): Promise<{ isServed: boolean; body?: Buffer }> {
  const write = isApply(request) ? instanceWrite(request.method, target) : undefined;
  if (write === undefined || write.name === '' || !(await mayOnlyCreate(gateway, caller, write)))
    return { isServed: false };
  const body = await wholeBody(request.raw);
  const object = objectIn(body, write);
  if (object === undefined) return { isServed: false, body };
  const answer = await create(gateway, caller, target, write, object);
  if (answer === 'go on') return { isServed: false, body };
  const { review, usage } = gateway;
  const shown =
    answer.status < 300
      ? withComputed(
          { review, usage, identity: caller.identity },
          kindNames[write.kind].plural,
          answer.body as object,
        )
      : answer.body;
  await reply
    .code(answer.status)
    .header('content-type', 'application/json')
    .send(jsonText(shown as object));
  return { isServed: true };
}

function isApply({ headers, raw }: FastifyRequest): boolean {
  return /^application\/apply-patch\+yaml\b/.test(headers['content-type'] ?? '') && hasBody(raw);
}

function actionOn({ kind, project, name }: InstanceWrite, verb: string) {
  const place = { resource: kindNames[kind].plural, namespace: projectNamespace(project) };
  return verb === 'create' ? { verb, ...place } : { verb, ...place, name };
}

async function mayOnlyCreate(
  { review }: Gateway,
  { identity }: Caller,
  write: InstanceWrite,
): Promise<boolean> {
  if (await review.allows(identity, actionOn(write, 'patch'))) return false;
  return review.allows(identity, actionOn(write, 'create'));
}

/** The answer to the client; `go on` with the request itself, if the object is there, or has just been made and can be patched. */
async function create(
  gateway: Gateway,
  caller: Caller,
  target: KubernetesTarget,
  write: InstanceWrite,
  object: object,
): Promise<JsonAnswer | 'go on'> {
  const [one = '', given = ''] = target.upstreamPath.split('?');
  const query = new URLSearchParams(given);
  query.delete('force');
  const isDryRun = query.get('dryRun') !== null;
  const collection = one.slice(0, one.lastIndexOf('/'));
  const ask = (rest: JsonRequest) => gateway.managementJson(caller.identity, rest);
  const post = (search: URLSearchParams) =>
    ask({ method: 'POST', path: `${collection}?${search.toString()}`, body: object });
  const tryOnly = new URLSearchParams(query);
  tryOnly.set('dryRun', 'All');
  const tried = await post(tryOnly);
  if (isThere(tried)) return 'go on';
  if (tried.status >= 300) return tried;
  checkInstance(gateway, { ...write, name: '' }, tried.body as ManagedInstance);
  if (isDryRun) return tried;
  const made = await post(query);
  if (isThere(made)) return 'go on';
  if (made.status >= 300 || !(await untilAllowed(gateway, caller.identity, actionOn(write, 'patch'))))
    return made;
  const manager = query.get('fieldManager') ?? '';
  for (let attempt = 0; attempt < attempts; attempt++) if (await forget(ask, one, manager)) return 'go on';
  return made;
}

function isThere({ status, body }: JsonAnswer): boolean {
  return status === 409 && (body as { reason?: string } | undefined)?.reason === 'AlreadyExists';
}

/**
 * Gives the fields that were created back to no one. The list stays: to an object without one, a server-side apply adds a manager that
 * owns everything.
 * @returns false if the object was changed meanwhile
 */
async function forget(
  ask: (request: JsonRequest) => Promise<JsonAnswer>,
  path: string,
  manager: string,
): Promise<boolean> {
  const read = await ask({ method: 'GET', path });
  if (read.status !== 200) return false;
  const { resourceVersion, managedFields = [] } = (read.body as Stored).metadata;
  const isOfCreation = (entry: ManagedFields) =>
    entry.manager === manager && entry.operation === 'Update' && entry.subresource === undefined;
  const stamp = { [`f:${annotations.changedBy}`]: {} };
  const changed = managedFields.map((entry) =>
    isOfCreation(entry)
      ? { ...entry, manager: writers.gateway, fieldsV1: { 'f:metadata': { 'f:annotations': stamp } } }
      : entry,
  );
  const answer = await ask({
    method: 'PATCH',
    path,
    contentType: 'application/merge-patch+json',
    body: { metadata: { resourceVersion, managedFields: changed } },
  });
  return answer.status === 200;
}

/** The manifest as an object to create; undefined if it is not one of this very instance. */
function objectIn(body: Buffer, { name, project }: InstanceWrite): object | undefined {
  try {
    const object = parse(body.toString()) as { metadata?: { name?: unknown; namespace?: unknown } } | null;
    const { metadata } = object ?? {};
    const isIt =
      metadata?.name === name &&
      [undefined, projectNamespace(project)].includes(metadata.namespace as string);
    return isIt && object !== null ? object : undefined;
  } catch {
    return undefined; // the API server says what is wrong with it
  }
}
