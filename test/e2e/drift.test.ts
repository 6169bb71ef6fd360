import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually as eventuallyWithin } from '../support/eventually.ts';
import { instancesPath, run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';

/** Everything is put back within seconds; a busy machine takes its time. */
const eventually: typeof eventuallyWithin = (what, probe, options) =>
  eventuallyWithin(what, probe, { timeoutMs: 30_000, ...options });
const rbacGroup = 'rbac.authorization.k8s.io';
const administrators = 'vcluster-platform:administrators';
const host = 'loft-default-v-drifter';
const spaceNamespace = 'loft-default-s-drifting';
const spacesPath = instancesPath.replace('virtualclusterinstances', 'spaceinstances');

/** What an administrator of the connected cluster changes there by hand, and what the controllers make of it. */
describe('drift in a connected cluster', { timeout: 600_000 }, () => {
  let platform: TestPlatform;
  let cluster: ClusterClient;
  before(async () => {
    platform = await sharedPlatform();
    cluster = connectCluster(readFileSync(join(platform.stateDir, 'local', 'admin.kubeconfig'), 'utf8'));
    const others = JSON.stringify({ subjects: [{ kind: 'Group', name: 'others', apiGroup: rbacGroup }] });
    await kubectl('patch', 'clusterrolebinding', administrators, '--type=merge', '-p', others);
    await platform.apply('drifter');
    const space = {
      apiVersion: 'management.loft.sh/v1',
      kind: 'SpaceInstance',
      metadata: { name: 'drifting' },
    };
    const made = await platform.call('POST', spacesPath, space);
    assert.equal(made.status, 201, made.text);
    for (const path of [`${instancesPath}/drifter`, `${spacesPath}/drifting`])
      await eventually(`${path} is Ready`, async () => (await statusAt(path)).phase === 'Ready', {
        timeoutMs: 120_000,
      });
  });
  after(async () => {
    await platform?.ended((await platform.submit('drifter', { type: 'delete' })).id);
    await platform?.call('DELETE', `${spacesPath}/drifting`);
    await eventually('the space is gone', async () => {
      return (await platform.call('GET', `${spacesPath}/drifting`)).status === 404;
    });
  });

  const statusAt = async (path: string) =>
    (await platform.call('GET', path)).json<Pick<VirtualClusterInstance, 'status'>>().status ?? {};
  /** As an administrator of the connected cluster. */
  async function kubectl(...args: string[]): Promise<string> {
    const config = join(platform.stateDir, 'local', 'admin.kubeconfig');
    const { code, stdout, stderr } = await run(findProgram('kubectl'), ['--kubeconfig', config, ...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  }
  const inHost = (...args: string[]) => kubectl('-n', host, ...args);
  const namespaceLabels = async (name: string) =>
    (await cluster.core.readNamespace({ name })).metadata?.labels ?? {};
  const service = () => cluster.core.readNamespacedService({ name: 'drifter', namespace: host });
  const credential = () => cluster.core.readNamespacedSecret({ name: 'vc-drifter-gateway', namespace: host });
  const controlPlane = () => cluster.apps.readNamespacedStatefulSet({ name: 'drifter', namespace: host });
  const bindingOfSpace = async () => {
    const { items } = await cluster.rbac.listNamespacedRoleBinding({ namespace: spaceNamespace });
    const [binding] = items;
    return { name: binding?.metadata?.name ?? '', subjects: binding?.subjects ?? [] };
  };
  const updates = async (): Promise<Operation[]> =>
    (await platform.all('drifter')).filter(({ type }) => type === 'update');
  const events = async (namespace = 'p-default'): Promise<string[]> => {
    const path = `/kubernetes/management/api/v1/namespaces/${namespace}/events`;
    const { items } = (await platform.call('GET', path)).json<{
      items: { reason: string; message: string }[];
    }>();
    return items.filter(({ reason }) => reason === 'PutBack').map(({ message }) => message);
  };
  const told = (text: RegExp) =>
    eventually(`an event says ${text}`, async () => (await events()).some((message) => text.test(message)));
  /** The one update that puts back what is changed by `change`, at its end. */
  async function putBackAfter(change: () => Promise<unknown>): Promise<Operation> {
    const before = (await updates()).length;
    await change();
    const [newest] = await eventually('an update is submitted', async () => {
      const now = await updates();
      return now.length > before && now;
    });
    const ended = await platform.ended(newest?.id ?? '');
    assert.equal(ended.state, 'succeeded', ended.message);
    return ended;
  }

  test('labels of a host namespace that were removed are back, also the one by which it is ours', async () => {
    const wanted = await namespaceLabels(host);
    await kubectl(
      'label',
      'namespace',
      host,
      'loft.sh/project-',
      'vcluster-platform.io/instance-uid-',
      'mine=yes',
    );
    await eventually('the labels are back', async () => {
      assert.deepEqual(await namespaceLabels(host), { ...wanted, mine: 'yes' });
      return true;
    });
    await told(new RegExp(`^Put back Namespace ${host}: \\S+ had changed it$`));
    assert.equal((await updates()).length, 0, 'no operation is needed for labels');
  });

  test('a Service, a Role and a credential are put back by one update, and what others add stays', async () => {
    const before = await service();
    const secret = await credential();
    const operation = await putBackAfter(async () => {
      // Nothing is told of Helm's own rights: they are made again when they are needed.
      await inHost('delete', 'rolebinding,serviceaccount', 'vcluster-platform-helm');
      await inHost('label', 'service', 'drifter', 'mine=yes');
      const ports = [{ name: 'https', port: 443, targetPort: 9999, protocol: 'TCP' }];
      await Promise.all([
        inHost('patch', 'service', 'drifter', '-p', JSON.stringify({ spec: { ports } })),
        inHost('delete', 'role', 'vcluster-platform-gateway'),
        inHost('patch', 'secret', 'vc-drifter-gateway', '-p', '{"data":{"config":"eA=="}}'),
      ]);
    });
    assert.equal(operation.actor, 'vcluster-platform:controllers');
    assert.match(
      String(operation.parameters['putsBack']),
      /(kubectl-patch had changed|somebody had deleted) it/,
    );
    await eventually('all of it is as it was', async () => {
      const { spec, metadata } = await service();
      assert.deepEqual(spec, before.spec);
      assert.equal(metadata?.labels?.['mine'], 'yes');
      const { rules = [] } = await cluster.rbac.readNamespacedRole({
        name: 'vcluster-platform-gateway',
        namespace: host,
      });
      assert.deepEqual(rules[0]?.resourceNames, ['vc-drifter-gateway']);
      const now = await credential();
      assert.equal((now.data?.['config']?.length ?? 0) > 1000, true);
      assert.notEqual(now.metadata?.uid, secret.metadata?.uid, 'its content is known nowhere else');
      return true;
    });
    // Which of them was seen first is not known; the others may have been put back with it.
    await told(
      /^Putting back (Service|Role|Secret) \S+ in namespace \S+: (kubectl-patch had changed|somebody had deleted) it \(operation \S+\)$/,
    );
    const tenant = '/kubernetes/project/default/virtualcluster/drifter/api/v1/namespaces';
    await eventually(
      'the tenant cluster is used',
      async () => (await platform.call('GET', tenant)).status === 200,
    );
  });

  test('a StatefulSet that was scaled and lost a label is as before', async () => {
    await putBackAfter(async () => {
      const change = { metadata: { labels: { app: null } }, spec: { replicas: 2 } };
      await inHost('patch', 'statefulset', 'drifter', '--type=merge', '-p', JSON.stringify(change));
    });
    await eventually('it is back', async () => {
      const { spec, metadata } = await controlPlane();
      return spec?.replicas === 1 && metadata?.labels?.['app'] === 'vcluster';
    });
  });

  test('what sleep changes is not drift, and what is deleted of a sleeper is back while it sleeps', async () => {
    const before = (await updates()).length;
    await platform.ended((await platform.submit('drifter', { type: 'sleep' })).id);
    await putBackAfter(() => inHost('delete', 'configmap', 'drifter-egress'));
    assert.equal((await updates()).length, before + 1, 'the sleep itself asked for none');
    await cluster.core.readNamespacedConfigMap({ name: 'drifter-egress', namespace: host });
    assert.equal((await controlPlane()).spec?.replicas, 0);
    assert.equal((await statusAt(`${instancesPath}/drifter`)).phase, 'Sleeping');
    await platform.ended((await platform.submit('drifter', { type: 'wake' })).id);
    assert.equal((await updates()).length, before + 1, 'nor does the wake');
  });

  test('a binding and a label of a space are back, and the event names who changed them', async () => {
    const { name, subjects } = await bindingOfSpace();
    const other = JSON.stringify({ subjects: [{ kind: 'Group', name: 'others', apiGroup: rbacGroup }] });
    await kubectl('-n', spaceNamespace, 'patch', 'rolebinding', name, '--type=merge', '-p', other);
    await kubectl('label', 'namespace', spaceNamespace, 'loft.sh/space-instance-name=other', '--overwrite');
    await eventually('both are back', async () => {
      assert.deepEqual((await bindingOfSpace()).subjects, subjects);
      return (await namespaceLabels(spaceNamespace))['loft.sh/space-instance-name'] === 'drifting';
    });
    const where = `${name} in namespace ${spaceNamespace}`;
    await told(new RegExp(`^Put back RoleBinding ${where}: kubectl-patch had changed it$`));
    await told(new RegExp(`^Put back Namespace ${spaceNamespace}: kubectl-label had changed it$`));
  });

  test('what does not stay as it was put back is named by a condition, and left for a while', async () => {
    const change = () =>
      kubectl('label', 'namespace', spaceNamespace, 'loft.sh/project=other', '--overwrite');
    const project = async () => (await namespaceLabels(spaceNamespace))['loft.sh/project'];
    // Once was before.
    for (const time of [2, 3]) {
      await change();
      await eventually(`it is back for the ${time}. time`, async () => (await project()) === 'default');
    }
    await eventually('the condition says who', async () => {
      const { conditions } = await statusAt(`${spacesPath}/drifting`);
      const found = conditions?.find(({ type }) => type === 'Uncontested');
      return found?.status === 'False' && /kubectl-label had changed it, 3 times/.test(found.message ?? '');
    });
    const before = (await events()).length;
    await change();
    // Bindings are judged after the same watch has told of the label: theirs are put back, it is not.
    const { name } = await bindingOfSpace();
    await kubectl('-n', spaceNamespace, 'delete', 'rolebinding', name);
    await eventually('the binding is back', async () => (await bindingOfSpace()).name === name);
    await eventually('the event of the binding', async () => (await events()).length === before + 1);
    assert.equal(await project(), 'other');
  });

  test('a control plane that was deleted with its data is not made again, empty, by itself', async () => {
    const before = (await platform.all('drifter')).length;
    await inHost('delete', 'statefulset', 'drifter');
    await eventually(
      'it is said',
      async () => {
        const { conditions } = await statusAt(`${instancesPath}/drifter`);
        return conditions?.some(({ type }) => type === 'ControlPlaneReachable');
      },
      { timeoutMs: 60_000 },
    );
    assert.equal((await platform.all('drifter')).length, before);
  });

  test("the binding of the platform's administrators is back within a minute", async () => {
    // It was changed before all else.
    await eventually(
      'an event of the cluster says so',
      async () =>
        (await events('default')).includes(
          `Put back ClusterRoleBinding ${administrators}: kubectl-patch had changed it`,
        ),
      { timeoutMs: 70_000 },
    );
    const { subjects = [] } = await cluster.rbac.readClusterRoleBinding({ name: administrators });
    assert.ok(subjects.length > 0 && subjects.every(({ name }) => name !== 'others'));
  });
});
