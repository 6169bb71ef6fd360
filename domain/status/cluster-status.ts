import { platformNamespace } from '../../contracts/names.ts';
import type { Cluster, ClusterStatus } from '../../contracts/resources/cluster.ts';

/** Whether and when a connected cluster answers: its agent by its tunnels, a dialled one by a small request. */
export interface ClusterContact {
  /** It does now. */
  readonly isThere: boolean;
  /** When it did last; undefined: never, as far as is known. */
  readonly lastSeen: Date | undefined;
  /** Why it does not, for people. */
  readonly fault?: string | undefined;
}

/** What is recorded of a cluster's agent. */
export interface KnownAgent extends ClusterContact {
  readonly joinedAt: Date;
}

/** What keeps a cluster from being connected, for its status. */
export interface ClusterObstacle {
  readonly reason: string;
  readonly message: string;
}

/** What the phase of a connected cluster is made of, besides the cluster. */
export interface ClusterFacts {
  /** Whatever the rest says. */
  readonly obstacle?: ClusterObstacle | undefined;
  /** Names of Secrets with credentials of the platform's processes that are not there yet, and why, if that is known. */
  readonly missingCredentials: readonly string[];
  readonly credentialObstacle?: ClusterObstacle | undefined;
  /** `unknown`: the records of agents cannot be read. */
  readonly agent: KnownAgent | undefined | 'unknown';
  /** How its API server answers the platform's own requests; `untried`: it was not asked yet. Undefined: it cannot be asked. */
  readonly contact?: ClusterContact | 'untried' | undefined;
  /** Since when it is known without interruption who answers: the platform itself may have been away. */
  readonly watchedSince: Date;
}

/** What of a Cluster's status says whether it is connected. What it does not have is not said. */
export type ClusterState = Required<Pick<ClusterStatus, 'phase' | 'reason' | 'message'>> &
  Pick<ClusterStatus, 'online' | 'lastSeen'>;

export interface ClusterOutlook {
  readonly state: ClusterState;
  /** When time alone may change it. */
  readonly lookAgainAt?: Date;
}

/** The gateway finds a half-open connection within 10 s; whatever happens, a cluster that is gone is offline within 30 s. */
const silenceMs = 18_000;
/** From an agent's join to its first tunnel. */
const firstTunnelMs = 120_000;
/** Of a cluster whose agent is connected, and whose API server does not answer the platform. */
export const unansweredReason = 'HealthCheckCluster';

/**
 * Whether a cluster is connected: its agent has a tunnel, and its API server answers the platform through it. Undefined: what its
 * status says stays. One that falls silent stays what it was for 18 s, and so do all of them when the platform itself was away.
 */
export function clusterOutlook(cluster: Cluster, facts: ClusterFacts, now: Date): ClusterOutlook | undefined {
  const { obstacle, agent, contact } = facts;
  if (obstacle !== undefined) return { state: { phase: 'Failed', ...obstacle, online: false } };
  if (agent === 'unknown' && isByAgent(cluster)) return undefined;
  if (agent !== undefined && agent !== 'unknown') return ofAgent(cluster, facts, agent, now);
  if (cluster.spec.networkPeer === true)
    return beginning(`Waiting for its agent: run "vcp add cluster ${cluster.metadata.name}"`);
  if (typeof contact !== 'object' || facts.missingCredentials.length > 0)
    return { state: initialized(facts) };
  return ofContact(cluster, facts, contact, now);
}

/** The embedded cluster does without an agent until its first one was there. */
function isByAgent({ spec, status }: Cluster): boolean {
  return spec.networkPeer === true || (spec.local === true && status?.lastSeen !== undefined);
}

function ofAgent(
  cluster: Cluster,
  facts: ClusterFacts,
  agent: KnownAgent,
  now: Date,
): ClusterOutlook | undefined {
  if (agent.isThere && facts.missingCredentials.length === 0) return ofTunnel(cluster, facts, agent, now);
  if (agent.isThere || agent.lastSeen !== undefined) return ofContact(cluster, facts, agent, now);
  const dueAt = later(agent.joinedAt, firstTunnelMs);
  if (now < dueAt)
    return { ...beginning('Its agent has joined and is not connected yet'), lookAgainAt: dueAt };
  const message = `The agent joined at ${rfc3339(agent.joinedAt)} and has not connected since: its log says why ("kubectl logs deployment/loft" in its namespace)`;
  return { state: { phase: 'Failed', reason: 'NoOnlinePeers', message, online: false } };
}

/** Of one with a tunnel, by which its API server answers the platform, or does not. */
function ofTunnel(
  cluster: Cluster,
  facts: ClusterFacts,
  agent: KnownAgent,
  now: Date,
): ClusterOutlook | undefined {
  const { contact } = facts;
  const said = cluster.status;
  if (contact === 'untried') {
    if (said?.phase) return undefined;
    return { state: { ...beginning('Waiting for the first answer of its API server').state, online: true } };
  }
  if (contact === undefined || contact.isThere) return ofContact(cluster, facts, agent, now);
  // What never worked need not be given time.
  if (said?.phase === 'Initialized') return ofContact(cluster, facts, contact, now);
  return unanswered(cluster, contact.lastSeen, contact.fault);
}

function ofContact(
  cluster: Cluster,
  facts: ClusterFacts,
  { isThere, lastSeen, fault }: ClusterContact,
  now: Date,
): ClusterOutlook {
  const said = cluster.status;
  const seen = lastSeen === undefined ? {} : { lastSeen: rfc3339(lastSeen) };
  if (isThere) return { state: { ...initialized(facts), online: true, ...seen } };
  const known = lastSeen ?? (said?.lastSeen === undefined ? facts.watchedSince : new Date(said.lastSeen));
  const dueAt = later(known < facts.watchedSince ? facts.watchedSince : known, silenceMs);
  if (now < dueAt) return { state: { ...stateOf(said), ...seen }, lookAgainAt: dueAt };
  const { agent } = facts;
  if (typeof agent === 'object' && agent.isThere) return unanswered(cluster, lastSeen, fault);
  return offline(typeof agent === 'object' ? 'The agent' : 'The cluster', known, fault);
}

function stateOf({ phase = '', reason = '', message = '', online = false }: ClusterStatus = {}) {
  return { phase, reason, message, online };
}

function offline(subject: string, since: Date, fault: string | undefined): ClusterOutlook {
  const why = fault === undefined ? '' : `: ${fault}`;
  const message = `${subject} has been offline since ${rfc3339(since)}${why}`;
  return { state: { phase: 'Failed', reason: 'Offline', message, online: false, lastSeen: rfc3339(since) } };
}

/** Its agent is connected, and is of no use. */
function unanswered({ status }: Cluster, lastSeen: Date | undefined, fault = 'no answer'): ClusterOutlook {
  const seen = lastSeen === undefined ? status?.lastSeen : rfc3339(lastSeen);
  const message = `The agent is connected, but the API server cannot be used through it: ${fault}`;
  return {
    state: {
      ...{ phase: 'Failed', reason: unansweredReason, message, online: false },
      ...(seen === undefined ? {} : { lastSeen: seen }),
    },
  };
}

function initialized({ missingCredentials, credentialObstacle, agent }: ClusterFacts): ClusterState {
  if (missingCredentials.length === 0) return { phase: 'Initialized', reason: '', message: '' };
  // What a connected agent does not give now it may give in a moment.
  if (credentialObstacle !== undefined && typeof agent !== 'object')
    return { phase: 'Failed', ...credentialObstacle };
  const waits = `Waiting for its credentials: Secret ${missingCredentials.join(' and ')} in namespace ${platformNamespace}`;
  return { phase: '', reason: 'InitializeCluster', message: credentialObstacle?.message ?? waits };
}

function beginning(message: string): ClusterOutlook {
  return { state: { phase: '', reason: 'InitializeCluster', message, online: false } };
}

function later(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms);
}

/** To the second, as Kubernetes writes times. */
function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
