import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { parse, stringify } from 'yaml';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { renderKubeconfig } from '../../adapters/certificates/kubeconfig.ts';
import { type ClusterClient, connectCluster } from '../../adapters/kubernetes/client.ts';
import { type ErrorCode, PlatformError } from '../../contracts/errors.ts';
import { openExternalCluster } from '../../local/bootstrap/external-cluster.ts';
import { checkRememberedCluster, rememberCluster } from '../../local/connect-local-cluster.ts';
import { freePort } from '../../local/ports.ts';
import { openStateFolder } from '../../local/state-folder.ts';
import { startApiServer, type TestApiServer } from '../support/api-server.ts';
import { eventually } from '../support/eventually.ts';

interface Kubeconfig {
  'current-context': string;
  clusters: [{ name: string; cluster: Record<string, unknown> }];
  contexts: [{ name: string; context: Record<string, unknown> }];
  users: [{ name: string; user: Record<string, unknown> }];
}

describe('a cluster given with --kubeconfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vcp-kubeconfig-'));
  let server: TestApiServer;
  let admin: ClusterClient;
  let count = 0;
  before(async () => {
    server = await startApiServer();
    admin = connectCluster(server.adminKubeconfig);
    await eventually('kube-system is there', () => admin.core.readNamespace({ name: 'kube-system' }));
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Path of a kubeconfig file with this text. */
  const file = (text: string) => {
    const path = join(folder, `config-${count++}`);
    writeFileSync(path, text);
    return path;
  };
  /** The administrator's kubeconfig with something changed. */
  const changed = (change: (config: Kubeconfig) => void) => {
    const config = parse(server.adminKubeconfig) as Kubeconfig;
    change(config);
    return file(stringify(config));
  };
  const withCluster = (fields: Record<string, unknown>) =>
    changed(({ clusters }) => Object.assign(clusters[0].cluster, fields));
  const withUser = (user: Record<string, unknown>) => changed(({ users }) => (users[0].user = user));

  /** It is refused in one sentence on one line. */
  async function isRefused(path: string, code: ErrorCode, sentence: RegExp): Promise<void> {
    await assert.rejects(openExternalCluster(path), (error) => {
      assert.ok(error instanceof PlatformError, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, sentence);
      assert.match(error.message, /\(--kubeconfig\)/);
      assert.doesNotMatch(error.message, /\n|canary/);
      return true;
    });
  }

  test('a file that is not a kubeconfig is refused', async () => {
    await isRefused(join(folder, 'absent'), 'invalid_request', /absent .*it does not exist/);
    await isRefused(folder, 'invalid_request', /it cannot be read/);
    await isRefused(file('token: "canary\n'), 'invalid_request', /it is not YAML/);
    await isRefused(file('canary'), 'invalid_request', /it is not a kubeconfig/);
    await isRefused(file('{}'), 'invalid_request', /it does not have a current context/);
    const other = changed((config) => (config['current-context'] = 'other'));
    await isRefused(other, 'invalid_request', /its current context "other" names a context.* not in it/);
  });

  test('a kubeconfig that the platform cannot use directly is refused', async () => {
    await isRefused(withCluster({ server: 'http://127.0.0.1:1' }), 'invalid_request', /not an https URL/);
    await isRefused(withCluster({ server: `${server.url}/k8s/a` }), 'invalid_request', /has a path/);
    await isRefused(withCluster({ 'insecure-skip-tls-verify': true }), 'invalid_request', /always verifies/);
    await isRefused(
      withCluster({ 'proxy-url': 'http://127.0.0.1:1' }),
      'invalid_request',
      /connects to clusters directly/,
    );
    const noFile = withCluster({ 'certificate-authority-data': '', 'certificate-authority': 'ca.pem' });
    await isRefused(noFile, 'invalid_request', /the file ca\.pem that it names does not exist/);
  });

  test('a user without a certificate or token is refused, and no plugin is run', async () => {
    const ran = join(folder, 'plugin-ran');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [ran] };
    await isRefused(
      withUser({ exec }),
      'invalid_request',
      /signs in by "exec".*does not run plugins.*kubectl create token/,
    );
    assert.ok(!existsSync(ran));
    await isRefused(withUser({}), 'invalid_request', /neither a client certificate nor a token/);
  });

  test('a credential that the cluster rejects is refused', async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const old = await x509.X509CertificateGenerator.createSelfSigned({
      name: [{ CN: ['admin'] }],
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2021-01-01'),
    });
    const expired = withUser({
      'client-certificate-data': Buffer.from(old.toString('pem')).toString('base64'),
      'client-key-data': 'canary',
    });
    await isRefused(
      expired,
      'invalid_request',
      /its client certificate expired on Jan {2}1 00:00:00 2021 GMT/,
    );
    await isRefused(withUser({ token: 'canary' }), 'unauthenticated', /rejected the credential \(401\)/);
  });

  test('a cluster that does not answer or has another certificate is refused', async () => {
    const nobody = `https://127.0.0.1:${await freePort()}`;
    await isRefused(withCluster({ server: nobody }), 'cluster_unreachable', /ECONNREFUSED/);
    const { certificate } = await createCertificateAuthority('another');
    const foreign = { 'certificate-authority-data': Buffer.from(certificate).toString('base64') };
    await isRefused(withCluster(foreign), 'cluster_unreachable', /certificate/);
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    await isRefused(
      withCluster({ server: `https://127.0.0.1:${port}` }),
      'cluster_unreachable',
      /not answer within 10 s/,
    );
    silent.close();
  });

  test('a user without the rights for the set-up is refused, and nothing is created', async () => {
    const role = (name: string, rules: object[]) =>
      admin.rbac.createClusterRole({ body: { metadata: { name }, rules: rules as never } });
    const bind = (name: string) =>
      admin.rbac.createClusterRoleBinding({
        body: {
          metadata: { name },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
          subjects: [{ kind: 'User', name }],
        },
      });
    const write = (apiGroups: string[], resources: string[]) => ({
      apiGroups,
      resources,
      verbs: ['get', 'create', 'patch'],
    });
    const plain = write([''], ['namespaces', 'serviceaccounts', 'secrets']);
    // One may not make roles; the other lacks only the right to hand out rights that it does not hold.
    await role('no-roles', [plain]);
    await role('no-escalation', [
      plain,
      write(['rbac.authorization.k8s.io'], ['clusterroles', 'clusterrolebindings']),
    ]);
    await Promise.all([bind('no-roles'), bind('no-escalation')]);
    const lacks = async (user: string, sentence: RegExp) => {
      const path = file(await server.kubeconfig(user));
      // Bindings take a moment to be in force.
      await eventually(`${user} lacks what it should`, () =>
        isRefused(path, 'forbidden', sentence).then(() => true),
      );
    };
    await lacks('nobody', /administrator's kubeconfig is needed.*forbidden: User "nobody"/);
    await lacks('no-roles', /clusterrole.* forbidden: User "no-roles" cannot patch/);
    await lacks('no-escalation', /attempting to grant RBAC permissions not currently held/);
    const { items } = await admin.core.listNamespace();
    assert.deepEqual(
      items.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith('vcluster')),
      [],
    );
  });

  test('an administrator by certificate, files or token is accepted, and nothing is created yet', async () => {
    const byCertificate = await openExternalCluster(file(server.adminKubeconfig));
    const inFiles = changed(({ users, clusters }) => {
      const { user } = users[0];
      for (const [fields, name] of [
        [user, 'client-certificate'],
        [user, 'client-key'],
        [clusters[0].cluster, 'certificate-authority'],
      ] as const) {
        writeFileSync(join(folder, `${name}.pem`), Buffer.from(String(fields[`${name}-data`]), 'base64'));
        delete fields[`${name}-data`];
        fields[name] = `${name}.pem`; // relative to the kubeconfig's own folder
      }
    });
    assert.equal((await openExternalCluster(inFiles)).id, byCertificate.id);
    await admin.core.createNamespacedServiceAccount({
      namespace: 'kube-system',
      body: { metadata: { name: 'me' } },
    });
    const { status } = await admin.core.createNamespacedServiceAccountToken({
      name: 'me',
      namespace: 'kube-system',
      body: { spec: { audiences: [] } } as never,
    });
    await admin.rbac.createClusterRoleBinding({
      body: {
        metadata: { name: 'me' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'me', namespace: 'kube-system' }],
      },
    });
    const byToken = file(
      renderKubeconfig({
        server: server.url.replace('127.0.0.1', 'localhost'),
        certificateAuthority: server.certificateAuthority,
        token: status?.token ?? '',
      }),
    );
    const opened = await eventually('the binding is in force', () => openExternalCluster(byToken));
    assert.equal(opened.id, byCertificate.id);
    const { items } = await admin.core.listNamespace();
    assert.ok(!items.some(({ metadata }) => metadata?.name === 'vcluster-platform'));
  });
});

describe('the connected cluster that a state folder remembers', () => {
  const root = mkdtempSync(join(tmpdir(), 'vcp-remembered-'));
  after(() => rmSync(root, { recursive: true, force: true }));

  test('a different one is refused, in both directions', () => {
    const [given, own] = ['given', 'own'].map((name) => openStateFolder(join(root, name)));
    assert.ok(given !== undefined && own !== undefined);
    checkRememberedCluster(given, 'uid-1');
    rememberCluster(given, 'uid-1');
    checkRememberedCluster(given, 'uid-1');
    assert.throws(
      () => checkRememberedCluster(given, 'uid-2'),
      /a different cluster given with --kubeconfig/,
    );
    assert.throws(() => checkRememberedCluster(given, undefined), /give the kubeconfig of that cluster/);
    rememberCluster(own, undefined);
    checkRememberedCluster(own, undefined);
    assert.throws(() => checkRememberedCluster(own, 'uid-1'), /start it without --kubeconfig/);
  });
});
