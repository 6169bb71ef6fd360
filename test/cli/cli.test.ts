import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { ManagementFixture } from '../api/management-fixture.ts';
import { keyOf } from '../api/user-calls.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { run } from '../support/platform.ts';
import { startTcpRelay, type TcpRelay } from '../support/tcp-relay.ts';
import { addClusterCases } from './add-cluster-cases.ts';
import { changeCases } from './change-cases.ts';
import { type CliWorld, startCliWorld } from './cli-world.ts';
import type { Ended } from './run-vcp.ts';
import { failureCases } from './failure-cases.ts';
import { goldenCases } from './golden-cases.ts';
import { loginCases } from './login-cases.ts';
import { packageCases } from './package-cases.ts';

let world: CliWorld;
let fixture: ManagementFixture;

before(async () => {
  world = await startCliWorld();
  ({ fixture } = world);
});
after(() => world?.stop());

const configFile = () => world.configFile();
const vcp = (args: string[], env: Record<string, string> = {}): Promise<Ended> => world.vcp(args, env);
const succeeds = (...args: string[]): Promise<string> => world.succeeds(...args);

describe('vcp', () => {
  it('requires a login', async () => {
    const { code, stderr } = await vcp(['list', 'vclusters']);
    assert.equal(code, 3);
    assert.match(stderr, /^error: Not logged in: log in first: vcp login .*\(unauthenticated\)\n$/);
  });

  it('logs in, and keeps the key in a private file', async () => {
    const login = (key: string, ...more: string[]) =>
      vcp(['login', fixture.url, '--access-key', key, ...more]);
    assert.match(
      (await login('wrong', '--ca-file', fixture.caFile)).stderr,
      /^error: Not logged in: platform access key not found.*\(unauthenticated, request [0-9a-f-]{36}\); try: vcp login <url>\n$/,
    );
    const unverified = await login(keyOf('ben'));
    assert.equal(unverified.code, 2);
    assert.match(unverified.stderr, /cannot be verified .*--ca-file/);
    const { code, stdout, stderr } = await login(keyOf('ben'), '--ca-file', fixture.caFile);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /logged in to https:.* as ben@example\.com/);
    assert.equal(statSync(configFile()).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(await succeeds('token')), {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: keyOf('ben') },
    });
    assert.match(await succeeds('logout'), /^logged out of https:/);
    assert.equal((await vcp(['token'])).code, 3);
    assert.equal((await login(keyOf('ben'), '--ca-file', fixture.caFile)).code, 0);
  });

  it('creates, lists and deletes access keys', async () => {
    const key = (
      await succeeds('create', 'accesskey', 'ci', '--expire-after', '12h', '--scope-project', 'alpha')
    ).trim();
    assert.match(key, /^vcp_[A-Za-z0-9_-]{43}$/);
    const [made] = JSON.parse(await succeeds('list', 'accesskeys', '-o', 'json')).filter(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === 'ci',
    );
    assert.equal(made.spec.ttl, 12 * 3600);
    assert.deepEqual(made.spec.scope.projects, [{ project: 'alpha' }]);
    assert.match(await succeeds('list', 'accesskeys'), /\nci +.*43200 s after creation/);
    assert.equal((await vcp(['create', 'accesskey', '--expire-after', 'soon'])).code, 2);
    assert.equal((await vcp(['create', 'accesskey', '--user', 'anna'])).code, 3);
    await succeeds('delete', 'accesskey', 'ci');
    assert.doesNotMatch(await succeeds('list', 'accesskeys', '-o', 'json'), /"ci"/);
  });

  it('lists tenant clusters as table, JSON and YAML', async () => {
    const table = await succeeds('list', 'vclusters');
    assert.match(table, /^NAME +PROJECT +STATUS +CLUSTER +VERSION +AGE/);
    assert.match(table, /\ndemo +alpha +Ready /);
    assert.equal(JSON.parse(await succeeds('list', 'vclusters', '--output', 'json'))[0].name, 'demo');
    assert.equal(parse(await succeeds('list', 'vclusters', '-o', 'yaml'))[0].phase, 'Ready');
    assert.match(await succeeds('list', 'vclusters', '--project', 'beta'), /^NAME[^\n]*\n$/);
  });

  it('creates a tenant cluster with parameters and shows its steps', async () => {
    const file = join(fixture.dir, 'parameters.yaml');
    writeFileSync(file, 'size: small\nnested:\n  a: 1.30\n  no: NO # not false\n  mode: 0755\n');
    // Texts for the template's declaration to read, whatever YAML takes them for.
    const texts = [
      '1.30',
      '22:30',
      '0755',
      'NO',
      'a #b',
      '*.example.com',
      '[::1]:80',
      '',
      '"',
      "a: 'b'\n- c",
      '&x',
      '{{ x }}',
    ];
    const { code, stdout, stderr } = await vcp([
      'create',
      'vcluster',
      'made',
      '-p',
      'alpha',
      '--template',
      'default',
      '--template-version',
      '1.x.x',
      '--parameters',
      file,
      '--set-param',
      'nested.b=true',
      '--set-param',
      'size=large',
      ...texts.flatMap((text, i) => ['--set-param', `t${i}=${text}`]),
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^tenant cluster made is ready \(\d+\.\d s\)\n$/);
    assert.match(stderr, /^create made \(project alpha, operation [0-9a-f-]{36}\)\n( {2}[✓–] .*\n)+/);
    const { spec } =
      (await fixture.resources.virtualclusterinstances.get({ namespace: 'p-alpha', name: 'made' })) ??
      assert.fail();
    assert.deepEqual(spec?.templateRef, { name: 'default', version: '1.x.x' });
    const written = spec?.parameters ?? '';
    assert.match(written, /^ {2}a: 1\.30\n {2}no: NO # not false\n {2}mode: 0755$/m);
    const { nested, size, ...others } = parse(written, { version: '1.1' });
    assert.deepEqual([nested.b, size], ['true', 'large']);
    assert.deepEqual(Object.values(others), texts);
  });

  it('sleeps, wakes, takes snapshots, restores', async () => {
    assert.match(
      await succeeds('sleep', 'vcluster', 'demo', '-p', 'alpha', '--prevent-wakeup', '60'),
      /^tenant cluster demo is asleep/,
    );
    assert.match(await succeeds('wakeup', 'vcluster', 'demo', '-p', 'alpha'), /is awake/);
    assert.match(
      await succeeds('snapshot', 'create', 'demo', '-p', 'alpha', '--name', 'one'),
      /is saved \(snapshot one\)/,
    );
    assert.match(
      await succeeds('restore', 'demo', 'one', '-p', 'alpha', '--from', 'demo'),
      /is restored \(snapshot one\)/,
    );
    assert.match(await succeeds('snapshot', 'list', '-p', 'alpha'), /^NAME +TENANT CLUSTER/);
    const operation = JSON.parse(
      await succeeds('sleep', 'vcluster', 'demo', '-p', 'alpha', '-o', 'json'),
    ) as Operation;
    assert.equal(operation.state, 'succeeded');
  });

  it('lists, watches and cancels operations', async () => {
    const queued = JSON.parse(
      await succeeds(
        'snapshot',
        'create',
        'demo',
        '-p',
        'alpha',
        '--name',
        'slow',
        '--skip-wait',
        '-o',
        'json',
      ),
    ) as Operation;
    assert.match(
      await succeeds('operations', 'list', 'demo', '-p', 'alpha'),
      new RegExp(`\n${queued.id} +snapshot +demo +queued`),
    );
    assert.match(await succeeds('operations', 'list', '-p', 'alpha'), /create +made +succeeded/);
    const watching = vcp(['operations', 'watch', queued.id]);
    assert.match(await succeeds('operations', 'cancel', queued.id), /cancellation requested/);
    const watched = await watching;
    assert.equal(watched.code, 7);
    assert.match(watched.stderr, /error: Operation cancelled: Cancelled by ben@example\.com/);
  });

  it('writes a kubeconfig without a key that kubectl can use', async () => {
    const file = join(fixture.dir, 'demo.kubeconfig');
    writeFileSync(
      file,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        contexts: [{ name: 'mine', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    await succeeds('connect', 'vcluster', 'demo', '-p', 'alpha', '--kubeconfig', file);
    const text = readFileSync(file, 'utf8');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.doesNotMatch(text, /key-of/);
    const config = parse(text);
    assert.deepEqual(
      config.contexts.map(({ name }: { name: string }) => name),
      ['mine', 'vcluster-platform-vcluster_demo_alpha'],
    );
    assert.equal(config['current-context'], 'vcluster-platform-vcluster_demo_alpha');
    assert.match(config.clusters[0].cluster.server, /\/kubernetes\/project\/alpha\/virtualcluster\/demo$/);
    const { exec } = config.users[0].user;
    assert.equal(exec.command, process.execPath);
    const token = await new Promise<string>((resolve) =>
      execFile(exec.command, exec.args, { env: { VCP_CONFIG: exec.env[0].value } }, (_error, stdout) =>
        resolve(stdout),
      ),
    );
    assert.equal(JSON.parse(token).status.token, keyOf('ben'));
    assert.match(await succeeds('connect', 'vcluster', 'demo', '-p', 'alpha', '--print'), /^apiVersion: v1/);
  });

  const failures: [name: string, args: string[], code: number, stderr: RegExp][] = [
    [
      'an operation that fails',
      ['restore', 'demo', 'damaged', '-p', 'alpha'],
      5,
      /\nerror: Snapshot is damaged: its hash is wrong \(snapshot_damaged, request [0-9a-f-]{36}\); try: vcp operations get [0-9a-f-]{36}\n$/,
    ],
    [
      'a create that fails',
      ['create', 'vcluster', 'hopeless', '-p', 'alpha', '--template', 'default'],
      5,
      /snapshot_damaged/,
    ],
    [
      'a tenant cluster that is not there',
      ['sleep', 'vcluster', 'nothing', '-p', 'alpha'],
      4,
      /^error: Tenant cluster not found: tenant cluster "nothing" not found in project "alpha", or you may not see it \(tenant_cluster_not_found, request /,
    ],
    [
      'one that exists',
      ['create', 'vcluster', 'demo', '-p', 'alpha', '--template', 'default'],
      5,
      /^error: Already exists: .*"demo" already exists \(already_exists, request /,
    ],
    [
      'no template where one is required',
      ['create', 'vcluster', 'plain', '-p', 'alpha'],
      3,
      /^error: Not allowed: .*requires a template .*set spec\.templateRef\.name \(forbidden, request /,
    ],
    [
      'a name that is none',
      ['create', 'vcluster', 'Not_A_Name', '-p', 'alpha'],
      2,
      /invalid tenant cluster "/,
    ],
    [
      'a project of others',
      ['create', 'vcluster', 'a', '-p', 'beta'],
      3,
      /^error: Not allowed: .*cannot create resource/,
    ],
    [
      'an operation that is not there',
      ['operations', 'watch', '6f1d1c1e-0000-4000-8000-000000000000'],
      4,
      /operation_not_found/,
    ],
    [
      'a snapshot that is not there',
      ['snapshot', 'delete', 'demo', 'nothing', '-p', 'alpha'],
      4,
      /snapshot_not_found/,
    ],
    [
      'a parameter without a value',
      ['create', 'vcluster', 'a', '-p', 'alpha', '--set-param', 'a'],
      2,
      /write name=value/,
    ],
    [
      'a parameter that has parts and a value',
      ['create', 'vcluster', 'a', '-p', 'alpha', '--set-param', 'a=1', '--set-param', 'a.b=2'],
      2,
      /--set-param a and --set-param a\.b exclude each other: a part of this name has a value/,
    ],
    [
      'a parameter that has a value and parts',
      ['create', 'vcluster', 'a', '-p', 'alpha', '--set-param', 'v.x=1', '--set-param', 'v=2'],
      2,
      /--set-param v and --set-param v\.x exclude each other/,
    ],
    [
      'a file that is not there',
      ['create', 'vcluster', 'a', '-p', 'alpha', '--parameters', '/nothing'],
      2,
      /cannot be read/,
    ],
    ['an unknown command', ['explode'], 2, /unknown command/],
    ['an unknown option', ['list', 'vclusters', '--nothing'], 2, /unknown option/],
    [
      'an unknown format',
      ['list', 'vclusters', '-o', 'xml'],
      2,
      /--output must be one of table, wide, json, yaml, name/,
    ],
  ];
  for (const [name, args, code, stderr] of failures) {
    it(`exits with ${code}: ${name}`, async () => {
      const result = await vcp(args);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, stderr);
    });
  }

  it('exits with 8: an unreachable platform', async () => {
    const config = join(fixture.dir, 'away.json');
    writeFileSync(config, JSON.stringify({ url: 'https://127.0.0.1:1', accessKey: 'a' }));
    const { code, stderr } = await vcp(['list', 'vclusters'], { VCP_CONFIG: config });
    assert.equal(code, 8);
    assert.match(stderr, /the platform at https:\/\/127\.0\.0\.1:1 is unreachable \(ECONNREFUSED\)/);
  });
});

/** The same gateway at a second address, a forward, is another platform to `vcp`. */
describe('vcp with logins at two platforms', () => {
  let relay: TcpRelay;
  let forward: string;
  const file = () => join(fixture.dir, 'two.kubeconfig');
  const config = () =>
    parse(readFileSync(file(), 'utf8')) as {
      clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
      users: { name: string; user: { exec: { command: string; args: string[] } } }[];
      contexts: { name: string }[];
    };
  const instance = '/kubernetes/project/alpha/virtualcluster/demo';
  const tokenOf = (platform: string | undefined, cluster?: object) =>
    vcp(['token', ...(platform === undefined ? [] : ['--platform', platform])], {
      HOME: join(fixture.dir, 'nobody'),
      KUBERNETES_EXEC_INFO: JSON.stringify({ spec: { interactive: false, cluster } }),
    });
  const keyFrom = async (...asked: Parameters<typeof tokenOf>) =>
    JSON.parse((await tokenOf(...asked)).stdout).status.token;

  before(async () => {
    relay = await startTcpRelay(Number(new URL(fixture.url).port));
    forward = `https://localhost:${relay.port}`;
    await succeeds('login', fixture.url, '--access-key', keyOf('ben'), '--ca-file', fixture.caFile);
    await succeeds('connect', 'vcluster', 'demo', '-p', 'alpha', '--kubeconfig', file());
    await succeeds('login', forward, '--access-key', keyOf('anna'), '--ca-file', fixture.caFile);
    await succeeds('connect', 'vcluster', 'demo', '-p', 'alpha', '--kubeconfig', file());
  });
  after(() => relay.stop());

  it('keeps a context for each, at the address of its login', () => {
    const { clusters, contexts, users } = config();
    assert.deepEqual(
      clusters.map(({ cluster: { server } }) => server),
      [`${fixture.url}${instance}`, `${forward}${instance}`],
    );
    const names = [
      'vcluster-platform-vcluster_demo_alpha',
      `vcluster-platform-vcluster_demo_alpha_localhost_${relay.port}`,
    ];
    for (const entries of [clusters, contexts, users])
      assert.deepEqual(
        entries.map(({ name }) => name),
        names,
      );
  });

  it('gives each context the key for its own platform', async () => {
    const [first, second] = config().clusters.map(({ cluster }) => cluster);
    assert.equal(await keyFrom(fixture.url, first), keyOf('ben'));
    assert.equal(await keyFrom(forward, second), keyOf('anna'));
    assert.equal(await keyFrom(undefined, first), keyOf('ben'));
    const mixed = await tokenOf(fixture.url, second);
    assert.equal(mixed.code, 3);
    assert.equal(mixed.stdout, '');
    assert.match(
      mixed.stderr,
      /leads to https:\/\/localhost:\d+, and its key belongs to .* vcp connect again/,
    );
    const anotherCa = await createCertificateAuthority('another');
    const data = Buffer.from(anotherCa.certificate).toString('base64');
    const replaced = await tokenOf(fixture.url, { ...first, 'certificate-authority-data': data });
    assert.equal(replaced.code, 3);
    assert.match(replaced.stderr, /another certificate authority .* vcp connect again/);
  });

  it('lets the real kubectl in with the key of its context', async () => {
    const whoami = (context: string) =>
      run(findProgram('kubectl'), ['--kubeconfig', file(), '--context', context, 'get', '--raw', '/api']);
    const before = relay.accepted;
    const [one = '', two = ''] = config().contexts.map(({ name }) => name);
    // There is no tenant cluster behind the gateway: it says so to callers that it knows and nobody else.
    assert.match((await whoami(one)).stderr, /ServiceUnavailable|unreachable|cannot be reached|not running/i);
    assert.equal(relay.accepted, before);
    assert.match((await whoami(two)).stderr, /ServiceUnavailable|unreachable|cannot be reached|not running/i);
    assert.ok(relay.accepted > before);
  });

  it('gives no key to a context that does not say its platform', async () => {
    const { code, stdout, stderr } = await tokenOf(undefined);
    assert.equal(code, 3);
    assert.equal(stdout, '');
    assert.match(stderr, /does not say which of several platforms .* vcp connect again/);
  });

  it('keeps all contexts of commands that run at once', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `parallel-${index}`);
    for (const name of names)
      await fixture.resources.virtualclusterinstances.create({
        metadata: { name, namespace: 'p-alpha' },
        spec: { templateRef: { name: 'default' } },
      });
    const link = join(fixture.dir, 'link.kubeconfig');
    symlinkSync(join(fixture.dir, 'target.kubeconfig'), link);
    const all = await Promise.all(
      names.map((name) => vcp(['connect', 'vcluster', name, '-p', 'alpha'], { KUBECONFIG: link })),
    );
    assert.deepEqual(
      all.map(({ stderr }) => stderr),
      names.map(() => ''),
    );
    assert.ok(lstatSync(link).isSymbolicLink());
    const { contexts } = parse(readFileSync(link, 'utf8')) as ReturnType<typeof config>;
    assert.deepEqual(
      contexts.map(({ name }) => name).toSorted(),
      names.map((name) => `vcluster-platform-vcluster_${name}_alpha`),
    );
  });

  it('logs out of one and leaves the other', async () => {
    assert.match(await succeeds('logout'), new RegExp(`^logged out of ${forward}`));
    assert.equal(await keyFrom(fixture.url), keyOf('ben'));
    assert.equal((await tokenOf(forward)).code, 3);
    assert.equal((await tokenOf(undefined)).code, 3);
    assert.match(
      (await vcp(['list', 'vclusters'])).stderr,
      new RegExp(`choose a platform first: vcp login ${fixture.url} `),
    );
    assert.match(await succeeds('login', fixture.url), /as ben@example\.com/);
    assert.doesNotMatch(readFileSync(configFile(), 'utf8'), new RegExp(keyOf('anna')));
    assert.equal(statSync(configFile()).mode & 0o777, 0o600);
  });
});

describe('vcp behind a proxy', () => {
  let proxy: ConnectProxy;
  before(async () => {
    proxy = await startConnectProxy('me:p@ss', Number(new URL(fixture.url).port));
  });
  after(() => proxy.stop());
  // A name that only the proxy knows.
  const url = 'https://platform.test:8443';
  const through = (args: string[], variable = 'HTTPS_PROXY', credentials = 'me:p%40ss') =>
    vcp(args, {
      VCP_CONFIG: join(fixture.dir, 'proxied.json'),
      [variable]: `http://${credentials}@127.0.0.1:${proxy.port}`,
    });

  it('logs in, lists and follows through it', async () => {
    const login = await through(['login', url, '--access-key', keyOf('ben'), '--insecure']);
    assert.equal(login.code, 0, login.stderr);
    assert.equal((await through(['list', 'vclusters'], 'https_proxy')).code, 0);
    const slept = await through(['sleep', 'vcluster', 'demo', '-p', 'alpha']);
    assert.match(slept.stdout, /is asleep/, slept.stderr);
    assert.deepEqual([...new Set(proxy.targets)], ['platform.test:8443']);
  });

  it('says what the proxy refuses, without its password', async () => {
    const { code, stderr } = await through(['list', 'vclusters'], 'HTTPS_PROXY', 'me:wr0ng');
    assert.equal(code, 8);
    assert.match(stderr, /unreachable through the proxy http:\/\/127\.0\.0\.1:\d+ \(.*407/);
    assert.doesNotMatch(stderr, /wr0ng/);
  });

  it('goes directly to a platform on this machine, as kubectl does', async () => {
    const { code, stderr } = await vcp(['list', 'vclusters'], { HTTPS_PROXY: 'http://127.0.0.1:1' });
    assert.equal(code, 0, stderr);
  });
});

changeCases(() => world);
loginCases(() => world);
failureCases(() => world);
packageCases(() => world);
addClusterCases(() => world);
goldenCases(() => world);
