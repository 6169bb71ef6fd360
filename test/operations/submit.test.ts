import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eq } from 'drizzle-orm';
import { createLogger } from '../../adapters/logging.ts';
import { migrate } from '../../db/migrate.ts';
import { lockInstance } from '../../db/queries/instances.ts';
import { claimTurn, endOperation } from '../../db/queries/turns.ts';
import { operations } from '../../db/schema/operations.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { createOperationsDependencies, type OperationsDeps } from '../../operations/dependencies.ts';
import { getOperation, listOperations } from '../../operations/read.ts';
import type { OperationSubmission } from '../../operations/judge-submission.ts';
import { previewOperation } from '../../operations/preview.ts';
import { submitOperation } from '../../operations/submit.ts';
import { watchOperation } from '../../operations/watch.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

/** Temporal is away in all of these: nothing listens at its address. */
const temporal = { address: '127.0.0.1:1', namespace: 'none' };
const logger = createLogger('test', 'fatal');
let postgres: TestPostgres;
let deps: OperationsDeps & { close(): Promise<void> };
let serial = 0;

before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  deps = createOperationsDependencies({ databaseUrl: postgres.url, temporal }, logger);
});
after(async () => {
  await deps?.close();
  await postgres?.stop();
});

const submission = (name: string, more: Partial<OperationSubmission> = {}): OperationSubmission => ({
  kind: 'tenant',
  type: 'create',
  project: 'default',
  name,
  uid: `uid-${name}`,
  actor: 'anna',
  idempotencyKey: `key-${++serial}`,
  targetHash: 'h',
  ...more,
});

test('migrating twice changes nothing', async () => {
  await migrate(postgres.url);
});

test('without Temporal a submit succeeds, stays queued and says live: false', async () => {
  const { operation, joined } = await submitOperation(deps, submission('away'));
  assert.deepEqual([operation.state, operation.live, joined], ['queued', false, false]);
  assert.equal(operation.steps[0]?.key, 'turn');
  assert.ok(operation.steps.every(({ state }) => state === 'pending'));
  const read = await getOperation(deps, operation.id);
  assert.deepEqual([read.state, read.live], ['queued', false]);
});

test('without the database a submit fails with a clear error within seconds', async () => {
  const gone = createOperationsDependencies(
    { databaseUrl: 'postgres://nobody@127.0.0.1:1/none', temporal },
    logger,
  );
  await assert.rejects(submitOperation(gone, submission('nowhere')), { code: 'database_unavailable' });
  await assert.rejects(getOperation(gone, '00000000-0000-0000-0000-000000000000'), {
    code: 'database_unavailable',
  });
  await assert.rejects(migrate('postgres://nobody@127.0.0.1:1/none'), { code: 'database_unavailable' });
  await gone.close();
});

test('40 submits at once of one tenant cluster: one row; turns go in the order of acceptance', async () => {
  const all = await Promise.all(Array.from({ length: 40 }, () => submitOperation(deps, submission('crowd'))));
  assert.equal(new Set(all.map(({ operation }) => operation.id)).size, 1);
  const next = await Promise.all(
    (['sleep', 'wake', 'snapshot'] as const).map((type) =>
      submitOperation(deps, submission('crowd', { type, parameters: { snapshot: type } })),
    ),
  );
  const listed = await listOperations(deps, { project: 'default', name: 'crowd', limit: 10 });
  assert.equal(listed.length, 4);
  const inOrder = listed.toReversed();
  for (const [index, operation] of inOrder.entries()) {
    for (const later of inOrder.slice(index + 1)) {
      const claim = await claimTurn(deps.database, later.id);
      assert.equal(claim.state, 'waiting');
    }
    const claims = await Promise.all([1, 2, 3].map(() => claimTurn(deps.database, operation.id)));
    assert.ok(
      claims.every(({ state }) => state === 'claimed'),
      'claiming what one holds is a success',
    );
    const { next: following } = await endOperation(deps.database, { id: operation.id, state: 'succeeded' });
    assert.equal(following, inOrder[index + 1]?.id);
  }
  assert.equal(next.length, 3);
});

test('wakes of one connected cluster are admitted up to a number, in the order asked', async () => {
  const admission = { atOnce: 2 };
  const placed = { cluster: 'busy', hostNamespace: 'x' };
  const asked = async (name: string, more: Partial<OperationSubmission> = {}) =>
    (await submitOperation(deps, submission(name, { type: 'wake', placed, ...more }))).operation.id;
  const claim = (id: string) => claimTurn(deps.database, id, admission);
  const [first, second, third, fourth] = await Promise.all(
    ['w1', 'w2', 'w3', 'w4'].map((name) => asked(name)),
  ).then((ids) =>
    listOperations(deps, { project: 'default', limit: 100 }).then((all) =>
      all.toReversed().flatMap(({ id }) => (ids.includes(id) ? [id] : [])),
    ),
  );
  assert.ok(first && second && third && fourth);
  const elsewhere = await asked('w5', { placed: { cluster: 'idle', hostNamespace: 'x' } });
  const space = await asked('w6', { kind: 'space' });
  assert.deepEqual(await claim(fourth), { state: 'waiting', behind: undefined, wakesBefore: 3 });
  assert.deepEqual(await claim(third), { state: 'waiting', behind: undefined, wakesBefore: 2 });
  for (const id of [second, first, elsewhere, space]) assert.equal((await claim(id)).state, 'claimed');
  assert.deepEqual(await claim(third), { state: 'waiting', behind: undefined, wakesBefore: 2 });

  const end = (id: string) => endOperation(deps.database, { id, state: 'succeeded' }, admission);
  assert.deepEqual((await end(second)).nextWakes, [third]);
  assert.equal((await claim(fourth)).state, 'waiting', 'not before its turn');
  assert.equal((await claim(third)).state, 'claimed');
  // One that never becomes ready gives its place up.
  await deps.database.query((db) =>
    db
      .update(operations)
      .set({ startedAt: new Date(Date.now() - 60_000) })
      .where(eq(operations.id, first)),
  );
  assert.equal((await claim(fourth)).state, 'claimed');
  assert.deepEqual((await end(first)).nextWakes, []);
});

test('a wake that waits for its own turn holds up no other', async () => {
  const admission = { atOnce: 1 };
  const placed = { cluster: 'calm', hostNamespace: 'x' };
  const ask = async (name: string, type: 'sleep' | 'wake') =>
    (await submitOperation(deps, submission(name, { type, placed }))).operation.id;
  const sleep = await ask('v1', 'sleep');
  const behind = await ask('v1', 'wake');
  const free = await ask('v2', 'wake');
  const waiting = await claimTurn(deps.database, behind, admission);
  assert.equal(waiting.state === 'waiting' && waiting.behind?.id, sleep);
  assert.equal((await claimTurn(deps.database, free, admission)).state, 'claimed');
});

test('the first final state of an operation stays', async () => {
  const { operation } = await submitOperation(deps, submission('ended'));
  await endOperation(deps.database, { id: operation.id, state: 'failed', reason: 'internal', message: 'no' });
  const again = await endOperation(deps.database, { id: operation.id, state: 'succeeded' });
  assert.equal(again.changed, false);
  const read = await getOperation(deps, operation.id);
  assert.deepEqual([read.state, read.reason, read.message], ['failed', 'internal', 'no']);
  assert.ok(read.steps.every(({ state }) => state === 'skipped'));
});

test('a new tenant cluster waits for operations of a deleted one of its name, and joins none', async () => {
  const old = await submitOperation(deps, submission('reborn', { uid: 'old', type: 'delete' }));
  const created = await submitOperation(deps, submission('reborn', { uid: 'new' }));
  assert.equal(created.joined, false);
  assert.equal(created.operation.blockedBy?.id, old.operation.id);
});

test('idempotency keys and operations of tenant clusters are separate', async () => {
  const mine = await submitOperation(deps, submission('mine', { idempotencyKey: 'same' }));
  const other = await submitOperation(deps, submission('other', { idempotencyKey: 'same' }));
  const elsewhere = await submitOperation(
    deps,
    submission('mine', { project: 'another', idempotencyKey: 'same' }),
  );
  assert.equal(new Set([mine, other, elsewhere].map(({ operation }) => operation.id)).size, 3);
  assert.deepEqual(
    (await listOperations(deps, { project: 'another', limit: 10 })).map(({ id }) => id),
    [elsewhere.operation.id],
  );
});

test('pages: one continues where the last one ended', async () => {
  const ids: string[] = [];
  for (const type of ['create', 'sleep', 'wake'] as const) {
    ids.unshift((await submitOperation(deps, submission('paged', { type }))).operation.id);
  }
  const first = await listOperations(deps, { project: 'default', name: 'paged', limit: 2 });
  const second = await listOperations(deps, {
    project: 'default',
    name: 'paged',
    limit: 2,
    after: first[1]?.id,
  });
  assert.deepEqual(
    [...first, ...second].map(({ id }) => id),
    ids,
  );
});

test('unknown and malformed ids are operation_not_found', async () => {
  for (const id of ['00000000-0000-0000-0000-000000000001', 'no-uuid', "'; drop table operations"]) {
    await assert.rejects(getOperation(deps, id), { code: 'operation_not_found' });
    await assert.rejects(cancelOperation(deps, { id, actor: 'anna' }), { code: 'operation_not_found' });
  }
});

test('watching sees a change at once and ends with the operation', async () => {
  const { operation } = await submitOperation(deps, submission('watched'));
  const seen: string[] = [];
  for await (const { state } of watchOperation(deps, operation.id, AbortSignal.timeout(20_000))) {
    seen.push(state);
    if (seen.length === 1) await claimTurn(deps.database, operation.id);
    else if (state === 'running') await endOperation(deps.database, { id: operation.id, state: 'succeeded' });
  }
  assert.deepEqual(seen, ['queued', 'running', 'succeeded']);
});

test('a watch that is aborted ends', async () => {
  const { operation } = await submitOperation(deps, submission('abandoned'));
  const controller = new AbortController();
  for await (const _ of watchOperation(deps, operation.id, controller.signal)) controller.abort();
});

test('a preview says what a submit does, and writes and locks nothing', async () => {
  const rows = async (name: string) =>
    (await listOperations(deps, { project: 'default', name, limit: 10 })).map(({ id }) => id);
  const first = await previewOperation(deps, submission('judged', { type: 'snapshot' }));
  assert.deepEqual([first.outcome, first.behind], ['queued', []]);
  assert.deepEqual(await rows('judged'), []);
  const { operation } = await submitOperation(deps, submission('judged', { type: 'snapshot' }));
  assert.deepEqual(
    first.steps.map(({ key, title }) => [key, title]),
    operation.steps.map(({ key, title }) => [key, title]),
  );
  assert.equal(first.expectedMs, operation.expectedMs);
  // While another submit has the lock, too.
  await deps.database.transaction(async (tx) => {
    await lockInstance(tx, { kind: 'tenant', project: 'default', name: 'judged', uid: 'uid-judged' });
    const waits = await previewOperation(deps, submission('judged', { type: 'sleep' }));
    assert.deepEqual(waits.behind, [{ id: operation.id, type: 'snapshot', state: 'queued', actor: 'anna' }]);
  });
  await claimTurn(deps.database, operation.id);
  const last = await previewOperation(deps, submission('judged', { type: 'delete' }));
  assert.deepEqual(
    [last.supersedes, last.cancels.map(({ id }) => id), last.behind.map(({ id }) => id)],
    [[], [operation.id], [operation.id]],
  );
  await submitOperation(deps, submission('judged', { type: 'delete' }));
  await assert.rejects(previewOperation(deps, submission('judged', { type: 'sleep' })), { code: 'conflict' });
  // Who had the name before is not for the next one to know.
  const reborn = await previewOperation(deps, submission('judged', { uid: 'next' }));
  assert.deepEqual([...new Set(reborn.behind.map(({ actor }) => actor))], ['a deleted owner of this name']);
  assert.equal((await rows('judged')).length, 2);
});
