import type { InfiniteData } from '@tanstack/react-query';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { isFinal, type Operation, targetOf } from '../../contracts/operations.ts';
import type { Page } from '../../contracts/rest/pages.ts';
import type { OperationFilters } from './operations.ts';

/** A list of operations, the newest first, as far as it was read. */
export type OperationPages = InfiniteData<Page<Operation>, string | undefined>;

/**
 * The operation of an event, which tells what is recorded, beside what is known from the worker and Temporal: whether they
 * answer, and the attempts of what runs. Those are read again with the operation itself.
 */
export function asLive(before: Operation, now: Operation): Operation {
  if (isFinal(now.state)) return now;
  const steps = now.steps.map((step) => {
    const known = before.steps.find(({ key }) => key === step.key);
    const isSameRun = step.state === 'running' && known?.state === 'running';
    return isSameRun && known.startedAt === step.startedAt ? { ...known, ...step } : step;
  });
  return { ...now, live: before.live, steps };
}

/** The operations that have not ended: new ones first, the others in their places. */
export function withOpen(open: readonly Operation[], now: Operation): Operation[] {
  if (isFinal(now.state)) return open.filter(({ id }) => id !== now.id);
  return open.some(({ id }) => id === now.id)
    ? open.map((one) => (one.id === now.id ? now : one))
    : [now, ...open];
}

/**
 * A list with what an operation is now: in its place, or as a new one where the server would list it. One that has ended
 * leaves a list of others; until then it stays where it is, whatever its state. The same list if nothing changes.
 */
export function withOperation(
  list: OperationPages,
  now: Operation,
  filters: OperationFilters,
): OperationPages {
  const pageIndex = list.pages.findIndex(({ items }) => items.some(({ id }) => id === now.id));
  const isListed = fits(now, filters);
  if (pageIndex === -1) return isListed ? withNew(list, now) : list;
  const stays = isListed || !isFinal(now.state);
  return withItems(list, pageIndex, (items) =>
    stays ? items.map((one) => (one.id === now.id ? now : one)) : items.filter(({ id }) => id !== now.id),
  );
}

/** In its place by time; not if that is below what was read. */
function withNew(list: OperationPages, now: Operation): OperationPages {
  const time = Date.parse(now.createdAt);
  const isOlder = (one: Operation) => Date.parse(one.createdAt) <= time;
  const found = list.pages.findIndex(({ items }) => items.some(isOlder));
  const isWhole = list.pages.at(-1)?.next === undefined;
  if (found === -1 && !isWhole) return list;
  return withItems(list, found === -1 ? list.pages.length - 1 : found, (items) => {
    const at = items.findIndex(isOlder);
    return items.toSpliced(at === -1 ? items.length : at, 0, now);
  });
}

function withItems(
  list: OperationPages,
  pageIndex: number,
  change: (items: Operation[]) => Operation[],
): OperationPages {
  const pages = list.pages.map((page, index) =>
    index === pageIndex ? { ...page, items: change(page.items) } : page,
  );
  return { ...list, pages };
}

/** Whether the server would list it under these filters. */
function fits(operation: Operation, filters: OperationFilters): boolean {
  const { kind, name } = targetOf(operation);
  const created = Date.parse(operation.createdAt);
  const isOneOf = (wanted: string | undefined, value: string) => !wanted || wanted.split(',').includes(value);
  const is = (wanted: string | undefined, value: string | undefined) => !wanted || wanted === value;
  return (
    is(filters.project, operation.project) &&
    isOneOf(filters.kind, kind) &&
    isOneOf(filters.type, operation.type) &&
    isOneOf(filters.state, operation.state) &&
    is(filters.actor, operation.actor) &&
    is(filters.cluster, operation.cluster) &&
    managedKinds.every((one) => is(filters[kindNames[one].field], one === kind ? name : undefined)) &&
    (!filters.from || created >= Date.parse(filters.from)) &&
    (!filters.to || created < Date.parse(filters.to))
  );
}
