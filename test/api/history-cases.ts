import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, it } from 'node:test';
import type { OperationKind } from '../../contracts/kinds.ts';
import type { OperationState } from '../../contracts/operations.ts';
import { createRestClient, type RestClient } from '../../contracts/rest/client.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import type { Database } from '../../db/client.ts';
import { instances } from '../../db/schema/instances.ts';
import { operations } from '../../db/schema/operations.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';

interface Context {
  readonly fixture: ManagementFixture;
  readonly database: Database;
  newInstance(name: string): Promise<void>;
}

interface Ended {
  readonly project?: 'alpha' | 'beta' | '';
  readonly kind?: OperationKind;
  readonly name?: string;
  readonly uid: string;
  readonly type: OperationType;
  readonly at: string;
  /** From its start to its end; left out: it was not started. */
  readonly ms?: number;
  readonly state?: OperationState;
}

/** Long before anything else of the suite: three days. */
const time = { from: '2020-01-01T00:00:00Z', to: '2020-01-04T00:00:00Z' };

/** Histories for charts. Anna administers the platform, ben project alpha, carl may see one tenant cluster of it. */
export function historyCases(context: () => Context): void {
  const clientOf = (user: string): RestClient =>
    createRestClient(async ({ method, path, body, headers }) => {
      const answer = await context().fixture.call(user, method, path, body, headers);
      assert.equal(answer.status, 200, answer.text);
      return answer.json();
    });

  let here: string;
  before(async () => {
    const { newInstance, fixture, database } = context();
    await newInstance('charted');
    const place = { namespace: 'p-alpha', name: 'charted' };
    here = (await fixture.resources.virtualclusterinstances.get(place))?.metadata.uid ?? assert.fail();
    await allowCarl();
    const uidOf = async (project: string) =>
      (await fixture.resources.projects.get({ name: project }))?.metadata.uid;
    const projectUids = { alpha: await uidOf('alpha'), beta: await uidOf('beta'), '': undefined };
    const rows = [
      { uid: here, type: 'create', at: '2020-01-01T06:00:00Z', ms: 1_000 },
      { uid: here, type: 'sleep', at: '2020-01-02T12:00:00Z', ms: 3_000 },
      { uid: here, type: 'update', at: '2020-01-03T01:00:00Z', ms: 9_000, state: 'failed' },
      { uid: here, type: 'update', at: '2020-01-03T02:00:00Z', state: 'cancelled' },
      { uid: here, type: 'update', at: '2020-01-03T03:00:00Z', state: 'superseded' },
      // One of the same name that was there before, one of another project, and a connected cluster that is gone.
      { uid: 'charted-before', type: 'create', at: '2020-01-01T00:00:00Z', ms: 2_000 },
      { uid: 'charted-before', type: 'delete', at: '2020-01-02T00:00:00Z', ms: 500 },
      { uid: 'in-beta', project: 'beta', type: 'create', at: '2019-12-01T00:00:00Z', ms: 1_000 },
      { uid: 'east', project: '', kind: 'cluster', name: 'east', type: 'upgrade', at: time.from, ms: 100 },
    ] as const satisfies Ended[];
    // As every operation has one.
    const inBeta = { project: 'beta', name: 'charted', uid: 'in-beta' };
    await database.query((db) => db.insert(instances).values(inBeta));
    await database.query((db) =>
      db.insert(operations).values(
        rows.map((row: Ended) => {
          const { project = 'alpha', kind = 'tenant', name = 'charted', uid, type, ms } = row;
          const finishedAt = new Date(row.at);
          const startedAt = ms === undefined ? null : new Date(finishedAt.getTime() - ms);
          const id = randomUUID();
          const what = { id, type, kind, project, name, uid, projectUid: projectUids[project] };
          const how = { state: row.state ?? 'succeeded', actor: 'anna@example.com', idempotencyKey: id };
          return {
            ...what,
            ...how,
            expectedMs: 1,
            createdAt: startedAt ?? finishedAt,
            startedAt,
            finishedAt,
          };
        }),
      ),
    );
  });

  async function allowCarl(): Promise<void> {
    const { fixture } = context();
    const apiGroup = 'rbac.authorization.k8s.io';
    const metadata = { name: 'carl-charted', namespace: 'p-alpha' };
    const rule = {
      apiGroups: ['management.loft.sh'],
      resources: ['virtualclusterinstances'],
      resourceNames: ['charted'],
      verbs: ['get'],
    };
    const subjects = [{ apiGroup, kind: 'Group', name: 'loft:user:carl' }];
    const roleRef = { apiGroup, kind: 'Role', name: metadata.name };
    const apply = (object: object) => applyObject(fixture.admin, object as never);
    await apply({ apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules: [rule] });
    await apply({ apiVersion: `${apiGroup}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects });
    await eventually('carl sees it', async () => {
      const { items } = await clientOf('carl')
        .of('tenant')
        .list({ query: { search: 'charted' } });
      return items.length === 1;
    });
  }

  it('200: how many were awake and asleep, of those that the caller may see', async () => {
    const shown = async (user: string, more = {}) => {
      const query = { ...time, step: 'day', ...more } as const;
      const { buckets, step } = await clientOf(user).getUsageHistory({ query });
      assert.equal(step, 'day');
      return buckets.map(({ awake, asleep }) => [awake, asleep]);
    };
    assert.deepEqual(await shown('anna'), [
      [2.8, 0],
      [1.5, 0.5],
      [1, 1],
    ]);
    const ofAlpha = [
      [1.8, 0],
      [0.5, 0.5],
      [0, 1],
    ];
    assert.deepEqual(await shown('ben'), ofAlpha);
    assert.deepEqual(await shown('anna', { project: 'alpha' }), ofAlpha);
    // Not the one of the same name that was there before.
    assert.deepEqual(await shown('carl'), [
      [0.8, 0],
      [0.5, 0.5],
      [0, 1],
    ]);
    const nothing = [
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    assert.deepEqual(await shown('ben', { kind: 'space' }), nothing);
    assert.deepEqual(await shown('ben', { project: 'beta' }), nothing);
  });

  it('200: by the hour for seven days, if nothing else is asked for', async () => {
    const { from, to, step, buckets } = await clientOf('ben').getUsageHistory();
    assert.equal(step, 'hour');
    assert.ok([168, 169].includes(buckets.length), `${buckets.length} buckets`);
    assert.deepEqual([buckets[0]?.at, from.slice(13)], [from, ':00:00.000Z']);
    assert.ok(Math.abs(Date.parse(to) - Date.now()) < 60_000, to);
    // As its operations say; and those of which none is recorded are awake since they were created.
    const last = buckets.at(-1) ?? assert.fail();
    assert.ok(last.asleep >= 1 && last.awake > 0, JSON.stringify(last));
  });

  it('200: how operations ended, of those that the caller may see', async () => {
    const shown = (user: string, more = {}) =>
      clientOf(user).getOperationHistory({ query: { ...time, step: 'day', ...more } });
    const ben = await shown('ben');
    assert.deepEqual(ben.total, {
      succeeded: 4,
      failed: 1,
      cancelled: 1,
      types: { create: 2, update: 2, sleep: 1, delete: 1 },
      medianMs: 1_500,
      p95Ms: 2_850,
    });
    assert.deepEqual(ben.buckets, [
      {
        at: '2020-01-01T00:00:00.000Z',
        ...{ succeeded: 2, failed: 0, cancelled: 0, types: { create: 2 }, medianMs: 1_500, p95Ms: 1_950 },
      },
      {
        at: '2020-01-02T00:00:00.000Z',
        ...{ succeeded: 2, failed: 0, cancelled: 0, types: { sleep: 1, delete: 1 } },
        ...{ medianMs: 1_750, p95Ms: 2_875 },
      },
      { at: '2020-01-03T00:00:00.000Z', succeeded: 0, failed: 1, cancelled: 1, types: { update: 2 } },
    ]);
    assert.deepEqual((await shown('anna')).total.types, { ...ben.total.types, upgrade: 1 });
    assert.deepEqual((await shown('anna', { project: 'alpha' })).total, ben.total);
    assert.deepEqual((await shown('carl')).total.types, { create: 1, sleep: 1, update: 2 });
    assert.deepEqual((await shown('ben', { type: 'sleep,delete' })).total.types, { sleep: 1, delete: 1 });
    for (const [user, more] of [
      ['ben', { kind: 'cluster' }],
      ['ben', { project: 'beta' }],
      ['carl', { kind: 'space,cluster' }],
    ] as const)
      assert.deepEqual((await shown(user, more)).total, {
        ...{ succeeded: 0, failed: 0, cancelled: 0, types: {} },
      });
    assert.deepEqual((await shown('anna', { kind: 'cluster' })).total.types, { upgrade: 1 });
  });

  it('400: what is not a time, or too much of it', async () => {
    const { fixture } = context();
    for (const path of ['/api/v1/usage/history', '/api/v1/operations/history'])
      for (const [query, says] of [
        ['step=minute', 'querystring/step'],
        ['from=yesterday', 'querystring/from'],
        ['to=2020-13-01T00:00:00Z', 'querystring/to'],
        ['from=2100-01-01T00:00:00Z', 'querystring/from: must be in the past'],
        ['from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z', 'querystring/from: must be in the past'],
        ['from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z&step=hour', 'querystring/step: these are more'],
        ['from=2010-01-01T00:00:00Z', 'querystring/from: these are more than 400 days'],
        ['kind=pod', 'querystring/kind'],
        ['limit=1', 'querystring/limit'],
      ] as const) {
        const answer = await fixture.call('anna', 'GET', `${path}?${query}`);
        assert.equal(answer.status, 400, `${path}?${query}: ${answer.text}`);
        assert.ok(String(answer.json()['detail']).includes(says), `${path}?${query}: ${answer.text}`);
      }
  });
}
