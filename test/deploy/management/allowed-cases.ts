import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { type ManagementResources, managementResources } from '../../../adapters/kubernetes/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { applyProjectNamespace, type TestManagementApi } from '../../support/management-api.ts';

const force = 'sleepmode.loft.sh/force';
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: unknown) => apiMessage(error),
  );

/** What a project allows is asked at admission, from what the controllers write on its namespace. */
export function allowedCases(context: () => TestManagementApi): void {
  describe('policies of the project', () => {
    const project = 'picky';
    const place = { namespace: 'p-picky', name: 'held' };
    const allowed = { templateRef: { name: 'small', version: '1.x.x' }, clusterRef: { cluster: 'east' } };
    let api: TestManagementApi;
    let admin: ManagementResources;
    let member: ManagementResources;
    const make = (as: ManagementResources, name: string, spec: object) =>
      refusal(as.virtualclusterinstances.create({ metadata: { namespace: place.namespace, name }, spec }));
    const change = (as: ManagementResources, patch: object) =>
      refusal(as.virtualclusterinstances.patch(place, patch));
    before(async () => {
      api = context();
      admin = api.resources;
      await applyProjectNamespace(api.admin, project, {
        allowedTemplates: [{ name: 'small' }, { name: 'guarded' }, { kind: 'SpaceTemplate', name: 'roomy' }],
        allowedClusters: [{ name: 'east' }],
      });
      for (const role of ['loft-management-project-admin'])
        await api.admin.rbac.createNamespacedRoleBinding({
          namespace: place.namespace,
          body: {
            metadata: { name: role },
            roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
            subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mia' }],
          },
        });
      // As the controllers give it to members of a project, for what it allows.
      const uses = { name: 'loft-test-uses-templates' };
      await api.admin.rbac.createClusterRole({
        body: {
          metadata: uses,
          rules: [
            {
              apiGroups: ['management.loft.sh'],
              resources: ['virtualclustertemplates'],
              resourceNames: ['small', 'tiny'],
              verbs: ['get', 'use'],
            },
            {
              apiGroups: ['management.loft.sh'],
              resources: ['spacetemplates'],
              resourceNames: ['roomy'],
              verbs: ['get', 'use'],
            },
          ],
        },
      });
      await api.admin.rbac.createClusterRoleBinding({
        body: {
          metadata: uses,
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...uses },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mia' }],
        },
      });
      member = managementResources(await api.as('mia', ['loft:user:mia']));
      await eventually('the project and the roles are known', async () => {
        const answer = await make(member, 'trial', { templateRef: { name: 'open' } });
        return /does not allow template open/.test(answer) ? true : undefined;
      });
      await eventually('she may use the template', async () => {
        const answer = await make(member, place.name, allowed);
        return answer === 'accepted';
      });
    });

    it('the caller may use the template that they name', async () => {
      const guarded = { ...allowed, templateRef: { name: 'guarded' } };
      const message = /you may not use template guarded: that needs verb use on it/;
      assert.match(await make(member, 'unused', guarded), message);
      assert.match(await change(member, { spec: guarded }), message);
      assert.equal(await make(admin, 'unused', guarded), 'accepted');
      const unused = { namespace: place.namespace, name: 'unused' };
      const parameters = { spec: { parameters: 'size: 2' } };
      assert.equal(
        await refusal(member.virtualclusterinstances.patch(unused, parameters)),
        'accepted',
        'who changes an instance need not use what it is made of',
      );
    });

    it('are checked at every creation', async () => {
      const cases: [object, RegExp][] = [
        [{ templateRef: { name: 'open' } }, /does not allow template open/],
        [{ templateRef: { name: '*' } }, /does not allow template \*/],
        [{ templateRef: { name: 'roomy' } }, /does not allow template roomy/],
        [{ ...allowed, clusterRef: { cluster: 'west' } }, /does not allow cluster west/],
        [{}, /requires a template/],
        [{ templateRef: {} }, /requires a template/],
        [{ templateRef: { name: '' } }, /requires a template/],
        [{ templateRef: { version: '1.0.0' }, parameters: 'a: 1' }, /requires a template/],
      ];
      for (const [index, [spec, message]] of cases.entries())
        for (const as of [member, admin]) assert.match(await make(as, `made-${index}`, spec), message);
      const space = (spec: object) =>
        refusal(member.spaceinstances.create({ metadata: { ...place, name: 'room' }, spec }));
      assert.match(await space({ clusterRef: { cluster: 'west' } }), /does not allow cluster west/);
      assert.match(await space({ templateRef: { name: 'small' } }), /does not allow template small/);
      assert.equal(
        await space({ templateRef: { name: 'roomy' }, clusterRef: { cluster: 'east' } }),
        'accepted',
      );
    });

    it('are checked at every change of template, parameters or cluster', async () => {
      const spec = (changed: object) => ({ spec: changed });
      const patches: [object, RegExp][] = [
        [spec({ templateRef: { name: 'open' } }), /does not allow template open/],
        [spec({ templateRef: { name: '' } }), /requires a template/],
        [spec({ templateRef: null }), /requires a template/],
        [spec({ templateRef: null, parameters: 'a: 1' }), /requires a template/],
        [
          { metadata: { finalizers: ['a.example/b'] }, ...spec({ templateRef: { name: 'open' } }) },
          /template open/,
        ],
      ];
      for (const [patch, message] of patches)
        for (const as of [member, admin]) assert.match(await change(as, patch), message);
      const applied = member.virtualclusterinstances.apply(
        { metadata: place, spec: { templateRef: { name: 'open' } } },
        'gitops',
      );
      assert.match(await refusal(applied), /does not allow template open/);
      assert.equal(await change(member, spec({ parameters: 'size: 2' })), 'accepted');
    });

    it('are checked again when the project changes; other fields stay changeable', async () => {
      await applyProjectNamespace(api.admin, project, {
        allowedTemplates: [{ name: 'tiny' }],
        allowedClusters: [{ name: 'east' }],
      });
      await eventually('the policy knows', async () =>
        /does not allow template small/.test(await make(member, 'second', allowed)) ? true : undefined,
      );
      for (const spec of [
        { parameters: 'size: 3' },
        { templateRef: { version: '2.x.x' } },
        { templateRef: { syncOnce: true } },
      ])
        assert.match(await change(member, { spec }), /does not allow template small/);
      assert.equal(await change(member, { spec: { displayName: 'still mine' } }), 'accepted');
      assert.equal(await change(member, { metadata: { annotations: { [force]: 'true' } } }), 'accepted');
      assert.equal(await change(member, { spec: { templateRef: { name: 'tiny' } } }), 'accepted');
    });

    it('block creation in a namespace that the controllers have not annotated yet', async () => {
      await api.admin.core.createNamespace({ body: { metadata: { name: 'p-bare' } } });
      const create = (kind: 'virtualclusterinstances' | 'spaceinstances') =>
        refusal(
          admin[kind].create({
            metadata: { namespace: 'p-bare', name: 'early' },
            spec: { templateRef: { name: 'x' } },
          }),
        );
      for (const kind of ['virtualclusterinstances', 'spaceinstances'] as const)
        assert.match(
          await create(kind),
          /what project bare allows is not known yet: .*try again in a moment/,
        );
    });

    it('cannot be changed on the namespace, whatever role one has in it', async () => {
      const { core, rbac } = api.admin;
      await rbac.createNamespacedRole({
        namespace: place.namespace,
        body: {
          metadata: { name: 'namespace-editor' },
          rules: [
            {
              apiGroups: [''],
              resources: ['namespaces', 'namespaces/status', 'namespaces/finalize'],
              verbs: ['*'],
            },
          ],
        },
      });
      await rbac.createNamespacedRoleBinding({
        namespace: place.namespace,
        body: {
          metadata: { name: 'namespace-editor' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'namespace-editor' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mia' }],
        },
      });
      const mia = await api.as('mia', ['loft:user:mia']);
      const name = place.namespace;
      const note = (text: string) => ({ metadata: { annotations: { note: text } } });
      const merge = (body: object, subresource = '') =>
        refusal(
          requestJson(mia.kubeConfig, {
            method: 'PATCH',
            path: `/api/v1/namespaces/${name}${subresource}`,
            body,
            contentType: 'application/merge-patch+json',
          }),
        );
      await eventually(
        'she may change the namespace',
        async () => (await merge(note('hers'))) === 'accepted',
      );
      const before = (await core.readNamespace({ name })).metadata?.annotations;
      for (const metadata of [
        { annotations: { 'vcluster-platform.io/allowed-templates': '*' } },
        { annotations: { 'vcluster-platform.io/allowed-space-templates': null } },
        { annotations: { 'vcluster-platform.io/allowed-clusters': 'east,west' } },
        { annotations: { 'vcluster-platform.io/default-template': 'small' } },
        { annotations: null },
        { labels: { 'vcluster-platform.io/require-template': 'false' } },
      ])
        for (const subresource of ['', '/status', '/finalize'])
          assert.notEqual(
            await merge({ metadata }, subresource),
            'accepted',
            JSON.stringify({ metadata, subresource }),
          );
      assert.match(
        await merge({ metadata: { annotations: null } }),
        /what namespace p-picky says of its project follows the project/,
      );
      assert.deepEqual((await core.readNamespace({ name })).metadata?.annotations, before);
      const made = await refusal(
        api.admin.core.createNamespace({
          body: { metadata: { generateName: 'p-made-', ...note('x').metadata } },
        }),
      );
      assert.equal(made, 'accepted');
    });
  });
}
