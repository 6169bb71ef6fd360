import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { type ManagementResources, managementResources } from '../../../adapters/kubernetes/resources.ts';
import { identities } from '../../../contracts/names.ts';
import { eventually } from '../../support/eventually.ts';
import { applyProjectNamespace, type TestManagementApi } from '../../support/management-api.ts';

const namespace = 'p-wakes';
const force = 'sleepmode.loft.sh/force';
const changedBy = 'vcluster-platform.io/changed-by';

/** The gateway's identity that wakes what a request is for can do nothing else, should the gateway be made to misuse it. */
export function wakerCases(context: () => TestManagementApi): void {
  describe('policy of the gateway that wakes', () => {
    let admin: ManagementResources;
    let waker: ManagementResources;
    const name = { namespace, name: 'sleeper' };
    before(async () => {
      const api = context();
      await applyProjectNamespace(api.admin, 'wakes');
      admin = api.resources;
      waker = managementResources(await api.as(identities.gatewayWaker));
      const annotations = { [force]: 'true', 'sleepmode.loft.sh/force-duration': '60', mine: 'x' };
      await eventually('it is made', () =>
        admin.virtualclusterinstances.create({ metadata: { ...name, annotations }, spec: {} }),
      );
    });

    const patched = (body: object) =>
      waker.virtualclusterinstances.patch(name, body).then(
        () => 'accepted',
        (error: unknown) => apiMessage(error),
      );
    const taken = { [force]: null, 'sleepmode.loft.sh/force-duration': null };

    it('takes the annotations of sleep off and says for whom', async () => {
      const refused: [what: string, body: object][] = [
        ['puts to sleep for longer', { annotations: { 'sleepmode.loft.sh/force-duration': '0' } }],
        ['leaves it asleep', { annotations: { [changedBy]: 'eve' } }],
        ['another annotation', { annotations: { ...taken, other: 'x' } }],
        ['takes another annotation off', { annotations: { ...taken, mine: null } }],
        ['a schedule', { annotations: { ...taken, 'sleepmode.loft.sh/sleep-schedule': '@daily' } }],
        ['asks for a retry', { annotations: { ...taken, 'vcluster-platform.io/retry': 'x' } }],
        ['a label', { annotations: taken, labels: { a: 'b' } }],
        ['a finalizer', { annotations: taken, finalizers: ['example.com/x'] }],
      ];
      await eventually('the policy is in force', async () =>
        /only take/.test(await patched({ spec: { a: 'b' } })),
      );
      for (const [what, metadata] of refused)
        assert.match(
          await patched({ metadata }),
          /the gateway may only take the annotations of sleep off/,
          what,
        );
      const spec = { description: 'mine' };
      assert.match(await patched({ metadata: { annotations: taken }, spec }), /may only take/);
      const wake = { ...taken, 'sleepmode.loft.sh/last-activity': '1764633600', [changedBy]: 'anna' };
      assert.equal(await patched({ metadata: { annotations: wake } }), 'accepted');
      const { annotations } = (await admin.virtualclusterinstances.get(name))?.metadata ?? {};
      assert.deepEqual(
        [annotations?.[force], annotations?.[changedBy], annotations?.['mine']],
        [undefined, 'anna', 'x'],
      );
      assert.equal(annotations?.['vcluster-platform.io/woken-at'], '1764633600');
    });

    it('neither reads, makes nor deletes anything', async () => {
      const made = { metadata: { namespace, name: 'made' }, spec: {} };
      await assert.rejects(waker.virtualclusterinstances.create(made), { code: 403 });
      await assert.rejects(waker.virtualclusterinstances.delete(name), { code: 403 });
      await assert.rejects(waker.virtualclusterinstances.get(name), { code: 403 });
      await assert.rejects(waker.users.patch({ name: 'anna' }, { spec: {} }), { code: 403 });
      const status = { phase: 'Ready' } as const;
      await assert.rejects(waker.virtualclusterinstances.patchStatus(name, status), { code: 403 });
    });
  });
}
