import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResourceEvent } from '../../../contracts/events.ts';
import type { Operation } from '../../../contracts/operations.ts';
import type { Page } from '../../../contracts/rest/pages.ts';
import { queryClient as client } from '../../../web/app/query-client.ts';
import { createEventCache } from '../../../web/server/event-cache.ts';
import type { InstanceFilters, Row } from '../../../web/server/instances.ts';
import type { OperationFilters } from '../../../web/server/operations.ts';

/** As the cache holds lists. */
interface Pages<T> {
  pages: Page<T>[];
  pageParams: (string | undefined)[];
}

const minute = (count: number) => new Date(Date.UTC(2026, 10, 1, 8, count)).toISOString();

function operation(id: string, given: Partial<Operation> = {}): Operation {
  return {
    id,
    type: 'sleep',
    kind: 'tenant',
    project: 'default',
    tenantCluster: 'shop',
    state: 'running',
    actor: 'anna',
    parameters: {},
    createdAt: minute(0),
    expectedMs: 1_000,
    steps: [],
    live: false,
    ...given,
  };
}

function pages<T>(...all: readonly (readonly T[])[]): Pages<T> {
  return {
    pages: all.map((items, index) => ({
      items: [...items],
      ...(index < all.length - 1 ? { next: `page-${index + 1}` } : {}),
    })),
    pageParams: all.map((_, index) => (index === 0 ? undefined : `page-${index}`)),
  };
}

/** A list that goes on below what was read. */
function open<T>(...items: readonly T[]): Pages<T> {
  return { pages: [{ items: [...items], next: 'page-1' }], pageParams: [undefined] };
}

function world() {
  client.clear();
  const list = (filters: OperationFilters) => ['operations', filters];
  const ids = (filters: OperationFilters) =>
    client.getQueryData<Pages<Operation>>(list(filters))?.pages.map(({ items }) => items.map(({ id }) => id));
  return { list, ids, cache: createEventCache(client) };
}

describe('operations that the event stream tells', () => {
  test('one changes where it stands, in every list', () => {
    const { list, cache } = world();
    client.setQueryData(list({}), pages([operation('b'), operation('a')]));
    client.setQueryData(list({ project: 'default' }), pages([operation('a')]));
    cache.operation(operation('a', { state: 'succeeded' }));
    for (const filters of [{}, { project: 'default' }]) {
      const shown = client.getQueryData<Pages<Operation>>(list(filters))?.pages[0]?.items.at(-1);
      assert.deepEqual([shown?.id, shown?.state], ['a', 'succeeded']);
    }
  });

  test('a new one stands by its time in the lists whose filters let it through', () => {
    const { list, ids, cache } = world();
    const filters = [
      {},
      { state: 'queued,running' },
      { state: 'failed' },
      { project: 'other' },
      { kind: 'space' },
      { tenantCluster: 'shop' },
      { space: 'shop' },
      { actor: 'ben' },
      { type: 'wake,sleep' },
      { from: minute(4) },
      { to: minute(3) },
    ];
    const old = [
      operation('later', { createdAt: minute(5) }),
      operation('earlier', { createdAt: minute(1) }),
    ];
    for (const one of filters) client.setQueryData(list(one), pages(old));
    cache.operation(operation('new', { createdAt: minute(3) }));
    assert.deepEqual(
      filters.map((one) => ids(one)?.flat().includes('new')),
      [true, true, false, false, false, true, false, false, true, false, false],
    );
    assert.deepEqual(ids({}), [['later', 'new', 'earlier']]);
  });

  test('one that is older than all that was read comes only to a list that is whole', () => {
    const { list, ids, cache } = world();
    client.setQueryData(list({}), open(operation('first', { createdAt: minute(5) })));
    client.setQueryData(list({ project: 'default' }), pages([operation('first', { createdAt: minute(5) })]));
    client.setQueryData(list({ kind: 'tenant' }), pages<Operation>([]));
    cache.operation(operation('old', { createdAt: minute(2) }));
    assert.deepEqual(ids({}), [['first']]);
    assert.deepEqual(ids({ project: 'default' }), [['first', 'old']]);
    assert.deepEqual(ids({ kind: 'tenant' }), [['old']]);
  });

  test('one that has ended leaves a list of those that run, and comes to that of those that failed', () => {
    const { list, ids, cache } = world();
    client.setQueryData(list({ state: 'queued,running' }), pages([operation('a')]));
    client.setQueryData(list({ state: 'failed' }), pages<Operation>([]));
    client.setQueryData(['open-operations'], [operation('a')]);
    cache.operation(operation('a', { state: 'failed' }));
    assert.deepEqual(ids({ state: 'queued,running' }), [[]]);
    assert.deepEqual(ids({ state: 'failed' }), [['a']]);
    assert.deepEqual(client.getQueryData(['open-operations']), []);
  });

  test('what the worker said stays: an event tells only what is recorded', () => {
    const { cache } = world();
    const step = {
      key: 'wait',
      title: 'Wait',
      state: 'running',
      startedAt: minute(0),
      expectedMs: 1,
    } as const;
    client.setQueryData(
      ['operation', 'a'],
      operation('a', { live: true, steps: [{ ...step, attempt: 3, message: 'refused' }] }),
    );
    cache.operation(operation('a', { steps: [step], currentStep: 'wait' }));
    const shown = client.getQueryData<Operation>(['operation', 'a']);
    assert.equal(shown?.live, true);
    assert.equal(shown.steps[0]?.attempt, 3);
    assert.equal(shown.currentStep, 'wait');
    cache.operation(
      operation('a', { live: true, state: 'succeeded', steps: [{ ...step, state: 'succeeded' }] }),
    );
    assert.equal(client.getQueryData<Operation>(['operation', 'a'])?.steps[0]?.attempt, undefined);
  });

  test('one that no page has asked for is not kept', () => {
    const { cache } = world();
    cache.operation(operation('a'));
    assert.deepEqual(client.getQueryCache().getAll(), []);
  });
});

describe('resources that the event stream tells', () => {
  const instance = (given: { phase: string; uid?: string; createdAt?: string }) => ({
    metadata: {
      name: 'shop',
      namespace: 'p-default',
      uid: given.uid ?? 'uid-1',
      creationTimestamp: given.createdAt ?? '2026-01-01T00:00:00Z',
    },
    spec: {},
    status: { phase: given.phase },
  });
  const changed = (given: Parameters<typeof instance>[0]) =>
    ({
      type: 'changed',
      resource: 'virtualclusterinstances',
      object: instance(given),
    }) as unknown as ResourceEvent;
  const gone = (uid: string) =>
    ({
      type: 'deleted',
      resource: 'virtualclusterinstances',
      object: { metadata: { name: 'shop', namespace: 'p-default', uid } },
    }) as ResourceEvent;
  const row = { name: 'shop', project: 'default', phase: 'Ready', uid: 'uid-1' } as unknown as Row;
  const rows = (filters: InstanceFilters) => ['rows', 'tenant', filters];

  test('a row changes in its place, and goes with what it stands for', () => {
    const { cache } = world();
    client.setQueryData(rows({}), pages([row]));
    cache.resource(changed({ phase: 'Sleeping' }));
    const phases = () =>
      client
        .getQueryData<Pages<Row>>(rows({}))
        ?.pages.flatMap(({ items }) => items.map(({ phase }) => phase));
    assert.deepEqual(phases(), ['Sleeping']);
    cache.resource(gone('uid-of-a-former-one'));
    assert.deepEqual(phases(), ['Sleeping']);
    cache.resource(gone('uid-1'));
    assert.deepEqual(phases(), []);
  });

  test('a list is read again for a new one that its filters let through', () => {
    const { cache } = world();
    client.setQueryData(rows({}), pages<Row>([]));
    client.setQueryData(rows({ phase: 'Failed' }), pages<Row>([]));
    cache.resource(changed({ phase: 'Ready', createdAt: new Date().toISOString() }));
    assert.equal(client.getQueryState(rows({}))?.isInvalidated, true);
    assert.equal(client.getQueryState(rows({ phase: 'Failed' }))?.isInvalidated, false);
  });

  test('an event that comes while the same is read is not lost to an older answer', async () => {
    const { cache, list, ids } = world();
    const answers = Promise.withResolvers<void>();
    const key = ['object', 'virtualclusterinstances', 'default', 'shop'];
    const reading = [
      client.fetchQuery({
        queryKey: key,
        queryFn: () => answers.promise.then(() => instance({ phase: 'Ready' })),
      }),
      client.fetchInfiniteQuery({
        queryKey: list({}),
        initialPageParam: undefined as string | undefined,
        queryFn: () => answers.promise.then(() => ({ items: [operation('a')] })),
        getNextPageParam: () => undefined,
      }),
    ];
    cache.resource(changed({ phase: 'Sleeping' }));
    cache.operation(operation('b', { createdAt: minute(1) }));
    answers.resolve();
    await Promise.all(reading);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(client.getQueryData<ReturnType<typeof instance>>(key)?.status.phase, 'Sleeping');
    assert.deepEqual(ids({}), [['b', 'a']]);
  });
});
