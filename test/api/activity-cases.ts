import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { sql } from 'drizzle-orm';
import { readManifests } from '../../adapters/kubernetes/manifests.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import type { Database } from '../../db/client.ts';
import { instanceActivity } from '../../db/schema/instance-activity.ts';
import type { LastActivityInfo } from '../../domain/sleep/last-activity.ts';
import { applyManifests } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { sendRaw } from './raw-request.ts';
import { type TenantFixture, tenantPath } from './tenant-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';
import { openWebSocket } from './web-socket.ts';

interface Context {
  readonly fixture: TenantFixture;
  /** Another gateway. */
  readonly second: GatewayProcess;
  readonly database: Database;
  readonly name: { readonly namespace: string; readonly name: string };
  readonly target: { readonly kind: 'tenant'; readonly project: string; readonly name: string };
}

const namespaces = `${tenantPath}/api/v1/namespaces`;
const prefix = 'sleepmode.loft.sh/';
const changedBy = 'vcluster-platform.io/changed-by';

/** What counts as use of a tenant cluster, and how it is recorded: two gateways, and what they share. */
export function activityCases(context: () => Context): void {
  describe('use of a tenant cluster', () => {
    let given: Context;
    /** What was written on the tenant cluster since the test began. */
    const written: { at: number; info: LastActivityInfo }[] = [];
    let lastAt = Number.NaN;
    const cached = () => given.fixture.parts.gateway.cache.instance(given.target);
    const annotated = (name: string) => cached()?.metadata.annotations?.[`${prefix}${name}`];
    const annotate = (annotations: Record<string, string | null>) =>
      given.fixture.resources.virtualclusterinstances.patch(given.name, {
        metadata: {
          annotations: Object.fromEntries(
            Object.entries(annotations).map(([name, value]) => [`${prefix}${name}`, value]),
          ),
        },
      } as never);

    before(async () => {
      given = context();
      given.fixture.parts.gateway.cache.onInstanceChange('tenant', () => {
        const [at, info] = [Number(annotated('last-activity')), annotated('last-activity-info')];
        if (info === undefined || at === lastAt) return;
        lastAt = at;
        written.push({ at, info: JSON.parse(info) as LastActivityInfo });
      });
      await given.fixture.resources.accesskeys.create({
        metadata: { name: 'key-exporter', labels: { [`${prefix}ignore-activity`]: 'true' } },
        spec: { user: 'ben', keyHash: hashOf(keyOf('exporter')) },
      });
    });
    /** Awake, with a policy that has its use recorded every second. */
    beforeEach(async () => {
      const { fixture, second } = given;
      await annotate({
        ...{ force: null, 'force-duration': null, 'sleep-after': '10' },
        ...{ 'ignore-active-connections': null, 'ignore-user-agents': null },
      });
      await fixture.setStatus({ phase: 'Ready' });
      const quiet = { 'x-sleep-mode-ignore': 'true' };
      await eventually('both gateways see it awake', async () => {
        const answers = [fixture, second].flatMap(({ call }) =>
          ['ben', 'exporter'].map((user) => call(user, 'GET', namespaces, undefined, quiet)),
        );
        return (await Promise.all(answers)).every(({ status }) => status === 200);
      });
      await eventually('its policy is seen', () => annotated('sleep-after') === '10');
      await eventually('what was used before is recorded', async () => {
        const [row] = await given.database.query((db) => db.select().from(instanceActivity));
        const isSeen = row === undefined || Math.floor(row.at.getTime() / 1000) === lastAt;
        return isSeen && (await unrecorded()) === 0;
      });
      written.length = 0;
    });
    const records = (name: string) => async () => {
      const text = await given.fixture.parts.gateway.metrics.text();
      const own = Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      return own + (await given.second.metric(name));
    };
    const total = records('vcp_gateway_activity_records_total');
    const unrecorded = records('vcp_gateway_activity_unrecorded');
    const by = (agent: string) => ({ 'user-agent': agent });
    const writtenBy = (agent: string) => written.find(({ info }) => info.userAgent === agent);
    /** What is written of a use; of several within a second the first one is noted. */
    const recordOf = (agent: string, use: () => Promise<unknown>) =>
      eventually(
        `a use by ${agent} is written`,
        async () => {
          if (writtenBy(agent) === undefined) await use();
          return writtenBy(agent);
        },
        { intervalMs: 500 },
      );

    it('is recorded with who did what and when, and changes nothing else', async () => {
      const { fixture, database, name } = given;
      const before = await fixture.resources.virtualclusterinstances.get(name);
      const startedAt = Math.floor(Date.now() / 1000);
      const secret = `${namespaces}/default/secrets/of-ben`;
      const { at, info } = await recordOf('probe/1', async () => {
        const { status } = await fixture.call('ben', 'GET', secret, undefined, by('probe/1'));
        assert.equal(status, 404, 'the answer of the tenant cluster');
      });
      const did = { verb: 'get', resource: 'secrets', name: 'of-ben', userAgent: 'probe/1' };
      assert.deepEqual(info, { subject: 'ben@example.com', host: new URL(fixture.url).host, ...did });
      assert.ok(at >= startedAt && at <= Date.now() / 1000);
      const [row] = await database.query((db) => db.select().from(instanceActivity));
      const { uid, subject, verb, resource, userAgent } = row ?? {};
      assert.deepEqual([uid, subject, verb], [before?.metadata.uid, 'ben@example.com', 'get']);
      assert.deepEqual([resource, row?.name, userAgent], ['secrets', 'of-ben', 'probe/1']);
      assert.equal(Math.floor((row?.at.getTime() ?? 0) / 1000), at);

      const path = `/kubernetes/management/apis/${managementApiVersion}/namespaces/p-alpha/virtualclusterinstances/demo`;
      const shown = (await fixture.call('ben', 'GET', path)).json() as {
        metadata: { annotations: Record<string, string>; generation: number };
        status: { sleepModeConfig: { status: { lastActivity: number; lastActivityInfo: object } } };
      };
      const { lastActivity, lastActivityInfo } = shown.status.sleepModeConfig.status;
      assert.deepEqual([lastActivity, lastActivityInfo], [at, info]);
      assert.equal(shown.metadata.generation, before?.metadata.generation);
      assert.equal(shown.metadata.annotations[changedBy], before?.metadata.annotations?.[changedBy]);
      const { rows } = await database.query((db) =>
        db.execute(sql`select 1 from audit_events where "user" like 'vcluster-platform:%'`),
      );
      assert.equal(rows.length, 0);
    });

    it('is one write in each interval, from two gateways', async () => {
      const { fixture, second } = given;
      const [before, startedAt] = [await total(), performance.now()];
      let agent = 0;
      await eventually(
        'it is written six times',
        async () => {
          const asked = [fixture, second].flatMap(({ call }) =>
            Array.from({ length: 4 }, () =>
              call('ben', 'GET', namespaces, undefined, by(`flood/${agent++}`)),
            ),
          );
          assert.ok((await Promise.all(asked)).every(({ status }) => status === 200));
          return (await total()) >= before + 6;
        },
        { intervalMs: 20 },
      );
      const seconds = (performance.now() - startedAt) / 1000;
      assert.ok((await total()) - before <= seconds + 1.5, `in ${seconds} s`);
    });

    it('is not what says that it is none, nor what is refused', async () => {
      const { fixture, second } = given;
      await annotate({ 'ignore-user-agents': 'quiet/rule*' });
      await eventually('the rule is seen', () => annotated('ignore-user-agents') !== undefined);
      const send = (user: string, agent: string, headers = {}) =>
        fixture.call(user, 'GET', namespaces, undefined, { ...by(agent), ...headers });
      const statuses = [
        await send('ben', 'quiet/header', { 'x-sleep-mode-ignore': 'true' }),
        await send('exporter', 'quiet/key'),
        await send('ben', 'quiet/rule-1'),
        await send('gus', 'quiet/forbidden'),
        await send('carl', 'quiet/other'),
        await send('', 'quiet/nobody'),
      ].map(({ status }) => status);
      assert.deepEqual(statuses, [200, 200, 200, 403, 404, 401]);
      const open = `GET ${namespaces}?watch=1 HTTP/1.1\r\nHost: x\r\nUser-Agent: quiet/rule-2\r\nAuthorization: Bearer ${keyOf('ben')}\r\n\r\n`;
      const watch = await sendRaw(fixture.url, fixture.caFile, open);
      await eventually('it is watched', () => /"type":"ADDED"/.test(watch.text()));
      await recordOf('loud/1', () => second.call('ben', 'GET', namespaces, undefined, by('loud/1')));
      await eventually('nothing is left to record', async () => (await unrecorded()) === 0);
      watch.socket.destroy();
      const agents = written.map(({ info }) => info.userAgent);
      assert.deepEqual([...new Set(agents)], ['loud/1']);
    });

    it('goes on while a watch or an upgraded connection is open, unless these are ignored', async () => {
      const { fixture } = given;
      const head = (agent: string) => [`User-Agent: ${agent}`, `Authorization: Bearer ${keyOf('ben')}`];
      const plain = [`GET ${namespaces}?watch=1 HTTP/1.1`, 'Host: x', ...head('open/plain'), '', ''];
      const watch = await sendRaw(fixture.url, fixture.caFile, plain.join('\r\n'));
      const goesOn = async (agent: string) => {
        const { at } = await eventually(`${agent} is written`, () => writtenBy(agent));
        await eventually(`${agent} goes on being used`, () =>
          written.some(({ at: later, info }) => info.userAgent === agent && later >= at + 3),
        );
      };
      await goesOn('open/plain');
      const origin = 'Origin: https://localhost';
      const upgraded = openWebSocket(fixture, `${namespaces}?watch=1`, [origin, ...head('open/upgraded')]);
      await eventually('it is switched', () => /^HTTP\/1\.1 101 /.test(upgraded.head()));
      watch.socket.destroy();
      await goesOn('open/upgraded');
      await annotate({ 'ignore-active-connections': 'true' });
      await eventually('the policy is seen', () => annotated('ignore-active-connections') === 'true');
      const ignoredSince = Date.now() / 1000;
      await eventually('four seconds have passed', () => Date.now() / 1000 > ignoredSince + 4);
      assert.ok(Number(annotated('last-activity')) <= ignoredSince + 1);
      await annotate({ 'ignore-active-connections': null });
      await eventually('it counts again', () => Number(annotated('last-activity')) > ignoredSince + 2);
      upgraded.end();
      await eventually('it is over', async () => (await unrecorded()) === 0);
    });

    it('is recorded later if that cannot be now, and no request waits for it', async () => {
      const { second, database, fixture } = given;
      const rename = (from: string, to: string) =>
        database.query((db) =>
          db.execute(sql`alter table ${sql.identifier(from)} rename to ${sql.identifier(to)}`),
        );
      const recorder = 'vcluster-platform:gateway-activity';
      const binding = readManifests(`${import.meta.dirname}/../../deploy/management`).filter(
        ({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata?.name === recorder,
      );
      assert.equal(binding.length, 1);
      await rename('instance_activity', 'instance_activity_away');
      try {
        await eventually(
          'it cannot be recorded',
          async () => {
            const sent = await second.call('ben', 'GET', namespaces, undefined, by('later/1'));
            assert.equal(sent.status, 200);
            return /failed to record the last use of instances/.test(second.log());
          },
          { intervalMs: 500 },
        );
        await fixture.admin.objects.delete(binding[0] as never);
      } finally {
        await rename('instance_activity_away', 'instance_activity');
      }
      await eventually('it is in the database', async () => {
        const [row] = await database.query((db) => db.select().from(instanceActivity));
        return row?.userAgent === 'later/1';
      });
      assert.equal((await second.call('ben', 'GET', namespaces)).status, 200);
      assert.equal(written.length, 0);
      await applyManifests(fixture.admin, binding);
      await eventually('it is on the tenant cluster', async () => written.length > 0);
      await eventually('all is recorded', async () => (await unrecorded()) === 0);
    });
  });
}
