import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createReleaseActivities } from '../../activities/control-plane/release.ts';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { createHelm } from '../../adapters/helm/helm.ts';
import { tenantChart } from '../../adapters/tenant-charts/known-charts.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import {
  packageVclusterChart,
  vclusterChartVersion as vclusterVersion,
} from '../../toolchain/vcluster-chart.ts';
import { type ActivityPlatform, chartsDir, startActivityPlatform } from './activity-platform.ts';

const refuses = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PlatformError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

describe("vCluster's chart, rendered and checked", () => {
  let platform: ActivityPlatform;
  let archive: string;
  before(async () => {
    archive = await packageVclusterChart();
    platform = await startActivityPlatform();
  });
  after(() => platform?.stop());

  let count = 0;
  const safe = 'policies: { podSecurityStandard: baseline }';
  const inline = (values: string, version = vclusterVersion) =>
    platform.tenant(`up-${(count += 1)}`, {
      template: { helmRelease: { chart: { name: 'vcluster', version }, values } },
    });
  const releases = (charts: readonly string[]) => createReleaseActivities({ ...platform, chartsDir, charts });

  test('without its archive the chart is unknown, and the message says what to do', async () => {
    const { checkRelease } = releases([]);
    await assert.rejects(
      checkRelease({ tenant: await inline('') }),
      refuses('chart_failed', /chart "vcluster" not found; an administrator can add one with --chart/),
    );
  });

  // More of what it may not is in upstream-attacks.test.ts.
  test('an inline template may use it within the contract only', async () => {
    const { checkRelease } = releases([archive]);
    const expected = { chart: 'vcluster', version: vclusterVersion };
    assert.deepEqual(await checkRelease({ tenant: await inline(safe) }), expected);
    const refused: [values: string, code: string, message: RegExp][] = [
      [
        '',
        'chart_failed',
        /policies.podSecurityStandard to neither baseline nor restricted; .* administrator/,
      ],
      ['policies: { podSecurityStandard: privileged }', 'chart_failed', /podSecurityStandard to neither/],
      ['nonsense: 1', 'invalid_values', /nonsense/],
      [
        `controlPlane: { service: { enabled: false } }\n${safe}`,
        'chart_failed',
        /does not create a StatefulSet or Deployment and a Service named/,
      ],
    ];
    for (const [values, code, message] of refused)
      await assert.rejects(checkRelease({ tenant: await inline(values) }), refuses(code, message), values);
    await assert.rejects(
      checkRelease({ tenant: await inline('', '0.35.0') }),
      refuses('chart_failed', /in version 0\.36\.0, not 0\.35\.0/),
    );
  });

  test('its archive is fetched once from a server whose certificate is checked', async () => {
    const authority = await createCertificateAuthority('charts');
    const pair = await authority.issue({ commonName: 'charts', names: ['127.0.0.1'], usages: ['server'] });
    let requests = 0;
    const server = createServer({ cert: pair.certificate, key: pair.key }, (_request, response) => {
      requests += 1;
      response.end(readFileSync(archive));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/charts/vcluster-${vclusterVersion}.tgz`;
    const work = join(platform.workDir, 'pull');
    mkdirSync(work, { recursive: true });
    const chartsCaFile = join(work, 'ca.pem');
    writeFileSync(chartsCaFile, authority.certificate);
    const helm = createHelm({ binary: findProgram('helm'), workDir: work, chartsCaFile });
    try {
      const { checkRelease } = createReleaseActivities({ ...platform, helm, chartsDir, charts: [url] });
      const [first, second] = [await inline(safe), await inline(`${safe}\ntelemetry: { enabled: false }`)];
      for (const tenant of [first, second])
        assert.equal((await checkRelease({ tenant })).version, vclusterVersion);
      assert.equal(requests, 1);
      await assert.rejects(
        releases([url]).checkRelease({ tenant: first }), // a Helm that does not know the authority
        refuses('chart_unavailable', /vcluster-0\.36\.0\.tgz cannot be fetched/),
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('its snapshots support only the embedded database on a volume', async () => {
    const { installRelease } = releases([archive]);
    const stores: [values: string, expected: RegExp | undefined][] = [
      ['', undefined],
      ['controlPlane: { backingStore: { etcd: { deploy: { enabled: true } } } }', /embedded database/],
      [
        'controlPlane: { statefulSet: { persistence: { volumeClaim: { enabled: false } } } }',
        /with a volume/,
      ],
    ];
    for (const [values, refusal] of stores) {
      const tenant = await inline(`${safe}\n${values}`);
      await installRelease({ tenant, operationId: 'install' });
      const reading = tenantChart('vcluster').readWorkload(await platform.hosts.prove(tenant));
      if (refusal !== undefined) {
        await assert.rejects(
          reading,
          refuses(values.includes('etcd') ? 'invalid_request' : 'tenant_cluster_not_found', refusal),
        );
        continue;
      }
      const { store, claimName, kubernetesVersion, pod } = await reading;
      assert.deepEqual([store, claimName], ['sqlite', `data-${tenant.name}-0`]);
      assert.match(kubernetesVersion, /^v1\./);
      assert.equal(pod.securityContext?.runAsUser, 0);
    }
  });
});
