import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  AuthorizationV1Api,
  type KubernetesObject,
  type V1ClusterRole,
  type V1Deployment,
} from '@kubernetes/client-node';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfigFile } from '../../../adapters/config-file.ts';
import { createChartSources } from '../../../adapters/helm/chart-sources.ts';
import { createHelm } from '../../../adapters/helm/helm.ts';
import { applyObject } from '../../../adapters/kubernetes/apply-object.ts';
import { type ClusterClient, connectCluster } from '../../../adapters/kubernetes/client.ts';
import { readManifests } from '../../../adapters/kubernetes/manifests.ts';
import { platformAccounts } from '../../../contracts/agents.ts';
import { AgentConfig } from '../../../contracts/agent-config.ts';
import { identities, writers } from '../../../contracts/names.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';
import { eventually } from '../../support/eventually.ts';
import { type CommandResult, run } from '../../support/platform.ts';

const charts = join(import.meta.dirname, '..', '..', '..', 'deploy', 'charts');
const chart = join(charts, 'vcluster-platform');
const namespace = 'fleet';
const authority = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const needed = { agentOnly: true, url: 'https://platform.test:8443', token: 'vcpj_0123' };

interface Rendered extends KubernetesObject {
  data?: Record<string, string>;
  subjects?: { kind: string; name: string; namespace?: string }[];
}

describe('the chart of the agent', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-agent-chart-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const helm = (args: string[], values: object = {}): Promise<CommandResult> =>
    run(findProgram('helm'), [...args, '--values', '-'], {
      input: JSON.stringify(values),
      env: { PATH: process.env['PATH'], HOME: dir },
    });
  async function render(values: object, ...args: string[]): Promise<Rendered[]> {
    const { code, stdout, stderr } = await helm(
      ['template', 'loft', chart, '--namespace', namespace, ...args],
      values,
    );
    assert.equal(code, 0, stderr);
    return parseAllDocuments(stdout)
      .map((document) => document.toJS() as Rendered | null)
      .filter((object) => object !== null);
  }
  const namesOf = (objects: readonly KubernetesObject[]) =>
    objects.map(({ kind, metadata }) => `${kind} ${metadata?.name}`).toSorted();
  const find = <T extends KubernetesObject>(
    objects: readonly KubernetesObject[],
    kind: string,
    name: string,
  ) => objects.find((object) => object.kind === kind && object.metadata?.name === name) as T;
  function configOf(objects: readonly Rendered[]): AgentConfig {
    const file = join(dir, 'config.json');
    writeFileSync(file, find<Rendered>(objects, 'ConfigMap', 'loft-agent').data?.['config.json'] ?? '');
    return parseConfigFile(AgentConfig, file);
  }

  it('passes lint', async () => {
    const { code, stdout } = await helm(['lint', chart], needed);
    assert.equal(code, 0, stdout);
  });

  it('makes the agent, the accounts of the platform and their rights, and nothing else', async () => {
    const objects = await render(needed);
    const rights = readManifests(join(chart, 'agent'), join(chart, 'connected-cluster'));
    assert.deepEqual(
      namesOf(objects),
      [
        ...namesOf(rights),
        'ConfigMap loft-agent',
        'Deployment loft',
        'Secret loft-agent-credential',
        'Secret loft-agent-join-key',
        ...['agent', ...platformAccounts].map((name) => `ServiceAccount ${name}`),
      ].toSorted(),
    );
    const kinds = new Set(objects.map(({ kind }) => kind));
    for (const kind of kinds) assert.doesNotMatch(kind ?? '', /Webhook|APIService|CustomResource/);
  });

  it('binds the accounts where the manifests name users, in the namespace of the release', async () => {
    const objects = await render(needed);
    const accounts = { ...identities, gatewayDialer: '' };
    for (const manifest of readManifests(join(chart, 'agent'), join(chart, 'connected-cluster'))) {
      const { metadata, subjects, ...rest } = manifest as Rendered;
      const made = find<Rendered>(objects, manifest.kind ?? '', metadata?.name ?? '');
      const expected = subjects?.map((subject) => {
        const name = subject.name.replace('vcluster-platform:', '');
        return Object.values(accounts).includes(subject.name as never)
          ? { kind: 'ServiceAccount', name, namespace }
          : subject;
      });
      const { metadata: made_, subjects: bound, ...what } = made;
      assert.deepEqual(what, rest);
      assert.deepEqual(bound, expected);
      assert.equal(made_?.namespace, metadata?.namespace === undefined ? undefined : namespace);
    }
  });

  it('configures the agent as its schema says', async () => {
    const minimal = configOf(await render({ ...needed, url: 'platform.test' }));
    assert.deepEqual(minimal, {
      logLevel: 'info',
      url: 'https://platform.test',
      joinKeyFile: 'join-key',
      credential: { secret: 'loft-agent-credential' },
      namespace,
      probePort: 8080,
    });
    for (const additionalCA of [authority, Buffer.from(authority).toString('base64')]) {
      const objects = await render({
        ...needed,
        additionalCA,
        insecureSkipVerify: true,
        agentConfig: { logLevel: 'debug' },
      });
      const { caFile, insecureSkipVerify, logLevel } = configOf(objects);
      assert.deepEqual([caFile, insecureSkipVerify, logLevel], ['ca.crt', true, 'debug']);
      assert.equal(find<Rendered>(objects, 'ConfigMap', 'loft-agent').data?.['ca.crt'], authority);
    }
  });

  it('keeps the join key in a Secret of its own, or takes it from one that is there', async () => {
    const sourceOf = (objects: Rendered[]) =>
      find<V1Deployment>(objects, 'Deployment', 'loft').spec?.template.spec?.volumes?.[0]?.projected
        ?.sources?.[1];
    const own = await render(needed);
    assert.equal(
      Buffer.from(
        find<Rendered>(own, 'Secret', 'loft-agent-join-key').data?.['token'] ?? '',
        'base64',
      ).toString(),
      needed.token,
    );
    assert.doesNotMatch(JSON.stringify(own.filter(({ kind }) => kind !== 'Secret')), /vcpj_/);
    const given = await render({ ...needed, token: '', tokenSecretRef: { name: 'mine', key: 'joinKey' } });
    assert.equal(find(given, 'Secret', 'loft-agent-join-key'), undefined);
    assert.deepEqual(sourceOf(given)?.secret, {
      name: 'mine',
      optional: true,
      items: [{ key: 'joinKey', path: 'join-key' }],
    });
  });

  it('rolls the agent when what it read at its start is another', async () => {
    const checksum = async (values: object) =>
      find<V1Deployment>(await render({ ...needed, ...values }), 'Deployment', 'loft').spec?.template.metadata
        ?.annotations?.['checksum/config'];
    const sums = [{}, { token: 'vcpj_other' }, { url: 'https://other.test' }, { additionalCA: authority }];
    assert.equal(new Set(await Promise.all(sums.map(checksum))).size, sums.length);
    assert.equal(await checksum({ resources: {} }), await checksum({}));
  });

  const refused: [what: string, values: object, message: RegExp][] = [
    [
      'the platform itself',
      { agentOnly: false },
      /agentOnly must be true: this version of the chart installs the agent/,
    ],
    ['no address', { url: '' }, /url is missing: the address of the platform/],
    ['an address without TLS', { url: 'http://platform.test' }, /'\/url'/],
    ['no join key', { token: '' }, /token or tokenSecretRef\.name is missing: the join key/],
    ['two join keys', { tokenSecretRef: { name: 'mine' } }, /token and tokenSecretRef both name a join key/],
    [
      'a CA that is not one',
      { additionalCA: 'aGVsbG8=' },
      /additionalCA must be certificates as PEM, or base64/,
    ],
    ['two agents', { replicaCount: 2 }, /'\/replicaCount': maximum: got 2, want 1/],
    [
      'a value of another type',
      { insecureSkipVerify: 'yes' },
      /'\/insecureSkipVerify': got string, want boolean/,
    ],
  ];
  for (const [what, values, message] of refused)
    it(`refuses ${what}`, async () => {
      const { code, stderr } = await helm(['template', 'loft', chart], { ...needed, ...values });
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    });

  it('is upgraded without a join key, which the first agent used up', async () => {
    const objects = await render({ ...needed, token: '' }, '--is-upgrade');
    assert.equal(find(objects, 'Secret', 'loft-agent-join-key'), undefined);
  });

  it('names values that it does not have, and knows those of its schema', async () => {
    const { stdout } = await helm(['install', 'loft', chart, '--dry-run=client'], {
      ...needed,
      ingress: { enabled: true },
      admin: { create: true },
    });
    assert.match(stdout, /^Values that this chart does not have, and ignored: admin, ingress$/m);
    const read = (file: string) => parse(readFileSync(join(chart, file), 'utf8')) as Record<string, object>;
    const defaults = read('values.yaml');
    assert.deepEqual(Object.keys(read('values.schema.json')['properties'] ?? {}), Object.keys(defaults));
    const known = await helm(['install', 'loft', chart, '--dry-run=client'], { ...defaults, ...needed });
    assert.match(known.stdout, /^NOTES:$/m);
    assert.doesNotMatch(known.stdout, /ignored/);
  });

  it('has every right that it gives cluster-wide, and those of the agent, in the guide with a reason', () => {
    const guide = readFileSync(join(charts, '../../docs/guides/connected-clusters.md'), 'utf8');
    let role = '';
    const lines = guide.split('\n').filter((line) => line.startsWith('|'));
    const rows = lines.map((line) => {
      const [name = '', what = '', verbs = ''] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      role = name === '' ? role : name;
      return { role, what, verbs: verbs.split(/[,;] /) };
    });
    const isPart = (name: string) => /gateway-users-[1-9a-f]$/.test(name);
    /** Bound in namespaces of the platform alone; the guide says what for. */
    const inNamespaces = /:helm-|^loft-cluster-space-admin$/;
    const missing = readManifests(join(chart, 'agent'), join(chart, 'connected-cluster'))
      .filter(({ metadata }) => !inNamespaces.test(metadata?.name ?? ''))
      .flatMap((object) => ((object as V1ClusterRole).rules ?? []).map((rule) => ({ object, rule })))
      .filter(({ object, rule }) => {
        const names = [
          ...(rule.resources ?? []),
          ...(rule.resourceNames ?? []).filter((name) => !isPart(name)),
        ];
        return !rows.some(
          (row) =>
            row.role.includes(`\`${object.metadata?.name}\``) &&
            names.every((name) => row.what.includes(`\`${name}\``)) &&
            rule.verbs.every((verb) => row.verbs.includes(verb)),
        );
      });
    assert.deepEqual(missing, []);
  });

  it('is not a chart for tenant clusters', async () => {
    const sources = createChartSources({
      helm: createHelm({ binary: findProgram('helm'), workDir: dir }),
      chartsDir: charts,
      archives: [],
    });
    await assert.rejects(sources.find({ name: 'vcluster-platform' }), {
      code: 'chart_failed',
      message: /connects a cluster to the platform, not a tenant cluster/,
    });
    assert.equal((await sources.find(undefined)).name, 'tenant-control-plane');
  });

  describe('in a cluster', () => {
    let server: TestApiServer;
    let client: ClusterClient;
    let reviews: AuthorizationV1Api;
    const release = (args: string[], values: object) =>
      helm([...args, '--namespace', namespace, '--kubeconfig', join(dir, 'kubeconfig')], values);
    before(async () => {
      server = await startApiServer();
      client = connectCluster(server.adminKubeconfig, { writer: writers.bootstrap });
      reviews = client.kubeConfig.makeApiClient(AuthorizationV1Api);
      writeFileSync(join(dir, 'kubeconfig'), server.adminKubeconfig, { mode: 0o600 });
      const { code, stderr } = await release(
        ['upgrade', '--install', 'loft', chart, '--create-namespace'],
        needed,
      );
      assert.equal(code, 0, stderr);
      await eventually('the roles are in force', () => may('agent', 'list nodes'));
    });
    after(() => server.stop());

    /** @param what `<verb> <resource>[/<subresource>][.<group>] [<name>]`, in the namespace of the release unless another is given */
    async function may(account: string, what: string, where = namespace): Promise<boolean> {
      const [verb = '', kind = '', name = ''] = what.split(' ');
      const [path = '', ...group] = kind.split('.');
      const [resource = '', subresource = ''] = path.split('/');
      const resourceAttributes = {
        verb,
        resource,
        subresource,
        group: group.join('.'),
        name,
        namespace: where,
      };
      const user = `system:serviceaccount:${namespace}:${account}`;
      const { status } = await reviews.createSubjectAccessReview({
        body: { spec: { user, resourceAttributes } },
      });
      return status?.allowed === true;
    }

    const rights: [account: string, what: string, expected: boolean, where?: string][] = [
      ...platformAccounts.map((name): [string, string, boolean] => [
        'agent',
        `create serviceaccounts/token ${name}`,
        true,
      ]),
      ['agent', 'create serviceaccounts/token default', false],
      ['agent', 'create serviceaccounts/token agent', false],
      ['agent', 'create serviceaccounts/token gateway', false, 'kube-system'],
      ['agent', 'get secrets loft-agent-credential', true],
      ['agent', 'update secrets loft-agent-credential', true],
      ['agent', 'get secrets loft-agent-credential', false, 'kube-system'],
      ['agent', 'get secrets loft-agent-join-key', false],
      ['agent', 'list secrets', false],
      ['agent', 'create secrets', false],
      ['agent', 'get services', true, 'kube-system'],
      ['agent', 'list services', false],
      ['agent', 'get namespaces kube-system', true],
      ['agent', 'list namespaces', false],
      ['agent', 'list pods', true, 'kube-system'],
      ['agent', 'create pods', false],
      ['agent', 'create pods/exec', false],
      ['agent', 'list nodes', true],
      ['agent', 'get nodes/proxy', false],
      ['agent', 'impersonate users admin', false],
      ['agent', 'create clusterrolebindings.rbac.authorization.k8s.io', false],
      ['gateway', `impersonate users ${identities.gatewayDialer}`, true],
      ['gateway', 'get services', false],
      ['worker', 'create namespaces', true],
      ['worker', 'create serviceaccounts/token vcluster-platform-helm', true],
      ['worker', 'create serviceaccounts/token controllers', false],
      ['controllers', 'patch clusterroles.rbac.authorization.k8s.io vcluster-platform:gateway-users', true],
      ['controllers', 'get secrets', false],
      ['default', 'get services', false],
    ];
    for (const [account, what, expected, where] of rights)
      it(`${account} ${expected ? 'may' : 'may not'} ${what}${where === undefined ? '' : ` in ${where}`}`, async () =>
        assert.equal(await may(account, what, where), expected));

    it('gives users with the names of the platform nothing', async () => {
      for (const user of [identities.gateway, identities.worker, identities.controllers, identities.agent]) {
        const spec = { user, resourceAttributes: { verb: 'create', resource: 'namespaces' } };
        const { status } = await reviews.createSubjectAccessReview({ body: { spec } });
        assert.notEqual(status?.allowed, true, user);
      }
    });

    it('has a pod that a namespace of Pod Security level restricted accepts', async () => {
      await client.core.createNamespace({
        body: {
          metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
        },
      });
      await client.core.createNamespacedServiceAccount({
        namespace: 'strict',
        body: { metadata: { name: 'agent' } },
      });
      const deployment = find<V1Deployment>(await render(needed), 'Deployment', 'loft');
      const spec = deployment.spec?.template.spec;
      await client.core.createNamespacedPod({
        namespace: 'strict',
        body: { metadata: { name: 'loft' }, ...(spec && { spec }) },
      });
      const privileged = { ...spec, hostNetwork: true, containers: spec?.containers ?? [] };
      await assert.rejects(
        client.core.createNamespacedPod({
          namespace: 'strict',
          body: { metadata: { name: 'other' }, spec: privileged },
        }),
        /restricted/,
      );
    });

    it('leaves what the agent and the controllers wrote when it is upgraded', async () => {
      const name = 'loft-agent-credential';
      const secret = await client.core.readNamespacedSecret({ namespace, name });
      const credential = Buffer.from('vcpa_kept').toString('base64');
      await client.core.replaceNamespacedSecret({
        namespace,
        name,
        body: { ...secret, data: { credential } },
      });
      const users = {
        apiGroups: [''],
        resources: ['users'],
        verbs: ['impersonate'],
        resourceNames: ['anna'],
      };
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      const role = 'vcluster-platform:gateway-users';
      await applyObject(
        client.kubeConfig,
        { apiVersion, kind: 'ClusterRole', metadata: { name: role }, rules: [users] } as KubernetesObject,
        writers.controllers,
      );
      const upgrade = { ...needed, token: '', podAnnotations: { a: 'b' } };
      const { code, stderr } = await release(['upgrade', '--install', 'loft', chart], upgrade);
      assert.equal(code, 0, stderr);
      assert.deepEqual((await client.core.readNamespacedSecret({ namespace, name })).data, { credential });
      const { rules } = await client.rbac.readClusterRole({ name: role });
      assert.deepEqual(
        rules?.map((rule) => ({ ...rule })),
        [users],
      );
      await assert.rejects(
        client.core.readNamespacedSecret({ namespace, name: 'loft-agent-join-key' }),
        /404/,
      );
    });

    it('leaves nothing when it is uninstalled', async () => {
      const { code, stderr } = await run(findProgram('helm'), [
        ...['uninstall', 'loft', '--namespace', namespace, '--kubeconfig', join(dir, 'kubeconfig')],
      ]);
      assert.equal(code, 0, stderr);
      const [roles, bindings, secrets, accounts] = await Promise.all([
        client.rbac.listClusterRole(),
        client.rbac.listClusterRoleBinding(),
        client.core.listNamespacedSecret({ namespace }),
        client.core.listNamespacedServiceAccount({ namespace }),
      ]);
      const left = [...roles.items, ...bindings.items, ...secrets.items, ...accounts.items]
        .map(({ metadata }) => metadata?.name ?? '')
        .filter((name) => !/^(system:|cluster-admin$|admin$|edit$|view$|default$)/.test(name));
      assert.deepEqual(left, []);
    });
  });
});
