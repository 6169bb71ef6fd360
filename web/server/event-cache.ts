import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { EventPlural, ResourceEvent } from '../../contracts/events.ts';
import { kindOfPlural } from '../../contracts/kinds.ts';
import { projectOfNamespace } from '../../contracts/names.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import type { Page } from '../../contracts/rest/pages.ts';
import { createRowEvents } from './row-events.ts';
import { createThrottle } from './throttle.ts';

/** Objects with what names them. */
interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}
type Pages<T> = InfiniteData<Page<T>, string | undefined>;

/** Lists are read again at most this often, however much happens. */
const listsAgainMs = 1_500;

/** What projects allow is read again when one of these changes (server/project-subresources.ts). */
const ofProjects: Readonly<Partial<Record<EventPlural, readonly string[]>>> = {
  projects: ['project-templates', 'project-clusters', 'project-members'],
  clusters: ['project-clusters'],
  virtualclustertemplates: ['project-templates'],
  spacetemplates: ['project-templates'],
};

/** Writes what the event stream tells into the cache of queries, so that all that is shown changes in place. */
export function createEventCache(queryClient: QueryClient) {
  const again = createThrottle(listsAgainMs, (key) => {
    queryClient.invalidateQueries({ queryKey: JSON.parse(key) as unknown[] }).catch(() => undefined);
  });
  const readAgain = (...key: readonly unknown[]) => again(JSON.stringify(key));
  const rowEvent = createRowEvents(queryClient, readAgain);

  function resource(event: ResourceEvent): void {
    const { resource: plural, object } = event;
    const { name, namespace } = object.metadata;
    const project = namespace === undefined ? '' : (projectOfNamespace(namespace) ?? '');
    const isGone = event.type === 'deleted';
    const key = ['object', plural, project, name];
    // A page that shows it reads it again, and says that it is gone.
    if (isGone) queryClient.invalidateQueries({ queryKey: key }).catch(() => undefined);
    else if (queryClient.getQueryData(key) !== undefined) queryClient.setQueryData(key, object);
    for (const list of [project, ''])
      queryClient.setQueryData<Named[]>(
        ['objects', plural, list],
        (all) => all && changed(all, object, isGone),
      );
    if (plural === 'projects') readAgain('projects');
    for (const list of ofProjects[plural] ?? []) readAgain(list);
    const kind = kindOfPlural(plural);
    if (kind !== undefined) rowEvent(kind, event);
  }

  function operation(now: Operation): void {
    queryClient.setQueryData(['operation', now.id], now);
    queryClient.setQueryData<Operation[]>(['open-operations'], (open) => {
      if (open === undefined) return open;
      const others = open.filter(({ id }) => id !== now.id);
      if (isFinal(now.state)) return others;
      return open.length === others.length
        ? [now, ...open]
        : open.map((one) => (one.id === now.id ? now : one));
    });
    let isShown = false;
    queryClient.setQueriesData<Pages<Operation>>({ queryKey: ['operations'] }, (data) => {
      if (data === undefined || !data.pages.some(({ items }) => items.some(({ id }) => id === now.id)))
        return data;
      isShown = true;
      return {
        ...data,
        pages: data.pages.map((page) => ({
          ...page,
          items: page.items.map((one) => (one.id === now.id ? now : one)),
        })),
      };
    });
    if (!isShown || isFinal(now.state)) readAgain('operations');
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
