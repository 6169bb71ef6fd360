import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../../contracts/operations.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { listActivityUids } from '../../db/queries/instance-activity.ts';
import { listOpenOperations, listOperationRows } from '../../db/queries/operations.ts';
import { endOperation } from '../../db/queries/turns.ts';
import type { OperationRow } from '../../db/schema/operations.ts';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { activityCases } from './activity-cases.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { startTenantFixture, type TenantFixture, tenantPath } from './tenant-fixture.ts';
import { sendRaw } from './raw-request.ts';
import { hashOf } from './test-gateway.ts';
import { type FixtureAnswer, keyOf } from './user-calls.ts';

const name = { namespace: 'p-alpha', name: 'demo' };
const target = { kind: 'tenant', project: 'alpha', name: 'demo' } as const;
const namespaces = `${tenantPath}/api/v1/namespaces`;
const unnoticed = { 'x-sleep-mode-ignore': 'true' };
const heldNow = 'vcp_gateway_held_requests';

/** Requests to a sleeper: a real management API, tenant API and PostgreSQL; the tests do what the worker would. */
describe('requests to a tenant cluster that sleeps', () => {
  let postgres: TestPostgres;
  let database: Database;
  let fixture: TenantFixture;
  /** Another gateway beside that of the fixture, with little room. */
  let second: GatewayProcess;
  before(async () => {
    postgres = await startPostgres();
    await migrate(postgres.url);
    database = createDatabase(postgres.url, 2);
    const databaseUrl = await urlOfRole(postgres.url, 'gateway');
    fixture = await startTenantFixture({ databaseUrl });
    await letIn('uma', ['use']);
    await letIn('gus', ['get']);
    const held = { perInstance: { requests: 3 } };
    const loopbackPods = { cluster: 'local', range: '127.0.0.0/8' };
    second = await startGatewayProcess(fixture, {
      config: { databaseUrl, held, loopbackPods },
    });
  });
  after(async () => {
    await second?.stop();
    await fixture?.stop();
    await database?.close();
    await postgres?.stop();
  });
  beforeEach(async () => {
    for (const { id } of await open()) await ends(id, 'succeeded');
    await sleeps();
  });

  /** A user who may do no more than this with the tenant cluster. */
  async function letIn(user: string, verbs: string[]): Promise<void> {
    const { admin, resources } = fixture;
    await resources.users.create({ metadata: { name: user }, spec: { subject: `${user}@example.com` } });
    await newKey(user, {});
    const group = 'rbac.authorization.k8s.io';
    const metadata = { name: `test-${user}`, namespace: 'p-alpha' };
    const rules = [{ apiGroups: ['management.loft.sh'], resources: ['virtualclusterinstances'], verbs }];
    await applyObject(admin, { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules } as never);
    await applyObject(admin, {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
      subjects: [{ apiGroup: group, kind: 'Group', name: `loft:user:${user}` }],
    } as never);
    const expected = verbs.includes('use') ? [200] : [403];
    await eventually(`${user} is known`, async () =>
      expected.includes((await fixture.call(user, 'GET', `${tenantPath}/version`)).status),
    );
  }
  const newKey = (user: string, metadata: Partial<AccessKey['metadata']>) =>
    fixture.resources.accesskeys.create({
      metadata: { name: `key-${user}`, ...metadata },
      spec: { user, keyHash: hashOf(keyOf(metadata.name ?? user)) },
    });
  const annotate = (annotations: Record<string, string | null>) =>
    fixture.resources.virtualclusterinstances.patch(name, { metadata: { annotations } } as never);
  const annotationsNow = async () =>
    (await fixture.resources.virtualclusterinstances.get(name))?.metadata.annotations ?? {};
  const sleepingNow = { phase: 'Sleeping', reason: null, message: null } as const;
  async function sleeps(forced: string | null = null): Promise<void> {
    await annotate({ 'sleepmode.loft.sh/force': 'true', 'sleepmode.loft.sh/force-duration': forced });
    await fixture.setStatus({
      ...sleepingNow,
      lastOperation: { id: randomUUID(), type: 'sleep', state: 'succeeded' },
    });
    // Both gateways have seen it.
    await eventually('it sleeps', async () => {
      const answers = [fixture, second].map(({ call }) =>
        call('ben', 'GET', namespaces, undefined, unnoticed),
      );
      return (await Promise.all(answers)).every(({ status }) => status === 503);
    });
    const seen = () => fixture.parts.gateway.cache.instance(target)?.metadata.annotations ?? {};
    await eventually(
      'its annotations are seen',
      () => (seen()['sleepmode.loft.sh/force-duration'] ?? null) === forced,
    );
  }
  const open = () => database.query((db) => listOpenOperations(db, target));
  const all = () => database.query((db) => listOperationRows(db, { ...target, limit: 100 }));
  const wake = (): Promise<OperationRow> =>
    eventually('a wake is submitted', async () => (await open()).find(({ type }) => type === 'wake'));
  const ends = (id: string, state: 'succeeded' | 'failed' | 'cancelled', reason?: string, message?: string) =>
    endOperation(database, { id, state, reason, message });
  async function wakes(): Promise<OperationRow> {
    const operation = await wake();
    await ends(operation.id, 'succeeded');
    await fixture.setStatus({ phase: 'Ready' });
    return operation;
  }
  const get = (user: string, by: Pick<TenantFixture, 'call'> = fixture) => by.call(user, 'GET', namespaces);
  const messageOf = (answer: FixtureAnswer) => String(answer.json()['message']);
  const held = (count: number) =>
    eventually(`${count} are held`, async () => (await second.metric(heldNow)) === count);

  it('are held until it is awake: kubectl just works for who may use it and not change it', async () => {
    const asked = fixture.kubectl('uma', ['get', 'namespaces'], { path: tenantPath });
    const operation = await wakes();
    assert.equal(operation.actor, 'uma@example.com');
    const { code, stderr } = await asked;
    assert.match(stderr, /uma@example.com" cannot list resource "namespaces"/, `exit code ${code}`);
    const annotations = await annotationsNow();
    assert.equal(annotations['sleepmode.loft.sh/force'], undefined);
    assert.match(annotations['sleepmode.loft.sh/last-activity'] ?? '', /^\d+$/);
    assert.equal(annotations['vcluster-platform.io/changed-by'], 'uma@example.com');
  });

  it('are one wake, however many and through whichever gateway; each gets its own answer', async () => {
    const before = (await all()).length;
    const asked = [fixture, fixture, fixture, second, second].map((by) => get('ben', by));
    await held(2);
    await wakes();
    for (const { status, text } of await Promise.all(asked)) assert.equal(status, 200, text);
    assert.equal((await all()).length, before + 1);
    assert.equal(await second.metric('vcp_gateway_held_requests'), 0);
  });

  it('are forwarded whole: a body that comes slowly, a watch, an upgrade', async () => {
    const path = `${tenantPath}/api/v1/namespaces/default/configmaps`;
    const head = (method: string, url: string, ...lines: string[]) =>
      [`${method} ${url} HTTP/1.1`, 'Host: x', 'Authorization: Bearer key-of-ben', ...lines, '', ''].join(
        '\r\n',
      );
    const body = JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'slow-' } },
      data: { text: 'x'.repeat(300_000) },
    });
    const length = `Content-Length: ${body.length}`;
    const post = await opened(
      head('POST', path, 'Content-Type: application/json', length, 'Connection: close'),
    );
    post.socket.write(body.slice(0, 1000));
    const watch = await opened(head('GET', `${namespaces}?watch=1`));
    const exec = `${tenantPath}/api/v1/namespaces/default/pods/a/exec?command=sh`;
    const upgrade = await opened(head('POST', exec, 'Connection: Upgrade', 'Upgrade: SPDY/3.1'));
    await wake();
    post.socket.write(body.slice(1000, 200_000));
    await wakes();
    post.socket.write(body.slice(200_000));
    await eventually('it is created', () => /^HTTP\/1\.1 201 /.test(post.text()));
    await eventually('it is watched', () => /"type":"ADDED"/.test(watch.text()));
    await eventually('it is the answer of the tenant', () => /pods \\"a\\" not found/.test(upgrade.text()));
    for (const { socket } of [post, watch, upgrade]) socket.destroy();
  });

  it('do not wake it for who may not use it, nor if they say so, nor with a key that is labelled so', async () => {
    const before = (await all()).length;
    assert.equal((await get('carl')).status, 404);
    assert.equal((await get('')).status, 401);
    assert.equal((await get('gus')).status, 403);
    const asked = await fixture.call('ben', 'GET', namespaces, undefined, unnoticed);
    assert.deepEqual([asked.status, asked.headers['retry-after']], [503, undefined]);
    assert.match(messageOf(asked), /demo is asleep; wake it with: vcp wakeup vcluster demo --project alpha/);
    await newKey('ben', { name: 'console', labels: { 'sleepmode.loft.sh/ignore-activity': 'true' } });
    await eventually('the key is known', async () => (await get('console')).status === 503);
    assert.match(messageOf(await get('console')), /demo is asleep; wake it with/);
    const rule = 'sleepmode.loft.sh/ignore-user-agents';
    await annotate({ [rule]: 'scanner/*' });
    const cached = () => fixture.parts.gateway.cache.instance(target)?.metadata.annotations?.[rule];
    await eventually('the rule is seen', () => cached() !== undefined);
    const agent = { 'user-agent': 'scanner/1' };
    const scanned = await fixture.call('ben', 'GET', namespaces, undefined, agent);
    assert.match(messageOf(scanned), /demo is asleep; wake it with/);
    await annotate({ [rule]: null });
    await eventually('the rule is gone', () => cached() === undefined);
    const socket = await opened(
      `GET ${tenantPath}/api/v1/namespaces/a/pods/a/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-of-gus\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`,
    );
    await eventually('the upgrade is refused', () => /^HTTP\/1\.1 403 /.test(socket.text()));
    assert.equal((await all()).length, before);
    assert.equal((await annotationsNow())['sleepmode.loft.sh/force'], 'true');
  });

  it('are refused at once while it is forced to sleep, also those that are held when that is asked for', async () => {
    const early = get('ben', second);
    await held(1);
    await wake();
    await sleeps('3600');
    const until =
      /requests do not wake it before \d{4}-.*\(force-duration\); wake it with: vcp wakeup vcluster/;
    for (const answer of [await early, await get('ben')]) {
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, undefined]);
      assert.match(messageOf(answer), until);
    }
    assert.equal((await annotationsNow())['sleepmode.loft.sh/force-duration'], '3600');
  });

  it('hear why it does not wake up, and so do those that follow at once', async () => {
    const asked = [get('ben'), get('uma')];
    const { id } = await wake();
    const why = 'its volume is in use by secret-pod';
    const lastOperation = { id, type: 'wake', state: 'failed' };
    await ends(id, 'failed', 'control_plane_not_ready', why);
    await fixture.setStatus({ ...sleepingNow, lastOperation });
    const before = (await all()).length;
    const [ben, uma] = await Promise.all(asked);
    assert.match(messageOf(ben as FixtureAnswer), new RegExp(`operation ${id} failed: ${why}`));
    assert.match(
      messageOf(uma as FixtureAnswer),
      new RegExp(`${id} failed: Control plane did not become ready`),
    );
    const again = await get('ben', second);
    assert.match(messageOf(again), new RegExp(`operation ${id} failed`));
    for (const answer of [ben, uma, again])
      assert.deepEqual([answer?.status, answer?.headers['retry-after']], [503, '1']);
    assert.equal((await all()).length, before);
    const later: Promise<unknown>[] = [];
    await eventually(
      'a later one wakes it again',
      async () => {
        later.push(get('ben'));
        return (await open()).length > 0;
      },
      { intervalMs: 1_000 },
    );
    await wakes();
    await Promise.all(later);
  });

  it('let go at once when their client goes away, and wake it all the same', async () => {
    const clients = await Promise.all([1, 2].map(() => opened(firstRequest('ben'), second.url)));
    await held(2);
    for (const { socket } of clients) socket.destroy();
    await held(0);
    assert.equal(isFinal((await wake()).state), false);
  });

  it('are bounded: one more is told to come again, and names what it waits for', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => opened(firstRequest('ben'), second.url)));
    await held(3);
    const { id } = await wake();
    await eventually('it names the operation', async () => {
      const answer = await get('ben', second);
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1']);
      assert.match(messageOf(answer), /demo is waking up.*and too many requests wait for it; try again/);
      return messageOf(answer).includes(id);
    });
    await wakes();
    for (const { text } of clients) await eventually('it is answered', () => /^HTTP\/1\.1 200 /.test(text()));
    for (const { socket } of clients) socket.destroy();
  });

  it('outlive a gateway: what was held by one that is killed is sent again to another', async () => {
    const lost = get('ben', second).then(
      () => 'answered',
      () => 'lost',
    );
    await held(1);
    const { id } = await wake();
    await second.end('SIGKILL');
    assert.equal(await lost, 'lost');
    await second.start();
    let third = get('ben', second);
    // What a gateway does not decide in time just after its start, on a busy machine, is sent again, as by client-go.
    await eventually('it is held', async () => {
      if ((await second.metric(heldNow)) === 1) return true;
      const early = await Promise.race([third, delay(0)]);
      if (early !== undefined) third = get('ben', second);
      return false;
    });
    const stopped = second.end('SIGTERM');
    const told = await third;
    assert.deepEqual([told.status, told.headers['retry-after']], [503, '1']);
    assert.match(messageOf(told), /the gateway is stopping; try again/);
    await stopped;
    const again = get('ben');
    assert.equal((await wakes()).id, id);
    assert.equal((await again).status, 200);
    await second.start();
  });

  it('wake it again if it was put to sleep behind the wake', async () => {
    const asked = get('ben');
    const first = await wake();
    await annotate({ 'sleepmode.loft.sh/force': 'true' });
    await ends(first.id, 'succeeded');
    const lastOperation = { id: first.id, type: 'wake', state: 'succeeded' };
    await fixture.setStatus({ ...sleepingNow, lastOperation });
    const { id } = await eventually('it is woken again', async () =>
      (await open()).find((one) => one.type === 'wake' && one.id !== first.id),
    );
    assert.equal((await wakes()).id, id);
    assert.equal((await asked).status, 200);
  });

  activityCases(() => ({ fixture, second, database, name, target }));

  it('are not in vain for pods: before a sleep those that nothing makes again are named, to who may list them', async () => {
    await annotate({ 'sleepmode.loft.sh/force': null });
    await fixture.setStatus({ phase: 'Ready' });
    const { core } = connectCluster(fixture.tenant.adminKubeconfig);
    const namespace = 'default';
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
    const controller = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'set',
      uid: 'set',
      controller: true,
    };
    for (const [pod, ownerReferences] of [
      ['alone', []],
      ['held', [{ ...controller, controller: false }]],
      ['owned', [controller]],
      ['waiting', []],
    ] as const) {
      const nodeName = pod === 'waiting' ? {} : { nodeName: 'node' };
      const spec = {
        ...nodeName,
        automountServiceAccountToken: false,
        containers: [{ name: 'c', image: 'i' }],
      };
      const body = { metadata: { name: pod, ownerReferences: [...ownerReferences] }, spec };
      await core.createNamespacedPod({ namespace, body });
    }
    const loses = async (user: string) => {
      const body = { type: 'sleep', dryRun: true };
      const answer = await fixture.call(
        user,
        'POST',
        `/api/v1/projects/alpha/virtualclusters/demo/operations`,
        body,
      );
      assert.equal(answer.status, 200, answer.text);
      return answer.json()['loses'];
    };
    assert.deepEqual(await loses('ben'), { pods: ['default/alone', 'default/held'], count: 2 });
    assert.equal(await loses('anna'), undefined, 'she may not list pods in there');
  });

  it('end with it: a delete is told to those that wait', async () => {
    const asked = get('ben');
    await wake();
    const { resources } = fixture;
    await resources.virtualclusterinstances.patch(name, { metadata: { finalizers: ['example.com/hold'] } });
    await resources.virtualclusterinstances.delete(name);
    const { status, text } = await asked;
    assert.equal(status, 503);
    assert.match(text, /is being deleted/);
    const recorded = () => database.query(listActivityUids);
    assert.equal((await recorded()).length, 1, 'it was used before');
    await resources.virtualclusterinstances.patch(name, { metadata: { finalizers: [] } });
    await eventually('what is known of its use goes with it', async () => (await recorded()).length === 0);
  });

  const opened = (head: string, url = fixture.url) => sendRaw(url, fixture.caFile, head);
  const firstRequest = (user: string) =>
    `GET ${namespaces} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${keyOf(user)}\r\n\r\n`;
});
