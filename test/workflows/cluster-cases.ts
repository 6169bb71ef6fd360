import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterGone, PlatformError } from '../../contracts/errors.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { OperationParameters, OperationType } from '../../contracts/verbs.ts';
import { operationWorkflowId } from '../../contracts/workflows.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { eventually } from '../support/eventually.ts';
import type { LifecycleFixture } from './lifecycle-fixture.ts';

const offline = new PlatformError('cluster_offline', 'cluster is offline', {
  details: { connectedCluster: 'dark' },
});

/** Operations of connected clusters. */
export function clusterCases(fixture: () => LifecycleFixture): void {
  const submit = (type: OperationType, name: string, parameters: OperationParameters = {}) =>
    fixture().submit(type, name, {
      kind: 'cluster',
      project: '',
      parameters,
      targetHash: JSON.stringify(parameters),
    });
  const run = async (type: OperationType, name: string, parameters?: OperationParameters) =>
    fixture().ended((await submit(type, name, parameters)).operation.id);
  const statesOf = ({ steps }: Operation) => steps.map(({ key, state }) => `${key} ${state}`).join(', ');

  test('disconnect: the cluster is closed, its objects go before its resource, and it is searchable', async () => {
    const { cluster, deps, newName } = fixture();
    const name = newName('cluster');
    const operation = await run('disconnect', name);
    assert.deepEqual([operation.state, operation.message], ['succeeded', undefined]);
    assert.deepEqual([operation.kind, operation.cluster, operation.project], ['cluster', name, undefined]);
    assert.deepEqual(cluster.calls(`cluster ${name}`), [
      ...['closeCluster', 'findClusterTenants', 'findClusterRemains', 'deleteClusterTenants'],
      ...['claimClusterObjects', 'removeClusterObjects', 'deleteCluster'],
    ]);
    const described = await deps.temporal.workflow.getHandle(operationWorkflowId(operation.id)).describe();
    assert.equal(await described.staticSummary(), `Disconnect connected cluster ${name}`);
    const attributes = [...described.typedSearchAttributes.getAll()].map(
      ({ key, value }) => `${key.name} ${value}`,
    );
    assert.ok(attributes.includes(`Cluster ${name}`), attributes.join());
    assert.ok(!attributes.some((one) => one.startsWith('Project')), attributes.join());
  });

  test('disconnect: with tenants it is refused, and the cluster is open again', async () => {
    const { cluster, newName } = fixture();
    const name = newName('cluster');
    const connected = cluster.connected(name);
    connected.tenants = ['space a/b'];
    const refused = await run('disconnect', name);
    assert.deepEqual(
      [refused.state, refused.reason, refused.message],
      ['failed', 'conflict', '1 live there'],
    );
    assert.equal(
      statesOf(refused),
      'turn succeeded, close undone, inspect failed, tenants skipped, objects skipped, finish skipped',
    );
    assert.deepEqual([connected.closed, connected.objects, connected.isThere], [undefined, 7, true]);
    assert.equal(
      (await run('disconnect', name, { force: true })).state,
      'failed',
      'force deletes no tenants',
    );
    assert.equal((await run('disconnect', name, { deleteTenants: true })).state, 'succeeded');
    assert.deepEqual([connected.tenants, connected.objects, connected.isThere], [[], 0, false]);
  });

  test('disconnect: while the cluster is offline it waits; with force it says what it left', async () => {
    const { cluster, ended, newName } = fixture();
    const name = newName('cluster');
    const connected = cluster.connected(name);
    connected.tenants = ['space a/b', 'tenant cluster a/c'];
    for (const activity of ['findClusterRemains', 'removeClusterObjects'] as const)
      cluster.before(`cluster ${name}`, activity, () => {
        throw offline;
      });
    const waiting = await submit('disconnect', name, { deleteTenants: true });
    await eventually('it asked the cluster', () =>
      cluster.calls(`cluster ${name}`).includes('findClusterRemains'),
    );
    const forced = await run('disconnect', name, { deleteTenants: true, force: true });
    assert.equal((await ended(waiting.operation.id)).state, 'cancelled', 'the last word counts');
    assert.equal(forced.state, 'succeeded', forced.message);
    assert.equal(
      forced.message,
      'Left in the cluster (cluster is offline): what the platform made there; tenants that may run on: space a/b, tenant cluster a/c',
    );
    assert.match(statesOf(forced), /inspect skipped, tenants succeeded, objects skipped, finish succeeded$/);
    assert.deepEqual([connected.tenants, connected.objects, connected.isThere], [[], 7, false]);
  });

  test('disconnect: what has no right there is left with force, and its tenants are deleted as ever', async () => {
    const { cluster, newName } = fixture();
    const name = newName('cluster');
    cluster.connected(name).tenants = ['space a/b'];
    cluster.before(`cluster ${name}`, 'findClusterRemains', () => {
      throw new PlatformError('conflict', 'it was connected by an earlier version');
    });
    const parameters = { deleteTenants: true };
    assert.equal((await run('disconnect', name, parameters)).state, 'failed');
    const forced = await run('disconnect', name, { ...parameters, force: true });
    assert.equal(
      forced.message,
      'Left in the cluster (it was connected by an earlier version): what the platform made there',
    );
    assert.ok(!cluster.calls(`cluster ${name}`).includes('releaseClusterTenants'));
  });

  test('a cancelled disconnect opens the cluster again', async () => {
    const { cluster, deps, ended, newName } = fixture();
    const name = newName('cluster');
    const { reached } = cluster.hold(`cluster ${name}`, 'deleteClusterTenants');
    const { operation } = await submit('disconnect', name);
    await reached;
    assert.equal(cluster.connected(name).closed, operation.id);
    await cancelOperation(deps, { id: operation.id, actor: 'berta' });
    assert.equal((await ended(operation.id)).state, 'cancelled');
    const { closed, isThere } = cluster.connected(name);
    assert.deepEqual([closed, isThere], [undefined, true]);
  });

  test('a delete whose cluster is disconnected meanwhile leaves what is there, and succeeds', async () => {
    const { cluster, newName, run: runVerb } = fixture();
    const gone = () => {
      throw new PlatformError('cluster_not_found', 'it was disconnected', { details: clusterGone });
    };
    const name = newName();
    await runVerb('create', name);
    cluster.before(name, 'uninstallRelease', gone);
    const deleted = await runVerb('delete', name);
    assert.equal(deleted.state, 'succeeded');
    assert.match(deleted.message ?? '', /^Its connected cluster was disconnected/);
    assert.equal(cluster.tenant(name).finalizer, false);
    assert.match(statesOf(deleted), /uninstall skipped, namespace skipped, finish succeeded$/);
    const space = newName();
    cluster.before(`space ${space}`, 'deleteSpaceNamespace', gone);
    const ofSpace = await runVerb('delete', space, { kind: 'space' });
    assert.match(statesOf(ofSpace), /namespace skipped, finish succeeded$/);
  });

  test('upgrade: the agent gets its image once', async () => {
    const { cluster, newName } = fixture();
    const name = newName('cluster');
    const upgraded = await run('upgrade', name);
    assert.equal(upgraded.state, 'succeeded', upgraded.message);
    assert.deepEqual(upgraded.result, { former: 'agent:1', image: 'agent:2', version: '2' });
    const again = await run('upgrade', name);
    assert.deepEqual([again.state, again.message], ['succeeded', 'It has image agent:2 already']);
    assert.equal(cluster.calls(`cluster ${name}`).filter((one) => one === 'setAgentImage').length, 1);
  });

  test('upgrade: an agent that does not connect has its image back', async () => {
    const { cluster, newName } = fixture();
    const name = newName('cluster');
    cluster.before(`cluster ${name}`, 'waitForAgentVersion', () => {
      throw new PlatformError('conflict', 'the new agent does not start: ErrImagePull');
    });
    const failed = await run('upgrade', name, { image: 'agent:none' });
    assert.deepEqual([failed.state, failed.reason], ['failed', 'conflict']);
    assert.match(statesOf(failed), /image undone, connected failed/);
    assert.equal(cluster.connected(name).image, 'agent:1');
  });
}
