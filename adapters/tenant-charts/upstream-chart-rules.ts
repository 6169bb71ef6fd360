import type { V1PolicyRule } from '@kubernetes/client-node';

const read = ['get', 'list', 'watch'];
const all = [...read, 'create', 'update', 'patch', 'delete'];

/**
 * What chart `vcluster` gives its control plane in the host namespace: by default, and with what else of the tenant's
 * stays in that namespace (ingresses, network policies, disruption budgets, service accounts, leases of replicas). Its
 * templates/role.yaml. ClusterRole `vcluster-platform:helm-vcluster` holds the same, so that Helm can give it.
 */
export const upstreamChartRules: readonly V1PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['configmaps', 'secrets', 'services', 'pods', 'persistentvolumeclaims', 'serviceaccounts'],
    verbs: all,
  },
  { apiGroups: [''], resources: ['pods/attach', 'pods/portforward', 'pods/exec', 'endpoints'], verbs: all },
  {
    apiGroups: [''],
    resources: ['pods/status', 'pods/ephemeralcontainers', 'pods/resize'],
    verbs: ['update', 'patch'],
  },
  { apiGroups: [''], resources: ['pods/log'], verbs: read },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: [...read, 'create'] },
  {
    apiGroups: ['apps'],
    resources: ['statefulsets', 'replicasets', 'deployments'],
    verbs: [...read, 'update', 'patch'],
  },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: all },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: all },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: all },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: all },
];
