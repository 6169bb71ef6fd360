import type { Role } from './person.ts';

/** Something that does not work yet. */
export interface NotYet {
  /** What is said instead. */
  readonly says: RegExp;
  readonly because: string;
}

/**
 * Verbs of the stock command line (`verb`, or `role: verb`) that do not keep their promise here yet. An entry whose verb
 * does keep it fails the suite: it must go, and docs/compatibility.md must say so.
 */
export const notYet: Readonly<Record<string, NotYet>> = {
  'sleep vcluster (workloads-only)': {
    says: /failed to load the vcluster config/,
    because: "it writes a Secret of vCluster's own chart, whose sleep of workloads is vCluster Platform's",
  },
  'create accesskey --vcluster-role': {
    says: /spec\.scope allows nothing/,
    because: 'a virtual cluster that somebody installed cannot attach to the platform',
  },
};

const kstatus = 'what Kubernetes, Flux and Argo CD judge an object by';
const ours = 'ours: what became of it, which vCluster Platform does not tell';
const account = 'ours: what ends with its owner, and how many there are';
const rights = 'what the reader may do there; vCluster Platform tells it of instances alone';
const computed =
  'of storage.loft.sh: here the same objects as those of management.loft.sh, whose types have it';
const unknown = (kind: string, because: string, ...fields: string[]) =>
  fields.map((field) => [`${kind}: unknown field "${field}"`, because]);

/**
 * What does not fit vCluster Platform's Go types in answers, as `kind: problem`, and why. Clients that generated their code
 * from those types skip fields that they do not know.
 */
export const unlike: Readonly<Record<string, string>> = Object.fromEntries([
  ['AccessKey: no such kind in management.loft.sh/v1', 'vCluster Platform has it in storage.loft.sh alone'],
  ...['Cluster', 'Project', 'SpaceInstance', 'VirtualClusterInstance'].flatMap((kind) =>
    unknown(kind, kstatus, 'status.observedGeneration'),
  ),
  ...['OwnedAccessKey', 'SpaceTemplate', 'Team', 'User', 'VirtualClusterTemplate'].flatMap((kind) =>
    unknown(kind, kstatus, 'status.observedGeneration', 'status.conditions'),
  ),
  ...unknown(
    'UserAccessKeys',
    kstatus,
    'accessKeys[].status.observedGeneration',
    'accessKeys[].status.conditions',
  ),
  ...unknown('UserAccessKeys', account, 'accessKeys[].status.ownerUid'),
  ...unknown('ProjectClusters', kstatus, 'clusters[].status.observedGeneration'),
  ...unknown(
    'ProjectTemplates',
    kstatus,
    'virtualClusterTemplates[].status.conditions',
    'virtualClusterTemplates[].status.observedGeneration',
    'spaceTemplates[].status.conditions',
    'spaceTemplates[].status.observedGeneration',
  ),
  ...unknown(
    'ProjectTemplates',
    rights,
    'virtualClusterTemplates[].status.canUpdate',
    'virtualClusterTemplates[].status.canUse',
    'spaceTemplates[].status.canUpdate',
    'spaceTemplates[].status.canUse',
  ),
  ...['Project', 'SpaceTemplate', 'VirtualClusterTemplate'].flatMap((kind) =>
    unknown(kind, rights, 'status.canUpdate', 'status.canUse'),
  ),
  ...unknown('AccessKey', kstatus, 'status.conditions', 'status.observedGeneration'),
  ...unknown('AccessKey', account, 'spec.keyHash', 'status.ownerUid'),
  ...unknown('Cluster', computed, 'status.online'),
  ...['SpaceInstance', 'VirtualClusterInstance'].flatMap((kind) =>
    unknown(kind, computed, 'status.canUpdate', 'status.canUse', 'status.sleepModeConfig'),
  ),
  ...unknown('VirtualClusterInstance', computed, 'status.online'),
  ...unknown('OwnedAccessKey', account, 'status.ownerUid'),
  ...['Team', 'User'].flatMap((kind) => unknown(kind, account, 'status.accessKeys')),
  ...['Cluster', 'ProjectClusters'].flatMap((kind) =>
    unknown(
      kind,
      ours,
      ...[
        'lastSeen',
        'agentVersion',
        'kubernetesVersion',
        'clusterUID',
        'nodes',
        'tenants',
        'apiLatencyMs',
        'platformLatencyMs',
        'unclaimedNamespaces',
      ].map((field) => `${kind === 'Cluster' ? '' : 'clusters[].'}status.${field}`),
    ),
  ),
  ...['SpaceInstance', 'VirtualClusterInstance'].flatMap((kind) =>
    unknown(
      kind,
      ours,
      'status.clusterRef',
      'status.lastOperation',
      'status.observedHash',
      'status.sleepPolicy',
      'status.template',
      'status.why',
    ),
  ),
  ...unknown(
    'VirtualClusterInstance',
    ours,
    'status.deployedBy',
    'status.lastUp',
    'status.virtualCluster.clusterRef',
  ),
]);

/** Further ones of ours, which only what has failed has: whether any has depends on what else is on the platform. */
export const unlikeAfterFailure: ReadonlySet<string> = new Set(
  ['SpaceInstance', 'VirtualClusterInstance']
    .flatMap((kind) => unknown(kind, ours, 'status.failedHash', 'status.nextAttempt'))
    .map(([problem = '']) => problem),
);

/** What somebody with vCluster Platform's Go types may ask and is not answered yet, as `request: status`, and why. */
export const unanswered: Readonly<Record<Role, Readonly<Record<string, string>>>> = {
  administrator: {},
  'plain user': {},
};
