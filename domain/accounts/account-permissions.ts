import { projectRoles } from '../../contracts/names.ts';
import type { Project, ProjectMember } from '../../contracts/resources/project.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { teamsOf } from './identity-names.ts';

/** A user or a team. */
export interface Account {
  readonly kind: 'user' | 'team';
  readonly name: string;
}

/** What an account holds, and by which resource, with the names of fields that vCluster Platform's clients read. */
export interface AccountPermissions {
  readonly teamMemberships: readonly Named[];
  readonly projectMemberships: readonly ProjectMembership[];
  readonly managementRoles: readonly (Named & { readonly assignedVia: AssignedVia })[];
}

interface Named {
  readonly name: string;
  readonly displayName?: string;
}

interface AssignedVia extends Named {
  readonly kind: 'User' | 'Team';
  readonly owner?: true;
}

interface ProjectMembership extends Named {
  readonly role: Named & { readonly isAdmin: boolean };
  readonly assignedVia: AssignedVia;
}

interface World {
  readonly users: readonly User[];
  readonly teams: readonly Team[];
  readonly projects: readonly Project[];
}

/** What `account` holds by itself and by its teams; nothing for one that is not there. */
export function permissionsOf(account: Account, world: World): AccountPermissions {
  const holders = holdersOf(account, world);
  return {
    teamMemberships: holders.filter(({ kind }) => kind === 'team' && account.kind === 'user').map(named),
    projectMemberships: world.projects.flatMap((project) =>
      holders.flatMap((holder) => membershipsOf(holder, project)),
    ),
    managementRoles: holders.flatMap((holder) =>
      holder.roles.map((name) => ({ name, assignedVia: viaOf(holder) })),
    ),
  };
}

/** The account and its teams, each with what it holds in the management API. */
interface Holder extends Account {
  readonly displayName: string | undefined;
  readonly roles: readonly string[];
}

function holdersOf({ kind, name }: Account, { users, teams }: World): Holder[] {
  const isNamed = ({ metadata }: User | Team) => metadata.name === name;
  if (kind === 'team') return teams.filter(isNamed).map((team) => holderOf('team', team));
  return users.filter(isNamed).flatMap((user) => {
    const memberOf = new Set(teamsOf(user, teams));
    const own = teams.filter(({ metadata }) => memberOf.has(metadata.name));
    return [holderOf('user', user), ...own.map((team) => holderOf('team', team))];
  });
}

function holderOf(kind: Account['kind'], { metadata, spec }: User | Team): Holder {
  const roles = (spec?.clusterRoles ?? []).flatMap((role) => role.name || []);
  return { kind, name: metadata.name, displayName: spec?.displayName || undefined, roles };
}

function named({ name, displayName }: { name: string; displayName: string | undefined }): Named {
  return { name, ...(displayName === undefined ? {} : { displayName }) };
}

function viaOf(holder: Holder): AssignedVia {
  return { ...named(holder), kind: holder.kind === 'user' ? 'User' : 'Team' };
}

function membershipsOf(holder: Holder, { metadata, spec = {} }: Project): ProjectMembership[] {
  const project = named({ name: metadata.name, displayName: spec.displayName || undefined });
  const membership = (role: string, assignedVia: AssignedVia) => ({
    ...project,
    role: { name: role, isAdmin: role === projectRoles.admin },
    assignedVia,
  });
  const isOwner = spec.owner?.[holder.kind] === holder.name;
  return [
    ...(isOwner ? [membership(projectRoles.admin, { ...viaOf(holder), owner: true })] : []),
    ...(spec.members ?? [])
      .filter((member) => isMember(holder, member))
      .flatMap(({ clusterRole }) => (clusterRole ? [membership(clusterRole, viaOf(holder))] : [])),
  ];
}

/** Only a user called `*` is everybody, not a team. */
function isMember({ kind, name }: Holder, member: ProjectMember): boolean {
  const isTeam = member.kind === 'Team';
  return isTeam === (kind === 'team') && (member.name === name || (member.name === '*' && !isTeam));
}
