import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import type { GatewayConfig } from '../../contracts/config.ts';
import { migrate } from '../../db/migrate.ts';
import { freePort } from '../../deploy/local/free-port.ts';
import { nodeProgram } from '../../deploy/local/node-program.ts';
import { startPostgres } from '../support/postgres.ts';
import type { BackendSettings } from './gateway-backend.ts';
import type { BareSettings } from './gateway-bare.ts';
import type { LoadCommand, LoadTarget } from './gateway-load.ts';

/** Gateway, bare proxy, backend and load generator, each a process of its own. */
export interface GatewayProcesses {
  readonly gatewayPid: number;
  readonly barePid: number;
  load<T>(command: LoadCommand): Promise<T>;
  stop(): Promise<void>;
}

const accessKey = 'bench-access-key';
const repository = join(import.meta.dirname, '..', '..');

/**
 * Starts them as the platform starts its processes.
 * @param profileDir where the gateway writes a CPU profile when it stops
 */
export async function startGatewayProcesses(
  logBytes: number,
  profileDir?: string,
): Promise<GatewayProcesses> {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-gateway-load-'));
  const children: ChildProcess[] = [];
  const write = (name: string, content: object | string) => {
    const file = join(dir, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
    return file;
  };
  const log = openSync(join(dir, 'log'), 'a', 0o600);
  const start = (script: string, args: string[], nodeFlags: string[] = []) => {
    const program = nodeProgram([join(repository, script), ...args]);
    const child = spawn(program.binary, [...nodeFlags, ...program.args], {
      // As on the platform, logs go to a file.
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, ...program.env },
    });
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('a process without pipes');
    children.push(child);
    return { child, stdin, lines: createInterface({ input: stdout }) };
  };

  const authority = await createCertificateAuthority('bench');
  const serving = await authority.issue({
    commonName: 'bench',
    names: ['localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const client = await authority.issue({ commonName: 'vcluster-platform:gateway', usages: ['client'] });
  const postgres = await startPostgres();
  await migrate(postgres.url);

  const tls = { certificate: serving.certificate, key: serving.key };
  const credentials = { ca: authority.certificate, cert: client.certificate, key: client.key };
  const backend: BackendSettings = {
    ...tls,
    ca: authority.certificate,
    kubeconfig: kubeconfig('PORT', credentials),
    objects,
    logBytes,
  };
  const backendPort = await nextLine(
    start('test/load/gateway-backend.ts', [write('backend.json', backend)]).lines,
  );
  const bareSettings: BareSettings = {
    ...tls,
    upstream: `https://127.0.0.1:${backendPort}`,
    client: credentials,
  };
  const bare = start('test/load/gateway-bare.ts', [write('bare.json', bareSettings)]);
  const barePort = await nextLine(bare.lines);

  const port = await freePort();
  const config: GatewayConfig = {
    databaseUrl: postgres.url,
    temporal: { address: '127.0.0.1:1', namespace: 'none' },
    managementKubeconfig: write('gateway.conf', kubeconfig(backendPort, credentials)),
    publicUrl: `https://127.0.0.1:${port}`,
    listen: { host: '127.0.0.1', port },
    tls: {
      certFile: write('tls.crt', tls.certificate),
      keyFile: write('tls.key', tls.key),
      caFile: write('ca.crt', authority.certificate),
    },
    loopbackPods: { cluster: 'local', range: '127.0.0.0/8' },
    connect: { host: '127.0.0.1', port: await freePort(), secretFile: write('secret', 'bench') },
  };
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
  const gateway = start('api/main.ts', ['--config', write('gateway.json', config)], profile);
  await untilLine(gateway.lines, /gateway ready/);

  const targets: Record<string, LoadTarget> = {
    direct: { url: `https://127.0.0.1:${backendPort}`, ...credentials, headers: {} },
    bare: { url: `https://127.0.0.1:${barePort}`, ca: authority.certificate, headers: {} },
    gateway: {
      url: config.publicUrl,
      ca: authority.certificate,
      headers: { authorization: `Bearer ${accessKey}` },
    },
  };
  const generator = start('test/load/gateway-load.ts', [write('targets.json', targets)]);
  return {
    gatewayPid: gateway.child.pid ?? -1,
    barePid: bare.child.pid ?? -1,
    async load(command) {
      generator.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse(await nextLine(generator.lines)) as never;
    },
    async stop() {
      for (const child of children.toReversed()) {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function nextLine(lines: Interface): Promise<string> {
  const ended = once(lines, 'close').then(() => {
    throw new Error('a process of the bench ended early: its log says why');
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  return line;
}

async function untilLine(lines: Interface, pattern: RegExp): Promise<void> {
  for (;;) if (pattern.test(await nextLine(lines))) return;
}

function kubeconfig(port: string, { ca, cert, key }: { ca: string; cert: string; key: string }): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [
      {
        name: 'c',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(ca) },
      },
    ],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}

/** An object of the management API; informers tell versions apart. */
function object(name: string, rest: { namespace?: string; [field: string]: unknown } = {}): object {
  const { namespace, ...fields } = rest;
  const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { metadata: namespace === undefined ? metadata : { ...metadata, namespace }, ...fields };
}

/** A user in two teams with a key, and one tenant cluster that is awake. */
const objects = {
  users: [object('bench', { spec: { subject: 'bench@example.com', groups: ['devs'] } })],
  teams: ['red', 'blue'].map((name) => object(name, { spec: { users: ['bench'] } })),
  accesskeys: [
    object('bench', {
      spec: { user: 'bench', keyHash: createHash('sha256').update(accessKey).digest('hex') },
    }),
  ],
  projects: [object('bench')],
  clusters: [object('local')],
  virtualclusterinstances: [
    object('bench', {
      namespace: 'p-bench',
      spec: { clusterRef: { cluster: 'local', namespace: 'bench', virtualCluster: 'bench' } },
      status: { phase: 'Ready', observedHash: 'x' },
    }),
  ],
};
