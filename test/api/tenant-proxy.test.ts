import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { hostNamespace, startTenantFixture, type TenantFixture, tenantPath } from './tenant-fixture.ts';
import { hashOf } from './test-gateway.ts';
import { keyOf } from './user-calls.ts';

let fixture: TenantFixture;
const { promise: ready, resolve: started } = Promise.withResolvers<void>();

before(async () => {
  fixture = await startTenantFixture();
  started();
});
after(() => fixture?.stop());

const kubectl = (user: string, ...args: string[]) => fixture.kubectl(user, args, { path: tenantPath });

describe('kubectl through /kubernetes/project/…/virtualcluster/…', () => {
  it('reaches the tenant as the caller', async () => {
    const { code, stdout, stderr } = await kubectl('ben', 'auth', 'whoami', '-o', 'json');
    assert.equal(code, 0, stderr);
    const { userInfo } = JSON.parse(stdout).status;
    assert.equal(userInfo.username, 'ben@example.com');
    assert.deepEqual(userInfo.groups, ['devs', 'system:authenticated', 'loft:user:ben']);
    assert.equal((await kubectl('ben', 'create', 'namespace', 'made-by-ben')).code, 0);
    assert.match((await kubectl('ben', 'get', 'namespaces')).stdout, /made-by-ben/);
    await assert.rejects(fixture.admin.core.readNamespace({ name: 'made-by-ben' }), /not found/);
  });

  it('404: a tenant cluster of another project, or one that is not there, alike', async () => {
    const other = await kubectl('carl', 'get', 'namespaces');
    assert.match(other.stderr, /tenant cluster "demo" not found in project "alpha", or you may not see it/);
    assert.equal((await call('carl', '/api')).status, 404);
    const missing = await call('ben', '/api', '/kubernetes/project/alpha/virtualcluster/nothing');
    assert.equal(missing.status, 404);
    assert.equal(
      missing.body.message,
      'tenant cluster "nothing" not found in project "alpha", or you may not see it',
    );
  });

  it("reads the control plane's log of this very tenant cluster only, where its namespace lets the gateway", async () => {
    const instance =
      '/kubernetes/management/apis/management.loft.sh/v1/namespaces/p-alpha/virtualclusterinstances/demo';
    const log = (user: string, query = '') => fixture.call(user, 'GET', `${instance}/log${query}`);
    assert.equal((await log('carl')).status, 404);
    const label = (uid: string) =>
      applyObject(fixture.admin, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'vc-demo-gateway',
          namespace: hostNamespace,
          labels: { 'vcluster-platform.io/instance-uid': uid },
        },
      });
    await label('of-another');
    assert.match((await log('ben')).text, /its host namespace is missing, or another's/);
    const { metadata } = (await fixture.call('ben', 'GET', instance)).json() as { metadata: { uid: string } };
    await label(metadata.uid);
    const early = await log('ben');
    assert.deepEqual([early.status, /made by an earlier version/.test(early.text)], [403, true], early.text);
    const refused = await log('ben', '?insecureSkipTLSVerifyBackend=true');
    assert.equal(refused.status, 400, refused.text);
  });

  it('503 with Retry-After: one that sleeps cannot be woken without a database', async () => {
    await fixture.setStatus({ phase: 'Sleeping' });
    const { status, headers, body } = await call('ben', '/api/v1/namespaces');
    assert.equal(status, 503);
    assert.equal(headers.get('retry-after'), '1');
    assert.equal(body.reason, 'ServiceUnavailable');
    await fixture.setStatus({ phase: 'Ready' });
    assert.equal((await call('ben', '/api/v1/namespaces')).status, 200);
  });

  const notReady: [state: string, status: Parameters<TenantFixture['setStatus']>[0], reason: RegExp][] = [
    [
      'asleep until it is woken',
      { phase: 'Sleeping' },
      /demo is asleep, and stays so until somebody wakes it \(force-duration\); wake it with: vcp wakeup vcluster demo --project alpha/,
    ],
    ['being created', { phase: 'Pending', observedHash: null }, /demo is not ready: it is being created/],
    [
      'failed to be created',
      { phase: 'Failed', observedHash: null, message: 'no "disk" für 1 Gi' },
      /demo is not ready: its creation failed: no "disk" für 1 Gi/,
    ],
  ];
  const forced = (seconds: string | null) =>
    fixture.resources.virtualclusterinstances.patch({ namespace: 'p-alpha', name: 'demo' }, {
      metadata: {
        annotations: {
          'sleepmode.loft.sh/force': seconds === null ? null : 'true',
          'sleepmode.loft.sh/force-duration': seconds,
        },
      },
    } as never);
  for (const [state, status, reason] of notReady)
    it(`kubectl without a discovery cache shows at once why: ${state}`, async () => {
      const commands = [
        'get pods',
        'apply -f -',
        'logs absent',
        'api-resources',
        'version',
        'get --raw /api/v1/pods',
      ];
      await forced('0');
      await fixture.setStatus(status);
      try {
        for (const command of commands) {
          const cache = `--cache-dir=${fixture.dir}/${state}-${command}`.replaceAll(' ', '-');
          const startedAt = performance.now();
          const { code, stderr } = await fixture.kubectl('ben', [...command.split(' '), cache], {
            path: tenantPath,
            input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}',
          });
          assert.equal(code, 1);
          assert.match(stderr.slice(0, 300), reason, command);
          // One attempt of ten that kubectl makes for Retry-After takes a second.
          assert.ok(performance.now() - startedAt < 8_000, `${command}: ${stderr}`);
        }
      } finally {
        await forced(null);
        await fixture.setStatus({ phase: 'Ready', observedHash: 'a', message: '' });
      }
    });

  it('kubectl shows why discovery is refused: a tenant cluster that is not there', async () => {
    const path = '/kubernetes/project/alpha/virtualcluster/nothing';
    const { stderr } = await fixture.kubectl('ben', ['get', 'pods'], { path });
    assert.match(stderr, /tenant cluster "nothing" not found in project "alpha", or you may not see it/);
  });

  it('404 of the tenant cluster itself: exec into a missing pod', async () => {
    const socket = await upgrade('/api/v1/namespaces/default/pods/a/exec?command=sh');
    assert.match(socket, /^HTTP\/1\.1 404 /);
    assert.match(socket, /pods \\"a\\" not found/);
  });
});

interface Answer {
  status: number;
  headers: Headers;
  body: { reason: string; message: string };
}

async function call(user: string, path: string, prefix = tenantPath): Promise<Answer> {
  const { Agent, fetch } = await import('undici');
  const { readFileSync } = await import('node:fs');
  const dispatcher = new Agent({ connect: { ca: readFileSync(fixture.caFile) } });
  const answer = await fetch(`${fixture.url}${prefix}${path}`, {
    dispatcher,
    headers: { authorization: `Bearer key-of-${user}` },
  });
  const body = (await answer.json()) as Answer['body'];
  await dispatcher.destroy();
  return { status: answer.status, headers: answer.headers as unknown as Headers, body };
}

async function upgrade(path: string): Promise<string> {
  const { connect: connectTls } = await import('node:tls');
  const { readFileSync } = await import('node:fs');
  const socket = connectTls({
    host: '127.0.0.1',
    port: Number(new URL(fixture.url).port),
    ca: readFileSync(fixture.caFile),
  });
  await once(socket, 'secureConnect');
  socket.write(
    `POST ${tenantPath}${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-of-ben\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`,
  );
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('kubectl --as inside a tenant cluster', () => {
  const account = '--as=system:serviceaccount:default:robot';
  const whoami = async (user: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await kubectl(user, 'auth', 'whoami', '-o', 'json', ...flags);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).status.userInfo as { username: string; groups: string[]; extra: object };
  };
  const refusal = async (user: string, ...flags: string[]) => {
    const { code, stderr } = await kubectl(user, 'get', 'configmaps', ...flags);
    assert.notEqual(code, 0);
    return stderr;
  };
  const inTenant = connected();

  it('its administrator acts as a service account, with its rights and no others', async () => {
    const { username, groups, extra } = await whoami('ben', account);
    assert.equal(username, 'system:serviceaccount:default:robot');
    assert.deepEqual(groups.toSorted(), [
      'system:authenticated',
      'system:serviceaccounts',
      'system:serviceaccounts:default',
    ]);
    assert.deepEqual(extra, { 'vcluster-platform.io/original-user': ['ben@example.com'] });
    assert.match(await refusal('ben', account), /robot" cannot list resource "configmaps"/);
    assert.equal((await kubectl('ben', 'auth', 'can-i', 'list', 'secrets', account)).stdout, 'no\n');
    assert.equal((await whoami('ben', '--as=system:serviceaccount:kube-system:x')).groups.length, 3);
  });

  it('the gateway may act as this one account, and as no other', async () => {
    const { AuthorizationV1Api } = await import('@kubernetes/client-node');
    const reviews = (await inTenant).kubeConfig.makeApiClient(AuthorizationV1Api);
    const may = async (namespace: string, name: string) => {
      const resourceAttributes = { verb: 'impersonate', resource: 'serviceaccounts', namespace, name };
      const body = { spec: { user: 'vcluster-platform:gateway', resourceAttributes } };
      return (await reviews.createSubjectAccessReview({ body })).status?.allowed;
    };
    assert.equal(await may('default', 'robot'), true);
    assert.equal(await may('default', 'other'), false);
    assert.equal(await may('', 'robot'), false);
  });

  it('its administrator acts as another user of it, with all groups of that user', async () => {
    const { username, groups } = await whoami('ben', '--as=carl@example.com');
    assert.equal(username, 'carl@example.com');
    assert.deepEqual(groups, ['system:authenticated', 'loft:user:carl']);
    const asked = await whoami('ben', '--as=carl@example.com', '--as-group=devs');
    assert.deepEqual(asked.groups, ['devs', 'system:authenticated']);
  });

  it('is refused to who may not, and says what is missing', async () => {
    const rbac = (await inTenant).rbac;
    const bind = (namespace: string, name: string) =>
      rbac.createNamespacedRoleBinding({
        namespace,
        body: {
          metadata: { name },
          roleRef: {
            apiGroup: 'rbac.authorization.k8s.io',
            kind: 'ClusterRole',
            name: 'system:aggregate-to-edit',
          },
          subjects: [{ kind: 'User', name: 'dora@example.com', apiGroup: 'rbac.authorization.k8s.io' }],
        },
      });
    await useBy('dora');
    for (const flags of [[account], ['--as=ben@example.com']])
      assert.match(
        await refusal('dora', ...flags),
        /you may not impersonate .* verb impersonate on .* in the tenant/,
      );
    // What Kubernetes' own role for editors may, and no more: it could be everything in kube-system.
    await bind('default', 'dora');
    await bind('kube-system', 'dora');
    await eventually(
      'dora acts as the account',
      async () => (await kubectl('dora', 'auth', 'whoami', account)).code === 0,
    );
    assert.match(
      await refusal('dora', '--as=system:serviceaccount:kube-system:x'),
      /only administrators of the tenant cluster/,
    );
    assert.match(
      await refusal('dora', '--as=system:serviceaccount:default:other'),
      /the gateway may not act as service account "default\/other": .* Role and RoleBinding/,
    );
    assert.match(await refusal('carl', account), /tenant cluster "demo" not found/);
  });

  it('never as what is reserved', async () => {
    for (const flags of [
      ['--as=system:admin'],
      ['--as=system:kube-controller-manager'],
      ['--as=carl@example.com', '--as-group=system:masters'],
      ['--as=system:serviceaccount:default:robot:x'],
      ['--as=System:serviceaccount:default:robot'],
      ['--as=vcluster-platform:gateway'],
    ])
      assert.match(await refusal('ben', ...flags), /is reserved and cannot be impersonated/);
    assert.match(await refusal('ben', account, '--as-group=system:masters'), /leave out --as-group/);
    assert.match(
      (await fixture.kubectl('anna', ['get', 'ns', account])).stderr,
      /cannot be impersonated here, only inside a tenant cluster/,
    );
  });

  it('says whom one acts as where that one is not let in', async () => {
    assert.match(
      await refusal('anna', '--as=carl@example.com'),
      /not found.*you act as "carl@example.com" with groups system:authenticated, loft:user:carl/,
    );
    assert.match(
      await refusal('anna', '--as=ben@example.com', '--as-group=devs'),
      /not found.*with groups devs, system:authenticated; .*--as-group/,
    );
    assert.equal((await whoami('anna', '--as=ben@example.com')).username, 'ben@example.com');
  });
});

async function connected() {
  await ready;
  return connectCluster(fixture.tenant.adminKubeconfig);
}

/** A user who may use the tenant cluster, and has no rights inside it. */
async function useBy(name: string): Promise<void> {
  const { admin, resources } = fixture;
  await resources.users.create({ metadata: { name }, spec: { subject: `${name}@example.com` } });
  await resources.accesskeys.create({
    metadata: { name: `key-${name}` },
    spec: { user: name, keyHash: hashOf(keyOf(name)) },
  });
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: `use-${name}`, namespace: 'p-alpha' };
  const apiGroups = ['management.loft.sh'];
  const rules = [{ apiGroups, resources: ['virtualclusterinstances'], verbs: ['get', 'use'] }];
  await applyObject(admin, { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules } as never);
  await applyObject(admin, {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
    subjects: [{ apiGroup: group, kind: 'Group', name: `loft:user:${name}` }],
  } as never);
  await eventually(`${name} is let in`, async () => (await kubectl(name, 'auth', 'whoami')).code === 0);
}

describe('the CONNECT listener', () => {
  const basic = (text: string) => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;

  async function tunnel(target: string, auth: string): Promise<{ socket: Socket; answer: string }> {
    const socket = connect({ host: '127.0.0.1', port: fixture.connectPort, allowHalfOpen: true });
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${auth}\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return { socket, answer: chunk.toString() };
  }

  const refused: [name: string, target: string, auth: string, status: RegExp][] = [
    ['no credential', 'kubernetes.local.connected:443', '', /^HTTP\/1\.1 407 /],
    ['a wrong secret', 'kubernetes.local.connected:443', basic('worker:wrong'), /^HTTP\/1\.1 407 /],
    ['another user', 'kubernetes.local.connected:443', basic('admin:test-secret'), /^HTTP\/1\.1 407 /],
    ['an unknown cluster', 'kubernetes.other.connected:443', basic('worker:test-secret'), /^HTTP\/1\.1 403 /],
    ['another port', 'kubernetes.local.connected:22', basic('worker:test-secret'), /^HTTP\/1\.1 403 /],
    ['an address', '127.0.0.1:22', basic('worker:test-secret'), /^HTTP\/1\.1 403 /],
    ['another host', 'example.com:443', basic('worker:test-secret'), /^HTTP\/1\.1 403 /],
    [
      'a service that is not a tenant’s',
      'kubernetes.default.svc.local.connected:443',
      basic('worker:test-secret'),
      /^HTTP\/1\.1 403 /,
    ],
    [
      'a tenant’s name in another namespace',
      'demo.default.svc.local.connected:443',
      basic('worker:test-secret'),
      /^HTTP\/1\.1 403 /,
    ],
  ];
  for (const [name, target, auth, status] of refused) {
    it(`refuses ${name}`, async () => {
      const { socket, answer } = await tunnel(target, auth);
      assert.match(answer, status);
      socket.destroy();
    });
  }

  it('serves nothing but CONNECT', async () => {
    const { fetch } = await import('undici');
    assert.equal((await fetch(`http://127.0.0.1:${fixture.connectPort}/`)).status, 405);
  });

  it('connects a client-node client to the cluster and to the tenant', async () => {
    const through = (kubeconfig: string, server: string) => {
      const config = parse(kubeconfig) as { clusters: { cluster: Record<string, unknown> }[] };
      const proxy = `http://worker:test-secret@127.0.0.1:${fixture.connectPort}`;
      for (const { cluster } of config.clusters)
        Object.assign(cluster, { server, 'tls-server-name': 'kubernetes', 'proxy-url': proxy });
      return connectCluster(JSON.stringify(config));
    };
    const cluster = through(fixture.apiServer.adminKubeconfig, 'https://kubernetes.local.connected');
    assert.ok(
      (await cluster.core.listNamespace()).items.some(({ metadata }) => metadata?.name === hostNamespace),
    );
    const tenant = through(
      fixture.tenant.adminKubeconfig,
      `https://demo.${hostNamespace}.svc.local.connected:443`,
    );
    assert.ok(
      (await tenant.core.listNamespace()).items.some(({ metadata }) => metadata?.name === 'made-by-ben'),
    );
  });
});
