import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { ResourceEvent } from '../../contracts/events.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import type { Page } from '../../contracts/rest/pages.ts';
import { summaryOfInstance } from '../../domain/summaries/instance-summary.ts';
import { type InstanceFilters, type Row, rowsChangedKey } from './instances.ts';

type Rows = InfiniteData<Page<Row>, string | undefined>;
type Template = Parameters<typeof summaryOfInstance>[2] & { readonly metadata: { readonly name: string } };

/** As many pages of a list are read again for a row that is not in it; of longer ones it is only said. */
const mostPagesAgain = 2;
/** What is younger than this, milliseconds, is taken for new. */
const newMs = 60_000;

/**
 * Writes what happens to instances into the lists that are shown: their rows change in place, and keep their order.
 * @param readAgain reads the list of this key again, soon
 */
export function createRowEvents(queryClient: QueryClient, readAgain: (key: readonly unknown[]) => void) {
  return function rowEvent(kind: ManagedKind, event: ResourceEvent): void {
    const lists = queryClient.getQueriesData<Rows>({ queryKey: ['rows', kind] });
    if (lists.length === 0) return;
    if (event.type === 'deleted') return removed(event.object.metadata);
    const instance = event.object as ManagedInstance;
    const now = summaryOfInstance(kind, instance as never, templateOf(kind, instance)) as Row;
    for (const [key, data] of lists) if (data !== undefined) changed(key, data, now);

    function removed({ name, namespace, uid }: { name: string; namespace?: string; uid?: string }): void {
      const isThis = (row: Row) =>
        row.name === name &&
        `p-${row.project}` === namespace &&
        (uid === undefined || row.uid === undefined || row.uid === uid);
      for (const [key, data] of lists)
        if (data?.pages.some(({ items }) => items.some(isThis)) === true)
          queryClient.setQueryData<Rows>(key, {
            ...data,
            pages: data.pages.map((page) => ({ ...page, items: page.items.filter((row) => !isThis(row)) })),
          });
    }

    function changed(key: readonly unknown[], data: Rows, row: Row): void {
      const pageIndex = data.pages.findIndex(({ items }) => items.some((one) => isSame(one, row)));
      if (pageIndex >= 0) {
        const pages = data.pages.map((page, index) =>
          index === pageIndex
            ? { ...page, items: page.items.map((one) => (isSame(one, row) ? successor(one, row) : one)) }
            : page,
        );
        queryClient.setQueryData<Rows>(key, { ...data, pages });
        return;
      }
      const filters = key[2] as InstanceFilters;
      const isComplete = data.pages.at(-1)?.next === undefined;
      if (!fits(row, filters) || !(isComplete || isNew(row))) return;
      if (data.pages.length <= mostPagesAgain) readAgain(key);
      else queryClient.setQueryData(rowsChangedKey(kind, filters), true);
    }
  };

  function templateOf(kind: ManagedKind, { spec }: ManagedInstance): Template | undefined {
    const name = spec?.templateRef?.name;
    if (name === undefined) return undefined;
    const { plural } = kindNames[kind].templates;
    const all = queryClient.getQueryData<Template[]>(['objects', plural, '']);
    return (
      all?.find(({ metadata }) => metadata.name === name) ??
      queryClient.getQueryData(['object', plural, '', name])
    );
  }
}

function isSame(one: Row, other: Row): boolean {
  return one.name === other.name && one.project === other.project;
}

/** The row as it is now; where its template is not at hand, what was known of newer versions stays. */
function successor(before: Row, now: Row): Row {
  const { latestTemplateVersion, templateVersion } = before;
  return now.latestTemplateVersion === undefined &&
    latestTemplateVersion !== undefined &&
    templateVersion === now.templateVersion
    ? { ...now, latestTemplateVersion }
    : now;
}

function isNew({ createdAt = '' }: Row): boolean {
  return Date.now() - Date.parse(createdAt) < newMs;
}

/** Whether the server would list it under these filters. */
function fits(row: Row, { project, search, phase, cluster, template }: InstanceFilters): boolean {
  const has = (wanted: string | undefined, value: string | undefined) => !wanted || wanted === value;
  const named = `${row.name}\n${row.displayName ?? ''}`.toLowerCase();
  return (
    has(project, row.project) &&
    has(cluster, row.cluster) &&
    has(template, row.template) &&
    (!phase || phase.split(',').includes(row.phase)) &&
    (!search || named.includes(search.toLowerCase()))
  );
}
