import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { temporalConnection } from '../../adapters/temporal-connection.ts';
import { temporalNamespace } from '../../contracts/names.ts';
import { eventually } from '../support/eventually.ts';
import { instancesPath, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import { readWorkerConfig } from '../support/worker-config.ts';

describe('concurrent operations', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await sharedPlatform();
  });

  const operations = async (name: string) =>
    (await platform.call('GET', `/api/v1/projects/default/virtualclusters/${name}/operations`)).json<{
      items: Array<{ id: string; type: string; state: string }>;
    }>().items;
  const create = async (name: string) => {
    await platform.apply(name);
    const ended = await platform.ended((await platform.first(name, 'create')).id);
    assert.equal(ended.state, 'succeeded', ended.message);
  };
  const remove = async (name: string) => {
    const ended = await platform.ended((await platform.submit(name, { type: 'delete' })).id);
    assert.equal(ended.state, 'succeeded', ended.message);
    assert.deepEqual(await leftovers(platform, 'default', name), nothingLeft);
  };

  test('sleep while creating waits; sleep twice joins', async () => {
    await platform.apply('waits');
    const creating = await platform.first('waits', 'create');
    const sleep = await platform.submit('waits', { type: 'sleep' });
    const again = await platform.submit('waits', { type: 'sleep' });
    assert.equal(again.id, sleep.id);
    assert.equal(again.joined, true);
    assert.equal((await platform.ended(creating.id)).state, 'succeeded');
    assert.equal((await platform.ended(sleep.id)).state, 'succeeded');
    await remove('waits');
  });

  test('25 submits at once are one operation', async () => {
    await create('crowd');
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => platform.submit('crowd', { type: 'sleep' })),
    );
    assert.equal(new Set(answers.map((operation) => operation.id)).size, 1);
    assert.equal((await platform.ended(answers[0]?.id ?? '')).state, 'succeeded');
    const wakes = await Promise.all(
      Array.from({ length: 25 }, () => platform.submit('crowd', { type: 'wake' })),
    );
    assert.equal(new Set(wakes.map((operation) => operation.id)).size, 1);
    assert.equal((await platform.ended(wakes[0]?.id ?? '')).state, 'succeeded');
    await remove('crowd');
  });

  test('a cancelled create leaves nothing and is not retried', async () => {
    await platform.apply('cancelled');
    const creating = await platform.first('cancelled', 'create');
    await eventually('the release is being waited for', async () =>
      (await platform.operation(creating.id)).steps.some(
        (step) => step.state === 'succeeded' && /install/i.test(step.key + step.title),
      ),
    );
    assert.equal((await platform.call('POST', `/api/v1/operations/${creating.id}/cancel`)).status, 202);
    assert.equal((await platform.ended(creating.id)).state, 'cancelled');
    const left = await leftovers(platform, 'default', 'cancelled');
    assert.deepEqual({ ...left, instances: [] }, nothingLeft);
    const status = (await platform.call('GET', `${instancesPath}/cancelled`)).json<{
      status: { phase: string; reason: string; message: string };
    }>().status;
    assert.equal(status.phase, 'Failed');
    assert.ok(status.message.length > 0);
    assert.equal((await operations('cancelled')).length, 1);
    const asked = await platform.submit('cancelled', { type: 'create' });
    assert.equal((await platform.ended(asked.id)).state, 'succeeded');
    await remove('cancelled');
  });

  test('invalid values fail with the reason in status', async () => {
    await platform.apply('spoiled', {
      template: { helmRelease: { chart: { name: 'tenant-control-plane' }, values: 'apiServer: 7\n' } },
    });
    const failed = await platform.ended((await platform.first('spoiled', 'create')).id);
    assert.equal(failed.state, 'failed');
    assert.equal(failed.reason, 'invalid_values', failed.message);
    assert.deepEqual({ ...(await leftovers(platform, 'default', 'spoiled')), instances: [] }, nothingLeft);
    await remove('spoiled');
  });

  test('a delete during a create undoes the create first', async () => {
    await platform.apply('hasty');
    const creating = await platform.first('hasty', 'create');
    await remove('hasty');
    const { state, message } = await platform.ended(creating.id);
    // A create that begins after the deletion says so; one that was running is cancelled, or was done already.
    if (state === 'failed') assert.match(message ?? '', /is being deleted/);
    else assert.ok(['cancelled', 'superseded', 'succeeded'].includes(state), `${state}: ${message}`);
  });

  test('an operation terminated in Temporal ends, and frees the turn', async () => {
    await create('byhand');
    const connection = await Connection.connect(
      temporalConnection(readWorkerConfig(platform.stateDir).temporal),
    );
    const client = new Client({ connection, namespace: temporalNamespace });
    const sleep = await platform.submit('byhand', { type: 'sleep' });
    await client.workflow
      .getHandle(`operation/${sleep.id}`)
      .terminate('by hand')
      .catch(() => undefined);
    await connection.close();
    const ended = await platform.ended(sleep.id);
    assert.ok(['failed', 'cancelled', 'succeeded'].includes(ended.state), ended.state);
    const wake = await platform.ended((await platform.submit('byhand', { type: 'wake' })).id);
    assert.equal(wake.state, 'succeeded', wake.message);
    await remove('byhand');
  });
});
