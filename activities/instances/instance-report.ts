import { isConflict, kubernetesFailure, orUndefined, statusOf } from '../../adapters/kubernetes/failures.ts';
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
import { changeInstance, findInstance, objectName, templateOf } from './instance-access.ts';

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
  // Before the phase: nobody sees it awake with the time since when it sleeps, or asleep without it.
  const noted = await noteSleep(resources, target, outcome);
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
  await changeInstance(resources, target, write, noted);
}

/**
 * Notes since when it sleeps, or takes that off, and once it was woken (by whatever gesture) of what kind the sleep was. The answer
 * as of `writeMarks`; undefined too if the phase stays.
 */
async function noteSleep(
  resources: ManagementResources,
  target: UnplacedRef,
  { operation, phase }: OperationOutcome,
): Promise<Stored<ManagedInstance> | undefined> {
  if (phase === undefined) return undefined;
  if (phase !== 'Sleeping') {
    const isWoken = operation.type === 'wake' && operation.state === 'succeeded';
    const ended = isWoken ? { [annotations.sleepType]: null } : {};
    return writeMarks(resources, target, { [annotations.sleepingSince]: null, ...ended });
  }
  const found = await findInstance(resources, target);
  if (found === undefined || found.metadata.annotations?.[annotations.sleepingSince] !== undefined)
    return found;
  // As in vCluster Platform: seconds since 1970.
  const now = String(Math.floor(Date.now() / 1000));
  return writeMarks(resources, target, { [annotations.sleepingSince]: now });
}

/**
 * Writes annotations, if it is still the same instance. The answer is the instance, which then need not be read;
 * undefined if it is gone or another of its name stands there.
 */
async function writeMarks(
  resources: ManagementResources,
  target: UnplacedRef,
  marks: Record<string, string | null>,
): Promise<Stored<ManagedInstance> | undefined> {
  const client = instanceResources(resources, kindOf(target));
  const metadata = { uid: target.uid, annotations: marks };
  try {
    return await orUndefined(client.patch(objectName(target), { metadata }));
  } catch (error) {
    if (isConflict(error) || statusOf(error) === 422) return undefined; // the uid is another's
    throw kubernetesFailure(`recording the sleep of ${target.name}`, error, 'management_unavailable');
  }
}
