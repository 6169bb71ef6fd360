import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kindNames } from '../../contracts/kinds.ts';
import { listAttempts } from '../../db/queries/attempts.ts';
import { getSnapshotRow } from '../../db/queries/snapshots.ts';
import { operationWorkflowId } from '../../contracts/workflows.ts';
import { lastingFailure, PlatformError } from '../../contracts/errors.ts';
import { watchOperation } from '../../operations/watch.ts';
import { type LifecycleFixture, startLifecycle } from './lifecycle-fixture.ts';
import { clusterCases } from './cluster-cases.ts';
import { offlineCases } from './offline-cases.ts';
import { traceCases } from './trace-cases.ts';

let fixture: LifecycleFixture;
before(async () => {
  fixture = await startLifecycle();
});
after(() => fixture?.stop());

traceCases(() => fixture);
offlineCases(() => fixture);
clusterCases(() => fixture);

test('create: every step succeeds, the instance is reported Ready with the hash, the cluster is searchable', async () => {
  const name = fixture.newName();
  const operation = await fixture.run('create', name);
  assert.equal(operation.state, 'succeeded');
  assert.deepEqual(new Set(operation.steps.map(({ state }) => state)), new Set(['succeeded']));
  assert.equal(operation.cluster, 'local');
  const tenant = fixture.cluster.tenant(name);
  assert.deepEqual([tenant.namespace, tenant.release, tenant.awake], [true, 1, true]);
  assert.equal(tenant.reports[0]?.phase, 'Ready');
  assert.equal(tenant.reports[0]?.observedHash, 'hash-1');
  const description = await fixture.deps.temporal.workflow
    .getHandle(operationWorkflowId(operation.id))
    .describe();
  assert.equal(await description.staticSummary(), `Create tenant cluster ${name} of project default`);
  const attributes = Object.fromEntries(
    [...description.typedSearchAttributes.getAll()].map(({ key, value }) => [key.name, value]),
  );
  const { Project, TenantCluster, Cluster, OperationType, Actor } = attributes;
  assert.deepEqual(
    { Project, TenantCluster, Cluster, OperationType, Actor },
    { Project: 'default', TenantCluster: name, Cluster: 'local', OperationType: 'create', Actor: 'anna' },
  );
});

test('create of an existing tenant cluster does nothing and undoes nothing', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const again = await fixture.run('create', name);
  assert.equal(again.state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).installs.length, 1);
});

test('create: the step says why the store starts without a seed', async () => {
  const name = fixture.newName();
  fixture.cluster.tenant(name).unseeded = 'seed x is damaged';
  const operation = await fixture.run('create', name);
  assert.equal(operation.state, 'succeeded');
  const { state, message } = operation.steps.find(({ key }) => key === 'install') ?? {};
  assert.deepEqual([state, message], ['succeeded', 'its store starts empty: seed x is damaged']);
});

for (const [activity, code] of [
  ['checkRelease', 'invalid_values'],
  ['applyHostNamespace', 'conflict'],
  ['installRelease', 'chart_failed'],
  ['waitForControlPlane', 'control_plane_not_ready'],
  ['applyTenantAccess', 'forbidden'],
] as const) {
  test(`create: ${activity} fails with ${code}: nothing is left, the reason is reported`, async () => {
    const name = fixture.newName();
    fixture.cluster.before(name, activity, () => {
      throw new PlatformError(code, 'it does not work');
    });
    const operation = await fixture.run('create', name);
    assert.deepEqual(
      [operation.state, operation.reason, operation.message],
      ['failed', code, 'it does not work'],
    );
    const tenant = fixture.cluster.tenant(name);
    assert.deepEqual([tenant.namespace, tenant.release, tenant.awake], [false, 0, false]);
    const report = tenant.reports.at(-1);
    assert.deepEqual([report?.phase, report?.reason, report?.failed], ['Failed', code, 'hash-1']);
    const states = new Set(operation.steps.map(({ state }) => state));
    for (const state of ['pending', 'running', 'undoing', 'undo_failed'] as const)
      assert.ok(!states.has(state), `a step is ${state}`);
  });
}

test('a failure that says that it lasts is recorded so, whatever its code', async () => {
  const instance = (name: string) =>
    ({ kind: 'tenant', project: 'default', name, uid: `uid-${name}` }) as const;
  for (const [details, lasts] of [
    [lastingFailure, true],
    [{ quota: 'a' }, null],
  ] as const) {
    const name = fixture.newName();
    fixture.cluster.before(name, 'checkRelease', () => {
      throw new PlatformError('chart_failed', 'no', { details });
    });
    await fixture.run('create', name);
    const [attempt] = await fixture.deps.database.query((db) => listAttempts(db, instance(name), ['create']));
    assert.deepEqual([attempt?.reason, attempt?.lasts], ['chart_failed', lasts]);
  }
});

test('a failed create is undone in reverse order', async () => {
  const name = fixture.newName();
  fixture.cluster.before(name, 'waitForControlPlane', () => {
    throw new PlatformError('control_plane_not_ready', 'no');
  });
  await fixture.run('create', name);
  const undone = fixture.cluster
    .calls(name)
    .filter((call) =>
      ['uninstallRelease', 'deleteHostNamespace', 'waitForHostNamespaceDeleted'].includes(call),
    );
  assert.deepEqual(undone, ['uninstallRelease', 'deleteHostNamespace', 'waitForHostNamespaceDeleted']);
});

test('a failed undo is reported, and the other steps are still undone', async () => {
  const name = fixture.newName();
  fixture.cluster.before(name, 'waitForControlPlane', () => {
    throw new PlatformError('control_plane_not_ready', 'no');
  });
  fixture.cluster.before(name, 'uninstallRelease', () => {
    throw new PlatformError('chart_failed', 'a hook failed');
  });
  const operation = await fixture.run('create', name);
  assert.equal(operation.message, 'no. Failed to undo: Installing Helm release (a hook failed)');
  assert.equal(operation.steps.find(({ key }) => key === 'install')?.state, 'undo_failed');
  assert.equal(fixture.cluster.tenant(name).namespace, false);
});

test('a retryable failure is tried again until it works', async () => {
  const name = fixture.newName();
  let left = 3;
  fixture.cluster.before(name, 'applyHostNamespace', () => {
    if (left-- > 0) throw new PlatformError('cluster_unreachable', 'the cluster is away');
  });
  assert.equal((await fixture.run('create', name)).state, 'succeeded');
});

test('sleep and wake succeed and report the phase', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  assert.equal((await fixture.run('sleep', name)).state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).awake, false);
  assert.equal(fixture.cluster.tenant(name).reports.at(-1)?.phase, 'Sleeping');
  assert.equal((await fixture.run('wake', name)).state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).awake, true);
  assert.ok(!fixture.cluster.calls(name).includes('inspectTenant'), 'where it runs is known without asking');
});

test('a sleep names the pods that are lost with it', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  fixture.cluster.tenant(name).barePods = { pods: ['default/a', 'default/b'], count: 3 };
  const { state, message, steps } = await fixture.run('sleep', name);
  const told = 'Lost 3 pods without a controller, which nothing makes again: default/a, default/b and 1 more';
  assert.deepEqual([state, message], ['succeeded', told]);
  assert.equal(steps.find(({ key }) => key === 'stop')?.message, told);
});

test('a wake that never becomes ready leaves it asleep and says so', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('sleep', name);
  fixture.cluster.before(name, 'waitForControlPlane', () => {
    throw new PlatformError('control_plane_not_ready', 'no');
  });
  const wake = await fixture.run('wake', name, { targetHash: 'wake:hash-1' });
  assert.equal(wake.state, 'failed');
  const tenant = fixture.cluster.tenant(name);
  assert.equal(tenant.awake, false);
  assert.equal(tenant.reports.at(-1)?.failed, 'wake:hash-1');
  assert.equal(tenant.reports.at(-1)?.phase, undefined);
});

/** Makes the next call fail, and none after it. */
function failOnce(name: string, activity: Parameters<LifecycleFixture['cluster']['before']>[1]): void {
  let isFirst = true;
  fixture.cluster.before(name, activity, () => {
    if (!isFirst) return;
    isFirst = false;
    throw new PlatformError('control_plane_not_ready', 'no');
  });
}

/** A tenant cluster that sleeps and shall run hash-2; what was up before is hash-1. */
async function asleepWithFallback() {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('sleep', name);
  const tenant = fixture.cluster.tenant(name);
  const from = { hash: 'hash-2', deployedBy: 'op-2' };
  tenant.fallback = { hash: 'hash-1', deployedBy: 'op-1', from };
  return { name, tenant };
}

test('a wake whose release does not start goes back to what was up before, and says so', async () => {
  const { name, tenant } = await asleepWithFallback();
  let isBack = false;
  fixture.cluster.before(name, 'redeployRelease', () => void (isBack = true));
  fixture.cluster.before(name, 'waitForControlPlane', () => {
    if (!isBack) throw new PlatformError('control_plane_not_ready', 'ErrImageNeverPull');
  });
  const wake = await fixture.run('wake', name, { targetHash: 'wake:hash-2' });
  assert.deepEqual([wake.state, tenant.awake], ['succeeded', true]);
  assert.match(wake.message ?? '', /It runs what was deployed before, .*ErrImageNeverPull/);
  const states = wake.steps.map(({ key, state }) => `${key} ${state}`);
  assert.deepEqual(states.slice(2), ['ready failed', 'fallback succeeded', 'finish succeeded']);
  const { phase, observedHash, failed, reason } = tenant.reports.at(-1) ?? {};
  assert.deepEqual(
    [phase, observedHash, failed, reason],
    ['Ready', 'hash-1', 'hash-2', 'control_plane_not_ready'],
  );
});

test('a wake that cannot go back either leaves what was deployed, asleep', async () => {
  const { name, tenant } = await asleepWithFallback();
  fixture.cluster.before(name, 'waitForControlPlane', () => {
    throw new PlatformError('control_plane_not_ready', 'no');
  });
  const wake = await fixture.run('wake', name, { targetHash: 'wake:hash-2' });
  assert.deepEqual([wake.state, tenant.awake], ['failed', false]);
  const redeployed = fixture.cluster.calls(name).filter((call) => call === 'redeployRelease');
  assert.equal(redeployed.length, 2, 'there and back');
  assert.equal(tenant.reports.at(-1)?.failed, 'wake:hash-2');
});

test('update: installs a new revision; a failure rolls back and the tenant cluster stays Ready', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  assert.equal((await fixture.run('update', name)).state, 'succeeded');
  assert.equal(fixture.cluster.tenant(name).reports.at(-1)?.observedHash, 'hash-2');
  failOnce(name, 'waitForRollout');
  const failed = await fixture.run('update', name);
  assert.equal(failed.state, 'failed');
  const report = fixture.cluster.tenant(name).reports.at(-1);
  assert.deepEqual([report?.phase, report?.failed], [undefined, 'hash-2']);
  const end = ['rollbackRelease', 'waitForRollout', 'waitForControlPlane', 'reportInstance'];
  assert.deepEqual(fixture.cluster.calls(name).slice(-4), end, 'it is reported once the one before runs');
});

test('an update whose previous revision does not come up either is Failed, and says why', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  fixture.cluster.before(name, 'waitForRollout', () => {
    throw new PlatformError('control_plane_not_ready', 'no node is schedulable');
  });
  const failed = await fixture.run('update', name);
  assert.match(
    failed.message ?? '',
    /^no node .*\. Failed to undo: Upgrading Helm release \(for the same reason\)$/,
  );
  assert.equal(fixture.cluster.tenant(name).reports.at(-1)?.phase, 'Failed');
});

test('what was stopped and is started again is reported once it answers', async () => {
  const name = fixture.newName();
  const parameters = { snapshot: 's' };
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters });
  failOnce(name, 'waitForControlPlaneStopped');
  assert.equal((await fixture.run('sleep', name)).state, 'failed');
  const end = ['startControlPlane', 'waitForControlPlane', 'reportInstance'];
  assert.deepEqual(fixture.cluster.calls(name).slice(-3), end);
  failOnce(name, 'waitForControlPlane');
  assert.equal((await fixture.run('restore', name, { parameters })).state, 'failed');
  const calls = fixture.cluster.calls(name);
  const started = calls.lastIndexOf('startControlPlane');
  assert.equal(calls[started + 1], 'waitForControlPlane');
});

test('updating a sleeping tenant cluster does not wake it', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('sleep', name);
  const update = await fixture.run('update', name);
  assert.equal(update.steps.find(({ key }) => key === 'ready')?.state, 'skipped');
  assert.equal(fixture.cluster.tenant(name).awake, false);
  assert.equal(fixture.cluster.tenant(name).reports.at(-1)?.phase, 'Sleeping');
});

test('snapshot and restore: the data come back', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const parameters = { snapshot: 'before' };
  const snapshot = await fixture.run('snapshot', name, { parameters });
  assert.equal(snapshot.state, 'succeeded');
  const key = { project: 'default', tenantCluster: name, uid: `uid-${name}`, name: 'before' };
  const entry = await fixture.deps.database.query((db) => getSnapshotRow(db, key));
  assert.deepEqual([entry?.state, entry?.sizeBytes, entry?.revision], ['completed', 42, 7]);
  assert.equal((await fixture.run('restore', name, { parameters })).state, 'succeeded');
  const tenant = fixture.cluster.tenant(name);
  assert.deepEqual([tenant.data, tenant.previousData, tenant.awake], ['before', undefined, true]);
});

test('a restore while asleep leaves it asleep; one of a missing snapshot fails before any change', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters: { snapshot: 's' } });
  await fixture.run('sleep', name);
  const restore = await fixture.run('restore', name, { parameters: { snapshot: 's' } });
  assert.equal(restore.state, 'succeeded');
  assert.deepEqual([fixture.cluster.tenant(name).awake, fixture.cluster.tenant(name).data], [false, 's']);
  const missing = await fixture.run('restore', name, { parameters: { snapshot: 'none' } });
  assert.deepEqual([missing.state, missing.reason], ['failed', 'snapshot_not_found']);
});

test('a restore finds the snapshot by uid, not by name, and is refused without the right', async () => {
  const [name, other] = [fixture.newName(), fixture.newName()];
  for (const one of [name, other]) await fixture.run('create', one);
  await fixture.run('snapshot', other, { parameters: { snapshot: 's' } });
  const parameters = { snapshot: 's', sourceTenantCluster: other, sourceUid: `uid-${other}` };
  const refused = await fixture.run('restore', name, { parameters, actor: 'mallory' });
  assert.deepEqual([refused.state, refused.reason], ['failed', 'tenant_cluster_not_found']);
  assert.equal((await fixture.run('restore', name, { parameters })).state, 'succeeded');
  const later = { ...parameters, sourceUid: 'uid-of-a-later-one' };
  const missing = await fixture.run('restore', name, { parameters: later });
  assert.deepEqual([missing.state, missing.reason], ['failed', 'snapshot_not_found']);
  // As the former version let it in: nobody has checked whose it is.
  const unchecked = { snapshot: 's', sourceTenantCluster: other };
  const old = await fixture.run('restore', name, { parameters: unchecked });
  assert.deepEqual([old.state, old.reason], ['failed', 'forbidden']);
});

test('a restore whose control plane does not answer swaps the previous data back and starts it', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters: { snapshot: 's' } });
  fixture.cluster.before(name, 'waitForControlPlane', () => {
    throw new PlatformError('control_plane_not_ready', 'no');
  });
  const restore = await fixture.run('restore', name, { parameters: { snapshot: 's' } });
  assert.equal(restore.state, 'failed');
  assert.deepEqual([fixture.cluster.tenant(name).data, fixture.cluster.tenant(name).awake], ['new', true]);
});

for (const [left, namespace] of [
  ['nothing', false],
  ['an empty namespace', true],
] as const)
  test(`a host namespace that somebody deleted (${left} is left): update and restore make it again`, async () => {
    const name = fixture.newName();
    const parameters = { snapshot: 's' };
    await fixture.run('create', name);
    await fixture.run('snapshot', name, { parameters });
    const tenant = fixture.cluster.tenant(name);
    for (const verb of ['update', 'restore'] as const) {
      Object.assign(tenant, { namespace, release: 0, awake: false, data: 'new' });
      const operation = await fixture.run(verb, name, { parameters });
      assert.deepEqual([operation.state, operation.message], ['succeeded', undefined]);
      assert.equal(operation.steps.find(({ key }) => key === 'rebuild')?.state, 'succeeded');
      assert.deepEqual([tenant.namespace, tenant.awake], [true, true]);
      assert.equal(tenant.data, verb === 'restore' ? 's' : 'new');
    }
    // One that fails leaves nothing of its own, and takes nothing that was there.
    fixture.cluster.before(name, 'waitForRestoreJob', () => {
      throw new PlatformError('snapshot_damaged', 'no');
    });
    Object.assign(tenant, { namespace, release: 0, awake: false });
    const failed = await fixture.run('restore', name, { parameters });
    assert.deepEqual([failed.state, failed.reason], ['failed', 'snapshot_damaged']);
    assert.equal(tenant.namespace, namespace);
  });

for (const missing of ['namespace', 'control-plane', 'volume'] as const)
  test(`an update that makes a lost ${missing} again says that it begins empty, and a restore that it does not`, async () => {
    const name = fixture.newName();
    const parameters = { snapshot: 's' };
    await fixture.run('create', name);
    await fixture.run('snapshot', name, { parameters });
    const tenant = fixture.cluster.tenant(name);
    tenant.missing = { missing, lost: { snapshot: 's' } };
    tenant.awake = false;
    const update = await fixture.run('update', name);
    assert.equal(update.state, 'succeeded');
    assert.match(
      update.message ?? '',
      /^Its (host namespace|control plane|volume) was deleted .*begins empty\. Restore snapshot "s"/,
    );
    assert.equal(tenant.reports.at(-1)?.begunEmpty, update.message);
    assert.equal(tenant.reports.at(-1)?.phase, 'Ready');
    if (missing === 'volume') assert.equal(tenant.awake, true, 'its volume is made with its first pod');
    const restore = await fixture.run('restore', name, { parameters });
    assert.deepEqual([restore.state, restore.message], ['succeeded', undefined]);
    assert.equal(tenant.reports.at(-1)?.begunEmpty, undefined);
    tenant.missing = { missing, lost: {} };
    failOnce(name, 'waitForRollout');
    const failed = await fixture.run('update', name);
    assert.equal(failed.state, 'failed');
    const { begunEmpty } = tenant.reports.at(-1) ?? {};
    if (missing === 'namespace') assert.equal(begunEmpty, undefined, 'it is gone again');
    else assert.match(begunEmpty ?? '', /begins empty\. There is not any snapshot of it$/);
  });

test('an update that only puts back what somebody changed does not hide that data are gone', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const tenant = fixture.cluster.tenant(name);
  const parameters = { putsBack: 'Service x: somebody had deleted it' };
  const update = await fixture.run('update', name, { parameters });
  assert.equal(update.state, 'succeeded');
  tenant.missing = { missing: 'control-plane', lost: {} };
  const { release } = tenant;
  const refused = await fixture.run('update', name, { parameters });
  assert.deepEqual([refused.state, refused.reason], ['failed', 'control_plane_missing']);
  assert.equal(tenant.release, release);
});

test('what is undone in a namespace that is gone is undone', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  for (const activity of ['stopControlPlane', 'startControlPlane'] as const)
    fixture.cluster.before(name, activity, () => {
      throw new PlatformError('namespace_missing', 'it is gone');
    });
  const sleep = await fixture.run('sleep', name);
  assert.deepEqual([sleep.state, sleep.reason, sleep.message], ['failed', 'namespace_missing', 'it is gone']);
});

test('what a tenant refuses inside ends neither update nor restore; the step says what refuses', async () => {
  const name = fixture.newName();
  const parameters = { snapshot: 's' };
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters });
  fixture.cluster.before(name, 'applyTenantAccess', () => {
    throw new PlatformError('quota_exceeded', 'exceeded quota: "mine"');
  });
  for (const verb of ['update', 'restore'] as const) {
    const operation = await fixture.run(verb, name, { parameters });
    assert.equal(operation.state, 'succeeded');
    assert.match(operation.message ?? '', /exceeded quota: "mine"/);
    const step = operation.steps.find(({ key }) => key === 'access');
    assert.deepEqual([step?.state, step?.message], ['skipped', 'exceeded quota: "mine"']);
  }
  assert.ok(!fixture.cluster.calls(name).includes('rollbackRelease'));
});

test('wake, update and restore free the space of a store that takes no writes, and do without if they cannot', async () => {
  const name = fixture.newName();
  const parameters = { snapshot: 's' };
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters });
  await fixture.run('sleep', name);
  for (const verb of ['wake', 'update', 'restore'] as const) {
    fixture.cluster.tenant(name).full = true;
    assert.equal((await fixture.run(verb, name, { parameters })).state, 'succeeded');
    assert.equal(fixture.cluster.tenant(name).full, false, verb);
  }
  assert.equal(fixture.cluster.calls(name).filter((call) => call === 'maintainStore').length, 3);
  fixture.cluster.before(name, 'maintainStore', () => {
    throw new PlatformError('operation_failed', 'the Job failed');
  });
  fixture.cluster.tenant(name).full = true;
  assert.equal((await fixture.run('update', name)).state, 'succeeded');
});

test('an update of a sleeper tries its images first; one that nobody can try is deployed all the same', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  const awake = await fixture.run('update', name);
  assert.equal(awake.steps.find(({ key }) => key === 'images')?.state, 'skipped');
  await fixture.run('sleep', name);
  const { installs } = fixture.cluster.tenant(name);
  const before = installs.length;
  fixture.cluster.before(name, 'checkImages', () => {
    throw new PlatformError('control_plane_not_ready', 'ErrImageNeverPull');
  });
  const failed = await fixture.run('update', name);
  assert.deepEqual([failed.state, failed.reason], ['failed', 'control_plane_not_ready']);
  assert.equal(installs.length, before, 'what is deployed stays');
  fixture.cluster.before(name, 'checkImages', () => undefined);
  fixture.cluster.tenant(name).untried = 'a quota of the cluster';
  const untried = await fixture.run('update', name);
  assert.deepEqual(
    [untried.state, untried.message],
    ['succeeded', 'Its images were not tried: a quota of the cluster'],
  );
  assert.equal(fixture.cluster.tenant(name).awake, false);
});

test('a wake makes a control plane again that somebody deleted', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  await fixture.run('sleep', name);
  fixture.cluster.before(name, 'startControlPlane', () => {
    throw new PlatformError('control_plane_missing', 'it was deleted');
  });
  const wake = await fixture.run('wake', name);
  assert.deepEqual([wake.state, fixture.cluster.tenant(name).awake], ['succeeded', true]);
  assert.ok(fixture.cluster.calls(name).includes('repairControlPlane'));
});

test('a failed snapshot is marked so, and its file is deleted', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  fixture.cluster.before(name, 'waitForSnapshotJob', () => {
    throw new PlatformError('operation_failed', 'the disk is full');
  });
  const snapshot = await fixture.run('snapshot', name, { parameters: { snapshot: 's' } });
  assert.equal(snapshot.state, 'failed');
  const entry = await fixture.deps.database.query((db) =>
    getSnapshotRow(db, { project: 'default', tenantCluster: name, uid: `uid-${name}`, name: 's' }),
  );
  assert.equal(entry?.state, 'failed');
  assert.ok(fixture.cluster.calls(name).includes('deleteSnapshotFile'));
});

test('a delete retries failures that end any other operation', async () => {
  const name = fixture.newName();
  await fixture.run('create', name);
  let left = 2;
  fixture.cluster.before(name, 'uninstallRelease', () => {
    if (left-- > 0) throw new PlatformError('forbidden', 'not now');
  });
  assert.equal((await fixture.run('delete', name)).state, 'succeeded');
  const tenant = fixture.cluster.tenant(name);
  assert.deepEqual([tenant.namespace, tenant.release, tenant.finalizer], [false, 0, false]);
});

test('watching shows every state once, and the end', async () => {
  const name = fixture.newName();
  const { operation } = await fixture.submit('create', name);
  const states: string[] = [];
  for await (const seen of watchOperation(fixture.deps, operation.id, AbortSignal.timeout(30_000)))
    states.push(seen.state);
  assert.equal(states.at(-1), 'succeeded');
  assert.ok(states.includes('running'));
});

test('every verb of a tenant cluster has a workflow in the bundle', async () => {
  for (const type of kindNames.tenant.verbs) {
    const operation = await fixture.run(type, fixture.newName(), { parameters: { snapshot: 'x' } });
    assert.notEqual(operation.state, 'queued', type);
  }
});
