import { useQueries, useQuery } from '@tanstack/react-query';
import type { Snapshot } from '../../../contracts/operations.ts';
import { projectsQuery } from '../../server/projects.ts';
import { rest } from '../../server/rest.ts';

/** More projects than this are not asked at once: one has to be chosen. */
const mostProjects = 20;

/** Snapshots of one project, or of all that the reader sees. */
export interface Snapshots {
  readonly state: 'loading' | 'choose' | 'none' | 'ready';
  /** Of the projects, or of all their snapshots. */
  readonly error: Error | null;
  readonly projects: readonly string[];
  readonly snapshots: readonly Snapshot[];
  /** Projects that did not answer, while others did. */
  readonly failed: readonly string[];
  readonly retry: () => void;
}

export function useSnapshots(project: string | undefined): Snapshots {
  const visible = useQuery({ ...projectsQuery, enabled: project === undefined });
  const all = visible.data?.map(({ name }) => name);
  const asked = project === undefined ? few(all) : [project];
  const answers = useQueries({ queries: asked.map((name) => projectSnapshotsQuery(name)) });
  const errors = answers.flatMap(({ data, error }) => (data === undefined && error !== null ? [error] : []));
  const isAllFailed = asked.length > 0 && errors.length === asked.length;
  const isLoading = answers.some(({ isPending }) => isPending);
  return {
    state: project === undefined ? (stateOf(all) ?? readyUnless(isLoading)) : readyUnless(isLoading),
    error: (project === undefined ? visible.error : null) ?? (isAllFailed ? (errors[0] ?? null) : null),
    projects: all ?? [],
    snapshots: answers.flatMap(({ data = [] }) => data),
    failed: asked.filter((_, index) => answers[index]?.isError === true && answers[index].data === undefined),
    retry: () => {
      if (visible.isError) void visible.refetch();
      for (const answer of answers) if (answer.isError) void answer.refetch();
    },
  };
}

/** The projects that are asked: all, unless they are many. */
function few(all: readonly string[] = []): readonly string[] {
  return all.length <= mostProjects ? all : [];
}

/** What is to be done before snapshots of all projects are read; undefined: nothing. */
function stateOf(all: readonly string[] | undefined): 'loading' | 'none' | 'choose' | undefined {
  if (all === undefined) return 'loading';
  if (all.length === 0) return 'none';
  return all.length > mostProjects ? 'choose' : undefined;
}

function readyUnless(isLoading: boolean): 'loading' | 'ready' {
  return isLoading ? 'loading' : 'ready';
}

/** Read again when an operation that makes or uses one ends. */
function projectSnapshotsQuery(project: string) {
  return {
    queryKey: ['snapshots', project] as const,
    queryFn: async () => (await rest.listProjectSnapshots({ params: { project } })).items,
  };
}
