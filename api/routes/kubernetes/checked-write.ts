import type { FastifyRequest } from 'fastify';
import { kindNames, kindOfPlural, type ManagedKind, managedKinds } from '../../../contracts/kinds.ts';
import { managementGroup, projectOfNamespace } from '../../../contracts/names.ts';
import type { ManagedInstance, ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';
import type { Gateway } from '../../gateway.ts';
import { hasBody } from '../../http/has-body.ts';
import type { KubernetesTarget } from '../../http/kubernetes-path.ts';
import { wholeBody } from '../../http/whole-body.ts';
import type { Caller } from '../../identity/caller.ts';
import { answerText, carriedOf, carryAsJson, silenceMs } from '../../proxy/filtered/carry-as-json.ts';
import { checkParameters, type InstanceWrite } from './checked-parameters.ts';
import { checkSleep } from './checked-sleep.ts';

/** A write of a template. */
export interface TemplateWrite {
  readonly kind: ManagedKind;
  readonly name: string;
}

/**
 * What checks look at; a body that mentions nothing of it is not looked into. Annotations of instances are read at admission, and
 * their status is not written here.
 */
const ofInstances =
  /parameters|templateRef|sleep(?!mode\.loft|ModeConfig|Policy)|deletion(?!Timestamp)|autoSleep|autoDelete/;
const ofTemplates = /sleep|deletion|autoSleep|autoDelete/;

/**
 * Whether parameters fit their template, and whether what values and templates say of sleep is understood, is said before they
 * are stored, whatever client wrote them: admission of the management API cannot read YAML. What the write would store, a dry run
 * under the caller's identity tells. A template that is not there yet decides nothing, and the engine looks again.
 * @returns the body that was read for it, if one was; then `request` has none any more
 * @throws PlatformError `invalid_parameters`, which names the parameter; `invalid_values`, which names the setting; `too_large`,
 *   `management_unavailable`
 */
export async function bodyOfCheckedWrite(
  gateway: Gateway,
  caller: Caller,
  request: FastifyRequest,
  target: KubernetesTarget,
): Promise<Buffer | undefined> {
  const instance = instanceWrite(request.method, target);
  const template = templateWrite(request.method, target);
  if ((instance ?? template) === undefined || !hasBody(request.raw)) return undefined;
  const body = await wholeBody(request.raw);
  const concerns = instance === undefined ? ofTemplates : ofInstances;
  if (!concerns.test(body.toString('latin1'))) return body;
  const wanted = await dryRun(gateway, caller, request, target, body);
  if (wanted === undefined) return body;
  if (instance !== undefined) checkInstance(gateway, instance, wanted as ManagedInstance);
  if (template !== undefined)
    checkSleep(wanted as ManagedTemplate, gateway.cache.template(template.kind, template.name));
  return body;
}

/** @throws PlatformError as {@link bodyOfCheckedWrite} */
export function checkInstance(gateway: Gateway, write: InstanceWrite, wanted: ManagedInstance): void {
  checkParameters(gateway, write, wanted);
  checkSleep(wanted, write.name === '' ? undefined : gateway.cache.instance(write));
}

/** The write of an instance that a request is; its name is empty for a new one. */
export function instanceWrite(method: string, target: KubernetesTarget): InstanceWrite | undefined {
  const written = managementWrite(method, target);
  const kind = written && kindOfPlural(written.resource);
  const project = projectOfNamespace(written?.namespace ?? '');
  return kind === undefined || project === undefined
    ? undefined
    : { kind, project, name: written?.name ?? '' };
}

function templateWrite(method: string, target: KubernetesTarget): TemplateWrite | undefined {
  const written = managementWrite(method, target);
  const kind = managedKinds.find((one) => kindNames[one].templates.plural === written?.resource);
  return kind && { kind, name: written?.name ?? '' };
}

/** What a request writes of the platform's own resources, unless that is a subresource. */
function managementWrite(method: string, target: KubernetesTarget) {
  if (target.kind !== 'management') return undefined;
  const { verb, resource } = kubernetesRequest(method, target.upstreamPath);
  if (resource === undefined || !['create', 'update', 'patch'].includes(verb)) return undefined;
  return resource.group === managementGroup && resource.subresource === undefined ? resource : undefined;
}

/** What would be stored; undefined if the write would be refused anyway. */
async function dryRun(
  gateway: Gateway,
  caller: Caller,
  request: FastifyRequest,
  target: KubernetesTarget,
  body: Buffer,
): Promise<ManagedInstance | ManagedTemplate | undefined> {
  const { upstreamPath } = target;
  const joint = upstreamPath.includes('?') ? '&' : '?';
  const tried = { ...target, upstreamPath: `${upstreamPath}${joint}dryRun=All` };
  const answer = await carryAsJson(
    { ...carriedOf(request), body },
    { gateway, caller, target: tried },
    AbortSignal.timeout(silenceMs),
  );
  const text = await answerText(answer, caller);
  return answer.statusCode < 300 ? (JSON.parse(text) as ManagedInstance | ManagedTemplate) : undefined;
}
