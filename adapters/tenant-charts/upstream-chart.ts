import { createUpstreamKeys } from '../certificates/upstream-keys.ts';
import { readUpstreamWorkload } from '../snapshots/upstream-workload.ts';
import type { TenantChart } from './tenant-chart.ts';
import { extraordinarySettings } from './upstream-chart-settings.ts';

/**
 * Chart `vcluster` of vCluster, tried with 0.37.0. Its control plane makes its keys itself, unless Secret
 * `<release>-certs` holds authorities already: then it keeps these and adds the certificates that are missing
 * (its pkg/certs/ensure.go). So the platform makes the authorities here too, and can sign before anything runs.
 */
export const upstreamChart: TenantChart = {
  name: 'vcluster',
  ordinaryKinds: [
    ...[
      'StatefulSet',
      'Deployment',
      'Service',
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'ConfigMap',
      'Secret',
    ],
    ...['PersistentVolumeClaim', 'PodDisruptionBudget', 'NetworkPolicy', 'ResourceQuota', 'LimitRange'],
  ],
  extraordinarySettings,
  keysSecret: (release) => `${release}-certs`,
  createKeys: createUpstreamKeys,
  readWorkload: readUpstreamWorkload,
  asleepValues: { controlPlane: { statefulSet: { highAvailability: { replicas: 0 } } } },
};
