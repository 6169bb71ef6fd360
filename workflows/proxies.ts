import {
  ActivityCancellationType,
  patched,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { StepRecord } from '../contracts/workflows.ts';

export type ActivityName = keyof Activities;
export type ActivityInput<K extends ActivityName> = Parameters<Activities[K]>[0];
export type ActivityResult<K extends ActivityName> = Awaited<ReturnType<Activities[K]>>;

/** Limits of one attempt, in milliseconds. With `heartbeat`, a worker that died is noticed after so long. */
interface AttemptLimits {
  readonly startToClose: number;
  readonly heartbeat?: number;
}

const seconds = 1000;
const minutes = 60 * seconds;
const short: AttemptLimits = { startToClose: 15 * seconds };
const helm: AttemptLimits = { startToClose: 5 * minutes, heartbeat: 5 * seconds };
const waiting: AttemptLimits = { startToClose: 15 * minutes, heartbeat: 5 * seconds };
/** A space may hold hundreds of workloads and pods. */
const manyObjects: AttemptLimits = { startToClose: 5 * minutes, heartbeat: 5 * seconds };
const job: AttemptLimits = { startToClose: 60 * minutes, heartbeat: 5 * seconds };

/** Every activity with its limits: the one place for them. */
const limits: Record<ActivityName, AttemptLimits> = {
  claimTurn: short,
  recordSteps: short,
  endOperation: short,
  reconcileOperations: { startToClose: 5 * minutes, heartbeat: 10 * seconds },
  placeTenant: short,
  inspectTenant: short,
  findTenantRemains: short,
  reportInstance: short,
  releaseInstance: short,
  evaluateSleepPolicy: short,
  applyHostNamespace: short,
  deleteHostNamespace: short,
  waitForHostNamespaceDeleted: waiting,
  startControlPlane: short,
  stopControlPlane: short,
  waitForControlPlane: waiting,
  waitForControlPlaneStopped: waiting,
  waitForRollout: waiting,
  applyGatewayCredential: short,
  applyTenantAccess: short,
  applyTenantKeys: short,
  checkRelease: helm,
  installRelease: helm,
  rollbackRelease: helm,
  uninstallRelease: helm,
  recordSnapshot: short,
  findSnapshot: short,
  completeSnapshot: short,
  failSnapshot: short,
  applySnapshotJob: short,
  waitForSnapshotJob: job,
  deleteSnapshotJob: short,
  deleteSnapshotFile: short,
  forgetSnapshot: short,
  expireSnapshots: { startToClose: 5 * minutes, heartbeat: 10 * seconds },
  applyRestoreJob: short,
  waitForRestoreJob: job,
  deleteRestoreJob: short,
  placeSpace: short,
  findSpacePlace: short,
  findSpaceRemains: short,
  reportSpace: short,
  releaseSpace: short,
  applySpaceNamespace: short,
  deleteSpaceNamespace: short,
  waitForSpaceNamespaceDeleted: waiting,
  applySpaceAccess: short,
  closeSpace: short,
  openSpace: short,
  stopSpaceWorkloads: manyObjects,
  resumeSpaceWorkloads: manyObjects,
  deleteSpacePods: manyObjects,
  waitForSpacePodsEnded: waiting,
};

/**
 * How long a step goes on failing: attempts, not time, so that an outage of Temporal or the worker itself costs
 * none. With the back-off below, 60 attempts are 5 minutes of a cluster that does not answer.
 */
export type Persistence = 'bounded' | 'forever';

const retry = {
  initialInterval: 200,
  backoffCoefficient: 2,
  maximumInterval: 5 * seconds,
};
const boundedAttempts = 60;

interface CallOptions {
  /** Ties the activity to its step in `describe`. */
  readonly activityId?: string;
  /** Shown in Temporal's UI. */
  readonly summary?: string;
  readonly persistence?: Persistence;
  /**
   * Steps to record while the activity runs (activities/step-recorder.ts). They travel with it, because a local
   * activity at each boundary cost 11 ms a time (measured) on the way of every operation.
   */
  readonly steps?: StepRecord;
}

/** Calls one activity with its limits. */
export function callActivity<K extends ActivityName>(
  activity: K,
  input: ActivityInput<K>,
  options: CallOptions = {},
): Promise<ActivityResult<K>> {
  const { startToClose, heartbeat } = limits[activity];
  const proxy = proxyActivities<UntypedActivity>({
    startToCloseTimeout: startToClose,
    ...(heartbeat === undefined ? {} : { heartbeatTimeout: heartbeat }),
    retry: options.persistence === 'forever' ? retry : { ...retry, maximumAttempts: boundedAttempts },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(options.activityId === undefined ? {} : { activityId: options.activityId }),
    ...(options.summary === undefined ? {} : { summary: options.summary }),
  });
  return invoke(proxy, activity, input, options.steps) as Promise<ActivityResult<K>>;
}

/** Activities that are one short write to our own PostgreSQL. */
type LocalActivityName = 'claimTurn' | 'recordSteps' | 'endOperation';

/** Runs a database write inside the workflow task; one that fails is retried until PostgreSQL is back. */
export function callDatabase<K extends LocalActivityName>(
  activity: K,
  input: ActivityInput<K>,
): Promise<ActivityResult<K>> {
  return callLocally(activity, input, { persistence: 'forever' }, 2);
}

/** Activities of a few short requests each, at the begin and end of an operation. */
const brief: ReadonlySet<ActivityName> = new Set([
  'placeTenant',
  'startControlPlane',
  'reportInstance',
  'placeSpace',
  'reportSpace',
]);
/** Histories of before have them as regular activities. */
const briefPatch = 'brief-activities';

/** Calls an activity of a step: a brief one inside the workflow task, which saves two round trips through Temporal. */
export function callStepActivity<K extends ActivityName>(
  activity: K,
  input: ActivityInput<K>,
  options: CallOptions,
): Promise<ActivityResult<K>> {
  return brief.has(activity) && patched(briefPatch)
    ? callLocally(activity, input, options, 1)
    : callActivity(activity, input, options);
}

/**
 * Runs an activity inside the workflow task, without a round trip through Temporal. If that fails `attempts`
 * times, it becomes a regular activity, retried as `options` say.
 */
async function callLocally<K extends ActivityName>(
  activity: K,
  input: ActivityInput<K>,
  options: CallOptions,
  attempts: number,
): Promise<ActivityResult<K>> {
  const proxy = proxyLocalActivities<UntypedActivity>({
    startToCloseTimeout: 2 * seconds,
    retry: { initialInterval: 100, maximumAttempts: attempts },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(options.summary === undefined ? {} : { summary: options.summary }),
  });
  try {
    return (await invoke(proxy, activity, input, options.steps)) as ActivityResult<K>;
  } catch (error) {
    if (isCancellation(error) || isFinalFailure(error)) throw error;
    return callActivity(activity, input, options);
  }
}

type UntypedActivity = Record<string, (...args: unknown[]) => Promise<unknown>>;

function invoke(
  proxy: UntypedActivity,
  activity: string,
  input: unknown,
  steps?: StepRecord,
): Promise<unknown> {
  const call = proxy[activity];
  if (!call) throw new TypeError(`no activity ${activity}`);
  return steps === undefined ? call(input) : call(input, steps);
}

function isFinalFailure(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.nonRetryable === true
  );
}
