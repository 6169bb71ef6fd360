import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, it } from 'node:test';
import type { InstanceSummary } from '../../contracts/instance-summaries.ts';
import type { OperationType } from '../../contracts/verbs.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import type { Page } from '../../contracts/rest/pages.ts';
import type { ProjectUsageItem, UsageItem, UsagePreview } from '../../contracts/rest/usage-routes.ts';
import type { Database } from '../../db/client.ts';
import { noteActivityHours } from '../../db/queries/activity-hours.ts';
import { operations } from '../../db/schema/operations.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';

interface Context {
  readonly fixture: ManagementFixture;
  readonly database: Database;
  newInstance(name: string, phase?: 'Ready' | 'Sleeping'): Promise<void>;
}

const hourMs = 3_600_000;
const path = '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances';

/** Anna administers the platform, ben project alpha, carl may see nothing. */
export function usageCases(context: () => Context): void {
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * hourMs);
  const get = async <T>(user: string, url: string): Promise<T> => {
    const answer = await context().fixture.call(user, 'GET', url);
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as T;
  };
  const usage = async (user: string, query = '') =>
    (await get<Page<UsageItem>>(user, `/api/v1/usage?search=used-${query}`)).items;
  const hours = (seconds: number) => Math.round(seconds / 360) / 10;

  /** An operation that ended so long ago. */
  async function ended(
    name: string,
    uid: string,
    type: OperationType,
    ago: number,
    actor = 'anna@example.com',
  ): Promise<void> {
    const { fixture, database } = context();
    const projectUid = (await fixture.resources.projects.get({ name: 'alpha' }))?.metadata.uid;
    const [id, finishedAt] = [randomUUID(), hoursAgo(ago)];
    const row = { id, type, project: 'alpha', name, uid, projectUid, state: 'succeeded', actor } as const;
    const more = { idempotencyKey: id, expectedMs: 1, createdAt: finishedAt, finishedAt };
    await database.query((db) => db.insert(operations).values({ ...row, ...more }));
  }

  async function uidOf(name: string): Promise<string> {
    const found = await context().fixture.resources.virtualclusterinstances.get({
      namespace: 'p-alpha',
      name,
    });
    return found?.metadata.uid ?? assert.fail(`there is no ${name}`);
  }

  let day: string;
  let night: string;
  before(async () => {
    const { newInstance, database } = context();
    await newInstance('used-day');
    await newInstance('used-night', 'Sleeping');
    [day, night] = [await uidOf('used-day'), await uidOf('used-night')];
    await ended('used-day', day, 'create', 100);
    await ended('used-night', night, 'create', 100);
    await ended('used-night', night, 'sleep', 40, 'ben@example.com');
    // A former one of the name, made and deleted within the time.
    await ended('used-day', 'former-uid', 'create', 300);
    await ended('used-day', 'former-uid', 'delete', 250);
    const used = [100, 50, 49.5].map((ago) => ({ uid: day, at: hoursAgo(ago) }));
    await database.query((db) => noteActivityHours(db, [{ uid: 'another', at: hoursAgo(500) }, ...used]));
  });

  it('200: time awake and asleep, also of what is gone, to those who may read it', async () => {
    const told = (items: readonly UsageItem[]) =>
      items.map(({ uid, gone, lastSevenDays, lastThirtyDays }) => [
        uid,
        gone,
        hours(lastSevenDays.awakeSeconds),
        hours(lastSevenDays.asleepSeconds),
        hours(lastThirtyDays.awakeSeconds),
        lastThirtyDays.sleptPercent,
      ]);
    const all = [
      [day, undefined, 100, 0, 100, 0],
      ['former-uid', true, 0, 0, 50, 0],
      [night, undefined, 60, 40, 60, 40],
    ];
    for (const user of ['anna', 'ben'])
      assert.deepEqual(new Set(told(await usage(user))), new Set(all), user);
    assert.deepEqual(await usage('carl'), []);
    assert.deepEqual(await usage('ben', '&project=beta'), []);
    assert.deepEqual(await usage('ben', '&kind=space'), []);
    const [most] = await usage('ben', '&sort=-awakeThirtyDays&limit=1');
    assert.equal(most?.uid, day);
  });

  it('200: sums of projects', async () => {
    const sums = await get<Page<ProjectUsageItem>>('ben', '/api/v1/usage/projects');
    const all = (await get<Page<UsageItem>>('ben', '/api/v1/usage')).items;
    const [alpha, ...others] = sums.items;
    assert.deepEqual([alpha?.project, alpha?.instances, others], ['alpha', all.length, []]);
    const awake = all.reduce((sum, { lastThirtyDays }) => sum + lastThirtyDays.awakeSeconds, 0);
    // Time goes on between the two.
    assert.ok(Math.abs((alpha?.lastThirtyDays.awakeSeconds ?? 0) - awake) < 600, `${awake}`);
    // Carl may see some that other cases made, and those alone are in his sums.
    const his = (await get<Page<UsageItem>>('carl', '/api/v1/usage')).items;
    const [ofCarl] = (await get<Page<ProjectUsageItem>>('carl', '/api/v1/usage/projects')).items;
    assert.equal(ofCarl?.instances ?? 0, his.length);
    assert.ok(his.length < all.length);
  });

  it('200: the former one of a name is shown to administrators of the project only', async () => {
    const { fixture } = context();
    const rbac = 'rbac.authorization.k8s.io';
    const metadata = { name: 'carl-used', namespace: 'p-alpha' };
    const rules = [
      {
        apiGroups: ['management.loft.sh'],
        resources: ['virtualclusterinstances'],
        resourceNames: ['used-day'],
        verbs: ['*'],
      },
    ];
    const roleRef = { apiGroup: rbac, kind: 'Role', name: metadata.name };
    const subjects = [{ apiGroup: rbac, kind: 'Group', name: 'loft:user:carl' }];
    const apply = (object: object) => applyObject(fixture.admin, object as never);
    await apply({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
    await apply({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects });
    await eventually('carl sees his own', async () => (await usage('carl')).length > 0);
    assert.deepEqual(
      (await usage('carl')).map(({ uid }) => uid),
      [day],
    );
    const preview = '/api/v1/usage/preview?project=alpha&sleepAfter=3600';
    const { items } = await get<UsagePreview>('carl', preview);
    const uids = items.map(({ uid }) => uid);
    assert.deepEqual(
      [day, night, 'former-uid'].map((uid) => uids.includes(uid)),
      [true, false, false],
    );
  });

  it('200: a preview goes through what is recorded, by use and by schedule', async () => {
    const preview = async (query: string) =>
      get<UsagePreview>('ben', `/api/v1/usage/preview?project=alpha&tenantCluster=used-day&${query}`);
    const byUse = await preview('sleepAfter=2h');
    const of = byUse.items.find(({ uid }) => uid === day) ?? assert.fail();
    // Used when it was made, and twice within half an hour two days later.
    assert.deepEqual(
      [hours(of.awakeSeconds), hours(of.awakeUnderPolicySeconds), hours(of.savedSeconds), of.wakesByUse],
      [100, 4.5, 95.5, 1],
    );
    assert.deepEqual(byUse.policy, { sleepAfterSeconds: 7_200, timezone: 'UTC' });
    assert.equal(hours((Date.now() - Date.parse(byUse.useRecordedSince ?? '')) / 1000), 500);
    const bySchedule = await preview('sleepSchedule=0+0+1+1+*&timezone=Europe/Berlin');
    assert.ok(bySchedule.total.awakeSeconds >= of.awakeSeconds);
    assert.equal(bySchedule.policy.timezone, 'Europe/Berlin');
    const paged = await get<UsagePreview>(
      'ben',
      '/api/v1/usage/preview?project=alpha&sleepAfter=60&sort=-saved&limit=1',
    );
    assert.equal(paged.items.length, 1);
    assert.ok(paged.total.savedSeconds > (paged.items[0]?.savedSeconds ?? 0) && paged.next !== undefined);
    assert.deepEqual(
      (await get<UsagePreview>('carl', '/api/v1/usage/preview?project=beta&sleepAfter=60')).items,
      [],
    );
  });

  it('400 and 404: a preview of what nobody understands, or may see', async () => {
    const refused = async (user: string, query: string, status: number, says: RegExp) => {
      const answer = await context().fixture.call(user, 'GET', `/api/v1/usage/preview?${query}`);
      assert.equal(answer.status, status, answer.text);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.match(String(answer.json()['detail']), says);
    };
    await refused('ben', 'sleepAfter=60', 400, /querystring\/project/);
    await refused(
      'ben',
      'project=alpha',
      400,
      /querystring\/sleepAfter: nothing would put anything to sleep/,
    );
    await refused(
      'ben',
      'project=alpha&sleepAfter=soon',
      400,
      /^querystring\/sleepAfter: "soon" is not a duration/,
    );
    await refused(
      'ben',
      'project=alpha&sleepSchedule=99+*+*+*+*&timezone=Mars',
      400,
      /^querystring\/sleepSchedule: invalid cron expression .*; querystring\/timezone: unknown time zone "Mars"/,
    );
    await refused('ben', 'project=alpha&sleepSchedule=*+*+*+*+*', 400, /sleepSchedule: comes more often/);
    await refused('ben', 'project=alpha&tenantCluster=a&space=b&sleepAfter=60', 400, /not both/);
    await refused('ben', 'project=alpha&tenantCluster=nothing&sleepAfter=60', 404, /not found/);
    await refused('carl', 'project=alpha&tenantCluster=used-night&sleepAfter=60', 404, /not found/);
    await refused('ben', 'project=alpha&space=used-night&sleepAfter=60', 404, /space "used-night" not found/);
  });

  it('an instance says why it sleeps, and how much it slept', async () => {
    const { fixture } = context();
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'used-night' },
      {
        metadata: {
          annotations: {
            'sleepmode.loft.sh/force': 'true',
            'sleepmode.loft.sh/sleeping-since': String(Math.floor(hoursAgo(40).getTime() / 1000)),
          },
        },
      },
    );
    interface Shown {
      readonly status?: {
        readonly why?: string;
        readonly sleepModeConfig?: { readonly status: Readonly<Record<string, unknown>> };
      };
    }
    const shown = await eventually('the gateway has read what is recorded', async () => {
      const found = await get<Shown>('ben', `${path}/used-night`);
      return found.status?.why?.includes('put to sleep by ben@example.com') === true && found;
    });
    assert.match(
      shown.status?.why ?? '',
      /^Asleep since .* UTC: put to sleep by ben@example\.com\. Wakes with the first request\.$/,
    );
    const { sleptLastSevenDays, sleptLastThirtyDays, currentEpoch } =
      shown.status?.sleepModeConfig?.status ?? {};
    assert.deepEqual([sleptLastSevenDays, sleptLastThirtyDays], [40, 40]);
    assert.ok(currentEpoch !== undefined);
    const rows = '/api/v1/virtualclusters?search=used-night';
    const [row] = (await get<Page<InstanceSummary<'tenant'>>>('ben', rows)).items;
    const { uid, why, sleptPercent, canUse, canUpdate } = row ?? assert.fail();
    assert.deepEqual([uid, why, sleptPercent, canUse, canUpdate], [night, shown.status?.why, 40, true, true]);
    const list = await get<{ items: Shown[] }>('ben', path);
    assert.ok(list.items.some(({ status }) => status?.why === shown.status?.why));
    const watched = await fixture.call('ben', 'GET', `${path}?watch=true&timeoutSeconds=1`);
    assert.ok(watched.text.includes('put to sleep by ben@example.com'), watched.text.slice(0, 500));
  });
}
