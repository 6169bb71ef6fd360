import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { type ManagementResources, managementResources } from '../../../adapters/kubernetes/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { applyProjectNamespace, type TestManagementApi } from '../../support/management-api.ts';

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: unknown) => apiMessage(error),
  );

/** What templates of spaces may say, and who may use them. Timo writes templates and has no right on connected clusters. */
export function spaceTemplateCases(context: () => TestManagementApi): void {
  describe('policies of templates of spaces', () => {
    const namespace = 'p-roomy';
    let api: TestManagementApi;
    let timo: ManagementResources;
    let count = 0;
    const write = (as: ManagementResources, spec: object) =>
      refusal(as.spacetemplates.create({ metadata: { name: `room-${(count += 1)}` }, spec }));
    const space = (as: ManagementResources, name: string, spec: object) =>
      refusal(as.spaceinstances.create({ metadata: { namespace, name }, spec }));

    before(async () => {
      api = context();
      await applyProjectNamespace(api.admin, 'roomy', {
        allowedTemplates: [
          { kind: 'SpaceTemplate', name: 'used' },
          { kind: 'SpaceTemplate', name: 'unused' },
          { name: 'of-tenant-clusters' },
        ],
      });
      const metadata = { name: 'loft-test-room-author' };
      const apiGroups = ['management.loft.sh'];
      await api.admin.rbac.createClusterRole({
        body: {
          metadata,
          rules: [
            { apiGroups, resources: ['spacetemplates'], verbs: ['get', 'create', 'update', 'patch'] },
            { apiGroups, resources: ['spacetemplates'], resourceNames: ['used'], verbs: ['use'] },
            { apiGroups, resources: ['spaceinstances'], verbs: ['get', 'create', 'update', 'patch'] },
          ],
        },
      });
      await api.admin.rbac.createClusterRoleBinding({
        body: {
          metadata,
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...metadata },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'timo' }],
        },
      });
      timo = managementResources(await api.as('timo', ['loft:user:timo']));
      await eventually('timo may write templates', async () => (await write(timo, {})) === 'accepted');
    });

    it('hold authors to what spaces may do, unless they administer connected clusters', async () => {
      const labels = (name: string, text = 'x') => ({ template: { metadata: { labels: { [name]: text } } } });
      const roles = (clusterRole: string) => ({ template: { access: { rules: [{ clusterRole }] } } });
      const privileged = labels('pod-security.kubernetes.io/enforce', 'privileged');
      const reaching = [
        privileged,
        { versions: [{ version: '1.0.0', ...privileged }] },
        { template: { metadata: { annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'a=b' } } } },
        roles('admin'),
        { template: { access: { defaultClusterRole: 'edit' } } },
      ];
      for (const spec of reaching) {
        assert.match(await write(timo, spec), /only an administrator of connected clusters/);
        assert.equal(await write(api.resources, spec), 'accepted', JSON.stringify(spec));
      }
      for (const name of ['vcluster-platform.io/managed', 'loft.sh/project', 'sleepmode.loft.sh/force'])
        for (const as of [timo, api.resources])
          assert.match(await write(as, labels(name)), /label or annotation ".*" belongs to the platform/);
      assert.match(await write(timo, labels('{{ .Values.x }}')), /names of labels and annotations/);
      for (const fine of [
        labels('team', '{{ .Values.team }}'),
        roles('view'),
        roles('loft-cluster-space-admin'),
        { template: { metadata: { annotations: { 'sleepmode.loft.sh/sleep-after': '3600' } } } },
      ])
        assert.equal(await write(timo, fine), 'accepted', JSON.stringify(fine));
      const parameters = [{ variable: 'n', type: 'number', defaultValue: 'many' }] as const;
      assert.match(await write(timo, { parameters: [...parameters] }), /is not a number/);
    });

    it('let only those use a template who may, in projects that allow it', async () => {
      const of = (name: string) => ({ templateRef: { name } });
      assert.match(await space(timo, 'no', of('unused')), /may not use template unused/);
      assert.match(await space(timo, 'no', of('other')), /does not allow template other/);
      assert.match(await space(timo, 'no', of('of-tenant-clusters')), /does not allow template of-tenant/);
      await eventually('timo may use it', async () => (await space(timo, 'yes', of('used'))) === 'accepted');
    });

    it('keep a space that was made to what it was made of', async () => {
      const name = { namespace, name: 'kept' };
      const change = (spec: object) => refusal(api.resources.spaceinstances.patch(name, { spec }));
      assert.equal(await space(api.resources, 'kept', { templateRef: { name: 'used' } }), 'accepted');
      assert.equal(await change({ parameters: 'a: 1' }), 'accepted', 'before it is made');
      await api.resources.spaceinstances.patchStatus(name, { observedHash: 'x' });
      for (const spec of [
        { templateRef: { name: 'unused' } },
        { templateRef: { version: '1.x' } },
        { templateRef: null },
        { parameters: 'a: 2' },
      ])
        assert.match(await change(spec), /keeps the template and the parameters that it was made of/);
      assert.equal(await change({ displayName: 'mine', templateRef: { syncOnce: true } }), 'accepted');
    });
  });
}
