import assert from 'node:assert/strict';
import type { KubernetesObject } from '@kubernetes/client-node';
import { after, before, describe, test } from 'node:test';
import { createReleaseActivities } from '../../activities/control-plane/release.ts';
import { readHelmYamlStream } from '../../templates/helm-yaml.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { tenantChart } from '../../adapters/tenant-charts/known-charts.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { packageVclusterChart, vclusterChartVersion } from '../../toolchain/vcluster-chart.ts';
import { type ActivityPlatform, chartsDir, startActivityPlatform } from './activity-platform.ts';
import type { UpstreamAttack } from './upstream-attack.ts';
import { manifestAttacks } from './upstream-manifest-attacks.ts';
import { settingAttacks } from './upstream-setting-attacks.ts';

const chart = { name: 'vcluster', version: vclusterChartVersion };
const attacker = 'evil';
const attacks = [...manifestAttacks, ...settingAttacks];

/**
 * Each attack twice: as a tenant cluster of its own, and as if the check had been fooled, with what the chart renders given
 * to Helm as it is. Helm has the identity and the rights that it has in a connected cluster.
 */
describe("values of vCluster's own chart that would reach what is another's", { concurrency: 2 }, () => {
  let platform: ActivityPlatform;
  let archive: string;
  let untouched: string[];
  before(async () => {
    archive = await packageVclusterChart();
    platform = await startActivityPlatform();
    const { core } = platform.client;
    await core.createNamespace({ body: { metadata: { name: 'victim' } } });
    const keys = { metadata: { name: 'victim-certs' }, stringData: { 'ca.key': 'canary' } };
    await core.createNamespacedSecret({ namespace: 'victim', body: keys });
    untouched = await outside();
  });
  after(async () => {
    try {
      assert.deepEqual(await outside(), untouched, 'nothing changed outside the host namespaces');
    } finally {
      await platform?.stop();
    }
  });

  /** What there is beside the attackers' own namespaces, with its version. */
  async function outside(): Promise<string[]> {
    const { kubeConfig } = platform.client;
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const core = ['secrets', 'configmaps', 'services', 'pods', 'serviceaccounts', 'namespaces'];
    const paths = [
      ...core.map((plural) => `/api/v1/${plural}`),
      ...['statefulsets', 'deployments'].map((plural) => `/apis/apps/v1/${plural}`),
      ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
        (plural) => `${rbac}/${plural}`,
      ),
    ];
    const found: string[] = [];
    for (const path of paths) {
      const { items } = (await requestJson(kubeConfig, { path })) as { items: KubernetesObject[] };
      for (const { metadata } of items) {
        const at = `${path} ${metadata?.namespace ?? ''}/${metadata?.name}`;
        if (!at.includes(`-v-${attacker}-`)) found.push(`${at} ${metadata?.resourceVersion}`);
      }
    }
    return found.toSorted();
  }

  for (const [index, attack] of attacks.entries()) {
    const [what, , check, fooled] = attack;
    const name = `${check === undefined ? 'harmless' : 'refused'}: ${what}; a fooled check: ${fooled}`;
    test(name, () => attempt(attack, `${attacker}-${index}`));
  }

  async function attempt([, values, check, fooled]: UpstreamAttack, name: string): Promise<void> {
    const text = JSON.stringify({ policies: { podSecurityStandard: 'baseline' }, ...values });
    const own = text.replaceAll('NAME', name);
    // Values are rendered once before the chart is: what is meant for the chart is quoted.
    const helmRelease = { chart, values: own.replaceAll('{{', '{{ "{{" }}') };
    const tenant = await platform.tenant(name, { template: { helmRelease } });
    const { checkRelease } = createReleaseActivities({ ...platform, chartsDir, charts: [archive] });
    const answer = await checkRelease({ tenant }).then(() => 'let through', messageOf);
    assert.match(answer, check ?? /^let through$/);
    const made = await installUnchecked(tenant, own).then(() => 'inside', messageOf);
    if (fooled === 'inside') assert.equal(made, 'inside');
    if (fooled === 'refused')
      assert.match(made, /forbidden|cannot be imported|typed patch|invalid|not allowed/i);
  }

  /** All that the chart renders, given to Helm as it is. */
  async function installUnchecked(
    { name, hostNamespace, ...owner }: TenantRef,
    values: string,
  ): Promise<void> {
    const names = { release: name, namespace: hostNamespace };
    const text = await platform.helm.template({ chart: archive, values, ...names });
    const objects = readHelmYamlStream(text).filter((object) => object !== null) as KubernetesObject[];
    const { core } = platform.client;
    const account = { namespace: hostNamespace, body: { metadata: { name: 'default' } } };
    await core.createNamespacedServiceAccount(account); // no controller makes it here, and no pod is made without
    const host = await platform.hosts.prove({ name, hostNamespace, ...owner });
    const kubeconfig = await host.helmKubeconfigFile(tenantChart(chart.name).helmRole);
    const manifest = { chart, objects };
    await platform.helm.upgrade(
      { ...names, cluster: 'local', kubeconfig },
      { manifest, labels: { operation: 'attack' } },
    );
  }
});

function messageOf(error: unknown): string {
  assert.ok(error instanceof PlatformError, String(error));
  return error.message;
}
