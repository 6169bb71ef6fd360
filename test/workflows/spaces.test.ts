import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PlatformError } from '../../contracts/errors.ts';
import type { VerbOf } from '../../contracts/kinds.ts';
import type { Operation } from '../../contracts/operations.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { type LifecycleFixture, startLifecycle } from './lifecycle-fixture.ts';

let fixture: LifecycleFixture;
before(async () => {
  fixture = await startLifecycle();
});
after(() => fixture?.stop());

const run = (type: VerbOf<'space'>, name: string) => fixture.run(type, name, { kind: 'space' });
const submit = (type: VerbOf<'space'>, name: string) => fixture.submit(type, name, { kind: 'space' });
const stepStates = ({ steps }: Operation) => steps.map(({ key, state }) => `${key} ${state}`);

test('a space is created, sleeps, wakes and is deleted', async () => {
  const name = fixture.newName('space');
  const created = await run('create', name);
  assert.equal(created.state, 'succeeded', created.message);
  assert.deepEqual([created.kind, created.space, created.tenantCluster], ['space', name, undefined]);
  assert.deepEqual(created.result, { cluster: 'local', namespace: `loft-default-s-${name}` });
  assert.deepEqual(stepStates(created), [
    'turn succeeded',
    'place succeeded',
    'namespace succeeded',
    'access succeeded',
    'finish succeeded',
  ]);
  const space = fixture.cluster.space(name);
  assert.deepEqual([space.namespace, space.access], [true, true]);

  assert.equal((await run('sleep', name)).state, 'succeeded');
  assert.deepEqual([space.closed, space.stopped], [true, true]);
  assert.equal((await run('wake', name)).state, 'succeeded');
  assert.deepEqual([space.closed, space.stopped], [false, false]);
  const deleted = await run('delete', name);
  assert.equal(deleted.state, 'succeeded', deleted.message);
  assert.deepEqual([space.namespace, space.finalizer], [false, false]);
  const phases = space.reports.map(({ phase, operation }) => `${operation.type} ${phase}`);
  assert.deepEqual(phases, ['create Ready', 'sleep Sleeping', 'wake Ready']);
  assert.equal(space.reports[0]?.observedHash, 'hash-1');
});

test('a space whose namespace somebody deleted is made again by a wake, which says so', async () => {
  const name = fixture.newName('space');
  await run('create', name);
  const space = fixture.cluster.space(name);
  Object.assign(space, { namespace: false, access: false });
  fixture.cluster.before(`space ${name}`, 'openSpace', () => {
    if (!space.namespace) throw new PlatformError('namespace_missing', 'it is gone');
  });
  const woken = await run('wake', name);
  assert.equal(woken.state, 'succeeded');
  assert.match(woken.message ?? '', /made again, empty/);
  assert.equal(space.reports.at(-1)?.begunEmpty, woken.message);
  assert.deepEqual([space.namespace, space.access], [true, true]);
});

test('a wake in a namespace that belongs to something else says why it cannot be undone', async () => {
  const name = fixture.newName('space');
  await run('create', name);
  await run('sleep', name);
  for (const activity of ['openSpace', 'closeSpace'] as const)
    fixture.cluster.before(`space ${name}`, activity, () => {
      throw new PlatformError('conflict', 'namespace x belongs to something else');
    });
  const wake = await run('wake', name);
  assert.deepEqual([wake.state, wake.reason], ['failed', 'conflict']);
  assert.equal(
    wake.message,
    'namespace x belongs to something else. Failed to undo: Allowing new pods (for the same reason)',
  );
  const step = wake.steps.find(({ key }) => key === 'open');
  assert.deepEqual([step?.state, step?.message], ['undo_failed', 'namespace x belongs to something else']);
});

test('a tenant cluster and a space of one name do not wait for each other, nor share keys', async () => {
  const name = fixture.newName('both');
  const hold = fixture.cluster.hold(name, 'installRelease');
  const tenant = await fixture.submit('create', name, { idempotencyKey: 'same' });
  await hold.reached;
  const space = await fixture.submit('create', name, { kind: 'space', idempotencyKey: 'same' });
  assert.equal(space.joined, false);
  assert.notEqual(space.operation.id, tenant.operation.id);
  assert.equal((await fixture.ended(space.operation.id)).state, 'succeeded', 'the space waits for nothing');
  assert.equal((await run('sleep', name)).state, 'succeeded');
  hold.release();
  assert.equal((await fixture.ended(tenant.operation.id)).state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).awake, true, 'the sleep was the space’s');
  assert.equal(fixture.cluster.space(name).stopped, true);
});

test('a cancelled create deletes the namespace, a cancelled sleep restores the workloads', async () => {
  const name = fixture.newName('space');
  const space = fixture.cluster.space(name);
  const hold = fixture.cluster.hold(`space ${name}`, 'applySpaceAccess');
  const create = await submit('create', name);
  await hold.reached;
  assert.equal(space.namespace, true);
  await cancelOperation(fixture.deps, { id: create.operation.id, actor: 'anna' });
  const cancelled = await fixture.ended(create.operation.id);
  assert.equal(cancelled.state, 'cancelled');
  assert.ok(stepStates(cancelled).includes('namespace undone'), stepStates(cancelled).join());
  assert.equal(space.namespace, false);
  assert.deepEqual(space.reports.at(-1)?.phase, 'Failed');

  assert.equal((await run('create', name)).state, 'succeeded');
  const held = fixture.cluster.hold(`space ${name}`, 'waitForSpacePodsEnded');
  const sleep = await submit('sleep', name);
  await held.reached;
  assert.deepEqual([space.closed, space.stopped], [true, true]);
  await cancelOperation(fixture.deps, { id: sleep.operation.id, actor: 'anna' });
  const ended = await fixture.ended(sleep.operation.id);
  assert.equal(ended.state, 'cancelled');
  assert.deepEqual([space.closed, space.stopped], [false, false]);
  assert.deepEqual(space.reports.at(-1)?.failed, true, 'it is not tried again by itself');
  assert.equal(space.reports.at(-1)?.phase, undefined, 'the phase stays Ready');
});

test('a delete of a space is retried until it succeeds', async () => {
  const name = fixture.newName('space');
  assert.equal((await run('create', name)).state, 'succeeded');
  let failures = 0;
  fixture.cluster.before(`space ${name}`, 'deleteSpaceNamespace', () => {
    if (++failures < 4) throw new PlatformError('forbidden', 'not now');
  });
  assert.equal((await run('delete', name)).state, 'succeeded');
  assert.equal(failures, 4);
  assert.equal(fixture.cluster.space(name).finalizer, false);
});

test('an operation of a space continues on the next worker', async () => {
  const name = fixture.newName('space');
  assert.equal((await run('create', name)).state, 'succeeded');
  const hold = fixture.cluster.hold(`space ${name}`, 'waitForSpacePodsEnded');
  const sleep = await submit('sleep', name);
  await hold.reached;
  const stopping = fixture.stopWorker();
  hold.release();
  await stopping;
  await fixture.startWorker();
  assert.equal((await fixture.ended(sleep.operation.id)).state, 'succeeded');
  assert.deepEqual(fixture.cluster.space(name).closed, true);
});
