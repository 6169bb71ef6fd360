import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { clusterGone, PlatformError } from '../../contracts/errors.ts';
import { operationWorkflowId, workflows } from '../../contracts/workflows.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { getOperation } from '../../operations/read.ts';
import { eventually } from '../support/eventually.ts';
import { startLifecycle } from '../workflows/lifecycle-fixture.ts';

/**
 * Records histories for the replay test: `node test/replay/record.ts <version> tenants|spaces|clusters|repairs|undos|admissions|refusals`. They are named by what
 * happened and the version that wrote them, and never overwritten: a released workflow must replay them for ever.
 */
const [version, what = ''] = process.argv.slice(2);
const recordings: Record<string, () => Promise<void>> = {
  tenants: recordTenants,
  spaces: recordSpaces,
  clusters: recordClusters,
  repairs: recordRepairs,
  undos: recordUndos,
  admissions: recordAdmissions,
  refusals: recordRefusals,
};
const record = recordings[what];
if (version === undefined || record === undefined)
  throw new Error(
    'usage: node test/replay/record.ts <version> tenants|spaces|clusters|repairs|undos|admissions|refusals',
  );
const dir = join(import.meta.dirname, 'histories');
mkdirSync(dir, { recursive: true });
const fixture = await startLifecycle(what === 'admissions' ? { wakesAtOnce: 1 } : {});

async function save(what: string, workflowId: string): Promise<void> {
  const handle = fixture.deps.temporal.workflow.getHandle(workflowId);
  await handle.result().catch(() => undefined); // failed and cancelled ones are recorded too
  const history = historyToJSON(await handle.fetchHistory()); // a JSON text
  // Stacks name files: where this checkout lies is nobody's business.
  const text = history.replaceAll(join(import.meta.dirname, '..', '..'), '/platform');
  writeFileSync(join(dir, `${what}-${version}.json`), `${text}\n`, { flag: 'wx' });
}
const saveOperation = (what: string, id: string) => save(what, operationWorkflowId(id));
await record();
await fixture.stop();

async function recordSpaces(): Promise<void> {
  const name = fixture.newName();
  const kind = 'space' as const;
  for (const type of ['create', 'sleep', 'wake', 'delete'] as const)
    await saveOperation(`${type}-space`, (await fixture.run(type, name, { kind })).id);
  const held = fixture.newName();
  await fixture.run('create', held, { kind });
  const hold = fixture.cluster.hold(`space ${held}`, 'waitForSpacePodsEnded');
  const sleep = await fixture.submit('sleep', held, { kind });
  await hold.reached;
  await cancelOperation(fixture.deps, { id: sleep.operation.id, actor: 'anna' });
  await saveOperation('sleep-space-cancelled', sleep.operation.id);
}

async function recordClusters(): Promise<void> {
  const connected = { kind: 'cluster', project: '' } as const;
  const name = fixture.newName();
  await saveOperation('upgrade-cluster', (await fixture.run('upgrade', name, connected)).id);
  fixture.cluster.connected(name).tenants = ['space default/there'];
  await saveOperation('disconnect-cluster-refused', (await fixture.run('disconnect', name, connected)).id);
  const deleting = { ...connected, parameters: { deleteTenants: true } };
  await saveOperation('disconnect-cluster', (await fixture.run('disconnect', name, deleting)).id);
  const dark = fixture.newName();
  fixture.cluster.before(`cluster ${dark}`, 'findClusterRemains', () => {
    throw new PlatformError('cluster_offline', 'it is offline', { details: { connectedCluster: 'dark' } });
  });
  const forced = { ...connected, parameters: { force: true } };
  await saveOperation('disconnect-cluster-forced', (await fixture.run('disconnect', dark, forced)).id);
  const failing = fixture.newName();
  fixture.cluster.before(`cluster ${failing}`, 'waitForAgentVersion', () => {
    throw new PlatformError('conflict', 'the new agent does not start');
  });
  await saveOperation('upgrade-cluster-failed', (await fixture.run('upgrade', failing, connected)).id);
  const left = fixture.newName();
  await fixture.run('create', left);
  fixture.cluster.before(left, 'uninstallRelease', () => {
    throw new PlatformError('cluster_not_found', 'it was disconnected', { details: clusterGone });
  });
  await saveOperation('delete-disconnected', (await fixture.run('delete', left)).id);
}

/** What fails for good inside the workflow task. */
async function recordRefusals(): Promise<void> {
  const name = fixture.newName();
  fixture.cluster.before(name, 'placeTenant', () => {
    throw new PlatformError('conflict', 'there is no place for it');
  });
  await saveOperation('create-refused', (await fixture.run('create', name)).id);
}

/** Two wakes of which one may run at a time. */
async function recordAdmissions(): Promise<void> {
  const names = [fixture.newName(), fixture.newName()] as const;
  for (const name of names) for (const type of ['create', 'sleep'] as const) await fixture.run(type, name);
  const hold = fixture.cluster.hold(names[0], 'waitForControlPlane');
  const first = await fixture.submit('wake', names[0]);
  await hold.reached;
  const second = await fixture.submit('wake', names[1]);
  await eventually('the second waits', async () => {
    const { steps } = await getOperation(fixture.deps, second.operation.id);
    return steps.some(({ message }) => message === 'Waiting: 1 wake before it');
  });
  hold.release();
  await saveOperation('wake-admits', first.operation.id);
  await saveOperation('wake-admitted', second.operation.id);
}

async function recordTenants(): Promise<void> {
  const name = fixture.newName();
  const parameters = { snapshot: 's' };
  for (const type of ['create', 'update', 'sleep', 'wake', 'snapshot', 'restore'] as const) {
    await saveOperation(type, (await fixture.run(type, name, { parameters })).id);
  }
  await fixture.run('sleep', name);
  await saveOperation('update-asleep', (await fixture.run('update', name)).id);
  await saveOperation('restore-asleep', (await fixture.run('restore', name, { parameters })).id);
  await saveOperation('delete', (await fixture.run('delete', name)).id);

  const failing = fixture.newName();
  fixture.cluster.before(failing, 'waitForControlPlane', () => {
    throw new PlatformError('control_plane_not_ready', 'it does not answer');
  });
  await saveOperation('create-failed', (await fixture.run('create', failing)).id);

  const falling = fixture.newName();
  await fixture.run('create', falling);
  await fixture.run('sleep', falling);
  let failures = 0;
  fixture.cluster.before(falling, 'waitForControlPlane', () => {
    failures += 1;
    if (failures === 1) throw new PlatformError('control_plane_not_ready', 'it does not answer');
  });
  const from = { hash: 'hash-2', deployedBy: 'op-2' };
  fixture.cluster.tenant(falling).fallback = { hash: 'hash-1', deployedBy: 'op-1', from };
  await saveOperation('wake-fallback', (await fixture.run('wake', falling)).id);

  const held = fixture.newName();
  const hold = fixture.cluster.hold(held, 'installRelease');
  const create = await fixture.submit('create', held);
  await hold.reached;
  const sleep = await fixture.submit('sleep', held);
  await new Promise((resolve) => setTimeout(resolve, 500)); // so that the sleep is seen waiting
  await cancelOperation(fixture.deps, { id: create.operation.id, actor: 'anna' });
  await fixture.ended(create.operation.id);
  await saveOperation('create-cancelled', create.operation.id);
  await fixture.ended(sleep.operation.id);
  await saveOperation('sleep-waited', sleep.operation.id);

  const { temporal } = fixture.deps;
  const input = { project: 'default', name, uid: `uid-${name}` };
  await temporal.workflow.start(workflows.evaluateSleepPolicy, {
    taskQueue: 'lifecycle',
    workflowId: 'sleep-policy/x',
    args: [input],
  });
  await save('evaluate-sleep-policy', 'sleep-policy/x');
  await temporal.workflow.start(workflows.reconcileOperations, {
    taskQueue: 'lifecycle',
    workflowId: 'reconcile',
    args: [],
  });
  await save('reconcile-operations', 'reconcile');
  await temporal.workflow.start(workflows.deleteSnapshot, {
    taskQueue: 'lifecycle',
    workflowId: 'snapshot/x',
    args: [{ project: 'default', tenantCluster: name, name: 's' }],
  });
  await save('delete-snapshot', 'snapshot/x');
}

/** What operations mend or leave out on their way: the paths behind `rebuild`, `refused-access` and `maintain-store`. */
async function recordRepairs(): Promise<void> {
  const parameters = { snapshot: 's' };
  const lost = fixture.newName();
  await fixture.run('create', lost);
  await fixture.run('snapshot', lost, { parameters });
  for (const type of ['update', 'restore'] as const) {
    Object.assign(fixture.cluster.tenant(lost), { namespace: false, release: 0, awake: false });
    await saveOperation(`${type}-rebuild`, (await fixture.run(type, lost, { parameters })).id);
  }

  const damaged = fixture.newName();
  await fixture.run('create', damaged);
  await fixture.run('snapshot', damaged, { parameters });
  Object.assign(fixture.cluster.tenant(damaged), { namespace: false, release: 0, awake: false });
  fixture.cluster.before(damaged, 'waitForRestoreJob', () => {
    throw new PlatformError('snapshot_damaged', 'its checksum differs');
  });
  await saveOperation('restore-rebuild-failed', (await fixture.run('restore', damaged, { parameters })).id);

  const refusing = fixture.newName();
  await fixture.run('create', refusing);
  await fixture.run('snapshot', refusing, { parameters });
  fixture.cluster.before(refusing, 'applyTenantAccess', () => {
    throw new PlatformError('admission_refused', 'webhook "x" refuses');
  });
  for (const type of ['update', 'restore'] as const)
    await saveOperation(`${type}-refused-access`, (await fixture.run(type, refusing, { parameters })).id);

  const full = fixture.newName();
  await fixture.run('create', full);
  await fixture.run('snapshot', full, { parameters });
  await fixture.run('sleep', full);
  for (const type of ['wake', 'update', 'restore'] as const) {
    fixture.cluster.tenant(full).full = true;
    await saveOperation(`${type}-maintain-store`, (await fixture.run(type, full, { parameters })).id);
  }
  fixture.cluster.tenant(full).full = true;
  fixture.cluster.before(full, 'maintainStore', () => {
    throw new PlatformError('operation_failed', 'the Job failed');
  });
  await saveOperation('update-maintain-store-failed', (await fixture.run('update', full)).id);

  const deleted = fixture.newName();
  await fixture.run('create', deleted);
  await fixture.run('sleep', deleted);
  fixture.cluster.before(deleted, 'startControlPlane', () => {
    throw new PlatformError('control_plane_missing', 'it was deleted');
  });
  await saveOperation('wake-repair', (await fixture.run('wake', deleted)).id);

  const asleep = fixture.newName();
  await fixture.run('create', asleep);
  await fixture.run('sleep', asleep);
  await saveOperation('update-asleep', (await fixture.run('update', asleep)).id);

  const kind = 'space' as const;
  const space = fixture.newName();
  await fixture.run('create', space, { kind });
  await fixture.run('sleep', space, { kind });
  fixture.cluster.space(space).namespace = false;
  fixture.cluster.before(`space ${space}`, 'openSpace', () => {
    if (!fixture.cluster.space(space).namespace) throw new PlatformError('namespace_missing', 'it is gone');
  });
  await saveOperation('wake-space-rebuild', (await fixture.run('wake', space, { kind })).id);
}

/** What starts again what was stopped, and waits for it. */
async function recordUndos(): Promise<void> {
  const name = fixture.newName();
  const parameters = { snapshot: 's' };
  await fixture.run('create', name);
  await fixture.run('snapshot', name, { parameters });
  for (const [type, activity] of [
    ['update', 'waitForRollout'],
    ['sleep', 'waitForControlPlaneStopped'],
    ['restore', 'waitForControlPlane'],
  ] as const) {
    let isFirst = true;
    fixture.cluster.before(name, activity, () => {
      if (!isFirst) return;
      isFirst = false;
      throw new PlatformError('control_plane_not_ready', 'it does not answer');
    });
    await saveOperation(`${type}-failed`, (await fixture.run(type, name, { parameters })).id);
  }
}
