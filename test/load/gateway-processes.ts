import { createHash, randomBytes } from 'node:crypto';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { agentCredentialPrefix, connectTarget, tunnelSlots } from '../../contracts/agents.ts';
import type { GatewayConfig } from '../../contracts/config.ts';
import { clusterCredentialSecret } from '../../contracts/names.ts';
import { createDatabase } from '../../db/client.ts';
import { migrate } from '../../db/migrate.ts';
import { agents } from '../../db/schema/agents.ts';
import { agentSpace } from '../../local/node-program.ts';
import { freePort } from '../../local/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import {
  type BenchChild,
  type BenchChildren,
  createBenchChildren,
  nextLine,
  untilLine,
} from './bench-children.ts';
import type { BackendSettings } from './gateway-backend.ts';
import type { BareSettings } from './gateway-bare.ts';
import type { LoadCommand, LoadTarget } from './gateway-load.ts';
import { benchAccessKey, benchKubeconfig, gatewayObjects, tunnelledClusters } from './gateway-objects.ts';
import type { TunnelAgentSettings } from './tunnel-agent.ts';

/** Gateway, bare proxy, backend and load generator, each a process of its own. */
export interface GatewayProcesses {
  /** What can be loaded besides the backend itself (`direct`); the gateway first. */
  readonly proxies: readonly [ProxyProcess, ...ProxyProcess[]];
  load<T>(command: LoadCommand): Promise<T>;
  /** Starts agents of these clusters in one process; resolves when all their tunnels are open. It prints what tunnel-agent.ts says. */
  startAgents(clusters: readonly string[]): Promise<BenchChild>;
  /** Kills the gateway and starts it again; resolves when it is ready. */
  restartGateway(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProxyProcess {
  /** As load commands name it; `against` is another checkout's gateway. */
  readonly target: 'gateway' | 'bare' | 'against';
  readonly pid: number;
  /** Where a gateway gives its metrics. */
  readonly metricsUrl?: string;
  /** The gateway's own. */
  readonly databaseUrl?: string;
}

export interface GatewayProcessesOptions {
  /** Length of the backend's long answer. */
  readonly logBytes: number;
  /** Further flags of the gateway's Node. */
  readonly nodeFlags?: readonly string[] | undefined;
  /** Folder of another checkout whose gateway is started too. */
  readonly against?: string | undefined;
}

/** Certificates and keys in PEM. */
interface Certificates {
  readonly ca: string;
  readonly serving: { readonly certificate: string; readonly key: string };
  /** The gateway's own towards the backend. */
  readonly client: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Starts them as the platform starts its processes. */
export async function startGatewayProcesses(options: GatewayProcessesOptions): Promise<GatewayProcesses> {
  const { nodeFlags = [], against } = options;
  const children = createBenchChildren();
  const certificates = await issueCertificates();
  const postgres = await startPostgres();
  const { backendPort, temporalPort } = await startBackend(children, certificates, options.logBytes);
  const bare = await startBare(children, certificates, backendPort);
  const deps = { children, certificates, postgres, backendPort, temporalPort };
  const gateways = [
    await startGateway(deps, 'gateway', { nodeFlags }),
    ...(against === undefined ? [] : [await startGateway(deps, 'against', { folder: against })]),
  ] as const;

  const { ca, client } = certificates;
  const targets: Record<string, LoadTarget> = {
    direct: { url: `https://127.0.0.1:${backendPort}`, ...client, headers: {} },
    bare: { url: bare.url, ca, headers: {} },
  };
  for (const { target, url } of gateways)
    targets[target] = { url, ca, headers: { authorization: `Bearer ${benchAccessKey}` } };
  const generator = children.start('test/load/gateway-load.ts', [children.write('targets.json', targets)]);
  return {
    proxies: [...gateways, { target: 'bare', pid: bare.pid }],
    async load(command) {
      generator.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse(await nextLine(generator.lines)) as never;
    },
    async startAgents(clusters) {
      const { url, databaseUrl = '' } = gateways[0];
      const settings: TunnelAgentSettings = {
        url,
        caFile: children.write('agent-ca.crt', ca),
        backendPort: Number(backendPort),
        credentials: await admitAgents(databaseUrl, clusters),
      };
      const program = children.start('test/load/tunnel-agent.ts', [children.write('agent.json', settings)], {
        space: agentSpace,
      });
      await untilLine(program.lines, new RegExp(`^${clusters.length} ${clusters.length * tunnelSlots}$`));
      return program;
    },
    restartGateway: gateways[0].restart,
    async stop() {
      await children.stop();
      await postgres.stop();
    },
  };
}

async function issueCertificates(): Promise<Certificates> {
  const authority = await createCertificateAuthority('bench');
  const names = ['localhost', '127.0.0.1'];
  const serving = await authority.issue({ commonName: 'bench', names, usages: ['server'] });
  const client = await authority.issue({ commonName: 'vcluster-platform:gateway', usages: ['client'] });
  const ca = authority.certificate;
  return { ca, serving, client: { ca, cert: client.certificate, key: client.key } };
}

async function startBackend(
  { start, write }: BenchChildren,
  { ca, serving, client }: Certificates,
  logBytes: number,
): Promise<{ backendPort: string; temporalPort: string }> {
  const settings: BackendSettings = {
    ...serving,
    ca,
    kubeconfig: benchKubeconfig('127.0.0.1:PORT', client),
    kubeconfigs: Object.fromEntries(
      tunnelledClusters.map((cluster) => [
        clusterCredentialSecret(cluster, 'gateway'),
        benchKubeconfig(connectTarget.apiServer(cluster), client),
      ]),
    ),
    objects: gatewayObjects,
    logBytes,
  };
  const ports = await nextLine(
    start('test/load/gateway-backend.ts', [write('backend.json', settings)]).lines,
  );
  const [backendPort = '', temporalPort = ''] = ports.split(' ');
  return { backendPort, temporalPort };
}

async function startBare(
  { start, write }: BenchChildren,
  { serving, client }: Certificates,
  backendPort: string,
): Promise<{ pid: number; url: string }> {
  const settings: BareSettings = { ...serving, upstream: `https://127.0.0.1:${backendPort}`, client };
  const { pid, lines } = start('test/load/gateway-bare.ts', [write('bare.json', settings)]);
  return { pid, url: `https://127.0.0.1:${await nextLine(lines)}` };
}

/** Notes the agents of these clusters, as if they had joined. @returns their credentials */
async function admitAgents(databaseUrl: string, clusters: readonly string[]): Promise<string[]> {
  const admitted = clusters.map((cluster) => ({
    cluster,
    credential: agentCredentialPrefix + randomBytes(32).toString('base64url'),
  }));
  const rows = admitted.map(({ cluster, credential }) => ({
    cluster,
    clusterUid: cluster, // as gatewayObjects has it
    kubeSystemUid: cluster,
    credentialHash: createHash('sha256').update(credential).digest('hex'),
    agentVersion: 'bench',
  }));
  const database = createDatabase(databaseUrl, 1);
  try {
    await database.query((db) => db.insert(agents).values(rows));
  } finally {
    await database.close();
  }
  return admitted.map(({ credential }) => credential);
}

async function startGateway(
  deps: {
    readonly children: BenchChildren;
    readonly certificates: Certificates;
    readonly postgres: TestPostgres;
    readonly backendPort: string;
    readonly temporalPort: string;
  },
  target: 'gateway' | 'against',
  options: { nodeFlags?: readonly string[]; folder?: string },
): Promise<ProxyProcess & { url: string; restart(): Promise<void> }> {
  const { children, certificates, postgres, backendPort, temporalPort } = deps;
  const { serving, client, ca } = certificates;
  const { write } = children;
  const [port, metricsPort] = [await freePort(), await freePort()];
  const config: GatewayConfig = {
    databaseUrl: await postgres.createDatabase(),
    temporal: { address: `127.0.0.1:${temporalPort}`, namespace: 'none' },
    managementKubeconfig: write('gateway.conf', benchKubeconfig(`127.0.0.1:${backendPort}`, client)),
    publicUrl: `https://127.0.0.1:${port}`,
    listen: { host: '127.0.0.1', port },
    tls: {
      certFile: write('tls.crt', serving.certificate),
      keyFile: write('tls.key', serving.key),
      caFile: write('ca.crt', ca),
    },
    loopbackPods: { cluster: 'local', range: '127.0.0.0/8' },
    connect: { host: '127.0.0.1', port: await freePort(), secretFile: write('secret', 'bench') },
    metrics: { host: '127.0.0.1', port: metricsPort },
  };
  await migrate(config.databaseUrl);
  const args = ['--config', write(`${target}.json`, config)];
  const start = async () => {
    const { pid, lines } = children.start('api/main.ts', args, options);
    await untilLine(lines, /gateway ready/);
    return pid;
  };
  let pid = await start();
  const { publicUrl: url, databaseUrl } = config;
  return {
    target,
    pid,
    url,
    databaseUrl,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    async restart() {
      process.kill(pid, 'SIGKILL');
      pid = await start();
    },
  };
}
