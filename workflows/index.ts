// The sole entry of the workflow bundle: every export is a workflow that can be started by its name.
export { createSpace } from './create-space.ts';
export { createTenantCluster } from './create-tenant-cluster.ts';
export { deleteSnapshot } from './delete-snapshot.ts';
export { deleteSpace } from './delete-space.ts';
export { deleteTenantCluster } from './delete-tenant-cluster.ts';
export { disconnectCluster } from './disconnect-cluster.ts';
export { restoreTenantCluster } from './restore-tenant-cluster.ts';
export { evaluateSleepPolicy, expireSnapshots, reconcileOperations } from './scheduled.ts';
export { sleepSpace } from './sleep-space.ts';
export { sleepTenantCluster } from './sleep-tenant-cluster.ts';
export { snapshotTenantCluster } from './snapshot-tenant-cluster.ts';
export { updateTenantCluster } from './update-tenant-cluster.ts';
export { upgradeCluster } from './upgrade-cluster.ts';
export { wakeSpace } from './wake-space.ts';
export { wakeTenantCluster } from './wake-tenant-cluster.ts';
