import { queryOptions } from '@tanstack/react-query';
import type { ResourcePlural } from '../../contracts/resources/resource-kinds.ts';
import { listObjects, type ObjectPlace, readObject } from './management.ts';

/** An object of the management API; kept up to date by the event stream for the kinds that it tells. */
export function objectQuery<P extends ResourcePlural>(plural: P, { project, name }: ObjectPlace) {
  return queryOptions({
    queryKey: ['object', plural, project ?? '', name] as const,
    queryFn: () => readObject(plural, { project, name }),
  });
}

/** All objects of a kind that the caller may see. For kinds of which there are few: not tenant clusters. */
export function objectsQuery<P extends ResourcePlural>(plural: P, project?: string) {
  return queryOptions({
    queryKey: ['objects', plural, project ?? ''] as const,
    queryFn: () => listObjects(plural, project),
  });
}
