import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { Surroundings } from '../../templates/template-context.ts';
import { callManagement } from '../kubernetes/failures.ts';
import type { ManagementResources } from '../kubernetes/resources.ts';

/** The objects that `.Values.loft` describes. @throws PlatformError `management_unavailable` */
export async function readSurroundings(
  resources: ManagementResources,
  clusterName: string,
  instance: Pick<ManagedInstance, 'spec'>,
): Promise<Surroundings> {
  const { user: userName, team: teamName } = instance.spec?.owner ?? {};
  const [cluster, user, team] = await callManagement(
    'reading the owner of what is made',
    Promise.all([
      resources.clusters.get({ name: clusterName }),
      userName ? resources.users.get({ name: userName }) : undefined,
      teamName ? resources.teams.get({ name: teamName }) : undefined,
    ]),
  );
  return { cluster, user, team };
}
