import {
  callManagement,
  isConflict,
  kubernetesFailure,
  orUndefined,
  statusOf,
} from '../../adapters/kubernetes/failures.ts';
import {
  instanceResources,
  type ManagementResources,
  type Stored,
} from '../../adapters/kubernetes/resources.ts';
import type { UnplacedRef } from '../../contracts/instance-ref.ts';
import { kindOf } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { type OperationOutcome, statusAfter } from '../../domain/status/after-operation.ts';
import { changeInstance, objectName, templateOf } from './instance-access.ts';

/**
 * Writes the end of an operation to the instance's status, all in one patch: controllers act on it.
 * Idempotent by operation; an instance that is gone needs nothing.
 * @throws PlatformError `management_unavailable`
 */
export async function reportOutcome(
  resources: ManagementResources,
  target: UnplacedRef,
  outcome: OperationOutcome,
): Promise<void> {
  const kind = kindOf(target);
  // Before the phase, so that nobody sees it awake and since when it sleeps.
  const awakened = outcome.phase === 'Ready' ? await noteAwake(resources, target) : undefined;
  const write = async (found: Stored<ManagedInstance> | undefined) => {
    if (!found) return undefined;
    const circumstances = {
      template: await templateOf(resources, kind, found),
      now: new Date().toISOString(),
    };
    await instanceResources(resources, kind).patchStatus(
      objectName(target),
      statusAfter(kind, outcome, found, circumstances),
      found.metadata.resourceVersion,
    );
    return found;
  };
  const instance = await changeInstance(resources, target, write, awakened);
  if (instance) await noteSleep(resources, target, outcome, instance);
}

/**
 * Takes the mark of a sleep off, if there is one. The answer is the instance, which then need not be read;
 * undefined if it is gone or another of its name stands there.
 */
async function noteAwake(
  resources: ManagementResources,
  target: UnplacedRef,
): Promise<Stored<ManagedInstance> | undefined> {
  const metadata = { uid: target.uid, annotations: { [annotations.sleepingSince]: null } };
  const client = instanceResources(resources, kindOf(target));
  try {
    return await orUndefined(client.patch(objectName(target), { metadata }));
  } catch (error) {
    if (isConflict(error) || statusOf(error) === 422) return undefined; // the uid is another's
    throw kubernetesFailure(`recording that ${target.name} is awake`, error, 'management_unavailable');
  }
}

/** `sleeping-since` as in vCluster Platform: seconds since 1970, while it sleeps. */
async function noteSleep(
  resources: ManagementResources,
  target: UnplacedRef,
  { phase }: OperationOutcome,
  instance: Stored<ManagedInstance>,
): Promise<void> {
  const isNoted = instance.metadata.annotations?.[annotations.sleepingSince] !== undefined;
  const sleeps = phase === 'Sleeping';
  if (phase === undefined || sleeps === isNoted) return;
  const value = sleeps ? String(Math.floor(Date.now() / 1000)) : null;
  await callManagement(
    `recording the sleep of ${target.name}`,
    instanceResources(resources, kindOf(target)).patch(objectName(target), {
      metadata: { annotations: { [annotations.sleepingSince]: value } },
    }),
  );
}
