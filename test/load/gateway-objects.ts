import { createHash } from 'node:crypto';

/** Key of the user of {@link gatewayObjects}. */
export const benchAccessKey = 'bench-access-key';

/** An object of the management API; informers tell versions apart. */
function object(name: string, rest: { namespace?: string; [field: string]: unknown } = {}): object {
  const { namespace, ...fields } = rest;
  const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { metadata: namespace === undefined ? metadata : { ...metadata, namespace }, ...fields };
}

/** Connected clusters with an agent; `local` is dialled directly. It and the first of these have a tenant cluster. */
export const tunnelledClusters = Array.from({ length: 100 }, (_, index) => `far-${index}`);

function tenantCluster(name: string, cluster: string): object {
  const clusterRef = { cluster, namespace: name, virtualCluster: name };
  return object(name, {
    namespace: 'p-bench',
    spec: { clusterRef },
    status: { phase: 'Ready', observedHash: 'x', virtualCluster: { clusterRef } },
  });
}

/** A user in two teams with a key, who may everything, and tenant clusters that are awake. */
export const gatewayObjects = {
  clusterroles: [object('all', { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] })],
  clusterrolebindings: [
    object('all', {
      roleRef: { kind: 'ClusterRole', name: 'all' },
      subjects: [{ kind: 'User', name: 'bench@example.com' }],
    }),
  ],
  users: [object('bench', { spec: { subject: 'bench@example.com', groups: ['devs'] } })],
  teams: ['red', 'blue'].map((name) => object(name, { spec: { users: ['bench'] } })),
  accesskeys: [
    object('bench', {
      spec: { user: 'bench', keyHash: createHash('sha256').update(benchAccessKey).digest('hex') },
    }),
  ],
  projects: [object('bench')],
  clusters: [
    object('local', { spec: { local: true } }),
    ...tunnelledClusters.map((name) => object(name, { spec: { networkPeer: true } })),
  ],
  virtualclusterinstances: [tenantCluster('bench', 'local'), tenantCluster('far', 'far-0')],
};

/** A kubeconfig of the bench's backend at `host`. */
export function benchKubeconfig(
  host: string,
  { ca, cert, key }: { ca: string; cert: string; key: string },
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://${host}`,
          'tls-server-name': '127.0.0.1',
          'certificate-authority-data': base64(ca),
        },
      },
    ],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}
