import type { KubernetesObject, V1ConfigMap, V1Container, V1StatefulSet } from '@kubernetes/client-node';
import { PlatformError } from '../../contracts/errors.ts';
import { tenantObjects } from '../../contracts/names.ts';
import { createCertificateAuthority, createSigningKeys } from '../certificates/certificate-authority.ts';
import { renderKubeconfig, tenantServer } from '../certificates/kubeconfig.ts';
import type { TenantHost } from '../host-namespaces.ts';
import type { TenantChart, TenantPki } from './tenant-chart.ts';
import { podSettings, readControlPlane, type TenantWorkload } from './tenant-workload.ts';

/** Chart `tenant-control-plane` (deploy/charts): refers to keys that the platform makes, renders no replicas. */
export const tenantControlPlaneChart: TenantChart = {
  name: 'tenant-control-plane',
  ordinaryKinds: ['StatefulSet.apps', 'Service', 'ConfigMap'],
  ordinaryRules: [],
  extraordinarySettings,
  helmRole: 'vcluster-platform:helm-tenant-control-plane',
  keysSecret: tenantObjects.pkiSecret,
  createKeys,
  readWorkload,
  seedOf,
};

/**
 * Of chart `tenant-control-plane`: etcd, and the tools' image that the chart has anyway.
 * @throws PlatformError as `readControlPlane`; `invalid_request` for a tenant cluster of an unknown chart
 */
async function readWorkload(host: TenantHost): Promise<TenantWorkload> {
  const { name } = host.owner;
  const { set, pod } = await readControlPlane(host);
  const spec = set.spec?.template.spec;
  const image = (container: string) =>
    spec?.initContainers?.find((candidate) => candidate.name === container);
  const tools = image('kubeconfigs');
  if (tools?.image === undefined || image('etcd') === undefined) {
    throw new PlatformError(
      'invalid_request',
      `tenant cluster ${name} uses a chart other than tenant-control-plane or vcluster; only those support snapshots`,
    );
  }
  return {
    store: 'etcd',
    toolsImage: tools.image,
    imagePullPolicy: tools.imagePullPolicy,
    kubernetesVersion: image('kube-apiserver')?.image?.replace(/^.*:/, '') ?? '',
    claimName: `data-${name}-0`,
    podIP: pod?.status?.podIP,
    nodeName: pod?.spec?.nodeName,
    pod: podSettings(spec),
  };
}

/**
 * Flags that an inline template may set in chart `tenant-control-plane`: they tune. Others name files, addresses and
 * programs; where pods are processes of the platform's own machine, such a flag reads and writes as the platform does.
 */
const tuning: Record<string, RegExp> = {
  etcd: /^(quota-backend-bytes|auto-compaction-(mode|retention)|snapshot-count|max-request-bytes|heartbeat-interval|election-timeout|log-level)$/,
  apiServer:
    /^(v|profiling|feature-gates|runtime-config|(enable|disable)-admission-plugins|max(-mutating)?-requests-inflight|(min-)?request-timeout|goaway-chance|event-ttl|default-watch-cache-size|watch-cache-sizes|service-account-max-token-expiration)$/,
  controllerManager:
    /^(v|profiling|feature-gates|controllers|kube-api-(qps|burst)|concurrent-[a-z-]+-syncs|terminated-pod-gc-threshold|[a-z-]+-sync-period)$/,
  scheduler: /^(v|profiling|feature-gates|kube-api-(qps|burst))$/,
};
const tuningVariables = /^(GOGC|GOMEMLIMIT|GOMAXPROCS)$/;
/** What the chart itself sets. */
const ownVariables = /^(POD_IP|TEMPLATES|KUBECONFIGS)$/;

/**
 * What a rendered chart `tenant-control-plane` sets that only an administrator's template may: flags and variables
 * that do more than tune, and open egress. Read from what Helm rendered, so that values have one reading.
 * @returns names as in the chart's values
 */
function extraordinarySettings(objects: readonly KubernetesObject[]): string[] {
  return objects.flatMap((object) => {
    if (object.kind === 'ConfigMap') return openEgress(object as V1ConfigMap);
    if (object.kind === 'StatefulSet') return [...flags(object), ...variables(object as V1StatefulSet)];
    return [];
  });
}

/** Flags by which an API server makes other objects at its first start, though an inline template may set them. */
const shaping = /^(feature-gates|runtime-config|(enable|disable)-admission-plugins)$/;

/** The seed that the chart mounts, unless flags may have its API server make other objects than were saved in it. */
function seedOf(objects: readonly KubernetesObject[]): { name: string } | { missing: string } {
  const set = objects.find(({ kind }) => kind === 'StatefulSet') as V1StatefulSet;
  const volume = set.spec?.template.spec?.volumes?.find(({ name }) => name === 'seed');
  const [item] = volume?.secret?.items ?? [];
  if (item === undefined) return { missing: 'its values images.etcd.tag and seed.etcdTag differ' };
  const flag = extraArgs(set)
    .filter(({ component }) => component === 'etcd' || component === 'apiServer')
    .find((one) => !isTuning(one) || shaping.test(one.flag));
  return flag === undefined
    ? { name: item.key }
    : { missing: `${flag.component}.extraArgs.${flag.flag} may change what a seed would bring` };
}

function openEgress({ data }: V1ConfigMap): string[] {
  return Object.values(data ?? {}).some((text) => text.includes('Direct')) ? ['apiServer.egress'] : [];
}

function flags(set: KubernetesObject): string[] {
  return extraArgs(set)
    .filter((one) => !isTuning(one))
    .map(({ component, flag }) => `${component}.extraArgs.${flag}`);
}

interface ExtraArg {
  readonly component: string;
  readonly flag: string;
}

/** The chart lists what `extraArgs` holds, as `<component>.<flag>`. */
function extraArgs({ metadata }: KubernetesObject): ExtraArg[] {
  const listed = metadata?.annotations?.['vcluster-platform.io/extra-args'] ?? '';
  return listed
    .split(' ')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [component = '', flag = ''] = entry.split('.');
      return { component, flag };
    });
}

function isTuning({ component, flag }: ExtraArg): boolean {
  return tuning[component]?.test(flag) === true;
}

function variables({ spec }: V1StatefulSet): string[] {
  const pod = spec?.template.spec;
  const containers: V1Container[] = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
  return containers.flatMap(({ name, env }) =>
    (env ?? []).flatMap((variable) =>
      tuningVariables.test(variable.name) || ownVariables.test(variable.name)
        ? []
        : [`${name}: env.${variable.name}`],
    ),
  );
}

/**
 * New keys of one tenant cluster: its authority, what its control plane serves and dials with, the
 * service-account keys and its administrator's kubeconfig. Every call makes different ones.
 *
 * `controller-manager.conf` and `scheduler.conf` name the server `https://control-plane:6443`: the chart puts the
 * pod's own address there at run time (`--master` would do the same, but drops `tls-server-name`).
 */
async function createKeys(tenant: { name: string; hostNamespace: string }): Promise<TenantPki> {
  const { name, hostNamespace: namespace } = tenant;
  const authority = await createCertificateAuthority(`vcluster:${name}`);
  const [apiserver, etcdClient, etcd, admin, controllerManager, scheduler, signing] = await Promise.all([
    authority.issue({
      commonName: 'kube-apiserver',
      names: servingNames(name, namespace),
      usages: ['server'],
    }),
    authority.issue({ commonName: 'etcd-client', usages: ['client'] }),
    // etcd dials itself with its serving certificate, hence both usages.
    authority.issue({
      commonName: 'etcd',
      names: ['etcd', 'localhost', '127.0.0.1'],
      usages: ['server', 'client'],
    }),
    authority.issue({ commonName: 'vcluster-admin', organizations: ['system:masters'], usages: ['client'] }),
    authority.issue({ commonName: 'system:kube-controller-manager', usages: ['client'] }),
    authority.issue({ commonName: 'system:kube-scheduler', usages: ['client'] }),
    createSigningKeys(),
  ]);
  const inPod = {
    server: 'https://control-plane:6443',
    tlsServerName: 'kubernetes',
    certificateAuthority: authority.certificate,
  };
  const kubeconfig = renderKubeconfig({
    ...tenantServer(tenant),
    certificateAuthority: authority.certificate,
    client: admin,
  });
  return {
    kubeconfig,
    pki: {
      'ca.crt': authority.certificate,
      'ca.key': authority.key,
      'apiserver.crt': apiserver.certificate,
      'apiserver.key': apiserver.key,
      'apiserver-etcd-client.crt': etcdClient.certificate,
      'apiserver-etcd-client.key': etcdClient.key,
      'etcd.crt': etcd.certificate,
      'etcd.key': etcd.key,
      'sa.key': signing.privateKey,
      'sa.pub': signing.publicKey,
      'admin.conf': kubeconfig,
      'controller-manager.conf': renderKubeconfig({ ...inPod, client: controllerManager }),
      'scheduler.conf': renderKubeconfig({ ...inPod, client: scheduler }),
    },
  };
}

function servingNames(name: string, namespace: string): string[] {
  return [
    name,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'localhost',
  ];
}
