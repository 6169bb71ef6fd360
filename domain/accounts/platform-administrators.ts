import { teamGroup, userGroup } from '../../contracts/names.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';

/** Management-wide role whose holders administer the platform, its connected clusters and every tenant cluster. */
const platformAdminRole = 'loft-management-admin';

/** Groups of the users and teams that administer the platform, sorted. A disabled user administers nothing. */
export function administratorGroups(users: readonly User[], teams: readonly Team[]): string[] {
  const isAdmin = ({ spec }: User | Team) =>
    spec?.clusterRoles?.some(({ name }) => name === platformAdminRole) === true;
  return [
    ...users
      .filter((user) => isAdmin(user) && user.spec?.disabled !== true)
      .map(({ metadata }) => userGroup(metadata.name)),
    ...teams.filter(isAdmin).map(({ metadata }) => teamGroup(metadata.name)),
  ].toSorted();
}
