import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { StepRecord } from '../contracts/workflows.ts';

type ActivityName = keyof Activities;
export type ActivityInput<K extends ActivityName> = Parameters<Activities[K]>[0];
type ActivityResult<K extends ActivityName> = Awaited<ReturnType<Activities[K]>>;

/**
 * The activities as Temporal carries them. Beside its input, each may take steps to record while it runs
 * (activities/operations/step-recorder.ts): a local activity of its own at each boundary cost 11 ms a time (measured) on the way of
 * every operation.
 */
export type RecordingActivities = {
  [K in ActivityName]: (input: ActivityInput<K>, steps?: StepRecord) => Promise<ActivityResult<K>>;
};

/** Limits of one attempt, in milliseconds. */
interface Limits {
  readonly startToClose: number;
  /** A worker that died is noticed after so long. */
  readonly heartbeat?: number;
  /** A few short requests: first tried as a local activity. */
  readonly brief?: true;
}

const seconds = 1000;
const minutes = 60 * seconds;
const short: Limits = { startToClose: 15 * seconds };
const brief: Limits = { ...short, brief: true };
const helm: Limits = { startToClose: 5 * minutes, heartbeat: 5 * seconds };
const waiting: Limits = { startToClose: 15 * minutes, heartbeat: 5 * seconds };
/** A space may hold hundreds of workloads and pods. */
const manyObjects: Limits = { startToClose: 5 * minutes, heartbeat: 5 * seconds };
const job: Limits = { startToClose: 60 * minutes, heartbeat: 5 * seconds };
/** What may wait for a connected cluster that is offline; then it begins again. */
const days: Limits = { startToClose: 24 * 60 * minutes, heartbeat: 5 * seconds };

/** Every activity with its limits: the one place for them. */
const limits: Record<ActivityName, Limits> = {
  claimTurn: short,
  recordSteps: short,
  waitForClusterOnline: days,
  endOperation: short,
  reconcileOperations: { startToClose: 5 * minutes, heartbeat: 10 * seconds },
  placeTenant: brief,
  inspectTenant: short,
  findTenantRemains: short,
  reportInstance: brief,
  releaseInstance: short,
  evaluateSleepPolicy: short,
  applyHostNamespace: waiting,
  deleteHostNamespace: short,
  waitForHostNamespaceDeleted: waiting,
  startControlPlane: brief,
  stopControlPlane: short,
  waitForControlPlane: waiting,
  waitForControlPlaneStopped: waiting,
  waitForRollout: waiting,
  applyGatewayCredential: short,
  applyTenantAccess: short,
  applyTenantKeys: short,
  checkRelease: helm,
  checkImages: helm,
  installRelease: helm,
  rollbackRelease: helm,
  findFallback: helm,
  redeployRelease: helm,
  repairControlPlane: helm,
  uninstallRelease: helm,
  recordSnapshot: short,
  findSnapshot: short,
  completeSnapshot: short,
  failSnapshot: short,
  applySnapshotJob: short,
  waitForSnapshotJob: job,
  deleteSnapshotJob: short,
  maintainStore: job,
  deleteSnapshotFile: short,
  forgetSnapshot: short,
  expireSnapshots: { startToClose: 5 * minutes, heartbeat: 10 * seconds },
  applyRestoreJob: short,
  waitForRestoreJob: job,
  deleteRestoreJob: short,
  placeSpace: brief,
  findSpacePlace: short,
  findSpaceRemains: short,
  reportSpace: brief,
  releaseSpace: short,
  applySpaceNamespace: waiting,
  deleteSpaceNamespace: short,
  waitForSpaceNamespaceDeleted: waiting,
  applySpaceAccess: short,
  closeSpace: short,
  openSpace: short,
  stopSpaceWorkloads: manyObjects,
  resumeSpaceWorkloads: manyObjects,
  deleteSpacePods: manyObjects,
  waitForSpacePodsEnded: waiting,
  closeCluster: short,
  openCluster: short,
  findClusterTenants: short,
  findClusterRemains: manyObjects,
  deleteClusterTenants: days,
  releaseClusterTenants: manyObjects,
  claimClusterObjects: manyObjects,
  removeClusterObjects: waiting,
  deleteCluster: waiting,
  findAgentImages: short,
  setAgentImage: short,
  waitForAgentVersion: waiting,
};

/**
 * How long a step goes on failing: attempts, not time, so that an outage of Temporal or the worker itself costs
 * none. With the back-off below, 60 attempts are 5 minutes of a cluster that does not answer.
 */
export type RetryLimit = 'once' | 'bounded' | 'unbounded';

const retry = {
  initialInterval: 200,
  backoffCoefficient: 2,
  maximumInterval: 5 * seconds,
};
const attempts = { once: { maximumAttempts: 1 }, bounded: { maximumAttempts: 60 }, unbounded: {} } as const;

interface CallOptions {
  /** Ties the activity to its step in `describe`. */
  readonly activityId?: string;
  /** Shown in Temporal's UI. */
  readonly summary?: string;
  readonly retries?: RetryLimit;
  /** Recorded while the activity runs. */
  readonly steps?: StepRecord;
}

/** Calls of activities outside the steps of an operation. */
export function activitiesWith(options: CallOptions): Activities {
  return activitiesThrough((activity, input) => callRegular(activity, input, options));
}

/** Histories of earlier versions have brief activities as regular ones. */
const briefPatch = 'brief-activities';

/**
 * Calls of activities in a step: brief ones run inside the workflow task, which saves two round trips through Temporal.
 * @param nextOptions asked before each call
 * @param waitsForCluster an activity that fails because a connected cluster is offline is called again when it is back
 */
export function stepActivities(nextOptions: () => CallOptions, waitsForCluster = true): Activities {
  const call = <K extends ActivityName>(activity: K, input: ActivityInput<K>): Promise<ActivityResult<K>> => {
    const options = nextOptions();
    return limits[activity].brief === true && patched(briefPatch)
      ? callLocally(activity, input, options, 1)
      : callRegular(activity, input, options);
  };
  function persistently<K extends ActivityName>(
    activity: K,
    input: ActivityInput<K>,
  ): Promise<ActivityResult<K>> {
    const again = async (error: unknown): Promise<ActivityResult<K>> => {
      const offline = offlineCluster(error);
      if (offline === undefined || !waitsForCluster) throw error;
      await callRegular('waitForClusterOnline', offline, { ...nextOptions(), retries: 'unbounded' });
      return persistently(activity, input);
    };
    return call(activity, input).catch(again);
  }
  return activitiesThrough(persistently);
}

/** The connected cluster whose agent is away, if that is why an activity failed. No history of an earlier version has such a failure. */
function offlineCluster(error: unknown): ActivityInput<'waitForClusterOnline'> | undefined {
  const { type, message, details } = activityFailure(error) ?? {};
  const [known] = (details ?? []) as readonly ({ readonly connectedCluster?: string } | undefined)[];
  const cluster = known?.connectedCluster;
  return type === 'cluster_offline' && cluster !== undefined ? { cluster, why: message ?? '' } : undefined;
}

/**
 * Activities that are one short write to our own PostgreSQL. They run inside the workflow task and are tried again until
 * PostgreSQL is back.
 */
export const databaseActivities: Pick<Activities, 'claimTurn' | 'recordSteps' | 'endOperation'> =
  activitiesThrough((activity, input) => callLocally(activity, input, { retries: 'unbounded' }, 2));

/** To the compiler and the editor these are the activities themselves; each call goes through `call`. */
function activitiesThrough(
  call: <K extends ActivityName>(activity: K, input: ActivityInput<K>) => Promise<ActivityResult<K>>,
): Activities {
  return new Proxy({} as Activities, {
    get: (_target, activity: ActivityName) => (input: ActivityInput<ActivityName>) => call(activity, input),
  });
}

function callRegular<K extends ActivityName>(
  activity: K,
  input: ActivityInput<K>,
  options: CallOptions,
): Promise<ActivityResult<K>> {
  const { startToClose, heartbeat } = limits[activity];
  const activities: RecordingActivities = proxyActivities<RecordingActivities>({
    startToCloseTimeout: startToClose,
    ...(heartbeat === undefined ? {} : { heartbeatTimeout: heartbeat }),
    retry: { ...retry, ...attempts[options.retries ?? 'bounded'] },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(options.activityId === undefined ? {} : { activityId: options.activityId }),
    ...(options.summary === undefined ? {} : { summary: options.summary }),
  });
  return invoke(activities[activity], input, options.steps);
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
  const activities: RecordingActivities = proxyLocalActivities<RecordingActivities>({
    startToCloseTimeout: 2 * seconds,
    retry: { initialInterval: 100, maximumAttempts: attempts },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(options.summary === undefined ? {} : { summary: options.summary }),
  });
  try {
    return await invoke(activities[activity], input, options.steps);
  } catch (error) {
    if (isCancellation(error) || isFinalFailure(error)) throw error;
    return callRegular(activity, input, options);
  }
}

/** An argument that is undefined would travel too. */
function invoke<K extends ActivityName>(
  activity: RecordingActivities[K],
  input: ActivityInput<K>,
  steps: StepRecord | undefined,
): Promise<ActivityResult<K>> {
  return steps === undefined ? activity(input) : activity(input, steps);
}

/** Whether another attempt would fail alike. Histories of earlier versions have one, as a regular activity. */
function isFinalFailure(error: unknown): boolean {
  return activityFailure(error)?.nonRetryable === true && patched('final-brief-failures');
}

/** What an activity failed with. The failure of a local one has no ActivityFailure around it. */
export function activityFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}
