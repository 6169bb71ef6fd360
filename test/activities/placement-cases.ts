import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { TenantDeps } from '../../activities/dependencies.ts';
import { createInstanceActivities } from '../../activities/instances/instance.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { VirtualClusterInstanceSpec } from '../../contracts/resources/virtual-cluster-instance.ts';
import { createDatabase } from '../../db/client.ts';
import { closeTunnel, openTunnel } from '../../db/queries/agent-tunnels.ts';

/** What placement goes by, as the API server and PostgreSQL say it. Project `default` requires no template. */
export function placementCases(fixture: () => { deps: TenantDeps; ownerUrl: string }): void {
  const namespace = 'p-default';
  let count = 0;
  const place = async (spec: VirtualClusterInstanceSpec = {}) => {
    const { deps } = fixture();
    const name = `where-${count++}`;
    const { metadata } = await deps.resources.virtualclusterinstances.create({
      metadata: { name, namespace },
      spec,
    });
    const { tenant } = await createInstanceActivities(deps).placeTenant({
      tenant: { project: 'default', name, uid: metadata.uid },
    });
    return tenant.cluster;
  };
  const placeSpace = async (spec: object = {}) => {
    const { deps } = fixture();
    const name = `where-${count++}`;
    const { metadata } = await deps.resources.spaceinstances.create({ metadata: { name, namespace }, spec });
    const target = { kind: 'space', project: 'default', name, uid: metadata.uid } as const;
    const { space } = await createInstanceActivities(deps).placeSpace({ space: target });
    return space.cluster;
  };

  /** While there are two more clusters. Their names are not used again: instances stay. */
  async function withClusters(
    [european, nordic]: readonly [string, string],
    work: (deps: TenantDeps) => Promise<void>,
  ): Promise<void> {
    const { deps } = fixture();
    const { resources } = deps;
    const add = async (name: string, region: string, spec: Partial<Cluster['spec']>) => {
      await resources.clusters.create({
        metadata: { name, labels: { region } },
        spec: { networkPeer: true, ...spec },
      });
      await resources.clusters.patchStatus({ name }, { phase: 'Initialized', online: true });
    };
    await add(european, 'eu', { maxInstances: 3 });
    await add(nordic, 'north', {});
    try {
      await work(deps);
    } finally {
      for (const name of [european, nordic]) await resources.clusters.delete({ name });
    }
  }
  const inEurope = { matchLabels: { region: 'eu' } };

  test('an unknown cluster and a replaced instance are refused', async () => {
    await assert.rejects(place({ clusterRef: { cluster: 'nowhere' } }), { code: 'cluster_not_found' });
    const { placeTenant } = createInstanceActivities(fixture().deps);
    const tenant = { project: 'default', name: `where-${count - 1}`, uid: 'of-before' };
    await assert.rejects(placeTenant({ tenant }), { code: 'tenant_cluster_not_found' });
  });

  test('labels choose a cluster, for tenant clusters and spaces, until it is full of both', () =>
    withClusters(['paris', 'oslo'], async ({ resources }) => {
      const selector = {
        clusterSelector: { matchExpressions: [{ key: 'region', operator: 'In' as const, values: ['eu'] }] },
      };
      assert.equal(await place(selector), 'paris');
      assert.equal(await placeSpace(selector), 'paris');
      // Who only asks to be there takes no place.
      await resources.virtualclusterinstances.create({
        metadata: { name: 'asks-only', namespace },
        spec: { clusterRef: { cluster: 'paris' } },
      });
      assert.equal(await place({ clusterRef: { cluster: 'paris' } }), 'paris');
      await assert.rejects(place({ clusterRef: { cluster: 'paris' } }), {
        code: 'conflict',
        message: 'cluster "paris" is full: it has 3 of at most 3 tenant clusters and spaces',
      });
      await assert.rejects(placeSpace({ clusterSelector: inEurope }), {
        code: 'conflict',
        message: /"local" does not match "region=eu" \(spec\.clusterSelector\); .*"paris" is full/,
      });
      assert.equal(await place(), 'oslo', 'the least loaded');
    }));

  test('what a template says of the place comes first', () =>
    withClusters(['lyon', 'bergen'], async ({ resources }) => {
      const template = { metadata: { name: 'nordic' }, spec: { clusterRef: { cluster: 'bergen' } } };
      await resources.virtualclustertemplates.create(template);
      await resources.spacetemplates.create({
        metadata: { name: 'european' },
        spec: { clusterSelector: inEurope },
      });
      assert.equal(await place({ templateRef: { name: 'nordic' } }), 'bergen');
      assert.equal(await placeSpace({ templateRef: { name: 'european' } }), 'lyon');
      await assert.rejects(place({ templateRef: { name: 'nordic' }, clusterRef: { cluster: 'local' } }), {
        code: 'conflict',
        message: /template "nordic" fixes cluster "bergen", and spec\.clusterRef\.cluster asks for "local"/,
      });
      await assert.rejects(place({ templateRef: { name: 'of-nowhere' } }), {
        code: 'template_not_found',
        message: 'template of-nowhere not found',
      });
    }));

  test('of one that is offline the workflow learns to wait for its agent, unless that is back already', () =>
    withClusters(['nice', 'tromso'], async ({ resources }) => {
      const status = { phase: 'Failed', reason: 'Offline', online: false, lastSeen: '2026-01-01T00:00:00Z' };
      await resources.clusters.patchStatus({ name: 'tromso' }, status);
      const spec = { clusterRef: { cluster: 'tromso' } };
      const message = 'cluster "tromso" has been offline since 2026-01-01T00:00:00Z';
      await assert.rejects(place(spec), {
        code: 'cluster_offline',
        message,
        details: { connectedCluster: 'tromso' },
      });
      assert.notEqual(await place(), 'tromso');

      const database = createDatabase(fixture().ownerUrl);
      const [id, gateway] = [randomUUID(), randomUUID()];
      const tunnel = {
        id,
        gateway,
        cluster: 'tromso',
        clusterUid: 'any',
        address: 'a:1',
        generation: 1,
        slot: 0,
      };
      try {
        await database.query((db) => openTunnel(db, tunnel));
        await assert.rejects(place(spec), { code: 'cluster_unreachable', message });
        await database.query((db) => closeTunnel(db, id));
      } finally {
        await database.close();
      }
    }));

  test('a selector is checked where it is written', async () => {
    const { resources } = fixture().deps;
    const write = (clusterSelector: object) =>
      resources.virtualclusterinstances.create({
        metadata: { name: 'malformed', namespace },
        spec: { clusterSelector },
      });
    const refused: [selector: object, message: RegExp][] = [
      [{ matchLabel: { region: 'eu' } }, /set matchLabels or matchExpressions/],
      [
        { matchExpressions: [{ key: 'region', operator: 'in', values: ['eu'] }] },
        /operator: Unsupported value/,
      ],
      [{ matchExpressions: [{ key: 'region', operator: 'In' }] }, /In and NotIn need values/],
      [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }, /In and NotIn need values/],
    ];
    for (const [selector, message] of refused)
      await assert.rejects(write(selector), (error: Error) => {
        assert.match(error.message, message);
        return true;
      });
    await assert.rejects(
      resources.clusters.create({ metadata: { name: 'x' }, spec: { networkPeer: true, maxInstances: -1 } }),
      /maxInstances/,
    );
  });
}
