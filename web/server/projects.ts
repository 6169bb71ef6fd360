import { queryOptions } from '@tanstack/react-query';
import { rest } from './rest.ts';

/** Projects that the caller may see, by name. */
export const projectsQuery = queryOptions({
  queryKey: ['projects'] as const,
  staleTime: 60_000,
  queryFn: async () => (await rest.listProjects()).items,
});
