import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import {
  type ConnectListener,
  createConnectListener,
  isKnownTarget,
} from '../../api/tunnel/connect-listener.ts';
import type { VirtualClusterInstanceStatus } from '../../contracts/resources/virtual-cluster-instance.ts';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { applyManifests, applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';
import { type FixtureOptions, type ManagementFixture, startManagementFixture } from './management-fixture.ts';

type StatusPatch = Partial<Record<keyof VirtualClusterInstanceStatus, unknown>>;

/** Tenant cluster `demo` of project `alpha`: a real API server behind a Service and a pod of connected cluster `local`. */
export interface TenantFixture extends ManagementFixture {
  readonly tenant: TestApiServer;
  readonly listener: ConnectListener;
  readonly connectPort: number;
  /** A merge patch: null takes a field away. */
  setStatus(status: StatusPatch): Promise<void>;
}

export const hostNamespace = 'loft-alpha-v-demo';
export const tenantPath = '/kubernetes/project/alpha/virtualcluster/demo';

/** The management API stands in for the connected cluster too: its pod's address is where the tenant's API listens. */
export async function startTenantFixture(options: FixtureOptions = {}): Promise<TenantFixture> {
  await using undo = new AsyncDisposableStack();
  const management = await startManagementFixture(options);
  undo.defer(() => management.stop());
  const tenant = await startApiServer();
  undo.defer(() => tenant.stop());
  const connected = await connectTenant(management, tenant);
  undo.defer(() => connected.listener.close());
  const started = undo.move();
  return { ...connected, stop: () => started.disposeAsync() };
}

async function connectTenant(management: ManagementFixture, tenant: TestApiServer): Promise<TenantFixture> {
  const { admin, resources } = management;
  await applyDialer(admin);
  await applyHost(management, tenant);
  await applyTenantRbac(tenant);
  const setStatus = async (status: StatusPatch) => {
    await resources.virtualclusterinstances.patchStatus({ namespace: 'p-alpha', name: 'demo' }, status);
    await eventually(
      'the gateway has seen it',
      () =>
        management.parts.gateway.cache.instance({ kind: 'tenant', project: 'alpha', name: 'demo' })?.status
          ?.phase === status.phase,
      { intervalMs: 10 },
    );
  };
  const clusterRef = { cluster: 'local', namespace: hostNamespace, virtualCluster: 'demo' };
  await setStatus({ phase: 'Ready', observedHash: 'a', virtualCluster: { clusterRef } });
  const listener = createConnectListener({
    dial: management.parts.dial,
    dialHere: management.parts.dial,
    secret: 'test-secret',
    isKnown: (target) => isKnownTarget(management.parts.gateway.cache, target),
    ready: management.parts.gateway.cache.ready,
    logger: pino({ level: process.env['GATEWAY_LOG'] ?? 'silent' }, pino.destination(2)),
  });
  listener.server.listen(0, '127.0.0.1');
  await once(listener.server, 'listening');
  return {
    ...management,
    tenant,
    listener,
    connectPort: (listener.server.address() as AddressInfo).port,
    setStatus,
  };
}

/** The dialer's role as in a connected cluster; the gateway's own there would replace that of the management API. */
async function applyDialer(admin: ManagementFixture['admin']): Promise<void> {
  const dialer = 'vcluster-platform:gateway-dialer';
  const manifests = readManifests(
    `${import.meta.dirname}/../../deploy/charts/vcluster-platform/connected-cluster`,
  );
  await applyManifests(
    admin,
    manifests.filter(({ metadata }) => metadata?.name === dialer),
  );
  const role = 'rbac.authorization.k8s.io';
  await applyObject(admin, {
    apiVersion: `${role}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'test-dialer' },
    rules: [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: [dialer] }],
  } as never);
  await applyObject(admin, {
    apiVersion: `${role}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'test-dialer' },
    roleRef: { apiGroup: role, kind: 'ClusterRole', name: 'test-dialer' },
    subjects: [{ apiGroup: role, kind: 'User', name: 'vcluster-platform:gateway' }],
  } as never);
}

async function applyHost(
  { admin, resources, apiServer }: ManagementFixture,
  tenant: TestApiServer,
): Promise<void> {
  const secret = (namespace: string, name: string, config: string) =>
    applyObject(admin, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      stringData: { config },
    } as never);
  await applyObject(admin, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: hostNamespace } });
  await secret(
    'vcluster-platform',
    'cluster-local-gateway',
    await apiServer.kubeconfig('vcluster-platform:gateway'),
  );
  const gatewayConfig = JSON.stringify(await tenantGatewayKubeconfig(tenant));
  await secret(hostNamespace, 'vc-demo-gateway', gatewayConfig);
  const rbac = 'rbac.authorization.k8s.io/v1';
  await applyObject(admin, {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'test-secrets' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'test-secrets' },
    subjects: ['vcluster-platform:gateway-dialer', 'vcluster-platform:gateway-reader'].map((name) => ({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'User',
      name,
    })),
  } as never);
  await applyObject(admin, {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name: 'test-secrets' },
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
  } as never);
  await resources.clusters.create({ metadata: { name: 'local' }, spec: { local: true } });
  await resources.virtualclusterinstances.create({
    metadata: { name: 'demo', namespace: 'p-alpha' },
    spec: {
      templateRef: { name: 'default' },
      clusterRef: { cluster: 'local', namespace: hostNamespace, virtualCluster: 'demo' },
    },
  });
  await applyWorkload(admin, Number(new URL(tenant.url).port));
}

async function applyWorkload(admin: ManagementFixture['admin'], port: number): Promise<void> {
  await applyObject(admin, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'demo', namespace: hostNamespace },
    spec: { selector: { app: 'vcluster', release: 'demo' }, ports: [{ port: 443, targetPort: 'https' }] },
  } as never);
  await applyObject(admin, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: hostNamespace },
  });
  await applyObject(admin, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'demo-0', namespace: hostNamespace, labels: { app: 'vcluster', release: 'demo' } },
    spec: {
      nodeName: 'nowhere',
      automountServiceAccountToken: false,
      containers: [{ name: 'api', image: 'api', ports: [{ name: 'https', containerPort: port }] }],
    },
  } as never);
  const podIP = '127.0.0.1';
  const pod = await admin.core.readNamespacedPodStatus({ name: 'demo-0', namespace: hostNamespace });
  pod.status = { ...pod.status, phase: 'Running', podIP, podIPs: [{ ip: podIP }] };
  await admin.core.replaceNamespacedPodStatus({ name: 'demo-0', namespace: hostNamespace, body: pod });
}

async function tenantGatewayKubeconfig(tenant: TestApiServer): Promise<unknown> {
  const { parse } = await import('yaml');
  const config = parse(await tenant.kubeconfig('vcluster-platform:gateway')) as {
    clusters: { cluster: Record<string, unknown> }[];
  };
  for (const { cluster } of config.clusters)
    Object.assign(cluster, {
      server: `https://demo.${hostNamespace}.svc:443`,
      'tls-server-name': 'kubernetes',
    });
  return config;
}

async function applyTenantRbac(tenant: TestApiServer): Promise<void> {
  const client = connectCluster(tenant.adminKubeconfig);
  const rbac = 'rbac.authorization.k8s.io/v1';
  const group = 'rbac.authorization.k8s.io';
  await applyObject(client, {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: { name: 'gateway' },
    rules: [
      { apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['userextras/vcluster-platform.io/original-user'],
        verbs: ['impersonate'],
      },
    ],
  } as never);
  await applyObject(client, {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'gateway' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'gateway' },
    subjects: [{ apiGroup: group, kind: 'User', name: 'vcluster-platform:gateway' }],
  } as never);
  await applyObject(client, {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'ben' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'loft:user:ben' }],
  } as never);
}
