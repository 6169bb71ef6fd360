import { queryOptions } from '@tanstack/react-query';
import { objectPath } from './management.ts';
import { rest } from './rest.ts';
import { send } from './send.ts';

/** Projects that the caller may see, by name. */
export const projectsQuery = queryOptions({
  queryKey: ['projects'] as const,
  staleTime: 60_000,
  queryFn: async () => (await rest.listProjects()).items,
});

/** A user or team as others in the project see it. */
export interface ProjectMemberInfo {
  readonly name: string;
  readonly displayName?: string;
  readonly username?: string;
  readonly email?: string;
}

/** Owner and members of a project by what they are called, for those who may not read the users. */
export function projectMembersQuery(name: string) {
  return queryOptions({
    queryKey: ['project-members', name] as const,
    queryFn: async () => {
      const { users, teams } = await send<Record<'users' | 'teams', { readonly info: ProjectMemberInfo }[]>>({
        path: `${objectPath('projects', { name })}/members`,
      });
      return { users: users.map(({ info }) => info), teams: teams.map(({ info }) => info) };
    },
  });
}
