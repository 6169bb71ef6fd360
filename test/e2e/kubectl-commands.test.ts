import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { findProgram } from '../../toolchain/find-program.ts';
import { eventually } from '../support/eventually.ts';
import { newMember } from '../support/members.ts';
import { type ApiPath, type KubectlCommand, kubectlCommands } from '../support/kubectl/kubectl-commands.ts';
import { manifests } from '../support/kubectl/kubectl-manifests.ts';
import { differingLines, onBothSides, openSide, type Side } from '../support/kubectl/twin-sides.ts';
import { type CommandResult, run, type TestPlatform } from '../support/platform.ts';
import { sharedPlatform } from '../support/shared-platform.ts';

interface Kubeconfig {
  clusters: Array<{ cluster: Record<string, unknown> }>;
  users: Array<{ user: Record<string, unknown> }>;
}

/** Of equal length, as tables are as wide as what stands in them. */
const namespaces = { gateway: 'twin-one', direct: 'twin-two' };
/** Those of the spaces `one` and `two`. */
const spaceNamespaces = { gateway: 'loft-default-s-one', direct: 'loft-default-s-two' };

const spacesPath = '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-default/spaceinstances';
const beyondSpace = 'is limited to namespace';

/** What the gateway refuses by itself, because it is beyond the space, RBAC refuses in other words. */
const alike = (gateway: CommandResult, direct: CommandResult) =>
  isDeepStrictEqual(gateway, direct) || (gateway.stderr.includes(beyondSpace) && direct.code !== 0);

/** Why a comparison fails, on a few lines: a run's output may be all that is kept of it. */
function deviation(
  { line }: KubectlCommand,
  reason: string | undefined,
  gateway: CommandResult,
  direct: CommandResult,
): string {
  if (reason !== undefined) return `kubectl ${line}: the same on both sides, but ${reason}`;
  return [`kubectl ${line}:`, ...differingLines(gateway, direct)].join('\n  ');
}

/** Ordinary kubectl commands say the same through the gateway as directly, on standard output, error and exit code. */
describe('kubectl through the gateway and directly', { timeout: 1_200_000, concurrency: 2 }, () => {
  let platform: TestPlatform;
  const dir = mkdtempSync(join(tmpdir(), 'vcp-kubectl-'));
  const manifestDir = join(dir, 'manifests');
  before(async () => {
    mkdirSync(manifestDir);
    for (const [name, text] of Object.entries(manifests)) writeFileSync(join(manifestDir, name), text);
    platform = await sharedPlatform();
    await platform.apply('alpha');
    const created = await platform.ended((await platform.first('alpha', 'create')).id);
    assert.equal(created.state, 'succeeded', created.message);
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
  });

  const stateFile = (path: string) =>
    parse(readFileSync(join(platform.stateDir, path), 'utf8')) as Kubeconfig;

  /** One field of an object in the embedded cluster, as its administrator reads it. */
  async function inHostNamespace(kind: string, name: string, field: string): Promise<string> {
    const kubeconfig = join(platform.stateDir, 'local/admin.kubeconfig');
    const args = ['get', kind, name, '-n', 'loft-default-v-alpha', '-o', `jsonpath=${field}`];
    const { code, stdout, stderr } = await run(findProgram('kubectl'), ['--kubeconfig', kubeconfig, ...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** The tenant's own kubeconfig, with its pod's address: Services of the embedded cluster lead nowhere. */
  async function tenantKubeconfig(): Promise<Kubeconfig> {
    const secret = await inHostNamespace('secret', 'vc-alpha', '{.data.config}');
    const config = parse(Buffer.from(secret, 'base64').toString()) as Kubeconfig;
    const server = new URL(String(config.clusters[0]?.cluster['server']));
    const address = await inHostNamespace('pod', 'alpha-0', '{.status.podIP}');
    const cluster = {
      ...config.clusters[0]?.cluster,
      server: `https://${address}:6443`,
      'tls-server-name': server.hostname,
    };
    return { ...config, clusters: [{ cluster }] };
  }

  function side(name: string, config: Kubeconfig, namespace: string, url?: string): Side {
    const server = url ?? String(config.clusters[0]?.cluster['server']);
    const cluster = { ...config.clusters[0]?.cluster, server };
    return openSide({
      dir: join(dir, name),
      manifestDir,
      namespace,
      server,
      kubeconfig: {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'twin',
        clusters: [{ name: 'twin', cluster }],
        users: [{ name: 'twin', user: config.users[0]?.user }],
        contexts: [{ name: 'twin', context: { cluster: 'twin', user: 'twin', namespace } }],
      },
    });
  }

  const direct: Record<Exclude<ApiPath, 'space'>, () => Promise<Kubeconfig>> = {
    management: async () => stateFile('management/admin.kubeconfig'),
    tenant: tenantKubeconfig,
    cluster: async () => stateFile('local/admin.kubeconfig'),
  };
  const urls: Record<ApiPath, string> = {
    management: '/kubernetes/management',
    tenant: '/kubernetes/project/default/virtualcluster/alpha',
    cluster: '/kubernetes/cluster/local',
    space: '/kubernetes/project/default/space/one',
  };

  async function compare(path: ApiPath, command: KubectlCommand, sides: { gateway: Side; direct: Side }) {
    const { gateway, direct } = await onBothSides(path, command, sides, alike);
    const reason = command.differs?.[path];
    const asExpected = alike(gateway, direct) === (reason === undefined);
    return {
      done: gateway.code === 0,
      deviation: asExpected ? '' : deviation(command, reason, gateway, direct),
    };
  }

  async function compareAll(
    context: TestContext,
    path: ApiPath,
    sides: { gateway: Side; direct: Side },
    least: number,
  ): Promise<void> {
    const chains = await Promise.all(
      kubectlCommands.map(async (chain) => {
        const compared = [];
        for (const command of chain) compared.push(await compare(path, command, sides));
        return compared;
      }),
    );
    const compared = chains.flat();
    const deviations = compared.map((each) => each.deviation).filter((each) => each !== '');
    const done = compared.filter((each) => each.done).length;
    const differing = kubectlCommands.flat().filter(({ differs }) => differs?.[path] !== undefined).length;
    context.diagnostic(
      `${path}: ${compared.length} commands (${done} succeed), ${deviations.length} deviations, ${differing} differ as they must`,
    );
    assert.ok(done >= least, `only ${done} commands succeed`);
    assert.equal(deviations.length, 0, deviations.join('\n'));
  }

  for (const path of ['management', 'tenant', 'cluster'] as const) {
    test(`${urls[path]} responds as the API server behind it`, async (context) => {
      const sides = {
        gateway: side(
          `${path}-gateway`,
          stateFile('admin.kubeconfig'),
          namespaces.gateway,
          `${platform.admin().url}${urls[path]}`,
        ),
        direct: side(`${path}-direct`, await direct[path](), namespaces.direct),
      };
      // Administrators of the platform are none of the API server that keeps its state, unless somebody makes them.
      if (path === 'management') {
        const line = 'create clusterrolebinding twins --clusterrole=cluster-admin --user=admin';
        const bound = await sides.direct.kubectl({ line });
        assert.equal(bound.code, 0, bound.stderr);
      }
      for (const each of [sides.gateway, sides.direct]) {
        const made = await each.kubectl({ line: 'create namespace {ns}' });
        assert.equal(made.code, 0, made.stderr);
      }
      await compareAll(context, path, sides, 100);
    });
  }

  test(`${urls.space} responds as the API server behind it does to a user of the space`, async (context) => {
    const anna = await newMember(platform, 'anna');
    for (const name of ['one', 'two']) {
      const space = { kind: 'SpaceInstance', metadata: { name }, spec: { owner: { user: 'anna' } } };
      const made = await platform.call('POST', spacesPath, {
        apiVersion: 'management.loft.sh/v1',
        ...space,
      });
      assert.equal(made.status, 201, made.text);
      await eventually('anna is let in', async () => {
        const reading = ['get', 'pods'];
        const into = urls.space.replace('one', name);
        return (await anna.kubectl(into, `loft-default-s-${name}`, reading)).code === 0;
      });
    }
    anna.forget();
    const { clusters, users } = stateFile('local/admin.kubeconfig');
    const gateway = { ...stateFile('admin.kubeconfig'), users: [{ user: { token: anna.key } }] };
    const asAnna = { as: 'anna', 'as-groups': ['system:authenticated', 'loft:user:anna'] };
    const sides = {
      gateway: side(
        'space-gateway',
        gateway,
        spaceNamespaces.gateway,
        `${platform.admin().url}${urls.space}`,
      ),
      direct: side(
        'space-direct',
        { clusters, users: [{ user: { ...users[0]?.user, ...asAnna } }] },
        spaceNamespaces.direct,
      ),
    };
    await compareAll(context, 'space', sides, 60);
  });
});
