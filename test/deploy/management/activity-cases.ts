import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { type ManagementResources, managementResources } from '../../../adapters/kubernetes/resources.ts';
import { createLogger } from '../../../adapters/logging.ts';
import { identities } from '../../../contracts/names.ts';
import { createCaches } from '../../../controllers/caches.ts';
import { eventually } from '../../support/eventually.ts';
import { applyProjectNamespace, type TestManagementApi } from '../../support/management-api.ts';

const namespace = 'p-used';
const force = 'sleepmode.loft.sh/force';
const at = 'sleepmode.loft.sh/last-activity';
const info = 'sleepmode.loft.sh/last-activity-info';
const woken = 'vcluster-platform.io/woken-at';
const changedBy = 'vcluster-platform.io/changed-by';

/** The gateway's identity that records uses can do nothing else, and a use is not a wake. */
export function activityCases(context: () => TestManagementApi): void {
  describe('policy of last activity', () => {
    let admin: ManagementResources;
    let recorder: ManagementResources;
    const name = { namespace, name: 'used' };
    before(async () => {
      const api = context();
      await applyProjectNamespace(api.admin, 'used');
      admin = api.resources;
      recorder = managementResources(await api.as(identities.gatewayActivity));
      const annotations = { [force]: 'true', mine: 'x' };
      await eventually('it is made', () =>
        admin.virtualclusterinstances.create({ metadata: { ...name, annotations }, spec: {} }),
      );
    });

    const patched = (body: object, by = recorder) =>
      by.virtualclusterinstances.patch(name, body).then(
        () => 'accepted',
        (error: unknown) => apiMessage(error),
      );
    const now = async () => {
      const found = await admin.virtualclusterinstances.get(name);
      return { annotations: found?.metadata.annotations ?? {}, generation: found?.metadata.generation };
    };
    const use = { [at]: '1764633600', [info]: '{"subject":"ben"}' };

    it('lets the gateway write when it was used and by whom, and no earlier time, and nothing else', async () => {
      const refused: [what: string, body: object][] = [
        ['wakes', { annotations: { ...use, [force]: null } }],
        ['sleeps for longer', { annotations: { ...use, 'sleepmode.loft.sh/force-duration': '0' } }],
        ['another annotation', { annotations: { ...use, other: 'x' } }],
        ['takes another annotation off', { annotations: { ...use, mine: null } }],
        ['says when it was woken', { annotations: { ...use, [woken]: '1764633600' } }],
        ['asks for a retry', { annotations: { ...use, 'vcluster-platform.io/retry': 'x' } }],
        ['says for whom', { annotations: { ...use, [changedBy]: 'eve' } }],
        ['a label', { annotations: use, labels: { a: 'b' } }],
        ['a finalizer', { annotations: use, finalizers: ['example.com/x'] }],
        ['much text', { annotations: { ...use, [info]: 'x'.repeat(4097) } }],
      ];
      await eventually('the policy is in force', async () =>
        /only say when it was used/.test(await patched({ spec: { a: 'b' } })),
      );
      const before = await now();
      for (const [what, metadata] of refused) {
        const answer = await patched({ metadata });
        if (what === 'says for whom') continue; // stamped at admission: what was there stays
        assert.match(answer, /the gateway may only say when it was used last/, what);
      }
      assert.equal(await patched({ metadata: { annotations: use } }), 'accepted');
      const after = await now();
      const { [at]: _at, [info]: _info, ...others } = after.annotations;
      assert.deepEqual(others, before.annotations);
      assert.equal(after.generation, before.generation);
      for (const [time, expected] of [
        ['1764633599', /a later use is recorded already/],
        ['never', /./],
        [null, /./],
      ] as const)
        assert.match(await patched({ metadata: { annotations: { ...use, [at]: time } } }), expected);
      assert.equal((await now()).annotations[at], '1764633600');
    });

    it('needs neither a version nor luck: it is written whatever version there is, but of this very instance', async () => {
      const found = await admin.virtualclusterinstances.get(name);
      const later = { ...use, [at]: '1764633700' };
      const uid = '00000000-0000-0000-0000-000000000000';
      assert.match(await patched({ metadata: { uid, annotations: later } }), /metadata\.uid: .*immutable/);
      assert.equal(await patched({ metadata: { uid: found?.metadata.uid, annotations: later } }), 'accepted');
    });

    it('neither reads, makes nor deletes anything', async () => {
      const made = { metadata: { namespace, name: 'made' }, spec: {} };
      await assert.rejects(recorder.virtualclusterinstances.create(made), { code: 403 });
      await assert.rejects(recorder.virtualclusterinstances.delete(name), { code: 403 });
      await assert.rejects(recorder.virtualclusterinstances.get(name), { code: 403 });
      await assert.rejects(recorder.users.patch({ name: 'anna' }, { spec: {} }), { code: 403 });
      const status = { phase: 'Ready' } as const;
      await assert.rejects(recorder.virtualclusterinstances.patchStatus(name, status), { code: 403 });
    });

    it('is the same for spaces', async () => {
      const space = { namespace, name: 'used-space' };
      await admin.spaceinstances.create({ metadata: { ...space, annotations: { mine: 'x' } }, spec: {} });
      await recorder.spaceinstances.patch(space, { metadata: { annotations: use } });
      await assert.rejects(
        recorder.spaceinstances.patch(space, { metadata: { annotations: { ...use, mine: null } } } as never),
        (error) => /only say when it was used last/.test(apiMessage(error)),
      );
    });

    it('is nothing that controllers look at again, though their caches have it', async () => {
      const caches = createCaches(context().admin.kubeConfig, createLogger('test', 'error'));
      const { virtualclusterinstances: cache } = caches;
      try {
        await cache.synced;
        const heard: string[] = [];
        cache.onChange((key) => heard.push(key));
        const key = `${namespace}/${name.name}`;
        const later = { ...use, [at]: '1764633750' };
        assert.equal(await patched({ metadata: { annotations: later } }), 'accepted');
        await eventually(
          'it is in the cache',
          () => cache.get(key)?.metadata.annotations?.[at] === later[at],
        );
        assert.deepEqual(heard, []);
        assert.equal(await patched({ metadata: { labels: { a: 'b' } } }, admin), 'accepted');
        await eventually('a change is heard', () => heard.length > 0);
        assert.deepEqual(heard, [key]);
      } finally {
        await Promise.all(Object.values(caches).map((one) => one.stop()));
      }
    });

    it("notes a wake by any client's hand, which a use does not hide", async () => {
      const wake = { [force]: null, 'sleepmode.loft.sh/force-duration': null, [at]: '1764633800' };
      assert.equal(await patched({ metadata: { annotations: wake } }, admin), 'accepted');
      const { annotations } = await now();
      assert.deepEqual([annotations[woken], annotations[info]], ['1764633800', undefined]);
      assert.equal(await patched({ metadata: { annotations: { ...use, [at]: '1764633900' } } }), 'accepted');
      assert.deepEqual((await now()).annotations[woken], '1764633800');
    });
  });
}
