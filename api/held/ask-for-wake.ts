import { kindNames, type OperationTarget } from '../../contracts/kinds.ts';
import { annotations, managementGroup, managementVersion, projectNamespace } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { isSleepWanted, neededOperations } from '../../domain/lifecycle/desired-state.ts';
import { verbRules } from '../../domain/lifecycle/verbs.ts';
import type { Gateway } from '../gateway.ts';
import type { Caller } from '../identity/caller.ts';
import { wakerIdentity } from '../identity/identity.ts';
import { submitFor, templateOf } from '../operations/instance-submission.ts';
import { requestFailure } from '../operations/request-change.ts';

/** So long a status may take to follow the operation that ended. */
const staleStatusMs = 30_000;

/** Whose request wakes what. They may use it. */
interface WakeRequest extends OperationTarget {
  readonly caller: Caller;
  readonly requestId: string;
}

/**
 * Submits the wake of `instance` in its caller's name, or joins the one that is there. First the annotations that keep it asleep
 * are taken off, under the gateway's own identity: who may use it need not be able to change it.
 * @returns undefined if the resource is not what it was: the next event of it tells
 * @throws PlatformError as a request for the operation
 */
export async function askForWake(
  gateway: Pick<Gateway, 'managementJson' | 'cache' | 'operations'>,
  request: WakeRequest,
  instance: ManagedInstance,
  now: Date,
): Promise<Operation | undefined> {
  const awake = isSleepWanted(instance) ? await takeSleepOff(gateway, request, instance, now) : instance;
  if (awake === undefined) return undefined;
  const { kind } = request;
  // Target and key are those of the controllers and of other gateways, whatever else it needs first.
  const needed = neededOperations(kind, awake, templateOf(gateway.cache, kind, awake));
  const wake = needed.find(({ type }) => type === 'wake');
  if (wake === undefined) return undefined;
  const submit = (idempotencyKey: string) =>
    submitFor(gateway, request, awake, { ...wake, idempotencyKey, parameters: {} });
  const operation = await submit(wake.idempotencyKey);
  const ended = operation.finishedAt === undefined ? Number.NaN : Date.parse(operation.finishedAt);
  // What ended a moment ago the status has yet to tell; one that it never tells is not waited for.
  return now.getTime() - ended > staleStatusMs ? submit(`${wake.idempotencyKey}:${operation.id}`) : operation;
}

async function takeSleepOff(
  { managementJson }: Pick<Gateway, 'managementJson'>,
  { caller, kind, project, name, requestId }: WakeRequest,
  { metadata: { uid, resourceVersion } }: ManagedInstance,
  now: Date,
): Promise<ManagedInstance | undefined> {
  const { request: asks } = verbRules.wake;
  const changed = 'annotate' in asks ? asks.annotate({}, now) : {};
  const answer = await managementJson(wakerIdentity, {
    method: 'PATCH',
    path: `/apis/${managementGroup}/${managementVersion}/namespaces/${projectNamespace(project)}/${kindNames[kind].plural}/${name}`,
    contentType: 'application/merge-patch+json',
    requestId,
    // Only what was looked at: a sleep with `force-duration` that was asked for meanwhile stands.
    body: {
      metadata: {
        uid,
        resourceVersion,
        annotations: { ...changed, [annotations.changedBy]: caller.identity.user },
      },
    },
  });
  if (answer.status === 200) return answer.body as ManagedInstance;
  if (answer.status === 404 || answer.status === 409) return undefined;
  throw requestFailure(answer);
}
