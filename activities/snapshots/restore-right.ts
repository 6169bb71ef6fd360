import { callManagement } from '../../adapters/kubernetes/failures.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { managementGroup, projectNamespace } from '../../contracts/names.ts';
import type { OperationRow } from '../../db/schema/operations.ts';
import type { SnapshotRow } from '../../db/schema/snapshots.ts';
import {
  type KubernetesName,
  nameOfTeam,
  nameOfUser,
  reservedNameOf,
  teamsOf,
} from '../../domain/accounts/identity-names.ts';

/**
 * Asks again, when a restore has its turn, what the gateway asked when it let it in: whether who wants the snapshot of
 * another tenant cluster may still have it (api/operations/restore-source.ts). The scope of a key is not asked again:
 * it cannot have changed.
 * @throws PlatformError (by the returned function) `tenant_cluster_not_found`, `management_unavailable`
 */
export function createRestoreRight(deps: {
  readonly management: ClusterClient;
  readonly resources: ManagementResources;
}): (restore: OperationRow, snapshot: SnapshotRow) => Promise<void> {
  const { management, resources } = deps;

  return async (restore, snapshot) => {
    if (snapshot.uid === restore.uid) return;
    const { project, tenantCluster } = snapshot;
    const namespace = projectNamespace(project);
    const [who, source, present] = await callManagement(
      'checking the right to restore a snapshot',
      Promise.all([
        findActor(restore.actorUid),
        resources.virtualclusterinstances.get({ namespace, name: tenantCluster }),
        resources.projects.get({ name: project }),
      ]),
    );
    const attributes =
      source?.metadata.uid === snapshot.uid
        ? [{ verb: 'update', resource: 'virtualclusterinstances', namespace, name: tenantCluster }]
        : [
            ...(present !== undefined && present.metadata.uid === snapshot.projectUid
              ? [{ verb: '*', resource: 'virtualclusterinstances', namespace }]
              : []),
            { verb: '*', resource: '*' },
          ];
    for (const one of attributes) if (who !== undefined && (await isAllowed(who, one))) return;
    throw new PlatformError(
      'tenant_cluster_not_found',
      `tenant cluster ${tenantCluster} not found in project ${project}, or ${restore.actor} may not read its snapshots`,
    );
  };

  /** As for the gateway, disabled users and those with reserved names may do nothing; nor may actors of unknown uid. */
  async function findActor(uid: string | null): Promise<KubernetesName | undefined> {
    if (uid === null) return undefined;
    const [users, teams] = await Promise.all([resources.users.list(), resources.teams.list()]);
    const user = users.find(({ metadata }) => metadata.uid === uid);
    if (user !== undefined)
      return user.spec?.disabled === true || reservedNameOf(user) !== undefined
        ? undefined
        : nameOfUser(user, teamsOf(user, teams));
    const team = teams.find(({ metadata }) => metadata.uid === uid);
    return team && nameOfTeam(team);
  }

  async function isAllowed({ user, groups }: KubernetesName, attributes: object): Promise<boolean> {
    const answer = (await callManagement(
      'checking whether a restore is allowed',
      requestJson(management.kubeConfig, {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: { user, groups, resourceAttributes: { group: managementGroup, ...attributes } },
        },
      }),
    )) as { status?: { allowed?: boolean } };
    return answer.status?.allowed === true;
  }
}
