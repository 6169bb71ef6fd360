import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { EventsEnd } from '../../contracts/events.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { Database } from '../../db/client.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { type EventClient, openEvents } from './event-stream-client.ts';
import type { ManagementFixture } from './management-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';

interface Context {
  readonly fixture: ManagementFixture;
  readonly database: Database;
  newInstance(name: string): Promise<void>;
  submit(user: string, name: string, body: object): Promise<Operation>;
}

const group = 'rbac.authorization.k8s.io';
const rightOfCarl = { name: 'test-carl', namespace: 'p-alpha' };

/** Carl administers project alpha, too. */
function admit(admin: ClusterClient): Promise<unknown> {
  const binding = {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata: rightOfCarl,
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'loft-management-project-admin' },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'loft:user:carl' }],
  };
  return applyObject(admin, binding);
}

/** The stream of `/api/v1/events`. Anna administers the platform, ben project alpha, carl is in none. */
export function eventCases(context: () => Context): void {
  const open: EventClient[] = [];
  const connect = async (user: string, options?: { query?: string; lastId?: string }) => {
    const client = await openEvents(context().fixture, user, options);
    open.push(client);
    return client;
  };
  const remove = (name: string) =>
    context().fixture.resources.virtualclusterinstances.delete({ namespace: 'p-alpha', name });
  const label = (name: string, value: string) =>
    context().fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name },
      { metadata: { labels: { value } } },
    );
  after(() => Promise.all(open.map((client) => client.close())));

  it('tells what changes, as GET shows it, and what is gone', async () => {
    const { newInstance, submit, fixture, database } = context();
    const [anna, ben] = [await connect('anna'), await connect('ben')];
    assert.deepEqual(
      ben.events.map(({ event, data }) => [event, data]),
      [['start', '{"resumed":false}']],
    );
    await newInstance('watched');
    const path =
      '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances/watched';
    const { metadata, ...got } = (await fixture.call('ben', 'GET', path)).json();
    assert.ok((got as { status: { canUpdate?: boolean } }).status.canUpdate);
    for (const client of [anna, ben])
      await eventually('it is told as GET shows it', () => {
        const { object } = client.told('changed', 'watched') ?? assert.fail();
        const { managedFields: _left, ...rest } = metadata as { managedFields?: unknown };
        assert.deepEqual(object, { ...got, metadata: rest });
        return true;
      });
    const { id } = await submit('ben', 'watched', { type: 'sleep' });
    await eventually('the operation is told', () => ben.toldOperation(id)?.state === 'queued');
    await eventually('the operation is told', () => anna.toldOperation(id)?.temporalUrl !== undefined);
    await endOperation(database, { id, state: 'cancelled' });
    await eventually('its end is told', () => ben.toldOperation(id)?.state === 'cancelled');
    assert.equal(ben.toldOperation(id)?.temporalUrl, undefined);
    await remove('watched');
    const { object } = await eventually('its end is told', () => ben.told('deleted', 'watched'));
    assert.deepEqual(Object.keys(object).toSorted(), ['apiVersion', 'kind', 'metadata']);
  });

  it('does not tell that something was used, and tells when with the next change', async () => {
    const { newInstance, fixture } = context();
    await newInstance('used');
    await newInstance('changed-later');
    const ben = await connect('ben');
    const at = 'sleepmode.loft.sh/last-activity';
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'used' },
      { metadata: { annotations: { [at]: '1764633600', [`${at}-info`]: '{"subject":"ben"}' } } },
    );
    await label('changed-later', 'x');
    await eventually('what comes after it is told', () => ben.told('changed', 'changed-later'));
    assert.ok(!ben.names().includes('used'));
    await label('used', 'x');
    const { object } = await eventually('another change is told', () => ben.told('changed', 'used'));
    const { metadata } = object as { metadata: { annotations?: Record<string, string> } };
    assert.equal(metadata.annotations?.[at], '1764633600');
    await remove('used');
    await remove('changed-later');
  });

  it('tells nothing of what one may not see, nor of its end', async () => {
    const { newInstance, submit } = context();
    const [ben, carl] = [await connect('ben'), await connect('carl')];
    await newInstance('unseen');
    const { id } = await submit('ben', 'unseen', { type: 'sleep' });
    // What comes and goes before it is told is never told.
    await eventually('ben hears of it', () => ben.told('changed', 'unseen') && ben.toldOperation(id));
    await remove('unseen');
    await eventually('ben hears of its end', () => ben.told('deleted', 'unseen'));
    // What comes later is there: so is what came before.
    await admit(context().fixture.admin);
    await eventually('carl hears of what is there', () => carl.told('changed', 'sleepy'));
    await context().fixture.admin.rbac.deleteNamespacedRoleBinding(rightOfCarl);
    await eventually('carl loses it again', () => carl.told('deleted', 'sleepy'));
    assert.ok(!carl.names().includes('unseen'));
    assert.equal(carl.toldOperation(id), undefined);
  });

  it('narrows to a project and to kinds', async () => {
    const { newInstance, submit, fixture } = context();
    const [kinds, project] = [
      await connect('anna', { query: '?resources=projects,operations' }),
      await connect('anna', { query: '?project=beta' }),
    ];
    await newInstance('narrow');
    const { id } = await submit('ben', 'narrow', { type: 'sleep' });
    await fixture.resources.projects.patch({ name: 'beta' }, { spec: { description: 'changed' } });
    await eventually(
      'what is asked for is told',
      () => kinds.toldOperation(id) && kinds.told('changed', 'beta'),
    );
    await eventually('what is asked for is told', () => project.told('changed', 'beta'));
    assert.ok(!kinds.names().includes('narrow'));
    assert.deepEqual(new Set(project.names()), new Set(['beta']));
    assert.equal(project.toldOperation(id), undefined);
    for (const query of ['?resources=secrets', '?resources=', '?project=A', '?other=1', '?timeoutSeconds=0'])
      assert.equal((await openEvents(fixture, 'anna', { query })).status, 400, query);
    const short = await connect('anna', { query: '?timeoutSeconds=1' });
    await eventually('it ends', () => short.isOver());
  });

  describe('a client that comes again', () => {
    it('goes on without loss', async () => {
      const { newInstance, submit, database } = context();
      await newInstance('kept');
      await newInstance('lost');
      const first = await connect('ben');
      await label('kept', 'one');
      await eventually('it is told', () => first.told('changed', 'kept'));
      const lastId = first.lastId();
      await first.close();
      await label('kept', 'two');
      await remove('lost');
      await newInstance('new');
      const { id } = await submit('ben', 'kept', { type: 'sleep' });
      await endOperation(database, { id, state: 'failed' });
      const second = await connect('ben', { lastId });
      assert.equal(second.events[0]?.data, '{"resumed":true}');
      await eventually(
        'all is told',
        () =>
          JSON.stringify(second.told('changed', 'kept')).includes('"value":"two"') &&
          second.told('deleted', 'lost') &&
          second.told('changed', 'new') &&
          second.toldOperation(id)?.state === 'failed',
      );
      // What it may have missed of the end of the second is told again, too.
      await second.close();
      const third = await connect('ben', { lastId });
      assert.equal(third.events[0]?.data, '{"resumed":true}');
      await eventually('all is told again', () => third.told('deleted', 'lost') && third.toldOperation(id));
    });

    it('hears what it lost meanwhile', async () => {
      const { fixture } = context();
      await admit(fixture.admin);
      const first = await connect('carl');
      await eventually('the right is in force', async () => {
        await label('sleepy', String(performance.now()));
        return first.told('changed', 'sleepy');
      });
      const lastId = first.lastId();
      await first.close();
      await fixture.admin.rbac.deleteNamespacedRoleBinding(rightOfCarl);
      const second = await connect('carl', { lastId });
      assert.equal(second.events[0]?.data, '{"resumed":true}');
      await eventually('what is not theirs any more is told', () => second.told('deleted', 'sleepy'));
    });

    it('is told to list again if that cannot be', async () => {
      const ben = await connect('ben');
      const lastId = ben.lastId();
      const [name = ''] = lastId.split('.');
      for (const [user, options] of [
        ['anna', { lastId }],
        ['ben', { lastId, query: '?project=alpha' }],
        ['ben', { lastId: 'AAAA.1' }],
        ['ben', { lastId: '%00' }],
      ] as const)
        assert.equal((await connect(user, options)).events[0]?.data, '{"resumed":false}', user);
      assert.equal((await connect('ben', { lastId: `${name}.7` })).events[0]?.data, '{"resumed":false}');
    });
  });

  it('ends with its key, and says so', async () => {
    const { fixture } = context();
    const key = {
      metadata: { name: 'key-of-a-moment' },
      spec: { user: 'ben', keyHash: hashOf(keyOf('moment')) },
    };
    await fixture.resources.accesskeys.create(key);
    await eventually(
      'it opens',
      async () => (await fixture.call('moment', 'GET', '/auth/session')).status === 200,
    );
    const client = await connect('moment');
    await fixture.resources.accesskeys.patch({ name: key.metadata.name }, { spec: { ttl: 1 } });
    await eventually('it ends', () => client.isOver());
    const end = client.events.at(-1);
    assert.equal(end?.event, 'end');
    assert.equal((JSON.parse(end.data) as EventsEnd).code, 'unauthenticated');
  });

  it('429: more than 20 of one caller; one that is left makes room', async () => {
    const { fixture } = context();
    await Promise.all(open.map((client) => client.close()));
    const many = await Promise.all(Array.from({ length: 20 }, () => connect('ben')));
    await eventually('no more are let in', async () => {
      const { status, close } = await openEvents(fixture, 'ben', { query: '?timeoutSeconds=1' });
      await close();
      return status === 429;
    });
    assert.equal((await connect('anna')).status, 200);
    await many[0]?.close();
    await eventually('there is room', async () => (await connect('ben')).status === 200);
  });
}
