import { createUpstreamKeys } from '../certificates/upstream-keys.ts';
import { readUpstreamWorkload } from '../snapshots/upstream-workload.ts';
import type { TenantChart } from './tenant-chart.ts';
import { upstreamChartRules } from './upstream-chart-rules.ts';
import { extraordinarySettings } from './upstream-chart-settings.ts';

/**
 * Chart `vcluster` of vCluster, tried with 0.36.0. Its control plane makes its keys itself, unless Secret
 * `<release>-certs` holds authorities already: then it keeps these and adds the certificates that are missing
 * (its pkg/certs/ensure.go). So the platform makes the authorities here too, and can sign before anything runs.
 */
export const upstreamChart: TenantChart = {
  name: 'vcluster',
  ordinaryKinds: [
    ...['StatefulSet.apps', 'Deployment.apps', 'Service', 'ServiceAccount', 'ConfigMap', 'Secret'],
    ...['Role.rbac.authorization.k8s.io', 'RoleBinding.rbac.authorization.k8s.io', 'PersistentVolumeClaim'],
    ...['PodDisruptionBudget.policy', 'NetworkPolicy.networking.k8s.io', 'ResourceQuota', 'LimitRange'],
  ],
  ordinaryRules: upstreamChartRules,
  extraordinarySettings,
  keysSecret: (release) => `${release}-certs`,
  createKeys: createUpstreamKeys,
  readWorkload: readUpstreamWorkload,
  asleepValues: { controlPlane: { statefulSet: { highAvailability: { replicas: 0 } } } },
};
