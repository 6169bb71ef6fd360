import { useQueries, useQuery } from '@tanstack/react-query';
import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import { mayQuery } from '../../server/permissions.ts';
import { projectsQuery } from '../../server/projects.ts';

/** As many projects are asked about. */
const mostProjects = 20;

/** Whether the caller may create one in `project`, or in any of theirs; undefined: not known yet. */
export function useMayCreate(kind: ManagedKind, project: string | undefined): boolean | undefined {
  const action = { verb: 'create', resource: kindNames[kind].plural };
  const { data: mayHere } = useQuery(mayQuery({ ...action, project }));
  const isAsked = project === undefined && mayHere === false;
  const { data: projects } = useQuery({ ...projectsQuery, enabled: isAsked });
  const each = useQueries({
    queries: (isAsked ? (projects ?? []) : [])
      .slice(0, mostProjects)
      .map(({ name }) => mayQuery({ ...action, project: name })),
    combine: (answers) => answers.map(({ data }) => data),
  });
  if (mayHere !== false || !isAsked) return mayHere;
  if (each.includes(true)) return true;
  return projects === undefined || each.includes(undefined) ? undefined : false;
}
