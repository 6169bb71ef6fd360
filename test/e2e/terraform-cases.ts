import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { type ManifestResource, manifestResource } from '../support/gitops/terraform.ts';
import { type Manifest, manifestsOf } from '../support/guides.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import type { TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';

type Three = [ManifestResource, ManifestResource, ManifestResource];

/** The manifests of docs/guides/terraform.md, as Terraform's provider for Kubernetes handles them. */
export function terraformCases(): void {
  const [project, tenantCluster, space] = manifestsOf('terraform') as [Manifest, Manifest, Manifest];
  const all = [project, tenantCluster, space];
  let platform: TestPlatform;
  let resources: Three;
  before(async () => {
    platform = await sharedPlatform();
    resources = all.map((manifest) => manifestResource(platform, manifest)) as Three;
  });

  const each = <T>(what: (resource: ManifestResource, manifest: Manifest) => Promise<T>) =>
    Promise.all(resources.map((resource, index) => what(resource, all[index] as Manifest)));
  const isReady = async (plural: string, name: string, ...where: string[]) => {
    const waited = await platform.kubectl(
      ...['wait', '--for=condition=Ready', plural, name, '--timeout=100s', ...where],
    );
    return waited.code === 0;
  };
  const renamed = (displayName: string) => ({
    ...tenantCluster,
    spec: { ...tenantCluster.spec, displayName },
  });

  test('an apply creates, and the next plan has no changes', async () => {
    assert.deepEqual(
      await each((resource, manifest) => resource.plan(manifest)),
      all.map(() => 'create'),
    );
    const [ofProject, ofTenantCluster, ofSpace] = resources;
    await ofProject.apply(project);
    await eventually('the project is ready', () => isReady('project', 'shop'));
    await Promise.all([ofTenantCluster.apply(tenantCluster), ofSpace.apply(space)]);
    await eventually('the tenant cluster is ready', () => isReady('vci', 'staging', '-n', 'p-shop'), {
      timeoutMs: 300_000,
    });
    assert.deepEqual(
      await each((resource, manifest) => resource.plan(manifest)),
      all.map(() => 'no changes'),
    );
  });

  test('a change sends back what is shown and stored nowhere, and nothing else changes', async () => {
    const [, resource] = resources;
    assert.equal(await resource.plan(renamed('Staging two')), 'update');
    await resource.apply(renamed('Staging two'));
    assert.equal(await resource.plan(renamed('Staging two')), 'no changes');
    // To YAML nothing is added: it is what is stored.
    const path =
      '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-shop/virtualclusterinstances/staging';
    const stored = await platform.call('GET', path, undefined, { headers: { accept: 'application/yaml' } });
    const { spec } = parse(stored.text) as Manifest;
    assert.deepEqual(spec, renamed('Staging two').spec);
  });

  test('what others change is drift, and what people put to sleep is not', async () => {
    const [, resource] = resources;
    const annotations = { 'sleepmode.loft.sh/force': 'true' };
    const patch = JSON.stringify({ metadata: { annotations } });
    const at = ['vci', 'staging', '-n', 'p-shop', '--type=merge', '-p'];
    assert.equal((await platform.kubectl('patch', ...at, patch)).code, 0);
    assert.equal(await resource.plan(renamed('Staging two')), 'no changes');
    assert.equal((await platform.kubectl('patch', ...at, '{"spec":{"displayName":"By hand"}}')).code, 0);
    assert.equal(await resource.plan(renamed('Staging two')), 'update');
    await assert.rejects(resource.apply(renamed('Staging two')), /conflict with \\?"kubectl-patch/);
    await resource.apply(renamed('Staging two'), { force: true });
    assert.equal(await resource.plan(renamed('Staging two')), 'no changes');
  });

  test('destroy removes all of it', async () => {
    for (const resource of resources.toReversed()) await resource.destroy();
    const left = await leftovers(platform, 'shop', 'staging');
    assert.deepEqual({ ...left, processes: [] }, nothingLeft); // of others that run at the same time
  });
}
