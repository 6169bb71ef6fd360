import { PlatformError } from './errors.ts';

/** API group and version of all management resources. */
export const managementGroup = 'management.loft.sh';
export const managementVersion = 'v1';
export const managementApiVersion = `${managementGroup}/${managementVersion}`;

/** Group under which vCluster Platform stores the same resources, and under which its GitOps manifests and tools name them. */
export const storageGroup = 'storage.loft.sh';
export const storageApiVersion = `${storageGroup}/${managementVersion}`;

/** API group and version of resources that vCluster Platform does not have. */
export const platformGroup = 'vcluster-platform.io';
export const platformApiVersion = `${platformGroup}/v1`;

/** Namespace of the platform's own objects in the management API (connected-cluster credentials and the like). */
export const platformNamespace = 'vcluster-platform';
/** Namespace of the Secrets with hashes of passwords, which only the gateway reads and writes. */
export const passwordNamespace = 'vcluster-platform-passwords';
/** Namespace of the Secrets that projects' snapshots are sealed with; they outlive the projects. */
export const snapshotKeyNamespace = 'vcluster-platform-snapshot-keys';
/** Namespace of the Secrets that SharedSecrets are kept as; clients of vCluster Platform know it by its Deployment `loft`. */
export const sharedSecretNamespace = 'loft';
/** Secret of a project's namespace that older platforms kept its snapshots' key in. */
export const formerSnapshotKey = 'snapshot-key';
/** ConfigMaps of platformNamespace that admission asks: who has as many access keys as possible, and how many. */
export const accessKeyBounds = { users: 'users-at-key-bound', teams: 'teams-at-key-bound' } as const;
/** Prefix of a project's namespace in the management API. */
export const projectNamespacePrefix = 'p-';
/** Temporal namespace and task queue of all lifecycle workflows. */
export const temporalNamespace = 'vcluster-platform';
export const lifecycleTaskQueue = 'lifecycle';

/** Finalizer the platform holds on everything that has effects outside the management API. */
export const cleanupFinalizer = 'loft.sh/cleanup';

/** Annotation in which kubectl keeps the whole object as it was last applied. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Annotations and labels that the platform reads or writes. */
export const annotations = {
  /** Who changed the spec or the sleep annotations last; stamped at admission, not settable by a client. */
  changedBy: 'vcluster-platform.io/changed-by',
  /** Any text; another one than at the last attempt asks that what failed is tried again now. */
  retry: 'vcluster-platform.io/retry',
  sleepForce: 'sleepmode.loft.sh/force',
  sleepForceDuration: 'sleepmode.loft.sh/force-duration',
  sleepSchedule: 'sleepmode.loft.sh/sleep-schedule',
  wakeupSchedule: 'sleepmode.loft.sh/wakeup-schedule',
  sleepTimezone: 'sleepmode.loft.sh/timezone',
  sleepAfter: 'sleepmode.loft.sh/sleep-after',
  deleteAfter: 'sleepmode.loft.sh/delete-after',
  ignoreActiveConnections: 'sleepmode.loft.sh/ignore-active-connections',
  ignoreAll: 'sleepmode.loft.sh/ignore-all',
  ignoreVClusters: 'sleepmode.loft.sh/ignore-vclusters',
  ignoreGroups: 'sleepmode.loft.sh/ignore-groups',
  ignoreVerbs: 'sleepmode.loft.sh/ignore-verbs',
  ignoreResources: 'sleepmode.loft.sh/ignore-resources',
  ignoreResourceVerbs: 'sleepmode.loft.sh/ignore-resource-verbs',
  ignoreResourceNames: 'sleepmode.loft.sh/ignore-resource-names',
  ignoreUserAgents: 'sleepmode.loft.sh/ignore-user-agents',
  sleepingSince: 'sleepmode.loft.sh/sleeping-since',
  sleepType: 'sleepmode.loft.sh/sleep-type',
  /** Seconds since 1970: when it was used last, or woken. */
  lastActivity: 'sleepmode.loft.sh/last-activity',
  /** Who used it then, and how: JSON, `LastActivityInfo` (domain/sleep/last-activity.ts). */
  lastActivityInfo: 'sleepmode.loft.sh/last-activity-info',
  /** Seconds since 1970: the time of its schedules that was acted on last. */
  sleepTransition: 'vcluster-platform.io/sleep-transition',
  /** On workloads of a space that sleeps: the replicas they had, and that it was we who suspended them. */
  sleepReplicas: 'loft.sh/sleep-mode-replicas',
  sleepSuspended: 'loft.sh/sleep-mode-suspended',
  /**
   * On an instance: when it was woken last, in seconds since 1970; stamped at admission. On workloads that had no pods when their
   * space woke: a change, so that their controllers look at once.
   */
  wokenAt: 'vcluster-platform.io/woken-at',
  /** On a role in a tenant cluster: when the platform saw last that it can write there. */
  writtenAt: 'vcluster-platform.io/written-at',
  /** On users who log in at an OpenID provider: `<issuer> <sub>`, which never changes. */
  oidcIdentity: 'vcluster-platform.io/oidc-identity',
  /** When the token was issued that `spec.ssoGroups` is from (seconds since the epoch). */
  oidcGroupsFrom: 'vcluster-platform.io/oidc-groups-from',
  /** On a Cluster: the operation that disconnects it; nothing new is placed there meanwhile. */
  disconnecting: 'vcluster-platform.io/disconnecting',
  /** On a Cluster: values of chart vcluster-platform for its agent, as YAML (as in vCluster Platform). */
  agentValues: 'loft.sh/agent-values',
  /** On the platform's namespace in a connected cluster: what that is called here. */
  connectedAs: 'vcluster-platform.io/connected-as',
  /**
   * On a credential of a connected cluster: uid and version of the Secret of `spec.config` that it was made with, or uid of the
   * Cluster, join and start of the agent that it is from, and a hash of the proxy's address.
   */
  madeWith: 'vcluster-platform.io/made-with',
  /** On a credential from an agent: when it ends, and when the controllers replace it (RFC 3339). */
  expiresAt: 'vcluster-platform.io/expires-at',
  renewAt: 'vcluster-platform.io/renew-at',
  /** On host namespaces: what the worker applied there (adapters/applied-objects.ts): objects of the release; what gives the gateway its access. */
  appliedRelease: 'vcluster-platform.io/applied-release',
  appliedAccess: 'vcluster-platform.io/applied-access',
  /** On the namespace of a project, for admission: names with commas between them, `*` for all; the default may be none. */
  allowedTemplates: 'vcluster-platform.io/allowed-templates',
  allowedSpaceTemplates: 'vcluster-platform.io/allowed-space-templates',
  allowedClusters: 'vcluster-platform.io/allowed-clusters',
  defaultTemplate: 'vcluster-platform.io/default-template',
} as const;

/** Label, or annotation, of what no client deletes, with any value but `false`. */
export const nonDeletable = 'loft.sh/non-deletable';

export const labels = {
  /** On access keys: `true`; their requests neither wake what sleeps nor count as its use. */
  ignoreActivity: 'sleepmode.loft.sh/ignore-activity',
  /** On host namespaces the worker made: `true`. Only in these does the embedded node run pods. */
  managed: 'vcluster-platform.io/managed',
  /** On host namespaces, namespaces of spaces and what the platform applies in the former: the uid of the instance that it belongs to. */
  instanceUid: 'vcluster-platform.io/instance-uid',
  project: 'loft.sh/project',
  /** On the namespace of a project, for admission: `true` unless inline templates are everybody's. */
  requireTemplate: 'vcluster-platform.io/require-template',
  tenantCluster: 'loft.sh/vcluster-instance-name',
  /** On the namespace of a space. */
  space: 'loft.sh/space-instance-name',
  /**
   * On everything that vCluster's syncer copies from a tenant cluster into its host namespace; the tenant can neither
   * leave it out nor take it off. Other labels of such objects are the tenant's.
   */
  synced: 'vcluster.loft.sh/managed-by',
  /** On the workloads of a control plane that sleeps: the replicas they had. */
  sleepReplicas: annotations.sleepReplicas,
  /** On RBAC objects: the part of the platform that reconciles them, and deletes those it no longer wants. */
  madeBy: 'vcluster-platform.io/made-by',
  /** On the objects of one operation (snapshot and restore Jobs): the operation's id. */
  operation: 'vcluster-platform.io/operation',
} as const;

/**
 * What the platform's processes call themselves towards Kubernetes APIs (`User-Agent`), which is the field manager of
 * what they write without server-side apply.
 */
export const writers = {
  gateway: 'vcluster-platform-gateway',
  controllers: 'vcluster-platform-controllers',
  worker: 'vcluster-platform-worker',
  /** Sets up the embedded platform and the clusters that it connects. */
  bootstrap: 'vcluster-platform-bootstrap',
  agent: 'vcluster-platform-agent',
  node: 'process-node',
} as const;
export type Writer = (typeof writers)[keyof typeof writers];

/** Whose fields are whose in server-side apply. */
export const fieldManagers = {
  controllers: writers.controllers,
  /** In tenant clusters and in the namespaces of spaces. */
  worker: 'vcluster-platform',
} as const;

/** What names of Kubernetes and of the platform's own processes begin with. Judged by domain/accounts/reserved-names.ts. */
export const internalPrefixes = ['system:', 'vcluster-platform:'] as const;
/** What names begin with that users may not have as their own: internal ones, and those that the platform gives. */
export const reservedPrefixes = ['system:', 'loft:', 'vcluster-platform:'] as const;

/** Name of the impersonation identities; `vcluster-platform:` is reserved and never comes from outside. */
export const identities = {
  /** Certificates' common names, one per process. */
  gateway: 'vcluster-platform:gateway',
  worker: 'vcluster-platform:worker',
  controllers: 'vcluster-platform:controllers',
  /** In connected clusters only: what keeps the tunnel (contracts/agents.ts). */
  agent: 'vcluster-platform:agent',
  /** Impersonated by the gateway for its own reads of the management API (informers) and nothing else. */
  gatewayReader: 'vcluster-platform:gateway-reader',
  /** Impersonated by the gateway to keep accounts: access keys, password hashes, users made at their first login. */
  gatewayAccounts: 'vcluster-platform:gateway-accounts',
  /** Impersonated by the gateway to keep ProjectSecrets and SharedSecrets: Secrets in the namespaces of these, no others. */
  gatewaySecrets: 'vcluster-platform:gateway-secrets',
  /** Impersonated by the gateway to wake what a request is for: may take the annotations of sleep off, and nothing else. */
  gatewayWaker: 'vcluster-platform:gateway-waker',
  /** Impersonated by the gateway to say when an instance was used last: may write these two annotations, and nothing else. */
  gatewayActivity: 'vcluster-platform:gateway-activity',
  /** Impersonated by the gateway in a connected cluster: reads Services, pods and Secrets `vc-*-gateway`. */
  gatewayDialer: 'vcluster-platform:gateway-dialer',
} as const;

/** Namespace of project `project` in the management API. */
export function projectNamespace(project: string): string {
  return `${projectNamespacePrefix}${project}`;
}

/** Project of a management namespace, or undefined if the namespace is none of a project. */
export function projectOfNamespace(namespace: string): string | undefined {
  return namespace.startsWith(projectNamespacePrefix)
    ? namespace.slice(projectNamespacePrefix.length)
    : undefined;
}

/** Name of the group every member of team `team` carries. */
export function teamGroup(team: string): string {
  return `loft:team:${team}`;
}

/** Group of all authenticated users, which every caller carries; the only `system:` name that leaves the gateway. */
export const everybodyGroup = 'system:authenticated';

/** Name of the group that only user `user` carries. */
export function userGroup(user: string): string {
  return `loft:user:${user}`;
}

/** Key of the extra that names who acts as another user through the gateway (`kubectl --as`). */
export const originalUserExtra = 'vcluster-platform.io/original-user';

/** Objects of a tenant cluster in its host namespace. */
export const tenantObjects = {
  /** Administrator kubeconfig, written by the chart; the gateway never reads it. */
  kubeconfigSecret: (name: string) => `vc-${name}`,
  /** The gateway's own credential inside the tenant: may impersonate and nothing else. */
  gatewaySecret: (name: string) => `vc-${name}-gateway`,
  /** Of the StatefulSet that runs the control plane, in every chart. */
  firstPod: (name: string) => `${name}-0`,
  /** CA and service-account keys, made once by an activity. */
  pkiSecret: (name: string) => `${name}-pki`,
  /** What the store of a new tenant cluster starts from; gone once it has started. */
  seedSecret: (name: string) => `${name}-seed`,
  /** Role, and its binding, by which the gateway reads its own credential, and the control plane's log. */
  gatewayRole: 'vcluster-platform-gateway',
} as const;

/**
 * ServiceAccount that Helm acts as in a host namespace, and the RoleBinding that gives it the ClusterRole of its chart
 * there and nowhere else.
 */
export const helmServiceAccount = 'vcluster-platform-helm';

/** Type of the Secrets in which Helm keeps its releases. */
export const helmRecordType = 'helm.sh/release.v1';

/** Secret of platformNamespace with a process's kubeconfig (key `config`) for a connected cluster. */
export function clusterCredentialSecret(
  cluster: string,
  process: 'gateway' | 'worker' | 'controllers',
): string {
  return `cluster-${cluster}-${process}`;
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * Longest name of a tenant cluster: Helm's limit for releases is 53, and the pod `<name>-0` needs a
 * `controller-revision-hash` label of at most 63 characters (`<name>-<10 characters>`).
 */
export const maxTenantNameLength = 48;

/** `text` as the beginning of a sentence. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether `name` is a DNS label of at most `maxLength` characters. */
export function isName(name: string, maxLength = 63): boolean {
  return name.length <= maxLength && dnsLabel.test(name);
}

/**
 * Checks that `name` is a DNS label of at most `maxLength` characters.
 * @throws PlatformError `invalid_request`
 */
export function checkName(kind: string, name: string, maxLength = 63): void {
  if (!isName(name, maxLength)) {
    throw new PlatformError(
      'invalid_request',
      `invalid ${kind} "${name.slice(0, 80)}": use at most ${maxLength} lower-case letters, digits and "-", beginning and ending with a letter or digit`,
    );
  }
}

/** Host namespace of a tenant cluster after a project's pattern, e.g. `loft-{{.Values.loft.project}}-v-{{.Values.loft.virtualClusterName}}`. */
export function defaultHostNamespace(project: string, name: string): string {
  return `loft-${project}-v-${name}`;
}

/** Namespace of a space in its connected cluster, unless the project has a pattern. */
export function defaultSpaceNamespace(project: string, name: string): string {
  return `loft-${project}-s-${name}`;
}

/** Roles of members of a project (deploy/management/roles.yaml) that mean something to the platform itself. */
export const projectRoles = {
  admin: 'loft-management-project-admin',
  viewer: 'loft-management-project-viewer',
} as const;

/** ClusterRole of connected clusters that users of a space get in its namespace (deploy/charts/vcluster-platform/connected-cluster/spaces.yaml). */
export const spaceAdminRole = 'loft-cluster-space-admin';

/** The ClusterRoles that the platform may bind in the namespace of a space; an administrator there can add others. */
export const bindableSpaceRoles = [spaceAdminRole, 'admin', 'edit', 'view'] as const;
