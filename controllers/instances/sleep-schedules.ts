import {
  type CalendarSpec,
  type Client,
  MONTHS,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Stored } from '../../adapters/kubernetes/resources.ts';
import { lifecycleTaskQueue, projectOfNamespace } from '../../contracts/names.ts';
import { hasVerb, type ManagedKind, managedKinds, namedKind } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import {
  type SleepPolicyInput,
  sleepScheduleId,
  uidOfSleepSchedule,
  workflows,
} from '../../contracts/workflows.ts';
import { contentHash } from '../../domain/content-hash.ts';
import { outlookOf } from '../../domain/sleep/due-change.ts';
import {
  hasSchedule,
  nextTransitions,
  sleepCalendars,
  sleepPolicyOf,
  type SleepTimes,
} from '../../domain/sleep/sleep-policy.ts';
import { instanceCache } from '../caches.ts';
import { type Controller, type ControllerContext, resync } from '../controller.ts';
import { setConditions } from './instance-conditions.ts';

type Instance = Stored<ManagedInstance>;

const deadlineMs = 3000;
/** For the list of all of them, which are thousands, once. */
const listMs = 60_000;

/**
 * One Temporal Schedule `sleep-policy/<uid>` for each tenant cluster and space with a sleep policy. It starts
 * `evaluateSleepPolicy` whenever the policy changes what should hold, and once when the policy is new or the
 * present state is not what it asks for (a schedule that was due while Temporal was away for long).
 */
export function sleepSchedules(context: ControllerContext): Controller {
  const { operations } = context;
  const cache = (kind: ManagedKind) => instanceCache(context.caches, kind);
  /** By uid: hash of the policy that the schedule was written with; undefined value: an earlier version wrote it, which did not say. */
  let known: Promise<Map<string, string | undefined>> | undefined;
  /** Uid by key: the resource of a deleted tenant cluster cannot provide it. */
  const uids = new Map<string, string>();

  async function reconcile(key: string) {
    const schedules = await knownSchedules();
    // Temporal's client has no time limit of its own.
    return operations.temporal.withDeadline(Date.now() + deadlineMs, () => reconcileSchedule(key, schedules));
  }

  /** Read once: what a controller before this one wrote is not written again at each start. */
  function knownSchedules(): Promise<Map<string, string | undefined>> {
    const { temporal } = operations;
    known ??= temporal
      .withDeadline(Date.now() + listMs, () => listSchedules(temporal))
      .catch((error: unknown) => {
        known = undefined;
        throw error;
      });
    return known;
  }

  /** @param key kind, blank, key of the object */
  async function reconcileSchedule(key: string, schedules: Map<string, string | undefined>) {
    const [kind, objectKey] = key.split(' ') as [ManagedKind, string];
    const instance = cache(kind).get(objectKey);
    const gone = uids.get(key);
    if (gone !== undefined && gone !== instance?.metadata.uid) await remove(gone, schedules);
    if (instance === undefined) return void uids.delete(key);
    const { uid } = instance.metadata;
    uids.set(key, uid);
    const found = instance.metadata.deletionTimestamp === undefined ? sleepPolicyOf(instance) : undefined;
    if (found === undefined || 'fault' in found || !hasSchedule(found.policy)) {
      await remove(uid, schedules);
      await sayValid(kind, instance, found);
      return resync;
    }
    const now = new Date();
    const { sleepSchedule, wakeupSchedule, timezone } = found.policy;
    const policy = { sleepSchedule, wakeupSchedule, timezone };
    const hash = contentHash({ policy, month: now.toISOString().slice(0, 7) });
    if (schedules.get(uid) !== hash) {
      await write(kind, instance, { policy, hash }, schedules.has(uid));
      schedules.set(uid, hash);
      if (outlookOf(kind, instance, now).change?.because === 'schedule') {
        await operations.temporal.schedule
          .getHandle(sleepScheduleId(uid))
          .trigger(ScheduleOverlapPolicy.SKIP);
      }
    }
    await sayValid(kind, instance, found);
    // What the condition says of the next times is true until the next of them.
    const [next] = nextTransitions(policy, now);
    const untilNextMs = next === undefined ? Number.POSITIVE_INFINITY : next.at.getTime() - now.getTime();
    return { requeueAfterMs: Math.min(untilNextMs, resync.requeueAfterMs) };
  }

  async function write(
    kind: ManagedKind,
    { metadata }: Instance,
    wanted: { readonly policy: SleepTimes; readonly hash: string },
    exists: boolean,
  ): Promise<void> {
    const { name, uid, namespace = '' } = metadata;
    const target = { ...namedKind(kind), project: projectOfNamespace(namespace) ?? '', name, uid };
    const schedule = scheduleOf(target, wanted);
    const { schedule: client } = operations.temporal;
    if (exists) {
      try {
        await client.getHandle(sleepScheduleId(uid)).update((previous) => ({ ...previous, ...schedule }));
        return;
      } catch (error) {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      }
    }
    await client.create({ scheduleId: sleepScheduleId(uid), ...schedule });
  }

  async function remove(uid: string, schedules: Map<string, string | undefined>): Promise<void> {
    if (!schedules.has(uid)) return;
    try {
      await operations.temporal.schedule.getHandle(sleepScheduleId(uid)).delete();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error; // the delete operation was here first
    }
    schedules.delete(uid);
  }

  async function sayValid(
    kind: ManagedKind,
    instance: Instance,
    found: ReturnType<typeof sleepPolicyOf>,
  ): Promise<void> {
    await setConditions(context, kind, instance, { SleepScheduleValid: found && findingOf(found) });
  }

  return {
    name: 'sleep-schedules',
    reconcile,
    watch(add) {
      for (const kind of managedKinds.filter((one) => hasVerb(one, 'sleep')))
        cache(kind).onChange((objectKey) => add(`${kind} ${objectKey}`));
    },
  };
}

/** The schedules that are there, written by an earlier controller: their notes say by which policy. */
async function listSchedules(temporal: Client): Promise<Map<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for await (const { scheduleId, state } of temporal.schedule.list()) {
    const uid = uidOfSleepSchedule(scheduleId);
    if (uid !== undefined) found.set(uid, state.note?.split(' ')[1]);
  }
  return found;
}

function findingOf(found: NonNullable<ReturnType<typeof sleepPolicyOf>>) {
  if ('fault' in found) return { severity: 'Warning', reason: 'Invalid', message: found.fault } as const;
  if (!hasSchedule(found.policy)) return undefined;
  return { status: 'True', reason: 'Valid', message: nextTimes(found.policy, new Date()) } as const;
}

/** For people: `next wake-up at 2026-11-30T07:00Z, next sleep at 2026-11-30T19:00Z`. */
function nextTimes(policy: SleepTimes, now: Date): string {
  return nextTransitions(policy, now)
    .map(
      ({ state, at }) =>
        `next ${state === 'asleep' ? 'sleep' : 'wake-up'} at ${at.toISOString().slice(0, 16)}Z`,
    )
    .join(', ');
}

function scheduleOf(
  tenant: SleepPolicyInput,
  { policy, hash }: { readonly policy: SleepTimes; readonly hash: string },
) {
  return {
    spec: {
      calendars: sleepCalendars(policy, new Date()).map(
        ({ year, month, daysOfMonth, hours, minutes }): CalendarSpec => ({
          year,
          month: MONTHS[month - 1] ?? 'JANUARY',
          dayOfMonth: [...daysOfMonth],
          hour: [...hours],
          minute: [...minutes],
        }),
      ),
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: workflows.evaluateSleepPolicy,
      taskQueue: lifecycleTaskQueue,
      args: [tenant] as const,
      workflowId: sleepScheduleId(tenant.uid),
      staticSummary: `Sleep schedule of ${tenant.name} in ${tenant.project}`,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' as const },
    state: { note: `${tenant.project}/${tenant.name} ${hash}` },
  };
}
