import type { ClusterStatus } from '../../contracts/resources/cluster.ts';
import type { ConditionState } from './conditions.ts';
import { type ClusterState, unansweredReason } from './cluster-status.ts';

/** What of a Cluster's status says how it is doing. */
export type ClusterHealth = Pick<
  ClusterStatus,
  | 'agentVersion'
  | 'kubernetesVersion'
  | 'clusterUID'
  | 'nodes'
  | 'tenants'
  | 'apiLatencyMs'
  | 'platformLatencyMs'
>;

/** Whether a new status should be written at once, later, or not at all. */
export type WritingUrgency = 'now' | 'later' | undefined;

/** A time of last contact in the status of a cluster that is online is at most so old. */
const staleMs = 300_000;
/** A latency has changed if it is so many times the other one, and that many milliseconds apart. */
const latencyFactor = 2;
const latencyStepMs = 20;

const ofState = ['phase', 'reason', 'message', 'online'] as const;
const telling = ['agentVersion', 'kubernetesVersion', 'clusterUID'] as const;
const latencies = ['apiLatencyMs', 'platformLatencyMs'] as const;

/**
 * How urgent it is that `after` is written over `before`: what people or placement act upon now; measured values, which
 * always differ a little, together and later. What was not measured is left as it was.
 */
export function writingUrgency(before: ClusterStatus, after: ClusterState & ClusterHealth): WritingUrgency {
  const isTold =
    ofState.every((field) => before[field] === after[field]) &&
    telling.every((field) => after[field] === undefined || before[field] === after[field]);
  const { nodes, tenants } = after;
  const haveSameNodes =
    nodes === undefined || (nodes.ready === before.nodes?.ready && nodes.total === before.nodes.total);
  const isSeenAlike = after.online === true || before.lastSeen === after.lastSeen;
  if (!isTold || !haveSameNodes || !isSeenAlike) return 'now';
  const isSeenLately = timeOf(after.lastSeen) - timeOf(before.lastSeen) < staleMs;
  const isAlike =
    before.tenants === tenants && latencies.every((field) => isSameLatency(before[field], after[field]));
  return isAlike && isSeenLately ? undefined : 'later';
}

function isSameLatency(before: number | undefined, after: number | undefined): boolean {
  if (before === undefined || after === undefined) return after === undefined;
  const [low, high] = before < after ? [before, after] : [after, before];
  return high - low < latencyStepMs || high < low * latencyFactor;
}

function timeOf(rfc3339: string | undefined): number {
  return rfc3339 === undefined ? 0 : Date.parse(rfc3339);
}

const maxText = 64;

/**
 * What an agent says of itself or its cluster, as it may be shown to people: their terminals obey some characters.
 * @param max characters; default: of a word
 */
export function saidText(text: string, max = maxText): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, max);
}

export const agentVersionCondition = 'AgentVersion';

/** Says that agent and platform are of different versions; undefined: they are not, or there is no agent. */
export function versionSkew(agent: string | undefined, platform: string): ConditionState | undefined {
  if (agent === undefined || agent === platform) return undefined;
  return {
    type: agentVersionCondition,
    status: 'False',
    severity: 'Warning',
    reason: 'VersionSkew',
    message: `The agent has version ${agent || 'unknown'}, the platform has version ${platform}: upgrade the agent`,
  };
}

/** What people should see of a cluster's change, as an event. */
export interface ClusterNotice {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Reasons that are told by an event when they appear. */
const toldReasons = ['Offline', 'NoOnlinePeers', 'ClusterUID', unansweredReason];

/** What to tell of a cluster whose status changes; undefined: nothing. */
export function clusterNotice(before: ClusterStatus, after: ClusterState): ClusterNotice | undefined {
  const { reason, message } = after;
  if (reason !== before.reason && toldReasons.includes(reason)) return { type: 'Warning', reason, message };
  if (after.online !== true || before.online === true || before.lastSeen === undefined) return undefined;
  return {
    type: 'Normal',
    reason: 'Online',
    message: `It is online again, after it was last seen at ${before.lastSeen}`,
  };
}
