import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createParser } from 'eventsource-parser';
import { Agent, fetch } from 'undici';
import { readFileSync } from 'node:fs';
import type { Operation } from '../../contracts/operations.ts';
import { createDatabase, type Database } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { virtualCluster } from '../../domain/kinds/virtual-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { clusterOperationCases } from './cluster-operation-cases.ts';
import { dryRunCases } from './dry-run-cases.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { eventCases } from './event-cases.ts';
import { historyCases } from './history-cases.ts';
import { operationObjectCases } from './operation-object-cases.ts';
import { pageCases } from './page-cases.ts';
import { recordCases } from './record-cases.ts';
import { restClientCases } from './rest-client-cases.ts';
import { storageAliasCases } from './storage-alias-cases.ts';
import { usageCases } from './usage-cases.ts';
import { keyOf } from './user-calls.ts';

/** The operations API on a real management API, PostgreSQL and Temporal; no worker: what is submitted waits. */
let postgres: TestPostgres;
let temporal: TestTemporal;
let fixture: ManagementFixture;
let database: Database;
/** Stopped by the last test. */
let partsAway = false;

before(async () => {
  postgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  await migrate(databaseUrl);
  database = createDatabase(databaseUrl, 2);
  temporal = await startTemporal({ databaseUrl: postgres.url });
  fixture = await startManagementFixture({ databaseUrl: await urlOfRole(databaseUrl, 'gateway'), temporal });
});
after(async () => {
  await fixture?.stop();
  if (partsAway) return;
  await temporal?.stop();
  await postgres?.stop();
});

const base = '/api/v1/projects/alpha/virtualclusters';
const place = { cluster: 'local', namespace: 'loft-alpha-v-demo', virtualCluster: 'demo' };

/** A new instance in project alpha that counts as deployed. */
async function newInstance(name: string, phase: 'Ready' | 'Sleeping' = 'Ready'): Promise<void> {
  await fixture.resources.virtualclusterinstances.create({
    metadata: { name, namespace: 'p-alpha' },
    spec: {
      templateRef: { name: 'default' },
      clusterRef: { ...place, namespace: `loft-alpha-v-${name}`, virtualCluster: name },
    },
  });
  await fixture.resources.virtualclusterinstances.patchStatus(
    { namespace: 'p-alpha', name },
    { phase, observedHash: 'x' },
  );
  await eventually(
    'the gateway has seen it',
    () =>
      fixture.parts.gateway.cache.instance({ kind: 'tenant', project: 'alpha', name })?.status?.phase ===
      phase,
    { intervalMs: 10 },
  );
}

async function submit(
  user: string,
  name: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Operation> {
  const answer = await fixture.call(user, 'POST', `${base}/${name}/operations`, body, headers);
  assert.equal(answer.status, 202, answer.text);
  return answer.json() as unknown as Operation;
}

describe('POST …/operations', () => {
  it('202: sleep is written into the resource as the caller, then queued; a second one joins', async () => {
    await newInstance('sleepy');
    const operation = await submit('ben', 'sleepy', {
      type: 'sleep',
      parameters: { forceDurationSeconds: 60 },
    });
    assert.equal(operation.type, 'sleep');
    assert.equal(operation.actor, 'ben@example.com');
    assert.equal(operation.joined, false);
    assert.equal(operation.temporalUrl, undefined);
    const instance = await fixture.resources.virtualclusterinstances.get({
      namespace: 'p-alpha',
      name: 'sleepy',
    });
    assert.equal(instance?.metadata.annotations?.['sleepmode.loft.sh/force'], 'true');
    assert.equal(instance?.metadata.annotations?.['sleepmode.loft.sh/force-duration'], '60');
    const second = await submit('anna', 'sleepy', { type: 'sleep' });
    assert.equal(second.id, operation.id);
    assert.equal(second.joined, true);
    assert.match(second.temporalUrl ?? '', /^https:\/\/127\.0\.0\.1:1\/temporal\/namespaces\//);
  });

  it('202: wake removes the annotations', async () => {
    await newInstance('drowsy', 'Sleeping');
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'drowsy' },
      { metadata: { annotations: { 'sleepmode.loft.sh/force': 'true' } } },
    );
    assert.equal((await submit('ben', 'drowsy', { type: 'wake' })).type, 'wake');
    const { annotations } =
      (await fixture.resources.virtualclusterinstances.get({ namespace: 'p-alpha', name: 'drowsy' }))
        ?.metadata ?? {};
    assert.equal(annotations?.['sleepmode.loft.sh/force'], undefined);
    assert.match(annotations?.['sleepmode.loft.sh/last-activity'] ?? '', /^\d{10}$/);
  });

  it('202: an idempotency key gives the same operation and writes nothing twice', async () => {
    await newInstance('keyed');
    const key = { 'idempotency-key': 'once' };
    const first = await submit('ben', 'keyed', { type: 'snapshot', parameters: { snapshot: 'one' } }, key);
    const again = await submit('ben', 'keyed', { type: 'snapshot', parameters: { snapshot: 'one' } }, key);
    assert.equal(again.id, first.id);
    const other = await fixture.call('ben', 'POST', `${base}/keyed/operations`, { type: 'sleep' }, key);
    assert.equal(other.status, 409);
    const instance = await fixture.resources.virtualclusterinstances.get({
      namespace: 'p-alpha',
      name: 'keyed',
    });
    assert.equal(instance?.metadata.annotations?.['sleepmode.loft.sh/force'], undefined);
  });

  it('202: a snapshot without a name gets one', async () => {
    await newInstance('unnamed');
    const { parameters } = await submit('ben', 'unnamed', { type: 'snapshot' });
    assert.match(String(parameters['snapshot']), /^s-\d{4}-\d{2}-\d{2}-\d{6}$/);
  });

  it('202: delete deletes the resource', async () => {
    await newInstance('doomed');
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'doomed' },
      { metadata: { finalizers: ['loft.sh/cleanup'] } },
    );
    assert.equal((await submit('ben', 'doomed', { type: 'delete' })).type, 'delete');
    const instance = await fixture.resources.virtualclusterinstances.get({
      namespace: 'p-alpha',
      name: 'doomed',
    });
    assert.ok(instance?.metadata.deletionTimestamp);
    const refused = await fixture.call('ben', 'POST', `${base}/doomed/operations`, { type: 'wake' });
    assert.equal(refused.status, 409);
  });

  it('202: what is wanted is submitted again, as the caller; 409 if nothing is', async () => {
    await newInstance('again');
    const object = { namespace: 'p-alpha', name: 'again' };
    const retry = () => fixture.call('ben', 'POST', `${base}/again/retry`);
    const answer = await retry();
    assert.equal(answer.status, 202, answer.text);
    const { type, actor } = answer.json() as unknown as Operation;
    assert.deepEqual([type, actor], ['update', 'ben@example.com']);
    const found = await fixture.resources.virtualclusterinstances.get(object);
    assert.ok(found?.metadata.annotations?.['vcluster-platform.io/retry']);
    const observedHash = virtualCluster.desiredHash(found, undefined);
    await fixture.resources.virtualclusterinstances.patchStatus(object, { observedHash });
    const nothing = await retry();
    assert.equal(nothing.status, 409, nothing.text);
    assert.match(nothing.text, /nothing to try again/);
    const unseen = await fixture.call('ben', 'POST', `${base}/nothing/retry`);
    assert.equal(unseen.status, 404, unseen.text);
  });

  const bad: [name: string, path: string, body: unknown, status: number, text: RegExp][] = [
    ['no JSON', `${base}/sleepy/operations`, '{"type":', 400, /JSON/],
    ['no body', `${base}/sleepy/operations`, '', 400, /body/i],
    [
      'an unknown type',
      `${base}/sleepy/operations`,
      { type: 'explode' },
      400,
      /body\/type.*create, update, sleep/,
    ],
    [
      'an unknown field',
      `${base}/sleepy/operations`,
      { type: 'sleep', force: true },
      400,
      /body\/force: is not a known field/,
    ],
    [
      'an unknown parameter',
      `${base}/sleepy/operations`,
      { type: 'sleep', parameters: { a: 1 } },
      400,
      /body\/parameters\/a: is not a known field/,
    ],
    [
      'another type’s parameter',
      `${base}/sleepy/operations`,
      { type: 'wake', parameters: { snapshot: 'a' } },
      400,
      /parameters\/snapshot/,
    ],
    [
      'a number as text',
      `${base}/sleepy/operations`,
      { type: 'sleep', parameters: { forceDurationSeconds: '60' } },
      400,
      /forceDurationSeconds/,
    ],
    ['restore of nothing', `${base}/sleepy/operations`, { type: 'restore' }, 400, /say which snapshot/],
    [
      'a snapshot name that is a path',
      `${base}/sleepy/operations`,
      { type: 'snapshot', parameters: { snapshot: '../a' } },
      400,
      /invalid snapshot /,
    ],
    ['a name that is not a DNS label', `${base}/Sleepy/operations`, { type: 'sleep' }, 400, /params\/name/],
    [
      'a name that is too long',
      `${base}/${'a'.repeat(80)}/operations`,
      { type: 'sleep' },
      400,
      /params\/name/,
    ],
    [
      'a tenant cluster that is not there',
      `${base}/nothing/operations`,
      { type: 'sleep' },
      404,
      /tenant cluster \\"nothing\\" not found/,
    ],
    [
      'a project that is not there',
      '/api/v1/projects/nothing/virtualclusters/a/operations',
      { type: 'sleep' },
      404,
      /tenant_cluster_not_found/,
    ],
    ['a path that is not there', '/api/v1/nothing', {}, 404, /not_found/],
  ];
  for (const [name, path, body, status, text] of bad) {
    it(`${status}: ${name}`, async () => {
      const answer = await fixture.call('ben', 'POST', path, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.match(answer.text, text);
      assert.equal(answer.json()['requestId'], answer.headers['x-request-id']);
    });
  }

  it('413: a body of 100 MB', async () => {
    const answer = await fixture
      .call('ben', 'POST', `${base}/sleepy/operations`, Buffer.alloc(100 * 1024 * 1024, 'a'))
      .catch((error: Error) => error);
    if (answer instanceof Error)
      assert.match(String(answer.cause ?? answer), /EPIPE|ECONNRESET|other side closed/);
    else assert.equal(answer.status, 413);
  });

  it('401 and 404: without a key, with an unknown key, and for an invisible tenant cluster', async () => {
    assert.equal(
      (await fixture.call('', 'POST', `${base}/sleepy/operations`, { type: 'sleep' })).status,
      401,
    );
    assert.equal(
      (await fixture.call('nobody', 'POST', `${base}/sleepy/operations`, { type: 'sleep' })).status,
      401,
    );
    assert.equal(
      (await fixture.call('carl', 'POST', `${base}/sleepy/operations`, { type: 'sleep' })).status,
      404,
    );
  });
});

describe('POST …/operations with dryRun', () => dryRunCases(() => ({ fixture, newInstance })));

describe('reading, following and cancelling', () => {
  it('200: lists newest first, in pages', async () => {
    await newInstance('listed');
    const first = await submit('ben', 'listed', { type: 'snapshot', parameters: { snapshot: 'a' } });
    const second = await submit('ben', 'listed', { type: 'sleep' });
    const list = async (query: string) =>
      (
        (await fixture.call('ben', 'GET', `${base}/listed/operations${query}`)).json()['items'] as Operation[]
      ).map(({ id }) => id);
    assert.deepEqual(await list(''), [second.id, first.id]);
    assert.deepEqual(await list('?limit=1'), [second.id]);
    assert.deepEqual(await list(`?before=${second.id}`), [first.id]);
    assert.equal((await fixture.call('ben', 'GET', `${base}/listed/operations?limit=0`)).status, 400);
    assert.equal((await fixture.call('ben', 'GET', `${base}/listed/operations?nothing=0`)).status, 400);
    assert.equal((await fixture.call('carl', 'GET', `${base}/listed/operations`)).status, 404);
  });

  it('404: an operation of an invisible tenant cluster, as a missing one', async () => {
    const { id } = await submit('ben', 'sleepy', { type: 'sleep' });
    assert.equal((await fixture.call('ben', 'GET', `/api/v1/operations/${id}`)).status, 200);
    for (const path of [
      `/api/v1/operations/${id}`,
      `/api/v1/operations/${id}/events`,
      '/api/v1/operations/6f1d1c1e-0000-4000-8000-000000000000',
    ]) {
      const answer = await fixture.call('carl', 'GET', path);
      assert.equal(answer.status, 404);
      assert.equal(answer.json()['code'], 'operation_not_found');
    }
    assert.equal((await fixture.call('carl', 'POST', `/api/v1/operations/${id}/cancel`)).status, 404);
    assert.equal((await fixture.call('ben', 'GET', '/api/v1/operations/none')).status, 400);
  });

  it('streams an operation until it is cancelled', async () => {
    await newInstance('followed');
    const { id } = await submit('ben', 'followed', { type: 'snapshot', parameters: { snapshot: 'a' } });
    const dispatcher = new Agent({ connect: { ca: readFileSync(fixture.caFile) } });
    const response = await fetch(`${fixture.url}/api/v1/operations/${id}/events`, {
      dispatcher,
      headers: { authorization: `Bearer ${keyOf('ben')}` },
    });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    const seen: Operation[] = [];
    let cancelled = false;
    const parser = createParser({
      onEvent: ({ event, data }) => event === 'operation' && seen.push(JSON.parse(data) as Operation),
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
      if (seen.length !== 1 || cancelled) continue;
      cancelled = true;
      assert.equal((await fixture.call('ben', 'POST', `/api/v1/operations/${id}/cancel`)).status, 202);
      await endOperation(database, { id, state: 'cancelled' }); // what its workflow does
    }
    assert.equal(seen.at(0)?.state, 'queued');
    assert.equal(seen.at(-1)?.state, 'cancelled');
    await dispatcher.destroy();
    assert.equal((await fixture.call('ben', 'POST', `/api/v1/operations/${id}/cancel`)).status, 409);
  });

  it('404: deleting a snapshot that is not there', async () => {
    const answer = await fixture.call('ben', 'DELETE', `${base}/sleepy/snapshots/nothing`);
    assert.equal(answer.status, 404, answer.text);
    assert.equal(answer.json()['code'], 'snapshot_not_found');
    assert.deepEqual((await fixture.call('ben', 'GET', `${base}/sleepy/snapshots`)).json(), { items: [] });
  });

  it('200: lists visible projects', async () => {
    assert.deepEqual((await fixture.call('anna', 'GET', '/api/v1/projects')).json(), {
      items: [{ name: 'alpha' }, { name: 'beta' }],
    });
    assert.deepEqual((await fixture.call('carl', 'GET', '/api/v1/projects')).json(), { items: [] });
  });
});

describe('operations of connected clusters', () => clusterOperationCases(() => ({ fixture })));

describe('records by uid', () => recordCases(() => ({ fixture, database, newInstance })));

describe('operations as Kubernetes objects', () =>
  operationObjectCases(() => ({ fixture, database, newInstance, submit })));

describe('the stream of events', () => eventCases(() => ({ fixture, database, newInstance, submit })));

describe('lists in pages', () => pageCases(() => ({ fixture, database, newInstance, submit })));

describe('usage', () => usageCases(() => ({ fixture, database, newInstance })));

describe('histories', () => historyCases(() => ({ fixture, database, newInstance })));

describe('the typed client', () => restClientCases(() => ({ fixture, newInstance })));

describe('manifests of storage.loft.sh', () => storageAliasCases(() => fixture));

describe('virtual resources', () => {
  const path = '/kubernetes/management/apis/management.loft.sh/v1';

  it('201: selves', async () => {
    const answer = await fixture.call('ben', 'POST', `${path}/selves`, {});
    assert.equal(answer.status, 201, answer.text);
    const { status } = answer.json() as { status: Record<string, unknown> };
    assert.equal(status['subject'], 'ben@example.com');
    assert.deepEqual(status['groups'], ['devs', 'system:authenticated', 'loft:user:ben']);
    assert.equal(status['projectNamespacePrefix'], 'p-');
  });

  it('201: a kubeconfig without any key', async () => {
    const answer = await fixture.call(
      'ben',
      'POST',
      `${path}/namespaces/p-alpha/virtualclusterinstances/sleepy/kubeconfig`,
      { spec: {} },
    );
    assert.equal(answer.status, 201, answer.text);
    assert.match(answer.text, /kubernetes\/project\/alpha\/virtualcluster\/sleepy/);
    assert.doesNotMatch(answer.text, /key-of|client-key/);
    const refused = await fixture.call(
      'carl',
      'POST',
      `${path}/namespaces/p-alpha/virtualclusterinstances/sleepy/kubeconfig`,
      {},
    );
    assert.equal(refused.status, 404);
    assert.equal(refused.json()['kind'], 'Status');
  });
});

describe('health and OpenAPI', () => {
  it('is ready, and serves OpenAPI 3.1 with named schemas', async () => {
    assert.deepEqual((await fixture.call('', 'GET', '/readyz')).json(), { ready: true });
    const ready = await fixture.call('anna', 'GET', '/readyz');
    assert.deepEqual(ready.json(), {
      ready: true,
      checks: { database: 'ok', management: 'ok', temporal: 'ok', caches: 'ok' },
    });
    const document = (await fixture.call('', 'GET', '/api/v1/openapi.json')).json() as {
      openapi: string;
      servers: { url: string }[];
      paths: Record<string, Record<string, { operationId: string }>>;
      components: { schemas: Record<string, unknown> };
    };
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(document.servers, [{ url: '/' }], 'where it was read');
    assert.equal(document.paths['/api/v1/operations/{id}']?.['get']?.operationId, 'getOperation');
    assert.ok(document.components.schemas['Operation']);
    assert.equal((await fixture.call('', 'GET', '/version')).json()['version'], '0.1.0');
  });

  it('503: operations without the database; Kubernetes requests still work', async () => {
    partsAway = true;
    await database.close();
    await temporal.stop();
    await postgres.stop();
    const answer = await fixture.call('ben', 'GET', `${base}/sleepy/operations`);
    assert.equal(answer.status, 503, answer.text);
    assert.equal(answer.json()['code'], 'database_unavailable');
    assert.equal(
      (
        await fixture.call(
          'ben',
          'GET',
          '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances',
        )
      ).status,
      200,
    );
    const ready = await eventually('it is not ready', async () => {
      const answer = await fixture.call('anna', 'GET', '/readyz');
      return answer.status === 503 && answer;
    });
    for (const user of ['', 'ben'])
      assert.deepEqual((await fixture.call(user, 'GET', '/readyz')).json(), { ready: false });
    const { database: store, temporal: engine, ...others } = ready.json()['checks'] as Record<string, string>;
    assert.match(`${store} ${engine}`, /^does not answer.* does not answer/);
    assert.deepEqual(others, { management: 'ok', caches: 'ok' });
    const exclude = '/readyz?exclude=database&exclude=temporal';
    assert.equal((await fixture.call('anna', 'GET', exclude)).status, 200);
    assert.equal((await fixture.call('', 'GET', exclude)).status, 401, 'which part it is would show');
    assert.equal((await fixture.call('', 'GET', '/healthz')).status, 200);
  });
});
