import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { createHelm } from '../../../adapters/helm/helm.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';
import { type Canary, startCanary } from '../../support/canary.ts';
import { eventually } from '../../support/eventually.ts';
import { startTogether } from '../../support/start-together.ts';
import { createRawCall, type RawCall } from '../../support/raw-call.ts';
import { prepareWays, waysToDial } from '../../support/ways-to-dial.ts';

const chart = join(import.meta.dirname, '..', '..', '..', 'deploy', 'charts', 'tenant-control-plane');

/** An address of this machine that is not loopback; without one the three proxies have nothing to point at. */
const own = Object.values(networkInterfaces())
  .flatMap((entries) => entries ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

/** A tenant's API server as the chart starts it, as far as egress goes, and a canary that it is turned against. */
async function startTenant(dir: string, values: string, undo: AsyncDisposableStack) {
  const helm = createHelm({ binary: findProgram('helm'), workDir: dir });
  const manifest = await helm.template({ chart, values, release: 'demo', namespace: 'default' });
  const objects = parseAllDocuments(manifest, { version: '1.1' }).map((document) => document.toJS());
  const config = objects.find((object: V1ConfigMap) => object.kind === 'ConfigMap') as V1ConfigMap;
  const file = join(mkdtempSync(join(dir, 'egress-')), 'egress-selector.yaml');
  writeFileSync(file, config.data?.['egress-selector.yaml'] ?? '');
  const server = await startApiServer({ extraArgs: [`--egress-selector-config-file=${file}`] });
  undo.defer(() => server.stop());
  const canary = await startCanary();
  undo.defer(() => canary.close());
  return { canary, server, call: createRawCall(server.adminKubeconfig) };
}

describe("egress of a tenant cluster's API server", { timeout: 600_000 }, () => {
  const undo = new AsyncDisposableStack();
  let closed: { canary: Canary; server: TestApiServer; call: RawCall };
  let direct: typeof closed;
  before(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'vcp-egress-'));
    undo.defer(() => rmSync(dir, { recursive: true, force: true }));
    [closed, direct] = await startTogether([
      startTenant(dir, '', undo),
      startTenant(dir, 'apiServer: { egress: { cluster: Direct, controlPlane: Direct } }', undo),
    ]);
    for (const { call, canary } of [closed, direct]) await prepareWays(call, canary.port);
  });
  after(() => undo.disposeAsync());

  let reached = 0;
  for (const way of waysToDial) {
    const skip = own === undefined && way.name.includes('own address') && 'this machine has loopback only';
    test(`${way.name}: reaches a server when opened, none by default, and says why`, { skip }, async () => {
      for (const { call, canary } of [closed, direct]) await way.prepare(call, canary.port, own ?? '');
      direct.canary.heard();
      await eventually('the canary hears it', async () => {
        await way.dial(direct.call, direct.canary.port);
        return direct.canary.heard() > 0;
      });
      await eventually('the API server says that egress is closed', async () => {
        const { text } = await way.dial(closed.call, closed.canary.port);
        return /dial unix \/dev\/null\/closed-by-chart-value-apiServer\.egress\.(cluster|controlPlane)/.test(
          text,
        );
      });
      const heard = closed.canary.heard();
      if (heard > 0) reached += 1;
      assert.equal(heard, 0);
    });
  }

  test('the tenant cluster works with closed egress', async () => {
    const { status } = await closed.call('GET', '/readyz');
    assert.equal(status, 200);
    assert.equal(closed.canary.heard(), 0);
    console.log(
      `egress closed: ${waysToDial.length} ways to dial, ${reached} reached a server of this machine`,
    );
  });
});
