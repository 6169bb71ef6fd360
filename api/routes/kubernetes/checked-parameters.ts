import type { FastifyRequest } from 'fastify';
import { PlatformError } from '../../../contracts/errors.ts';
import { kindOfPlural, type ManagedKind } from '../../../contracts/kinds.ts';
import { managementGroup, projectOfNamespace } from '../../../contracts/names.ts';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import { descriptorOf } from '../../../domain/kinds/kinds.ts';
import { resolveParameters } from '../../../templates/template-parameters.ts';
import type { Gateway } from '../../gateway.ts';
import { hasBody } from '../../http/has-body.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { wholeBody } from '../../http/whole-body.ts';
import type { Caller } from '../../identity/caller.ts';
import { answerText, carriedOf, carryAsJson, silenceMs } from '../../proxy/filtered/carry-as-json.ts';

/** A write of an instance. */
export interface InstanceWrite {
  readonly kind: ManagedKind;
  readonly project: string;
  readonly name: string;
}

/**
 * Whether parameters fit their template is said before they are stored, whatever client wrote them: admission of the
 * management API cannot read YAML. What the write would store, a dry run under the caller's identity tells. A template that is
 * not there yet decides nothing, and the engine looks again.
 * @returns the body that was read for it, if one was; then `request` has none any more
 * @throws PlatformError `invalid_parameters`, which names the parameter; `too_large`, `management_unavailable`
 */
export async function bodyWithCheckedParameters(
  gateway: Gateway,
  caller: Caller,
  request: FastifyRequest,
  target: KubernetesTarget,
): Promise<Buffer | undefined> {
  const write = instanceWrite(request.method, target);
  if (write === undefined || !hasBody(request.raw)) return undefined;
  const body = await wholeBody(request.raw);
  if (!/parameters|templateRef/.test(body.toString('latin1'))) return body;
  const wanted = await dryRun(gateway, caller, request, target, body);
  if (wanted !== undefined) checkParameters(gateway, write, wanted);
  return body;
}

/** The write of an instance that a request is; its name is empty for a new one. */
export function instanceWrite(method: string, target: KubernetesTarget): InstanceWrite | undefined {
  if (target.kind !== 'management') return undefined;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || !['create', 'update', 'patch'].includes(verb)) return undefined;
  const { group, resource: plural, namespace = '', name = '', subresource } = resource;
  const kind = group === managementGroup ? kindOfPlural(plural) : undefined;
  const project = projectOfNamespace(namespace);
  if (kind === undefined || project === undefined || subresource !== undefined) return undefined;
  return { kind, project, name };
}

/** What would be stored; undefined if the write would be refused anyway. */
async function dryRun(
  gateway: Gateway,
  caller: Caller,
  request: FastifyRequest,
  target: KubernetesTarget,
  body: Buffer,
): Promise<ManagedInstance | undefined> {
  const { upstreamPath } = target;
  const joint = upstreamPath.includes('?') ? '&' : '?';
  const tried = { ...target, upstreamPath: `${upstreamPath}${joint}dryRun=All` };
  const answer = await carryAsJson(
    { ...carriedOf(request), body },
    { gateway, caller, target: tried },
    AbortSignal.timeout(silenceMs),
  );
  const text = await answerText(answer, caller);
  return answer.statusCode < 300 ? (JSON.parse(text) as ManagedInstance) : undefined;
}

/** @throws PlatformError `invalid_parameters` if those of what would be stored do not fit its template */
export function checkParameters(
  { cache }: Gateway,
  { kind, project, name }: InstanceWrite,
  wanted: ManagedInstance,
): void {
  const { templateName, defaults, parameters } = descriptorOf(kind);
  const given = cache.projects().find(({ metadata }) => metadata.name === project);
  const patch = given === undefined ? undefined : defaults(wanted, given);
  const instance = { ...wanted, spec: { ...wanted.spec, ...patch } } as ManagedInstance;
  const askedBy = (one: ManagedInstance) => parameters(one, cache.template(kind, templateName(one) ?? ''));
  const asked = askedBy(instance);
  const before = name === '' ? undefined : cache.instance({ kind, project, name });
  // What is stored already stays, and stands in the way of nothing else.
  const isKept = before !== undefined && JSON.stringify(askedBy(before)) === JSON.stringify(asked);
  if (asked === undefined || isKept) return;
  try {
    resolveParameters(asked.template, asked.text);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new PlatformError(error.code, error.message, {
      details: { field: 'spec.parameters' },
      cause: error,
    });
  }
}
