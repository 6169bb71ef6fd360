import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { apiMessage, statusOf } from '../../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { managementResources } from '../../../adapters/kubernetes/resources.ts';
import { identities, managementApiVersion } from '../../../contracts/names.ts';
import { eventually } from '../../support/eventually.ts';
import { applyProjectNamespace, type TestManagementApi } from '../../support/management-api.ts';

const mark = 'loft.sh/non-deletable';
const namespace = 'p-kept';
/** A spec of each kind that can be marked, and its plural. */
const kinds = [
  ['projects', {}],
  ['clusters', { networkPeer: true }],
  ['virtualclustertemplates', {}],
  ['spacetemplates', {}],
  ['virtualclusterinstances', {}],
  ['spaceinstances', {}],
  ['users', {}],
  ['teams', {}],
] as const;

/** What is marked as not to be deleted is refused to everybody, the platform's own processes and administrators too. */
export function deletionCases(context: () => TestManagementApi): void {
  describe('policy of what is not to be deleted', () => {
    let api: TestManagementApi;
    const place = (plural: string, name: string) =>
      plural.endsWith('instances') ? { namespace, name } : { name };
    before(async () => {
      api = context();
      await applyProjectNamespace(api.admin, 'kept');
    });

    for (const [plural, spec] of kinds)
      it(`refuses to delete marked ${plural}, with the reason`, async () => {
        const client = api.resources[plural];
        const create = (name: string, metadata: object) =>
          client.create({ metadata: { ...place(plural, name), ...metadata }, spec });
        const remove = (name: string) =>
          client.delete(place(plural, name)).then(
            () => 'deleted',
            (error: unknown) => `${statusOf(error)} ${apiMessage(error)}`,
          );
        await create('labelled', { labels: { [mark]: 'true' } });
        await create('annotated', { annotations: { [mark]: 'true' } });
        await create('free', { labels: { [mark]: 'false' } });
        const refused = await eventually('the policy is in force', async () => {
          const answer = await remove('labelled');
          return answer.startsWith('403 ') && answer;
        });
        assert.match(
          refused,
          /"labelled" is marked as not to be deleted: remove loft\.sh\/non-deletable from its labels first/,
        );
        assert.match(await remove('annotated'), /^403 .*from its annotations first/);
        assert.equal(await remove('free'), 'deleted');
        await client.patch(place(plural, 'labelled'), { metadata: { labels: { [mark]: null } } });
        assert.equal(await remove('labelled'), 'deleted');
      });

    it('holds for all of a collection, and by the condition that the controllers write', async () => {
      const { virtualclusterinstances } = api.resources;
      await applyProjectNamespace(api.admin, 'kept-too');
      const there = 'p-kept-too';
      const names = { bare: { namespace: there, name: 'bare' }, told: { namespace: there, name: 'told' } };
      for (const metadata of Object.values(names))
        await virtualclusterinstances.create({ metadata, spec: {} });
      const condition = {
        type: 'DeletionPrevented',
        status: 'True',
        message: 'its template says so',
      } as const;
      await virtualclusterinstances.patchStatus(names.told, { conditions: [condition] });
      const path = `/apis/${managementApiVersion}/namespaces/${there}/virtualclusterinstances`;
      await assert.rejects(requestJson(api.admin.kubeConfig, { method: 'DELETE', path }), (error) =>
        /"told" is not to be deleted: its template says so/.test(apiMessage(error)),
      );
      assert.notEqual(await virtualclusterinstances.get(names.told), undefined);
      await virtualclusterinstances.patchStatus(names.told, { conditions: [] });
      await virtualclusterinstances.delete(names.told);
    });

    it('the controllers delete only what says itself that it will be deleted', async () => {
      const controllers = managementResources(await api.as(identities.controllers));
      const { spaceinstances } = api.resources;
      await applyProjectNamespace(api.admin, 'kept-unless-told');
      const name = { namespace: 'p-kept-unless-told', name: 'quiet' };
      await spaceinstances.create({ metadata: name, spec: {} });
      const remove = () =>
        controllers.spaceinstances.delete(name).then(
          () => 'deleted',
          (error: unknown) => apiMessage(error),
        );
      await eventually('the policy is in force', async () => /was not announced/.test(await remove()));
      const time = new Date().toISOString();
      const autoDeletion = { at: time, warnedAt: time, stoodSeconds: 0 };
      await spaceinstances.patchStatus(name, { autoDeletion });
      assert.match(await remove(), /was not announced/);
      const conditions = [{ type: 'SpaceAutoDeletionPending', status: 'True' }] as const;
      await spaceinstances.patchStatus(name, { conditions });
      assert.equal(await remove(), 'deleted');
    });
  });
}
