import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { temporalConnection } from '../../adapters/temporal-connection.ts';
import { temporalNamespace } from '../../contracts/names.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { leftovers, nothingLeft } from '../support/leftovers.ts';
import { run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';
import { readWorkerConfig } from '../support/worker-config.ts';

interface Instance {
  metadata: {
    uid: string;
    generation: number;
    finalizers?: string[];
    managedFields?: Array<{ manager: string }>;
    annotations?: Record<string, string>;
  };
  spec: Record<string, unknown>;
  status?: {
    phase?: string;
    clusterRef?: object;
    lastOperation?: { id: string };
    conditions?: Array<{ type: string; status: string; message?: string }>;
  };
}

/** Everything by files that are applied with kubectl, as a GitOps tool does it. */
describe('tenant clusters by kubectl apply', { timeout: 1_200_000 }, () => {
  let platform: TestPlatform;
  let temporal: Client;
  before(async () => {
    platform = await sharedPlatform();
    temporal = new Client({
      connection: await Connection.connect(temporalConnection(readWorkerConfig(platform.stateDir).temporal)),
      namespace: temporalNamespace,
    });
  });
  after(async () => {
    await temporal?.connection.close();
  });

  const kubeconfig = () => ['--kubeconfig', join(platform.stateDir, 'admin.kubeconfig')];
  const tryApply = (
    annotations: Record<string, string>,
    spec: Record<string, unknown> = {},
    how = ['apply'],
  ) => {
    const instance = {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: 'gitops', namespace: 'p-default', annotations },
      spec: { templateRef: { name: 'default' }, ...spec },
    };
    return run(findProgram('kubectl'), [...kubeconfig(), ...how, '-f', '-'], {
      input: JSON.stringify(instance),
    });
  };
  const apply = async (...what: Parameters<typeof tryApply>) => {
    const applied = await tryApply(...what);
    assert.equal(applied.code, 0, applied.stderr);
  };
  /** With the annotation by which the next `apply` knows what to take off. */
  const replace = ['replace', '--save-config'];
  const read = async (): Promise<Instance> => {
    const got = await platform.kubectl('get', 'vci', 'gitops', '-n', 'p-default', '-o', 'json');
    assert.equal(got.code, 0, got.stderr);
    return JSON.parse(got.stdout) as Instance;
  };
  const reaches = (phase: string) =>
    eventually(`gitops is ${phase}`, async () => (await read()).status?.phase === phase, {
      timeoutMs: 300_000,
      intervalMs: 500,
    });
  const schedules = async () => {
    const ids: string[] = [];
    for await (const { scheduleId } of temporal.schedule.list())
      if (scheduleId.startsWith('sleep-policy/')) ids.push(scheduleId);
    return ids;
  };

  test('an applied instance is created while kubectl watches its phases', async () => {
    const watch = spawn(findProgram('kubectl'), [
      ...kubeconfig(),
      'get',
      'virtualclusterinstances',
      '-A',
      '-w',
    ]);
    let seen = '';
    watch.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    const spec = {
      displayName: 'From Git',
      extraAccessRules: [{ users: ['admin'], clusterRole: 'loft-cluster-space-admin' }],
      workloadVirtualClusterTemplateDefinition: { helmRelease: { values: 'a: 1' } },
    };
    try {
      await apply({}, spec);
      await eventually('the watch shows it ready', () => /gitops +Ready/.test(seen), { timeoutMs: 300_000 });
    } finally {
      watch.kill('SIGTERM');
      await once(watch, 'exit');
    }
    const lines = seen.split('\n').filter((line) => line.includes('gitops'));
    assert.match(seen, /^NAMESPACE +NAME +STATUS +CLUSTER +VERSION +AGE$/m);
    assert.match(lines[0] ?? '', /^p-default +gitops +(Pending)? /);
    assert.match(lines.at(-1) ?? '', /^p-default +gitops +Ready +local +v1\.\d+\.\d+ +(\d+m)?(\d+s)?$/);
    const instance = await read();
    const asked = { templateRef: { name: 'default' }, owner: { user: 'admin' }, ...spec };
    const place = { cluster: 'local', namespace: 'loft-default-v-gitops' };
    const clusterRef = { ...place, virtualCluster: 'gitops' };
    assert.deepEqual(
      instance.spec,
      { ...asked, clusterRef },
      'what was applied, and what is shown beside it',
    );
    assert.deepEqual(instance.status?.clusterRef, place);
    const ignored = instance.status?.conditions?.find(({ type }) => type === 'FieldsIgnored');
    assert.match(ignored?.message ?? '', /not used by.*: spec\.workloadVirtualClusterTemplateDefinition$/);
  });

  test('a change that needs no operation is seen at once, and each writer has its name', async () => {
    await apply({}, { displayName: 'Still from Git' });
    for (const condition of ['VirtualClusterReady', 'Ready']) {
      const waited = await platform.kubectl(
        ...['wait', `--for=condition=${condition}`, 'vci/gitops', '-n', 'p-default', '--timeout=20s'],
      );
      assert.equal(waited.code, 0, waited.stderr);
    }
    const shown = await platform.kubectl(
      ...['get', 'vci', 'gitops', '-n', 'p-default', '-o', 'json', '--show-managed-fields'],
    );
    const managers = (JSON.parse(shown.stdout) as Instance).metadata.managedFields?.map(
      ({ manager }) => manager,
    );
    const ours = ['vcluster-platform-controllers', 'vcluster-platform-worker'];
    assert.deepEqual(new Set(managers), new Set(['kubectl-client-side-apply', ...ours]));
  });

  test('the manifest replaces it, and nothing changes', async () => {
    await apply({});
    const before = await read();
    await apply({}, {}, replace);
    const { metadata, status } = await read();
    const told = ({ phase, clusterRef, lastOperation }: NonNullable<Instance['status']> = {}) => [
      phase,
      clusterRef,
      lastOperation,
    ];
    assert.deepEqual(
      [metadata.uid, metadata.generation, metadata.finalizers],
      [before.metadata.uid, before.metadata.generation, ['loft.sh/cleanup']],
    );
    assert.deepEqual(told(status), told(before.status));
  });

  test('the force annotation puts a tenant cluster to sleep and its removal wakes it', async () => {
    await apply({ 'sleepmode.loft.sh/force': 'true' });
    await reaches('Sleeping');
    assert.equal(
      (await read()).status?.conditions?.some(({ type }) => type === 'FieldsIgnored'),
      false,
    );
    await apply({});
    await reaches('Ready');
  });

  test('sleep and wake-up schedules become one Temporal Schedule that acts on them', async () => {
    const { uid } = (await read()).metadata;
    const zone = { 'sleepmode.loft.sh/timezone': 'Europe/Berlin#7200' };
    const refused = await tryApply({ 'sleepmode.loft.sh/sleep-schedule': 'each evening' });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /sleep-schedule: invalid cron expression "each evening": .*five fields/);
    assert.deepEqual(await schedules(), []);
    // Every minute: due at the next full one, since the instance was used after the last.
    await apply({ ...zone, 'sleepmode.loft.sh/sleep-schedule': '* * * * *' });
    await eventually('the schedule exists', async () => (await schedules()).length === 1);
    assert.deepEqual(await schedules(), [`sleep-policy/${uid}`]);
    await reaches('Sleeping');
    await apply({ ...zone, 'sleepmode.loft.sh/sleep-schedule': '* * * * *' }, {}, replace);
    const slept = await read();
    assert.equal(slept.metadata.annotations?.['sleepmode.loft.sh/force'], 'true', 'the schedule said so');
    assert.equal(slept.status?.phase, 'Sleeping');
    await apply({ ...zone, 'sleepmode.loft.sh/wakeup-schedule': '* * * * *' });
    await reaches('Ready');
    assert.deepEqual(await schedules(), [`sleep-policy/${uid}`]);
    await apply({});
    await eventually('the schedule is gone', async () => (await schedules()).length === 0);
  });

  test('kubectl delete removes everything', async () => {
    await apply({ 'sleepmode.loft.sh/sleep-schedule': '0 3 * * *' });
    await eventually('the schedule exists', async () => (await schedules()).length === 1);
    const deleted = await platform.kubectl('delete', 'vci', 'gitops', '-n', 'p-default', '--timeout=110s');
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.deepEqual(await leftovers(platform, 'default', 'gitops'), nothingLeft);
    await eventually('the schedule is gone', async () => (await schedules()).length === 0);
  });
});
