import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { ClusterClient } from '../../../adapters/kubernetes/client.ts';
import { apiMessage } from '../../../adapters/kubernetes/failures.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { type ManagementResources, managementResources } from '../../../adapters/kubernetes/resources.ts';
import { managementApiVersion } from '../../../contracts/names.ts';
import type { ObjectMeta } from '../../../contracts/resources/object-meta.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestManagementApi } from '../../support/management-api.ts';

const namespace = 'p-demo';
const cleanup = 'loft.sh/cleanup';
const force = 'sleepmode.loft.sh/force';
const kinds = ['virtualclusterinstances', 'spaceinstances'] as const;
type Kind = (typeof kinds)[number];

/** `kubectl replace` and what stays through it, and where nobody moves an instance to. Registers its own cases. */
export function replacedCases(api: () => TestManagementApi): void {
  describe('a manifest that replaces an instance', () => {
    let admin: ManagementResources;
    /** An administrator of the project. */
    let gitops: ClusterClient;
    before(async () => {
      admin = api().resources;
      gitops = await api().as('anna', ['loft:user:anna']);
    });
    const refusal = (promise: Promise<unknown>) =>
      promise.then(
        () => 'accepted',
        (error: unknown) => apiMessage(error),
      );
    const manifestOf = (kind: Kind, name: string, spec: object, annotations?: Record<string, string>) => ({
      apiVersion: managementApiVersion,
      kind: resourceKinds[kind].kind,
      metadata: { namespace, name, ...(annotations === undefined ? {} : { annotations }) },
      spec,
    });
    const pathOf = (kind: Kind, name: string, rest = '') =>
      `/apis/${managementApiVersion}/namespaces/${namespace}/${kind}/${name}${rest}`;
    /** As kubectl does it: the manifest and the newest resourceVersion. */
    const replace = async (kind: Kind, manifest: { metadata: ObjectMeta }) => {
      const { name } = manifest.metadata;
      const { resourceVersion } = (await admin[kind].get({ namespace, name }))?.metadata ?? {};
      return (await requestJson(gitops.kubeConfig, {
        method: 'PUT',
        path: pathOf(kind, name, '?fieldManager=kubectl-replace'),
        body: { ...manifest, metadata: { ...manifest.metadata, resourceVersion } },
      })) as { metadata: ObjectMeta; spec?: Record<string, unknown> };
    };
    const patchAs = (manager: string, kind: Kind, name: string, body: object) =>
      requestJson(api().admin.kubeConfig, {
        method: 'PATCH',
        path: pathOf(kind, name, `?fieldManager=${manager}`),
        contentType: 'application/merge-patch+json',
        body,
      });
    const settled = { cluster: 'local', namespace: 'loft-demo-somewhere' };

    for (const kind of kinds) {
      it(`keeps finalizer, place and sleep of what the platform runs (${kind})`, async () => {
        const manifest = manifestOf(kind, 'replaced', { templateRef: { name: 'default' } }, { mine: 'a' });
        await admin[kind].create(manifest as never);
        const name = manifest.metadata;
        await patchAs('vcluster-platform-worker', kind, 'replaced', {
          metadata: {
            finalizers: [cleanup],
            annotations: { [force]: 'true', 'sleepmode.loft.sh/sleeping-since': '1', unrelated: 'x' },
          },
        });
        await admin[kind].patchStatus(name, { clusterRef: settled });
        const written = await admin[kind].get(name);
        const replaced = await replace(kind, manifest);
        assert.equal(replaced.metadata.generation, written?.metadata.generation, 'no new spec');
        assert.deepEqual(replaced.metadata.finalizers, [cleanup]);
        const { unrelated, mine, ...ours } = replaced.metadata.annotations ?? {};
        assert.deepEqual([unrelated, mine], [undefined, 'a']);
        assert.equal(
          ours['vcluster-platform.io/changed-by'],
          'test-admin',
          'who wrote last, not who replaced',
        );
        assert.equal(ours[force], 'true');
        const again = await replace(kind, manifest);
        assert.equal(again.metadata.annotations?.[force], 'true', 'again');
        assert.equal(again.metadata.annotations?.['sleepmode.loft.sh/sleeping-since'], '1');
        const awake = { ...manifest, metadata: { ...name, annotations: { [force]: 'false' } } };
        assert.equal(
          (await replace(kind, awake)).metadata.annotations?.[force],
          'false',
          'the manifest says it',
        );
      });

      it(`takes off the sleep that manifests had put on (${kind})`, async () => {
        await admin[kind].create(manifestOf(kind, 'slept', {}) as never);
        await replace(kind, manifestOf(kind, 'slept', {}, { [force]: 'true' }));
        const { metadata } = await replace(kind, manifestOf(kind, 'slept', {}));
        assert.equal(metadata.annotations?.[force], undefined);
      });

      it(`keeps the finalizer of one that is being deleted (${kind})`, async () => {
        const manifest = manifestOf(kind, 'leaving', {});
        await admin[kind].create({ ...manifest, metadata: { ...manifest.metadata, finalizers: [cleanup] } });
        await admin[kind].delete(manifest.metadata);
        assert.deepEqual((await replace(kind, manifest)).metadata.finalizers, [cleanup]);
        await admin[kind].patch(manifest.metadata, { metadata: { finalizers: null } });
        assert.equal(await admin[kind].get(manifest.metadata), undefined, 'an administrator takes it off');
      });

      it(`moves nothing, and may leave out what an earlier version wrote to the spec (${kind})`, async () => {
        const infix = kind === 'spaceinstances' ? 's' : 'v';
        const clusterRef = { cluster: 'local', namespace: `loft-demo-${infix}-earlier` };
        await admin[kind].create(manifestOf(kind, 'earlier', { clusterRef }) as never);
        const bare = manifestOf(kind, 'earlier', {});
        const without = () => refusal(replace(kind, bare));
        assert.match(await without(), /clusterRef\.cluster cannot change once it is set/);
        await admin[kind].patchStatus(bare.metadata, { clusterRef: { cluster: 'local' } });
        assert.match(await without(), /clusterRef\.namespace cannot change once it is set/);
        await admin[kind].patchStatus(bare.metadata, { clusterRef });
        assert.equal(await without(), 'accepted');
        assert.equal((await admin[kind].get(bare.metadata))?.spec?.clusterRef, undefined);
        const set = (given: object) =>
          refusal(replace(kind, manifestOf(kind, 'earlier', { clusterRef: given })));
        assert.match(await set({ cluster: 'other' }), /clusterRef\.cluster cannot change once it is set/);
        assert.match(await set({ ...clusterRef, namespace: 'x' }), /can choose|cannot change/);
        assert.equal(await set(clusterRef), 'accepted', 'what the status says');
        assert.equal(await set({}), 'accepted');
      });
    }

    it('keeps the template that the project gave, not one that manifests had named', async () => {
      const template = async (name: string) =>
        (await admin.virtualclusterinstances.get({ namespace, name }))?.spec?.templateRef?.name;
      const kind = 'virtualclusterinstances';
      await admin[kind].create(manifestOf(kind, 'by-project', { displayName: 'x' }) as never);
      await patchAs('vcluster-platform-controllers', kind, 'by-project', {
        spec: { templateRef: { name: 'old' } },
      });
      await replace(kind, manifestOf(kind, 'by-project', { displayName: 'y' }));
      assert.equal(await template('by-project'), 'old');
      await admin[kind].create(manifestOf(kind, 'named', {}) as never);
      await replace(kind, manifestOf(kind, 'named', { templateRef: { name: 'old' } }));
      await replace(kind, manifestOf(kind, 'named', { displayName: 'y' }));
      assert.equal(await template('named'), undefined);
    });

    it('only the platform and who may update clusters say where an instance is', async () => {
      const as = (user: string) => api().as(user).then(managementResources);
      const statuses = kinds.map((kind) => `${kind}/status`);
      const rules = [{ apiGroups: ['management.loft.sh'], resources: statuses, verbs: ['get', 'patch'] }];
      const apiGroup = 'rbac.authorization.k8s.io';
      const metadata = { name: 'loft-test-status' };
      await api().admin.rbac.createClusterRole({ body: { metadata, rules } });
      const subjects = [{ apiGroup, kind: 'User', name: 'forger' }];
      const roleRef = { apiGroup, kind: 'ClusterRole', name: metadata.name };
      await api().admin.rbac.createClusterRoleBinding({ body: { metadata, roleRef, subjects } });
      const [forger, worker] = await Promise.all([as('forger'), as('vcluster-platform:worker')]);
      for (const kind of kinds) {
        const { metadata: name } = manifestOf(kind, 'forged', {});
        await admin[kind].create(manifestOf(kind, 'forged', {}) as never);
        await eventually('the role is in force', async () => {
          await forger[kind].patchStatus(name, { message: 'x' });
          return true;
        });
        for (const status of [{ clusterRef: settled }, { virtualCluster: { clusterRef: settled } }])
          assert.match(await refusal(forger[kind].patchStatus(name, status)), /is for the platform to say/);
        await worker[kind].patchStatus(name, { clusterRef: settled });
        assert.match(
          await refusal(forger[kind].patchStatus(name, { clusterRef: null })),
          /is for the platform to say/,
        );
      }
    });

    it('keeps how a user logs in, which manifests do not say', async () => {
      const name = 'by-manifest';
      const identity = { 'vcluster-platform.io/oidc-identity': 'https://issuer 1' };
      const logins = { ssoGroups: ['staff'], passwordRef: { secretName: 'user-by-manifest' } };
      await admin.users.create({ metadata: { name }, spec: { displayName: 'a' } });
      await requestJson(api().admin.kubeConfig, {
        method: 'PATCH',
        path: `/apis/${managementApiVersion}/users/${name}?fieldManager=vcluster-platform-gateway`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { annotations: identity }, spec: logins },
      });
      const put = async (spec: object) => {
        const { resourceVersion = '' } = (await admin.users.get({ name }))?.metadata ?? {};
        return admin.users.replace({ metadata: { name, resourceVersion }, spec } as never);
      };
      const { metadata, spec } = await put({ displayName: 'b' });
      assert.deepEqual(spec, { displayName: 'b', ...logins });
      assert.deepEqual(metadata.annotations, identity);
      assert.deepEqual(metadata.finalizers, [cleanup]);
      assert.deepEqual((await put({ ssoGroups: [] })).spec, { ...logins, ssoGroups: [] });
    });

    it("keeps a project's finalizer", async () => {
      const name = 'by-manifest';
      await admin.projects.create({ metadata: { name, finalizers: [cleanup] }, spec: { displayName: 'a' } });
      const { resourceVersion = '' } = (await admin.projects.get({ name }))?.metadata ?? {};
      const body = { metadata: { name, resourceVersion }, spec: { displayName: 'b' } };
      const replaced = await admin.projects.replace(body as never);
      assert.deepEqual([replaced.metadata.finalizers, replaced.spec?.displayName], [[cleanup], 'b']);
    });
  });
}
