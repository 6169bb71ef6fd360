import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Activities } from '../../activities/index.ts';
import { virtualClusterPlans } from '../../domain/kinds/virtual-cluster-plans.ts';
import { operationWorkflowId } from '../../contracts/workflows.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { getOperation } from '../../operations/read.ts';
import { reconcileOperations } from '../../operations/reconcile.ts';
import { eventually } from '../support/eventually.ts';
import { type LifecycleFixture, startLifecycle } from './lifecycle-fixture.ts';

let fixture: LifecycleFixture;
before(async () => {
  fixture = await startLifecycle();
});
after(() => fixture?.stop());

const get = (id: string) => getOperation(fixture.deps, id);
const cancel = (id: string) => cancelOperation(fixture.deps, { id, actor: 'berta' });
const isWaiting = (id: string) =>
  eventually(
    'it waits for its turn',
    async () => (await get(id)).steps[0]?.message?.startsWith('Waiting behind'),
    { intervalMs: 20 },
  );

test('25 submits at once are one operation, with one effect', async () => {
  const name = fixture.newName();
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const submitted = await Promise.all(
    Array.from({ length: 25 }, () => fixture.submit('create', name, { targetHash: 'hash-1' })),
  );
  assert.equal(new Set(submitted.map(({ operation }) => operation.id)).size, 1);
  assert.equal(submitted.filter(({ joined }) => !joined).length, 1);
  hold.release();
  const [first] = submitted;
  assert.equal((await fixture.ended(first?.operation.id ?? '')).state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).installs.length, 1);
});

test('25 different operations at once run one after another, each once', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const types = Array.from(
    { length: 25 },
    (_, index) => (index % 2 === 0 ? 'sleep' : 'wake') as 'sleep' | 'wake',
  );
  const ids: string[] = [];
  for (const type of types) ids.push((await fixture.submit(type, name)).operation.id);
  const ended = await Promise.all(ids.map((id) => fixture.ended(id)));
  assert.deepEqual(new Set(ended.map(({ state }) => state)), new Set(['succeeded']));
  const spans = ended.map(
    ({ startedAt, finishedAt }) => [Date.parse(startedAt ?? ''), Date.parse(finishedAt ?? '')] as const,
  );
  for (const [index, [start]] of spans.entries())
    assert.ok(index === 0 || start >= (spans[index - 1]?.[1] ?? 0), `operation ${index} began too early`);
  const scalings = fixture.cluster
    .calls(name)
    .filter((call) => call === 'stopControlPlane' || call === 'startControlPlane');
  assert.deepEqual(
    scalings,
    types.map((type) => (type === 'sleep' ? 'stopControlPlane' : 'startControlPlane')),
  );
});

test('the same idempotency key gives the same operation, ended or not; for another verb it is refused', async () => {
  const name = fixture.newName();
  const first = await fixture.run('create', name, { idempotencyKey: 'k' });
  const again = await fixture.submit('create', name, { idempotencyKey: 'k' });
  assert.deepEqual([again.operation.id, again.joined], [first.id, true]);
  await assert.rejects(fixture.submit('sleep', name, { idempotencyKey: 'k' }), { code: 'conflict' });
});

test('sleep while creating waits, says behind whom, and runs when the turn is free', async () => {
  const name = fixture.newName();
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const create = await fixture.submit('create', name);
  await hold.reached;
  const sleep = await fixture.submit('sleep', name, { actor: 'carl' });
  assert.deepEqual(sleep.operation.blockedBy, { id: create.operation.id, type: 'create', actor: 'anna' });
  await isWaiting(sleep.operation.id);
  assert.equal(
    (await get(sleep.operation.id)).steps[0]?.message,
    'Waiting behind create (requested by anna)',
  );
  const freed = performance.now();
  hold.release();
  const ended = await fixture.ended(sleep.operation.id);
  assert.equal(ended.state, 'succeeded');
  assert.ok(performance.now() - freed < 29_000, 'the signal woke it, not the timer of 30 s');
});

test('wake while waking joins', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('sleep', name);
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const wake = await fixture.submit('wake', name);
  await hold.reached;
  const again = await fixture.submit('wake', name);
  assert.deepEqual([again.operation.id, again.joined], [wake.operation.id, true]);
  hold.release();
  assert.equal((await fixture.ended(wake.operation.id)).state, 'succeeded');
});

test('delete cancels a running create, whose undo runs first, and supersedes what waits', async () => {
  const name = fixture.newName();
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const create = await fixture.submit('create', name);
  await hold.reached;
  const sleep = await fixture.submit('sleep', name);
  const deletion = await fixture.submit('delete', name, { actor: 'carl' });
  await assert.rejects(fixture.submit('wake', name), { code: 'conflict' });
  assert.equal((await fixture.ended(deletion.operation.id)).state, 'succeeded');
  assert.equal((await get(create.operation.id)).state, 'cancelled');
  const superseded = await get(sleep.operation.id);
  assert.deepEqual(
    [superseded.state, superseded.message],
    ['superseded', 'Superseded by delete (requested by carl)'],
  );
  const calls = fixture.cluster.calls(name);
  assert.ok(calls.indexOf('deleteHostNamespace') < calls.indexOf('findTenantRemains'), 'the undo came first');
  assert.ok(!calls.includes('stopControlPlane'), 'the superseded sleep did nothing');
  assert.deepEqual(
    [fixture.cluster.tenant(name).namespace, fixture.cluster.tenant(name).finalizer],
    [false, false],
  );
});

test('delete follows a running sleep', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const hold = fixture.cluster.hold(name, 'waitForControlPlaneStopped');
  const sleep = await fixture.submit('sleep', name);
  await hold.reached;
  const deletion = await fixture.submit('delete', name);
  await isWaiting(deletion.operation.id);
  hold.release();
  assert.equal((await fixture.ended(deletion.operation.id)).state, 'succeeded');
  assert.equal((await get(sleep.operation.id)).state, 'succeeded');
});

test('cancelling a queued operation ends it at once and does not affect the others', async () => {
  const name = fixture.newName();
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const create = await fixture.submit('create', name);
  await hold.reached;
  const sleep = await fixture.submit('sleep', name);
  await isWaiting(sleep.operation.id);
  await cancel(sleep.operation.id);
  assert.equal((await fixture.ended(sleep.operation.id)).state, 'cancelled');
  hold.release();
  assert.equal((await fixture.ended(create.operation.id)).state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).awake, true);
  await assert.rejects(cancel(sleep.operation.id), { code: 'operation_finished' });
});

test('a delete that has begun cannot be cancelled', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const hold = fixture.cluster.hold(name, 'waitForHostNamespaceDeleted');
  const deletion = await fixture.submit('delete', name);
  await hold.reached;
  await assert.rejects(cancel(deletion.operation.id), { code: 'conflict' });
  await fixture.deps.temporal.workflow.getHandle(operationWorkflowId(deletion.operation.id)).cancel(); // in Temporal's UI, say
  hold.release();
  assert.equal((await fixture.ended(deletion.operation.id)).state, 'succeeded');
});

const heldActivity: Record<string, keyof Omit<Activities, 'claimTurn' | 'recordSteps' | 'endOperation'>> = {
  place: 'placeTenant',
  check: 'checkRelease',
  namespace: 'applyHostNamespace',
  keys: 'applyTenantKeys',
  credential: 'applyGatewayCredential',
  install: 'installRelease',
  ready: 'waitForControlPlane',
  access: 'applyTenantAccess',
};
for (const { key } of virtualClusterPlans.create.steps.filter((step) => step.key in heldActivity)) {
  test(`create cancelled at "${key}" leaves nothing and says so`, async () => {
    const name = fixture.newName();
    const hold = fixture.cluster.hold(name, heldActivity[key] as 'placeTenant');
    const { operation } = await fixture.submit('create', name);
    await hold.reached;
    await cancel(operation.id);
    const ended = await fixture.ended(operation.id);
    assert.deepEqual([ended.state, ended.reason], ['cancelled', 'operation_cancelled']);
    const tenant = fixture.cluster.tenant(name);
    assert.deepEqual([tenant.namespace, tenant.release, tenant.awake], [false, 0, false]);
    assert.deepEqual(
      [tenant.reports.at(-1)?.phase, tenant.reports.at(-1)?.operation.state],
      ['Failed', 'cancelled'],
    );
    const state = ended.steps.find((step) => step.key === key)?.state;
    const undone = key === 'namespace' || key === 'install';
    // A brief activity is seen to its end, and the cancel takes effect after it.
    assert.equal(state, undone ? 'undone' : key === 'place' ? 'succeeded' : 'cancelled');
    const workflow = fixture.deps.temporal.workflow.getHandle(operationWorkflowId(operation.id));
    await assert.rejects(workflow.result());
    assert.equal((await workflow.describe()).status.name, 'CANCELLED');
  });
}

test('cancelled sleep, wake, update and restore leave the tenant cluster as it was', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters: { snapshot: 's' } });
  for (const [type, activity] of [
    ['sleep', 'waitForControlPlaneStopped'],
    ['update', 'waitForRollout'],
    ['restore', 'waitForRestoreJob'],
  ] as const) {
    const hold = fixture.cluster.hold(name, activity);
    const { operation } = await fixture.submit(type, name, { parameters: { snapshot: 's' } });
    await hold.reached;
    await cancel(operation.id);
    const ended = await fixture.ended(operation.id);
    assert.equal(ended.state, 'cancelled', type);
    assert.deepEqual(
      [fixture.cluster.tenant(name).awake, fixture.cluster.tenant(name).data],
      [true, 'new'],
      type,
    );
  }
});

test('reconcile ends an operation terminated in Temporal and passes the turn on', async () => {
  const name = fixture.newName();
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const create = await fixture.submit('create', name);
  await hold.reached;
  const sleep = await fixture.submit('sleep', name);
  await isWaiting(sleep.operation.id);
  await fixture.deps.temporal.workflow
    .getHandle(operationWorkflowId(create.operation.id))
    .terminate('by hand');
  hold.release();
  const repaired: string[] = [];
  const result = await reconcileOperations(
    fixture.deps,
    async (row, end) => void repaired.push(`${row.type} ${end.state}`),
  );
  assert.deepEqual(result.ended, [create.operation.id]);
  assert.deepEqual(repaired, ['create failed']);
  const ended = await get(create.operation.id);
  assert.deepEqual(
    [ended.state, ended.reason, ended.message],
    ['failed', 'operation_failed', 'its workflow was terminated in Temporal; nothing was undone'],
  );
  assert.ok(ended.steps.every(({ state }) => state !== 'running' && state !== 'pending'));
  assert.equal((await fixture.ended(sleep.operation.id)).state, 'succeeded');
});

test('without a worker the operation is shown with live: false, and continues when it is back', async () => {
  const name = fixture.newName();
  await fixture.stopWorker();
  const { operation } = await fixture.submit('create', name);
  const shown = await get(operation.id);
  assert.deepEqual([shown.state, shown.live], ['queued', false]);
  await fixture.startWorker();
  assert.equal((await fixture.ended(operation.id)).state, 'succeeded');
});

test('a worker that stops in the middle of a step does not fail the operation', async () => {
  const name = fixture.newName();
  const hold = fixture.cluster.hold(name, 'waitForControlPlane');
  const { operation } = await fixture.submit('create', name);
  await hold.reached;
  await fixture.stopWorker();
  assert.equal((await get(operation.id)).state, 'running');
  await fixture.startWorker();
  const ended = await fixture.ended(operation.id);
  assert.equal(ended.state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).installs.length, 1);
});

test('attempts and the last failure of a running step are shown', async () => {
  const name = fixture.newName();
  let works = false;
  const { PlatformError } = await import('../../contracts/errors.ts');
  fixture.cluster.before(name, 'applyHostNamespace', () => {
    if (!works) throw new PlatformError('cluster_unreachable', 'the cluster is away');
  });
  const { operation } = await fixture.submit('create', name);
  const step = await eventually('a second attempt', async () => {
    const found = (await get(operation.id)).steps.find(({ key }) => key === 'namespace');
    return (found?.attempt ?? 0) > 1 && found;
  });
  assert.equal(step.message, 'Retrying: the cluster is away');
  works = true;
  assert.equal((await fixture.ended(operation.id)).state, 'succeeded');
});
