import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { PlatformError } from '../../contracts/errors.ts';
import { createDatabase } from '../../db/client.ts';
import { closeTunnel, openTunnel } from '../../db/queries/agent-tunnels.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { readRecorded } from '../../operations/read.ts';
import { eventually } from '../support/eventually.ts';
import type { LifecycleFixture } from './lifecycle-fixture.ts';

/** Operations whose connected cluster is offline: its agent has no tunnel. */
export function offlineCases(fixture: () => LifecycleFixture): void {
  const message = 'cluster "dark" has been offline since 2026-01-01T00:00:00Z';

  /** A create that finds its cluster offline until `isBack` is set, once it says so. */
  async function waitingCreate() {
    const { cluster, deps, newName, submit } = fixture();
    const name = newName();
    const agent = { isBack: false };
    cluster.before(name, 'placeTenant', () => {
      if (agent.isBack) return;
      throw new PlatformError('cluster_offline', message, { details: { connectedCluster: 'dark' } });
    });
    const { operation } = await submit('create', name);
    await eventually('its step says what it waits for', async () => {
      const { steps } = await readRecorded(deps, operation.id);
      return steps.some((step) => step.key === 'place' && step.message === `Waiting: ${message}`);
    });
    return { id: operation.id, name, agent };
  }

  test('an operation waits for the agent of its connected cluster, and goes on when it is back', async () => {
    const { cluster, databaseUrl, ended } = fixture();
    const { id, name, agent } = await waitingCreate();
    const before = cluster.calls(name).length;
    const database = createDatabase(databaseUrl);
    const tunnel = { id: randomUUID(), gateway: 'one', address: 'a:1', generation: 1, slot: 0 };
    try {
      agent.isBack = true;
      await database.query((db) => openTunnel(db, { ...tunnel, cluster: 'dark', clusterUid: 'any' }));
      assert.equal((await ended(id)).state, 'succeeded');
      await database.query((db) => closeTunnel(db, tunnel.id));
    } finally {
      await database.close();
    }
    assert.equal(before, 1, 'it is not asked again while its agent is away');
  });

  test('an operation that waits for an agent can be cancelled', async () => {
    const { deps, ended } = fixture();
    const { id } = await waitingCreate();
    await cancelOperation(deps, { id, actor: 'berta' });
    assert.equal((await ended(id)).state, 'cancelled');
  });
}
