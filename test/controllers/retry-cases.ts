import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { annotations, cleanupFinalizer } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { SpaceInstanceStatus } from '../../contracts/resources/space-instance.ts';
import { endOperation } from '../../db/queries/turns.ts';
import { space } from '../../domain/kinds/space.ts';
import { targetHashOf } from '../../domain/lifecycle/verbs.ts';
import type { OperationsDeps } from '../../operations/dependencies.ts';
import { listOperations } from '../../operations/read.ts';
import { eventually } from '../support/eventually.ts';

interface Fixture {
  readonly resources: ManagementResources;
  readonly operations: OperationsDeps;
}

/** When the controllers try again what failed. Nobody runs operations here: the tests end them as the worker would. */
export function retryCases(fixture: () => Fixture): void {
  const at = (name: string) => ({ namespace: 'p-demo', name });
  const read = async (name: string) => {
    const found = await fixture().resources.spaceinstances.get(at(name));
    assert.ok(found);
    return found;
  };
  const listed = (name: string) =>
    listOperations(fixture().operations, { project: 'demo', kinds: ['space'], name, limit: 50 });
  /** The newest, once there are `count`. */
  const operation = (name: string, count: number): Promise<Operation> =>
    eventually(`operation ${count} of ${name}`, async () => {
      const found = await listed(name);
      assert.ok(found.length <= count, `${found.length} operations, not ${count}`);
      return found.length === count ? found[0] : undefined;
    });
  const create = (name: string, more: Record<string, string> = {}) =>
    fixture().resources.spaceinstances.create({ metadata: { ...at(name), annotations: more } });
  const annotate = (name: string, values: Record<string, string | null>) =>
    fixture().resources.spaceinstances.patch(at(name), { metadata: { annotations: values } });
  const hashOf = async (name: string) => space.desiredHash(await read(name), undefined);

  async function ends(
    name: string,
    { id, type }: Operation,
    how: Partial<SpaceInstanceStatus>,
  ): Promise<void> {
    const { reason, message } = how;
    const state =
      reason === undefined ? 'succeeded' : reason === 'operation_cancelled' ? 'cancelled' : 'failed';
    const hash = await hashOf(name);
    const failed = state === 'succeeded' ? {} : { failedHash: targetHashOf(type, hash) };
    // In the order of the worker: the status tells of it before the row does.
    await fixture().resources.spaceinstances.patchStatus(at(name), {
      lastOperation: { id, type: type as 'create', state },
      ...failed,
      ...how,
    });
    await endOperation(fixture().operations.database, { id, state, reason, message });
  }
  const next = (name: string, pattern: RegExp) =>
    eventually(`what ${name} says of the next attempt`, async () => {
      const told = (await read(name)).status?.nextAttempt;
      return told !== undefined && pattern.test(told.message) ? told : undefined;
    });

  it('tries a create that failed for a passing cause again, and says when', async () => {
    const name = 'passing';
    await create(name);
    const first = await operation(name, 1);
    await ends(name, first, {
      phase: 'Failed',
      reason: 'conflict',
      message: 'cluster "local" is marked unusable',
    });
    const told = await next(name, /^create failed; next attempt at .* \(attempt 2\)$/);
    const second = await operation(name, 2);
    assert.ok(Date.parse(second.createdAt) >= Date.parse(told.at ?? ''), 'not before it was said');
    assert.equal(second.type, 'create');
    await eventually(
      'nothing is announced while it runs',
      async () => !(await read(name)).status?.nextAttempt,
    );
    await ends(name, second, { phase: 'Failed', reason: 'cluster_unreachable', message: 'away' });
    await next(name, /\(attempt 3\)$/);
    const third = await operation(name, 3);
    await ends(name, third, { phase: 'Ready', observedHash: await hashOf(name) });
    await eventually('nothing is announced', async () => !(await read(name)).status?.nextAttempt);
    assert.equal((await listed(name)).length, 3);
  });

  it('leaves what needs a change alone until somebody asks', async () => {
    const name = 'lasting';
    await create(name);
    await ends(name, await operation(name, 1), { phase: 'Failed', reason: 'invalid_values', message: 'no' });
    const told = await next(name, /change the spec or its template/);
    assert.equal(told.at, undefined);
    await annotate(name, { [annotations.retry]: 'now' });
    const second = await operation(name, 2);
    await ends(name, second, { phase: 'Failed', reason: 'invalid_values', message: 'no' });
    await next(name, /change the spec or its template/);
    await annotate(name, { [annotations.retry]: 'again' });
    await operation(name, 3);
  });

  it('does not repeat what a user cancelled; taking the wish back and having it again is a new attempt', async () => {
    const name = 'toggled';
    await create(name, { [annotations.sleepForce]: 'true' });
    const observedHash = await hashOf(name);
    await ends(name, await operation(name, 1), { phase: 'Sleeping', observedHash });
    await annotate(name, { [annotations.sleepForce]: null });
    const wake = await operation(name, 2);
    assert.equal(wake.type, 'wake');
    await ends(name, wake, { reason: 'operation_cancelled', message: 'by anna' });
    await next(name, /^wake was cancelled/);
    await annotate(name, { [annotations.sleepForce]: 'true' });
    await eventually('nothing is wanted', async () => !(await read(name)).status?.nextAttempt);
    await annotate(name, { [annotations.sleepForce]: null });
    const again = await operation(name, 3);
    assert.equal(again.type, 'wake');
    await ends(name, again, { phase: 'Ready', observedHash });
  });

  it('tries a delete that failed again', async () => {
    const name = 'deleted-in-vain';
    await create(name);
    await ends(name, await operation(name, 1), { phase: 'Ready', observedHash: await hashOf(name) });
    await fixture().resources.spaceinstances.delete(at(name));
    const first = await operation(name, 2);
    assert.equal(first.type, 'delete');
    await ends(name, first, { reason: 'internal', message: 'its workflow was terminated' });
    await next(name, /^delete failed; next attempt at/);
    assert.equal((await operation(name, 3)).type, 'delete');
    const { finalizers = [] } = (await read(name)).metadata;
    const others = finalizers.filter((one) => one !== cleanupFinalizer);
    await fixture().resources.spaceinstances.patch(at(name), { metadata: { finalizers: others } });
  });

  it('removes what it made', async () => {
    for (const name of ['passing', 'lasting', 'toggled']) {
      await fixture().resources.spaceinstances.delete(at(name));
      await fixture().resources.spaceinstances.patch(at(name), { metadata: { finalizers: null } });
    }
  });
}
