import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { annotations } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import { listAuditEvents } from '../../db/queries/audit-events.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { space } from '../../domain/kinds/space.ts';
import { targetHashOf } from '../../domain/lifecycle/verbs.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { listOperations } from '../../operations/read.ts';
import { eventually } from '../support/eventually.ts';

interface Fixture {
  readonly admin: ClusterClient;
  readonly resources: ManagementResources;
  readonly operations: OperationsDeps;
}

/**
 * What the controllers do by sleep policies without Temporal: nobody runs workflows here, so whatever a policy does, the sweep did.
 * A warning of a deletion stands for three seconds. The cases `atTheEnd` wait for a minute that begins with the first ones.
 */
export function sleepSweepCases(fixture: () => Fixture): { readonly atTheEnd: () => void } {
  const at = (name: string) => ({ namespace: 'p-demo', name });
  const spaces = () => fixture().resources.spaceinstances;
  const read = async (name: string) => {
    const found = await spaces().get(at(name));
    assert.ok(found, name);
    return found;
  };
  const annotated = async (name: string) => (await read(name)).metadata.annotations ?? {};
  const listed = (name: string) =>
    listOperations(fixture().operations, { project: 'demo', kinds: ['space'], name, limit: 50 });
  const annotate = (name: string, values: Record<string, string | null>) =>
    spaces().patch(at(name), { metadata: { annotations: values } });
  const now = () => String(Math.floor(Date.now() / 1000));
  const newest = (name: string, type: string, state?: string) =>
    eventually(`${type} of ${name}`, async () => {
      const [found] = await listed(name);
      return found?.type === type && (state === undefined || found.state === state) ? found : undefined;
    });

  /** As the worker would. */
  async function ends(name: string, { id, type }: Operation, how: object): Promise<void> {
    const state = 'reason' in how ? 'failed' : 'succeeded';
    await spaces().patchStatus(at(name), { lastOperation: { id, type: type as 'create', state }, ...how });
    await endOperation(fixture().operations.database, {
      id,
      state,
      reason: 'reason' in how ? 'quota_exceeded' : undefined,
    });
  }
  /** A space that is awake. */
  async function made(name: string, given: Record<string, string>): Promise<void> {
    await spaces().create({ metadata: { ...at(name), annotations: given } });
    const create = await newest(name, 'create');
    const observedHash = space.desiredHash(await read(name), undefined);
    await ends(name, create, { phase: 'Ready', observedHash });
  }
  const condition = async (name: string, type: string) =>
    (await spaces().get(at(name)))?.status?.conditions?.find(
      (one) => one.type === type && one.status === 'True',
    );

  const missed = 'misses-its-time';
  let due: Date;
  it('begins with a time of a schedule that nobody will carry out', async () => {
    due = new Date((Math.floor(Date.now() / 60_000) + 1) * 60_000);
    const schedule = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
    await made(missed, { [annotations.sleepSchedule]: schedule });
  });

  it('puts what nobody uses to sleep, tries again what failed, and leaves it awake once it is used', async () => {
    const name = 'unused';
    await made(name, { [annotations.sleepAfter]: '2' });
    const first = await newest(name, 'sleep');
    assert.equal(first.actor, 'inactivity');
    const asked = await annotated(name);
    assert.deepEqual(
      [asked[annotations.sleepForce], asked[annotations.sleepType]],
      ['true', 'inactivitySleep'],
    );
    const failedHash = targetHashOf('sleep', space.desiredHash(await read(name), undefined));
    await ends(name, first, { phase: 'Failed', reason: 'cluster_unreachable', message: 'away', failedHash });
    const told = await eventually(
      'when it is tried again',
      async () => (await read(name)).status?.nextAttempt,
    );
    assert.match(told.message, /^sleep failed; next attempt at/);
    await eventually('it is tried again', async () => (await listed(name)).length === 3);
    const second = await newest(name, 'sleep', 'queued');
    await ends(name, second, { phase: 'Failed', reason: 'cluster_unreachable', message: 'away', failedHash });
    await annotate(name, { [annotations.sleepAfter]: '3600', [annotations.lastActivity]: now() });
    await eventually('it shall be awake', async () => {
      const third = (await listed(name)).find(({ state }) => state === 'queued');
      if (third?.type === 'sleep')
        await ends(name, third, {
          phase: 'Failed',
          reason: 'cluster_unreachable',
          message: 'away',
          failedHash,
        });
      const given = await annotated(name);
      return given[annotations.sleepForce] === undefined && given[annotations.sleepType] === undefined;
    });
  });

  it('warns before it deletes what nobody uses, and a use, or a mark, stops that', async () => {
    const name = 'forgotten';
    await made(name, { [annotations.deleteAfter]: '3600', [annotations.lastActivity]: now() });
    await spaces().patch(at(name), { metadata: { labels: { 'loft.sh/non-deletable': 'true' } } });
    await annotate(name, { [annotations.deleteAfter]: '1' });
    const blocked = await eventually('what holds it', () => condition(name, 'SpaceAutoDeletionBlocked'));
    assert.match(blocked.message ?? '', /^Not deleted, though nobody has used it since .*non-deletable/);
    assert.equal(await condition(name, 'SpaceAutoDeletionPending'), undefined);

    await spaces().patch(at(name), { metadata: { labels: { 'loft.sh/non-deletable': null } } });
    const pending = await eventually('the warning', () => condition(name, 'SpaceAutoDeletionPending'));
    assert.match(
      pending.message ?? '',
      /^Deleted at \S+Z, as nobody .* kept for 1 s without use\. Any use stops that/,
    );
    const { uid } = (await read(name)).metadata;
    const { items } = (await requestJson(fixture().admin.kubeConfig, {
      path: '/apis/events.k8s.io/v1/namespaces/p-demo/events',
    })) as { items: { reason: string; regarding: { uid: string }; note: string }[] };
    const event = items.find((one) => one.reason === 'AutoDeletionPending' && one.regarding.uid === uid);
    assert.equal(event?.note, pending.message);
    const audited = () =>
      fixture().operations.database.query((db) => listAuditEvents(db, { space: name, limit: 9 }));
    const [warned] = await audited();
    assert.deepEqual(
      [warned?.verb, warned?.user, warned?.resource, warned?.reason],
      ['announce-delete', 'vcluster-platform:controllers', 'spaceinstances', pending.message],
    );
    await annotate(name, { [annotations.deleteAfter]: '3600', [annotations.lastActivity]: now() });
    await eventually('the warning is gone', async () => !(await condition(name, 'SpaceAutoDeletionPending')));
    const kept = await read(name);
    assert.deepEqual([kept.metadata.deletionTimestamp, kept.status?.autoDeletion], [undefined, undefined]);

    await annotate(name, { [annotations.deleteAfter]: '1' });
    const gone = await eventually('it is deleted', async () => {
      const found = await read(name);
      return found.metadata.deletionTimestamp === undefined ? undefined : found;
    });
    const { warnedAt = '', stoodSeconds } = gone.status?.autoDeletion ?? {};
    const stoodMs = Date.parse(gone.metadata.deletionTimestamp ?? '') - Date.parse(warnedAt);
    // Kubernetes notes whole seconds.
    assert.ok(stoodMs > 1900, `it stood for ${stoodMs} ms (${stoodSeconds} s noted)`);
    const deleted = await newest(name, 'delete');
    assert.equal(deleted.actor, 'inactivity');
    const verbs = await eventually('it is in the audit log', async () => {
      const found = (await audited()).map(({ verb }) => verb);
      return found.includes('delete') && found;
    });
    assert.deepEqual(verbs, ['delete', 'announce-delete', 'announce-delete']);
    await spaces().patch(at(name), { metadata: { finalizers: null } });
  });

  return {
    atTheEnd() {
      it('makes up for the time that nobody carried out', async () => {
        const sleep = await newest(missed, 'sleep');
        const lateMs = Date.parse(sleep.createdAt) - due.getTime();
        assert.ok(lateMs >= 0, 'not before its time');
        assert.equal(sleep.actor, 'schedule');
        const given = await annotated(missed);
        assert.deepEqual(
          [given[annotations.sleepType], given[annotations.sleepTransition]],
          ['scheduledSleep', String(due.getTime() / 1000)],
        );
      });

      it('removes what it made', async () => {
        for (const name of [missed, 'unused']) {
          await spaces().delete(at(name));
          await spaces().patch(at(name), { metadata: { finalizers: null } });
        }
      });
    },
  };
}
