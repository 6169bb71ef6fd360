import { createHash } from 'node:crypto';

/** Key of the user of {@link gatewayObjects}. */
export const benchAccessKey = 'bench-access-key';

/** An object of the management API; informers tell versions apart. */
function object(name: string, rest: { namespace?: string; [field: string]: unknown } = {}): object {
  const { namespace, ...fields } = rest;
  const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { metadata: namespace === undefined ? metadata : { ...metadata, namespace }, ...fields };
}

/** A user in two teams with a key, who may everything, and one tenant cluster that is awake. */
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
  clusters: [object('local')],
  virtualclusterinstances: [
    object('bench', {
      namespace: 'p-bench',
      spec: { clusterRef: { cluster: 'local', namespace: 'bench', virtualCluster: 'bench' } },
      status: {
        phase: 'Ready',
        observedHash: 'x',
        virtualCluster: { clusterRef: { cluster: 'local', namespace: 'bench', virtualCluster: 'bench' } },
      },
    }),
  ],
};

/** A kubeconfig of the bench's backend on `port`. */
export function benchKubeconfig(
  port: string,
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
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(ca) },
      },
    ],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}
