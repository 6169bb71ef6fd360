import {
  isSpaceOperation,
  type OperationType,
  type SpaceOperationType,
  type SubjectKind,
} from '../contracts/operations.ts';
import type { OperationWorkflowName } from '../contracts/workflows.ts';

/** The workflow that runs each verb of a tenant cluster. */
const tenantWorkflows: Record<OperationType, OperationWorkflowName> = {
  create: 'createTenantCluster',
  update: 'updateTenantCluster',
  sleep: 'sleepTenantCluster',
  wake: 'wakeTenantCluster',
  snapshot: 'snapshotTenantCluster',
  restore: 'restoreTenantCluster',
  delete: 'deleteTenantCluster',
};

/** The workflow that runs each verb of a space. */
const spaceWorkflows: Record<SpaceOperationType, OperationWorkflowName> = {
  create: 'createSpace',
  sleep: 'sleepSpace',
  wake: 'wakeSpace',
  delete: 'deleteSpace',
};

/** The workflows that finish forward. */
export const deleteWorkflows: ReadonlySet<string> = new Set([tenantWorkflows.delete, spaceWorkflows.delete]);

/** The workflow that runs an operation. @throws Error if spaces have no such verb */
export function operationWorkflowOf({
  kind,
  type,
}: {
  kind: SubjectKind;
  type: OperationType;
}): OperationWorkflowName {
  if (kind === 'tenant') return tenantWorkflows[type];
  if (!isSpaceOperation(type)) throw new Error(`spaces have no operation ${type}`);
  return spaceWorkflows[type];
}
