import { execFile, type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent } from 'undici';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../adapters/certificates/certificate-authority.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import type { ManagementResources } from '../../adapters/kubernetes/resources.ts';
import { createApp } from '../../api/app.ts';
import { createConnectListener, isKnownTarget } from '../../api/tunnel/connect-listener.ts';
import { authorityOf } from '../../api/tunnel/dial.ts';
import { createGatewayParts, type GatewayParts } from '../../api/gateway-from-config.ts';
import type { GatewayConfig } from '../../contracts/config.ts';
import type { AuthConfig } from '../../contracts/auth-config.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { findProgram } from '../../toolchain/find-program.ts';
import type { TestApiServer } from '../support/api-server.ts';
import type { ApiDocument } from '../support/documented-answer.ts';
import {
  applyProjectNamespace,
  startManagementApi,
  type TestManagementApi,
} from '../support/management-api.ts';
import { hashOf } from './test-gateway.ts';
import { createUserCall, keyOf, type UserCall, writeUserKubeconfig } from './user-calls.ts';

const connectSecret = 'test-secret';

/** A gateway before a real management API, with users anna (administrator), ben (of project alpha) and carl (nobody). */
export interface ManagementFixture {
  readonly url: string;
  readonly caFile: string;
  readonly dir: string;
  readonly apiServer: TestApiServer;
  readonly admin: ClusterClient;
  readonly resources: ManagementResources;
  readonly parts: GatewayParts;
  readonly call: UserCall;
  /** Path of a kubeconfig for `path` below the gateway with the user's key. */
  kubeconfig(user: string, path: string): string;
  kubectl(
    user: string,
    args: string[],
    options?: { path?: string; input?: string; env?: Record<string, string> },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  watch(user: string, args: string[]): ChildProcess;
  stop(): Promise<void>;
}

export async function startManagementFixture(options: FixtureOptions = {}): Promise<ManagementFixture> {
  await using undo = new AsyncDisposableStack();
  const api = await startManagementApi();
  undo.defer(() => api.stop());
  await applyPeople(api.admin, api.resources);
  const gateway = await startGateway(api, options, undo);
  const started = undo.move();
  return { ...gateway, stop: () => started.disposeAsync() };
}

export type FixtureOptions = {
  databaseUrl?: string;
  temporal?: GatewayConfig['temporal'];
  auth?: AuthConfig;
  /** Of the gateway's certificate; default: one of its own. */
  authority?: CertificateAuthority;
  /** Of the CONNECT listener, which is started then. */
  connectPort?: number;
};

/** A gateway before a management API that knows the people of `startManagementFixture`. */
export async function startGateway(
  api: TestManagementApi,
  options: FixtureOptions,
  undo: AsyncDisposableStack,
): Promise<Omit<ManagementFixture, 'stop'>> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-gateway-'));
  undo.defer(() => rmSync(dir, { recursive: true, force: true }));
  const { server: apiServer, admin, resources } = api;

  const authority = options.authority ?? (await createCertificateAuthority('gateway'));
  const serving = await authority.issue({
    commonName: 'gateway',
    names: ['localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const caFile = write('ca.crt', authority.certificate);
  const parts = createGatewayParts(
    {
      databaseUrl: options.databaseUrl ?? 'postgres://nobody@127.0.0.1:1/none',
      temporal: {
        ...(options.temporal ?? { address: '127.0.0.1:1', namespace: 'vcluster-platform' }),
        uiUrl: 'http://127.0.0.1:8233',
      },
      managementKubeconfig: write('gateway.conf', await apiServer.kubeconfig('vcluster-platform:gateway')),
      publicUrl: 'https://127.0.0.1:1',
      listen: { host: '127.0.0.1', port: 0 },
      ...(options.auth === undefined ? {} : { auth: options.auth }),
      loopbackPods: { cluster: 'local', range: '127.0.0.0/8' }, // API servers of the tests stand for pods
      tls: {
        certFile: write('tls.crt', serving.certificate),
        keyFile: write('tls.key', serving.key),
        caFile,
      },
      previews: { helmBinary: findProgram('helm'), workDir: join(dir, 'previews') },
      connect: {
        host: '127.0.0.1',
        port: options.connectPort ?? 0,
        secretFile: write('secret', connectSecret),
      },
    },
    pino({ level: process.env['GATEWAY_LOG'] ?? 'silent' }, pino.destination(2)),
  );
  undo.defer(() => parts.close());
  const app = await createApp(parts.gateway, { cert: serving.certificate, key: serving.key });
  undo.defer(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  await parts.gateway.cache.ready;
  if (options.connectPort !== undefined) {
    const { tunnels, cache, logger } = parts.gateway;
    const listener = createConnectListener({
      dial: parts.dial,
      dialHere: (target) => tunnels.openHere(target.cluster, authorityOf(target)),
      secret: connectSecret,
      isKnown: (target) => isKnownTarget(cache, target),
      ready: cache.ready,
      logger,
    });
    undo.defer(() => listener.close());
    listener.server.listen(options.connectPort, '127.0.0.1');
    await once(listener.server, 'listening');
  }

  const kubeconfig = (user: string, path: string) =>
    writeUserKubeconfig(join(dir, `${user}${path.replaceAll('/', '_')}.conf`), caFile, `${url}${path}`, user);
  const agent = new Agent({ connect: { ca: authority.certificate, timeout: 60_000 } });
  undo.defer(() => agent.destroy());
  const kubectlArgs = (user: string, path: string, args: string[]) => [
    '--kubeconfig',
    kubeconfig(user, path),
    `--cache-dir=${join(dir, 'cache')}`,
    ...args,
  ];
  return {
    url,
    caFile,
    dir,
    apiServer,
    admin,
    resources,
    parts,
    kubeconfig,
    call: createUserCall(url, agent, app.swagger() as unknown as ApiDocument),
    kubectl: (user, args, { path = '/kubernetes/management', input, env = {} } = {}) =>
      new Promise((resolve) => {
        const child = execFile(
          findProgram('kubectl'),
          kubectlArgs(user, path, args),
          { maxBuffer: 64 * 1024 * 1024, timeout: 60_000, env: { ...process.env, ...env } },
          (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
          },
        );
        child.stdin?.end(input ?? '');
      }),
    watch: (user, args) =>
      spawn(findProgram('kubectl'), kubectlArgs(user, '/kubernetes/management', args), {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
  };
}

/** What controllers reconcile on a running platform, made by hand. */
export async function applyPeople(admin: ClusterClient, resources: ManagementResources): Promise<void> {
  const users = { anna: [], ben: ['devs'], carl: [] };
  for (const [name, groups] of Object.entries(users)) {
    await resources.users.create({ metadata: { name }, spec: { subject: `${name}@example.com`, groups } });
    await resources.accesskeys.create({
      metadata: { name: `key-${name}` },
      spec: { user: name, keyHash: hashOf(keyOf(name)) },
    });
  }
  const rbac = 'rbac.authorization.k8s.io/v1';
  const group = 'rbac.authorization.k8s.io';
  const objects = [
    {
      apiVersion: rbac,
      kind: 'ClusterRole',
      metadata: { name: 'vcluster-platform:gateway-users' },
      rules: [
        {
          apiGroups: [''],
          resources: ['users'],
          verbs: ['impersonate'],
          resourceNames: Object.keys(users).map((name) => `${name}@example.com`),
        },
        {
          apiGroups: [''],
          resources: ['groups'],
          verbs: ['impersonate'],
          resourceNames: ['devs', ...Object.keys(users).map((name) => `loft:user:${name}`)],
        },
      ],
    },
    {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'test-anna' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'loft:user:anna' }],
    },
    {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name: 'test-ben', namespace: 'p-alpha' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'loft-management-project-admin' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'loft:user:ben' }],
    },
    {
      apiVersion: rbac,
      kind: 'ClusterRole',
      metadata: { name: 'test-ben-uses' },
      rules: [{ apiGroups: ['management.loft.sh'], resources: ['virtualclustertemplates'], verbs: ['use'] }],
    },
    {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'test-ben-uses' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'test-ben-uses' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'loft:user:ben' }],
    },
  ];
  for (const name of ['alpha', 'beta']) {
    await resources.projects.create({ metadata: { name } });
    await applyProjectNamespace(admin, name, {});
  }
  for (const object of objects) await applyObject(admin, object);
}
