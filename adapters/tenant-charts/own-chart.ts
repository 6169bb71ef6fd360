import { tenantObjects } from '../../contracts/names.ts';
import { createTenantPki } from '../certificates/tenant-pki.ts';
import { readOwnWorkload } from '../snapshots/own-workload.ts';
import { extraordinarySettings } from './own-chart-settings.ts';
import type { TenantChart } from './tenant-chart.ts';

/** Chart `tenant-control-plane` (deploy/charts): refers to keys that the platform makes, renders no replicas. */
export const ownChart: TenantChart = {
  name: 'tenant-control-plane',
  ordinaryKinds: ['StatefulSet.apps', 'Service', 'ConfigMap'],
  ordinaryRules: [],
  extraordinarySettings,
  keysSecret: tenantObjects.pkiSecret,
  createKeys: createTenantPki,
  readWorkload: readOwnWorkload,
};
