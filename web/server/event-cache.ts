import type { InvalidateQueryFilters, QueryClient } from '@tanstack/react-query';
import type { EventPlural, ResourceEvent } from '../../contracts/events.ts';
import { kindOfPlural } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import { asLive, type OperationPages, withOpen, withOperation } from './operation-events.ts';
import type { OperationFilters } from './operations.ts';
import { createRowEvents } from './row-events.ts';
import { createThrottle } from './throttle.ts';

/** Objects with what names them. */
interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Lists are read again at most this often, however much happens. */
const listsAgainMs = 1_500;
/** A page of operations that has become longer is read again. */
const longestPage = 200;

/** What projects allow is read again when one of these changes (server/project-subresources.ts). */
const ofProjects: Readonly<Partial<Record<EventPlural, readonly string[]>>> = {
  projects: ['project-templates', 'project-clusters', 'project-members'],
  clusters: ['project-clusters'],
  virtualclustertemplates: ['project-templates'],
  spacetemplates: ['project-templates'],
};

/** Writes what the event stream tells into the cache of queries, so that all that is shown changes in place. */
export function createEventCache(queryClient: QueryClient) {
  const again = createThrottle(listsAgainMs, (which) => {
    queryClient.invalidateQueries(JSON.parse(which) as InvalidateQueryFilters).catch(() => undefined);
  });
  const readAgain = (...queryKey: readonly unknown[]) => again(JSON.stringify({ queryKey }));
  /** Only this one: a key with fewer filters is the beginning of those with more. */
  const readListAgain = (queryKey: readonly unknown[]) => again(JSON.stringify({ queryKey, exact: true }));
  const rowEvent = createRowEvents(queryClient, readListAgain);

  /**
   * Writes it, and again into what is being read at the moment: what that is answered may be older.
   * @param keys what the keys of the queries begin with that it changes
   */
  function write(keys: readonly (readonly unknown[])[], change: () => void): void {
    change();
    for (const queryKey of keys)
      for (const query of queryClient.getQueryCache().findAll({ queryKey, fetchStatus: 'fetching' }))
        query.promise?.then(change, () => undefined);
  }

  function resource(event: ResourceEvent): void {
    const { resource: plural, object } = event;
    const { name, namespace } = object.metadata;
    const project = namespace === undefined ? '' : (projectOfNamespace(namespace) ?? '');
    const isGone = event.type === 'deleted';
    const kind = kindOfPlural(plural);
    const key = ['object', plural, project, name];
    const lists = [project, ''].map((list) => ['objects', plural, list]);
    write([key, ...lists, ...(kind === undefined ? [] : [['rows', kind]])], () => {
      // A page that shows it reads it again, and says that it is gone.
      if (isGone) queryClient.invalidateQueries({ queryKey: key }).catch(() => undefined);
      else if (queryClient.getQueryData(key) !== undefined) queryClient.setQueryData(key, object);
      for (const list of lists)
        queryClient.setQueryData<Named[]>(list, (all) => all && changed(all, object, isGone));
      if (kind !== undefined) rowEvent(kind, event);
    });
    if (plural === 'projects') readAgain('projects');
    for (const list of ofProjects[plural] ?? []) readAgain(list);
  }

  function operation(now: Operation): void {
    const one = ['operation', now.id];
    write([one, ['open-operations'], ['operations']], () => {
      queryClient.setQueryData<Operation>(one, (before) => before && asLive(before, now));
      queryClient.setQueryData<Operation[]>(['open-operations'], (open) => open && withOpen(open, now));
      for (const [key, pages] of queryClient.getQueriesData<OperationPages>({ queryKey: ['operations'] })) {
        const next = pages && withOperation(pages, now, key[1] as OperationFilters);
        if (next === pages) continue;
        queryClient.setQueryData(key, next);
        // A page that is open for days gets no longer with each new operation.
        if (next?.pages.some(({ items }) => items.length > longestPage)) readListAgain(key);
      }
    });
    if (isFinal(now.state) && ['snapshot', 'restore', 'delete'].includes(now.type)) readAgain('snapshots');
  }

  /** What is shown may be old: all of it is read again. */
  function missed(): void {
    queryClient.invalidateQueries().catch(() => undefined);
  }

  return { resource, operation, missed };
}

function changed(all: Named[], object: Named, isGone: boolean): Named[] {
  const isThis = ({ metadata: { name, namespace } }: Named) =>
    name === object.metadata.name && namespace === object.metadata.namespace;
  if (isGone) return all.filter((one) => !isThis(one));
  return all.some(isThis) ? all.map((one) => (isThis(one) ? object : one)) : [...all, object];
}
