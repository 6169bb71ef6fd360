import type {
  KubernetesObject,
  V1ObjectMeta,
  V1PodSpec,
  V1PolicyRule,
  V1Secret,
} from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { labels } from '../../contracts/names.ts';
import type { PodOwnership } from '../../domain/lifecycle/lost-pods.ts';
import { readHelmYaml } from '../../templates/helm-yaml.ts';
import { createCertificateAuthority, createSigningKeys } from '../certificates/certificate-authority.ts';
import { renderKubeconfig, tenantServer } from '../certificates/kubeconfig.ts';
import type { TenantHost } from '../host-namespaces.ts';
import { callKubernetes } from '../kubernetes/failures.ts';
import type { TenantChart, TenantPki } from './tenant-chart.ts';
import { podSettings, readControlPlane, type TenantWorkload } from './tenant-workload.ts';

const readVerbs = ['get', 'list', 'watch'];
const allVerbs = [...readVerbs, 'create', 'update', 'patch', 'delete'];

/**
 * What chart `vcluster` gives its control plane in the host namespace: by default, and with what else of the tenant's
 * stays in that namespace (ingresses, network policies, disruption budgets, service accounts, leases of replicas). Its
 * templates/role.yaml. ClusterRole `vcluster-platform:helm-vcluster` holds the same, so that Helm can give it.
 */
const ordinaryRules: readonly V1PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['configmaps', 'secrets', 'services', 'pods', 'persistentvolumeclaims', 'serviceaccounts'],
    verbs: allVerbs,
  },
  {
    apiGroups: [''],
    resources: ['pods/attach', 'pods/portforward', 'pods/exec', 'endpoints'],
    verbs: allVerbs,
  },
  {
    apiGroups: [''],
    resources: ['pods/status', 'pods/ephemeralcontainers', 'pods/resize'],
    verbs: ['update', 'patch'],
  },
  { apiGroups: [''], resources: ['pods/log'], verbs: readVerbs },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: [...readVerbs, 'create'] },
  {
    apiGroups: ['apps'],
    resources: ['statefulsets', 'replicasets', 'deployments'],
    verbs: [...readVerbs, 'update', 'patch'],
  },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: allVerbs },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: allVerbs },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: allVerbs },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: allVerbs },
];

/**
 * Chart `vcluster` of vCluster, tried with 0.36.0. Its control plane makes its keys itself, unless Secret
 * `<release>-certs` holds authorities already: then it keeps these and adds the certificates that are missing
 * (its pkg/certs/ensure.go). So the platform makes the authorities here too, and can sign before anything runs.
 */
export const vclusterChart: TenantChart = {
  name: 'vcluster',
  ordinaryKinds: [
    ...['StatefulSet.apps', 'Deployment.apps', 'Service', 'ServiceAccount', 'ConfigMap', 'Secret'],
    ...['Role.rbac.authorization.k8s.io', 'RoleBinding.rbac.authorization.k8s.io', 'PersistentVolumeClaim'],
    ...['PodDisruptionBudget.policy', 'NetworkPolicy.networking.k8s.io', 'ResourceQuota', 'LimitRange'],
  ],
  ordinaryRules,
  extraordinarySettings,
  helmRole: 'vcluster-platform:helm-vcluster',
  keysSecret: (release) => `${release}-certs`,
  createKeys,
  readWorkload,
  asleepValues: { controlPlane: { statefulSet: { highAvailability: { replicas: 0 } } } },
};

/**
 * Selects the pods that vCluster's syncer runs for a tenant cluster in its host namespace. Not a field of `TenantChart`,
 * because it is asked whatever the chart is: one that an administrator brought may have this syncer too.
 */
export function syncedPodSelector(tenant: { name: string }): string {
  return `${labels.synced}=${tenant.name}`;
}

/**
 * What pod of the tenant a synced one is, by what the syncer notes on it. Its notes follow what tenants write: what is not a name is
 * left aside.
 */
export function syncedPodOf({ namespace = '', name = '', annotations = {} }: V1ObjectMeta): PodOwnership {
  const noted = [
    annotations['vcluster.loft.sh/object-namespace'],
    annotations['vcluster.loft.sh/object-name'],
  ];
  const [ownNamespace, ownName] = noted.every((part) => part !== undefined && podName.test(part))
    ? noted
    : [namespace, name];
  return {
    namespace: ownNamespace ?? namespace,
    name: ownName ?? name,
    ownerReferences: ownersOf(annotations['vcluster.loft.sh/owner-references']),
  };
}

const podName = /^[a-z0-9][-.a-z0-9]{0,252}$/;

function ownersOf(noted = ''): PodOwnership['ownerReferences'] {
  try {
    const owners = JSON.parse(noted) as unknown;
    return Array.isArray(owners) ? owners.filter((owner) => typeof owner === 'object' && owner !== null) : [];
  } catch {
    return [];
  }
}

interface BackingStore {
  database?: {
    embedded?: { dataSource?: string };
    external?: { enabled?: boolean };
  };
  etcd?: Record<'embedded' | 'deploy' | 'external', { enabled?: boolean } | undefined>;
}

/**
 * Of vCluster's chart, with its default backing store: Kine's SQLite database on the volume.
 * @throws PlatformError as `readControlPlane`; `invalid_request` with another backing store
 */
async function readWorkload(host: TenantHost): Promise<TenantWorkload> {
  const { name } = host.owner;
  if (!isEmbeddedDatabase(await readBackingStore(host))) {
    throw new PlatformError(
      'invalid_request',
      `tenant cluster ${name} does not use vCluster's embedded database; only that supports snapshots`,
    );
  }
  const { set, pod } = await readControlPlane(host);
  const spec = set.spec?.template.spec;
  return {
    store: 'sqlite',
    toolsImage: undefined,
    imagePullPolicy: undefined,
    kubernetesVersion: kubernetesVersionOf(spec),
    claimName: `data-${name}-0`,
    podIP: pod?.status?.podIP,
    nodeName: pod?.spec?.nodeName,
    pod: asControlPlane(spec),
  };
}

function isEmbeddedDatabase({ database, etcd }: BackingStore): boolean {
  const others = [database?.external, etcd?.embedded, etcd?.deploy, etcd?.external];
  return !database?.embedded?.dataSource && others.every((store) => store?.enabled !== true);
}

/** The tag of the image that the API server comes from. */
function kubernetesVersionOf(spec: V1PodSpec | undefined): string {
  const container = spec?.initContainers?.find(({ name }) => name === 'kubernetes');
  return container?.image?.replace(/^.*:/, '') ?? '';
}

/** The chart's own values, merged: what the control plane itself starts with. */
async function readBackingStore({
  client,
  name: namespace,
  owner: { name },
}: TenantHost): Promise<BackingStore> {
  return callKubernetes(`reading the configuration of ${name}`, async () => {
    const secret = await client.core.readNamespacedSecret({ namespace, name: `vc-config-${name}` });
    const config = readHelmYaml(
      Buffer.from(secret.data?.['config.yaml'] ?? '', 'base64').toString('utf8'),
    ) as {
      controlPlane?: { backingStore?: BackingStore };
    } | null;
    return config?.controlPlane?.backingStore ?? {};
  });
}

/** The chart sets user and group on its container; they own the database. */
function asControlPlane(spec: V1PodSpec | undefined): TenantWorkload['pod'] {
  const pod = podSettings(spec);
  const container = spec?.containers.find(({ name }) => name === 'syncer')?.securityContext;
  const runAsUser = container?.runAsUser ?? pod.securityContext?.runAsUser;
  const runAsGroup = container?.runAsGroup ?? pod.securityContext?.runAsGroup;
  if (runAsUser === undefined) return pod;
  const securityContext = structuredClone(pod.securityContext) ?? {};
  securityContext.runAsUser = runAsUser;
  if (runAsGroup !== undefined) securityContext.runAsGroup = runAsGroup;
  // The Job's Secrets are for the group.
  if (runAsUser !== 0) securityContext.fsGroup ??= runAsGroup ?? runAsUser;
  return { ...pod, securityContext };
}

/**
 * New keys of one tenant cluster of vCluster's chart: the authorities that its replicas must share, the
 * service-account keys and its administrator's kubeconfig. What they sign, the control plane makes at its first
 * start and adds to the Secret; `admin.conf` and Secret `vc-<name>` become its own then.
 */
async function createKeys(tenant: { name: string; hostNamespace: string }): Promise<TenantPki> {
  const [authority, frontProxy, etcd, signing] = await Promise.all([
    createCertificateAuthority(`vcluster:${tenant.name}`),
    createCertificateAuthority('front-proxy-ca'),
    createCertificateAuthority('etcd-ca'),
    createSigningKeys(),
  ]);
  const kubeconfig = renderKubeconfig({
    ...tenantServer(tenant),
    certificateAuthority: authority.certificate,
    client: await authority.issue({
      commonName: 'vcluster-admin',
      organizations: ['system:masters'],
      usages: ['client'],
    }),
  });
  return {
    kubeconfig,
    pki: {
      'ca.crt': authority.certificate,
      'ca.key': authority.key,
      'front-proxy-ca.crt': frontProxy.certificate,
      'front-proxy-ca.key': frontProxy.key,
      'etcd-ca.crt': etcd.certificate,
      'etcd-ca.key': etcd.key,
      'sa.key': signing.privateKey,
      'sa.pub': signing.publicKey,
      'admin.conf': kubeconfig,
    },
  };
}

/** Standards of Kubernetes (pod-security-admission) that keep a pod from the node it runs on. */
const keepingFromNode = new Set(['baseline', 'restricted']);

/**
 * What the control plane would carry out by itself later, or load into itself: it is not in the manifest that is
 * checked. Each with what it is called in the values.
 */
const secondTurns: readonly (readonly string[])[] = [
  ['experimental', 'deploy', 'host', 'manifests'],
  ['experimental', 'deploy', 'host', 'manifestsTemplate'],
  ['experimental', 'deploy', 'vcluster', 'manifests'],
  ['experimental', 'deploy', 'vcluster', 'manifestsTemplate'],
  ['experimental', 'deploy', 'vcluster', 'helm'],
  ['plugin'],
  ['plugins'],
  ['rbac', 'role', 'extraRules'],
  ['rbac', 'role', 'overwriteRules'],
  ['rbac', 'clusterRole', 'extraRules'],
  ['rbac', 'clusterRole', 'overwriteRules'],
  ['sync', 'toHost', 'customResources'],
  ['sync', 'fromHost', 'customResources'],
];

/**
 * What a rendered chart `vcluster` leaves to the tenant or to a later turn that only an administrator's template may:
 * pods with a way to the connected cluster's nodes, which the chart lets through by default, and settings that the control
 * plane carries out itself. Read from the configuration that it starts with, so that values have one reading.
 * @returns names as in the chart's values
 */
function extraordinarySettings(objects: readonly KubernetesObject[], release: string): string[] {
  const config = configOf(objects, release);
  if (config === undefined) return ['no readable configuration'];
  const standard = at(config, ['policies', 'podSecurityStandard']);
  return [
    ...(typeof standard === 'string' && keepingFromNode.has(standard)
      ? []
      : ['policies.podSecurityStandard to neither baseline nor restricted']),
    ...secondTurns.filter((path) => isSet(at(config, path))).map((path) => path.join('.')),
  ];
}

/** Of the one Secret that the chart makes for it; others may have been made to look like it. */
function configOf(objects: readonly KubernetesObject[], release: string): unknown {
  const [secret, ...more] = objects.filter(
    ({ kind, metadata }) => kind === 'Secret' && metadata?.name === `vc-config-${release}`,
  ) as V1Secret[];
  const text = secret?.data?.['config.yaml'];
  if (text === undefined || more.length > 0 || secret?.stringData !== undefined) return undefined;
  try {
    return readHelmYaml(Buffer.from(text, 'base64').toString('utf8'));
  } catch {
    return undefined; // what we cannot read, its control plane may
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  );
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return typeof value === 'object' ? Object.values(value).some(isSet) : true;
}
