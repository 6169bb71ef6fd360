import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { sql } from 'drizzle-orm';
import type { Operation } from '../../contracts/operations.ts';
import type { Database } from '../../db/client.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { eventually } from '../support/eventually.ts';
import type { ManagementFixture } from './management-fixture.ts';
import { openWebSocket, type WebSocketSession } from './web-socket.ts';

interface Context {
  readonly fixture: ManagementFixture;
  readonly database: Database;
  newInstance(name: string): Promise<void>;
  submit(user: string, name: string, body: object): Promise<Operation>;
}

/** Operations as `operations.vcluster-platform.io`, with kubectl. Ben administers project alpha, carl is not in it. */
export function operationObjectCases(context: () => Context): void {
  const kubectl = (user: string, ...args: string[]) => context().fixture.kubectl(user, args);

  it('lists, gets and explains them', async () => {
    const { newInstance, submit } = context();
    await newInstance('told');
    const { id } = await submit('ben', 'told', { type: 'sleep' });
    const table = await kubectl('ben', 'get', 'operations', '-n', 'p-alpha');
    assert.match(table.stdout, /^NAME +TYPE +KIND +TARGET +STATUS +STEP +AGE\n/, table.stderr);
    const row = table.stdout.split('\n').find((line) => line.startsWith(id));
    assert.match(row ?? table.stdout, / sleep +VirtualClusterInstance +told +Queued +\d+s$/);
    assert.match((await kubectl('ben', 'get', 'operations', '-A', '-o', 'wide')).stdout, /ACTOR +MESSAGE\n/);
    const object = JSON.parse(
      (await kubectl('ben', 'get', 'operation', id, '-n', 'p-alpha', '-o', 'json')).stdout,
    ) as { spec: object; status: { phase: string; conditions: { type: string; status: string }[] } };
    assert.deepEqual(
      object.status.conditions.map(({ type, status }) => `${type}=${status}`),
      ['Succeeded=Unknown', 'Ended=False'],
    );
    const paged = await kubectl('ben', 'get', 'operations', '-n', 'p-alpha', '--chunk-size=1', '-o', 'name');
    const whole = await kubectl('ben', 'get', 'operations', '-n', 'p-alpha', '-o', 'name');
    assert.equal(paged.stdout, whole.stdout);
    assert.match((await kubectl('ben', 'explain', 'operations.spec')).stdout, /User who requested it/);
  });

  it('does not show them to others', async () => {
    const { newInstance, submit } = context();
    await newInstance('private');
    const { id } = await submit('ben', 'private', { type: 'sleep' });
    for (const scope of [['-n', 'p-alpha'], ['-A']])
      assert.doesNotMatch((await kubectl('carl', 'get', 'operations', ...scope)).stdout, new RegExp(id));
    for (const [user, namespace] of [
      ['carl', 'p-alpha'],
      ['ben', 'p-beta'],
    ] as const) {
      const hidden = await kubectl(user, 'get', 'operation', id, '-n', namespace);
      assert.deepEqual([hidden.code, hidden.stderr.includes('NotFound')], [1, true], hidden.stderr);
    }
  });

  it('are allowed to be read by who may see the project', async () => {
    const answers = [];
    for (const [user, verb, namespace] of [
      ['ben', 'get', 'p-alpha'],
      ['ben', 'list', 'p-alpha'],
      ['ben', 'watch', 'p-alpha'],
      ['ben', 'delete', 'p-alpha'],
      ['ben', 'list', 'p-beta'],
    ] as const) {
      const question = ['auth', 'can-i', verb, 'operations.vcluster-platform.io', '-n', namespace];
      const { stdout, stderr } = await kubectl(user, ...question);
      answers.push(stdout.trim() || stderr);
    }
    assert.deepEqual(answers, ['yes', 'yes', 'yes', 'no', 'no']);
  });

  it('cannot be written, nor selected by what they do not have', async () => {
    const { id } = await context().submit('ben', 'told', { type: 'sleep' });
    const deleted = await kubectl('ben', 'delete', 'operation', id, '-n', 'p-alpha');
    assert.match(deleted.stderr, /MethodNotAllowed.*operations are read-only here/);
    const labelled = await kubectl('ben', 'label', 'operation', id, '-n', 'p-alpha', 'a=b');
    assert.match(labelled.stderr, /operations are read-only here/);
    const selected = await kubectl('ben', 'get', 'operations', '-n', 'p-alpha', '-l', 'a=b');
    assert.match(selected.stderr, /operations have no labels/);
  });

  it('what no database, clock or timer takes is a wrong request, not a fault', async () => {
    const base = '/kubernetes/management/apis/vcluster-platform.io/v1';
    const call = async (path: string) =>
      (await context().fixture.call('ben', 'GET', `${base}/${path}`)).status;
    for (const path of [
      'namespaces/p-%00/operations',
      'operations?fieldSelector=metadata.namespace%3Dp-%00',
      'operations?limit=1e400',
    ])
      assert.equal(await call(path), 400, path);
    for (const path of ['namespaces/p-alpha/operations/%00', 'operations?continue=%00'])
      assert.equal(await call(path), 404, path);
    const longest = 2 ** 31;
    const watch = context().fixture.watch('ben', [
      'get',
      '--raw',
      `/apis/vcluster-platform.io/v1/operations?watch=true&timeoutSeconds=${longest}&resourceVersion=${longest}`,
    ]);
    let seen = '';
    for (const stream of [watch.stdout, watch.stderr])
      stream?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the watch goes on', () => seen.includes('"ADDED"'));
    assert.equal(watch.exitCode, null, seen);
    watch.kill();
    await once(watch, 'close');
  });

  it('can be waited for and watched', async () => {
    const { database, fixture, newInstance, submit } = context();
    await newInstance('awaited');
    const { id } = await submit('ben', 'awaited', { type: 'sleep' });
    const waiting = kubectl('ben', 'wait', `operation/${id}`, '-n', 'p-alpha', '--for=condition=Succeeded');
    const watch = fixture.watch('ben', ['get', 'operations', '-n', 'p-alpha', '-w', '-o', 'json']);
    let seen = '';
    watch.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the watch has begun', () => seen.includes(id));
    await endOperation(database, { id, state: 'succeeded' }); // what its workflow does
    const waited = await waiting;
    assert.deepEqual(
      [waited.code, waited.stdout.trim()],
      [0, `operation.vcluster-platform.io/${id} condition met`],
    );
    await eventually('the watch shows the end', () => /"phase": "Succeeded"/.test(seen));
    const { id: next } = await submit('ben', 'awaited', { type: 'snapshot', parameters: { snapshot: 'x' } });
    await eventually('the watch shows a new one', () => seen.includes(next));
    watch.kill();
    await once(watch, 'close');
  });

  it('can be watched over a WebSocket, and nothing of them is answered by the API server, which has none', async () => {
    const { database, fixture, newInstance, submit } = context();
    await newInstance('framed');
    const { id } = await submit('ben', 'framed', { type: 'sleep' });
    const base = '/kubernetes/management/apis/vcluster-platform.io/v1';
    const upgrade = (user: string, path: string) =>
      openWebSocket(fixture, `${base}/${path}`, [`Authorization: Bearer key-of-${user}`]);
    const [watch, foreign] = ['ben', 'carl'].map((user) =>
      upgrade(user, 'namespaces/p-alpha/operations?watch=true'),
    );
    const list = upgrade('ben', 'namespaces/p-alpha/operations');
    const textOf = (session: WebSocketSession | undefined) =>
      session
        ?.frames()
        .map(({ text }) => text)
        .join('') ?? '';
    await eventually('the watch shows it', () => textOf(watch).includes(id));
    await endOperation(database, { id, state: 'succeeded' });
    await eventually('the watch shows its end', () => /"phase":"Succeeded"/.test(textOf(watch)));
    await eventually('a list is refused', () => list.closed());
    assert.match(list.head(), /^HTTP\/1\.1 400 /);
    // Carl has tenant clusters of his own there by now (record-cases.ts).
    assert.ok(!textOf(foreign).includes(id), textOf(foreign));
    for (const session of [watch, foreign]) session?.end();
    const old = await fixture.call('ben', 'GET', `${base}/watch/namespaces/p-alpha/operations`);
    assert.equal(old.status, 404, old.text);
  });

  it('is DELETED to those who watch when it is gone, and read once for all of them', async () => {
    const { database, fixture, newInstance, submit } = context();
    await newInstance('removed');
    const { id } = await submit('ben', 'removed', { type: 'sleep' });
    const { operations } = fixture.parts.gateway;
    const reading = operations.getChanged(id);
    assert.equal(operations.getChanged(id), reading);
    await reading;
    assert.notEqual(operations.getChanged(id), reading);
    const watch = fixture.watch('ben', [
      ...['get', 'operations', '-n', 'p-alpha', '-w', '--output-watch-events', '--no-headers'],
    ]);
    let seen = '';
    watch.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the watch shows it', () => new RegExp(`ADDED +${id}`).test(seen));
    await database.query(async (db) => {
      await db.execute(sql`delete from operations where id = ${id}`);
      await db.execute(sql`select pg_notify('operation_changed', ${id})`);
    });
    await eventually('the watch says that it is gone', () => new RegExp(`DELETED +${id}`).test(seen));
    watch.kill();
    await once(watch, 'close');
  });
}
