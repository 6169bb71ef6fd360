import { PlatformError } from '../../contracts/errors.ts';
import type { OperationRequest } from '../../contracts/operations.ts';
import { recordAccess } from '../authorization/record-access.ts';
import { targetNotFound } from '../authorization/target-access.ts';
import type { Gateway } from '../gateway.ts';
import { namedSnapshot } from './named-snapshot.ts';
import type { InstanceRequest } from './request-change.ts';

type Deps = Pick<Gateway, 'managementJson' | 'operations' | 'review'>;
type Parameters = NonNullable<OperationRequest['parameters']>;

/**
 * Binds the snapshot that a restore names to the uid of the tenant cluster it is of, if the caller may have it: to who may
 * not see that tenant cluster there is none, as for `GET …/snapshots` of it, and who may not change it may not have its
 * data either (all its Secrets are in them). A name means the one that has it now.
 * @param uid of the tenant cluster that is restored: its own snapshots need no further right
 * @throws PlatformError `tenant_cluster_not_found`, `forbidden`, `conflict`, `management_unavailable`
 */
export async function bindRestoreSource(
  deps: Deps,
  asked: InstanceRequest,
  uid: string,
  parameters: Parameters,
): Promise<Record<string, unknown>> {
  const { sourceTenantCluster = asked.name, sourceUid = uid } = parameters;
  const isOwn = sourceTenantCluster === asked.name && sourceUid === uid;
  return { ...parameters, sourceUid: isOwn ? uid : await checkedSource(deps, asked, parameters) };
}

async function checkedSource(
  deps: Deps,
  { project, name, caller }: InstanceRequest,
  { snapshot = '', sourceTenantCluster = name, sourceUid }: Parameters,
): Promise<string> {
  const subject = { kind: 'tenant', project, name: sourceTenantCluster } as const;
  const access = recordAccess(deps, caller.identity, project);
  if ((await access.visible('tenant', sourceTenantCluster)) === undefined) throw targetNotFound(subject);
  const present = await access.presentUid('tenant', sourceTenantCluster);
  const wanted = sourceUid ?? present;
  if (wanted === undefined || wanted !== present) return uidOfGone();
  if (await access.allows('update', { ...subject, uid: wanted })) return wanted;
  throw new PlatformError(
    'forbidden',
    `you may not restore snapshots of tenant cluster ${sourceTenantCluster} of project ${project}`,
  );

  async function uidOfGone(): Promise<string> {
    const named = { project, tenantCluster: sourceTenantCluster, name: snapshot, uid: wanted };
    try {
      return (await namedSnapshot(deps, access, named)).uid ?? '';
    } catch (error) {
      // An administrator's: what was never there is missed when it is looked for, as one of its own would be.
      const isMissing = error instanceof PlatformError && error.code === 'snapshot_not_found';
      if (isMissing && wanted === undefined) return '';
      throw error;
    }
  }
}
