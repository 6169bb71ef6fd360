import { queryOptions } from '@tanstack/react-query';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { ManagedTemplate } from '../../contracts/resources/resource-kinds.ts';
import { objectPath } from './management.ts';
import { send } from './send.ts';

/** Fields of the answer that tells the templates of a project. */
const templateFields = {
  tenant: { all: 'virtualClusterTemplates', byDefault: 'defaultVirtualClusterTemplate' },
  space: { all: 'spaceTemplates', byDefault: 'defaultSpaceTemplate' },
} as const satisfies Record<ManagedKind, object>;
type FieldsOf<F extends 'all' | 'byDefault'> = (typeof templateFields)[ManagedKind][F];
type ProjectTemplates = { readonly [F in FieldsOf<'all'>]: readonly ManagedTemplate[] } & {
  readonly [F in FieldsOf<'byDefault'>]?: string;
};

/** Templates of a kind that the project allows and the caller may use. */
export interface UsableTemplates {
  readonly templates: readonly ManagedTemplate[];
  /** Name of the project's default, if it is one of them. */
  readonly byDefault: string | undefined;
}

/** What may be made in a project of instances of `kind`. */
export function projectTemplatesQuery(project: string, kind: ManagedKind) {
  return queryOptions({
    queryKey: ['project-templates', project] as const,
    queryFn: () => send<ProjectTemplates>({ path: `${objectPath('projects', { name: project })}/templates` }),
    select: (answer): UsableTemplates => {
      const { all, byDefault } = templateFields[kind];
      return { templates: answer[all], byDefault: answer[byDefault] };
    },
  });
}

/** Connected clusters that a project allows, as far as the caller may see them. */
export function projectClustersQuery(project: string) {
  return queryOptions({
    queryKey: ['project-clusters', project] as const,
    queryFn: async () => {
      const path = `${objectPath('projects', { name: project })}/clusters`;
      return (await send<{ clusters: Cluster[] }>({ path })).clusters;
    },
  });
}

/** A user or team that has to do with a project. */
export interface MemberInfo {
  readonly name: string;
  readonly displayName?: string;
}

/** Owner and members of a project. */
export function projectMembersQuery(project: string) {
  return queryOptions({
    queryKey: ['project-members', project] as const,
    staleTime: 60_000,
    queryFn: async () => {
      const { users, teams } = await send<Record<'users' | 'teams', { readonly info: MemberInfo }[]>>({
        path: `${objectPath('projects', { name: project })}/members`,
      });
      return { users: users.map(({ info }) => info), teams: teams.map(({ info }) => info) };
    },
  });
}
