import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Program } from '../../adapters/processes/program.ts';

export interface TemporalOptions {
  binary: string;
  /** Folder for its configuration. */
  configDir: string;
  database: TemporalDatabases;
  ports: TemporalPorts;
  tls: TemporalServerTls;
}

/** Paths (PEM). Frontend and internode have authorities of their own: a client cannot talk to the services behind. */
export interface TemporalServerTls {
  /** Name in the servers' certificates. */
  serverName: string;
  frontend: ServerKeys;
  /** Also its services' certificate as clients of one another. */
  internode: ServerKeys;
  /** With which its own workers are clients of the frontend. */
  systemWorker: { certFile: string; keyFile: string };
}

interface ServerKeys {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** Its two databases on one PostgreSQL server. */
export interface TemporalDatabases {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Name of the database with workflows. */
  default: string;
  /** Name of the database with search attributes. */
  visibility: string;
}

/** Every service has an address for requests and one for membership. */
export const temporalPortNames = [
  'frontend',
  'frontendMembership',
  'history',
  'historyMembership',
  'matching',
  'matchingMembership',
  'worker',
  'workerMembership',
] as const;
export type TemporalPorts = Record<(typeof temporalPortNames)[number], number>;

/** Go reads YAML 1.1: a password like `1:30` needs quotes there. */
const goYaml = { version: '1.1' } as const;

/**
 * A single Temporal server (all four services) on loopback over PostgreSQL; pools of 20 + 5. Clients
 * need a certificate. The membership ports do not support TLS: a forged member gets calls that end at the handshake.
 */
export function temporal(options: TemporalOptions): Program {
  const configFile = join(options.configDir, 'temporal.yaml');
  const dynamicFile = join(options.configDir, 'temporal-dynamic.yaml');
  return {
    binary: options.binary,
    // No authorizer: every certificate of the frontend's authority may do everything.
    args: [`--config-file=${configFile}`, '--allow-no-auth', 'start'],
    files: [
      { path: configFile, content: stringify(serverConfig(options, dynamicFile), goYaml) },
      { path: dynamicFile, content: stringify(dynamicConfig, goYaml) },
    ],
    stopGraceMs: 20_000,
  };
}

/**
 * One partition per task queue: four, the default for big clusters, only adds hops and idle polls here. Caches
 * of namespaces and search attributes are read through, so that what bootstrap registers works at once. No
 * question about newer versions leaves the machine.
 */
const dynamicConfig = {
  'frontend.enableServerVersionCheck': [{ value: false }],
  'matching.numTaskqueueReadPartitions': [{ value: 1 }],
  'matching.numTaskqueueWritePartitions': [{ value: 1 }],
  'system.forceSearchAttributesCacheRefreshOnRead': [{ value: true }],
  'system.namespaceCacheRefreshInterval': [{ value: '1s' }],
};

function serverConfig(options: TemporalOptions, dynamicFile: string): object {
  const { ports } = options;
  const service = (grpcPort: number, membershipPort: number) => ({
    rpc: { grpcPort, membershipPort, bindOnIP: '127.0.0.1' },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: 4,
      datastores: {
        default: { sql: sqlStore(options.database, options.database.default, 20) },
        visibility: { sql: sqlStore(options.database, options.database.visibility, 5) },
      },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      tls: tlsConfig(options.tls),
    },
    services: {
      frontend: service(ports.frontend, ports.frontendMembership),
      history: service(ports.history, ports.historyMembership),
      matching: service(ports.matching, ports.matchingMembership),
      worker: service(ports.worker, ports.workerMembership),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${ports.frontend}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    publicClient: { hostPort: `127.0.0.1:${ports.frontend}` },
    dynamicConfigClient: { filepath: dynamicFile, pollInterval: '60s' },
  };
}

function tlsConfig({ serverName, frontend, internode, systemWorker }: TemporalServerTls): object {
  const group = ({ caFile, certFile, keyFile }: ServerKeys) => ({
    server: { certFile, keyFile, clientCaFiles: [caFile], requireClientAuth: true },
    client: { serverName, rootCaFiles: [caFile] },
  });
  return {
    frontend: group(frontend),
    internode: group(internode),
    systemWorker: { ...systemWorker, client: { serverName, rootCaFiles: [frontend.caFile] } },
  };
}

function sqlStore(database: TemporalDatabases, name: string, maxConnections: number): object {
  return {
    pluginName: 'postgres12_pgx',
    databaseName: name,
    connectAddr: `${database.host}:${database.port}`,
    connectProtocol: 'tcp',
    user: database.user,
    password: database.password,
    maxConns: maxConnections,
    maxIdleConns: maxConnections,
    maxConnLifetime: '1h',
  };
}

export type TemporalSchema = 'temporal' | 'visibility';

/** The two runs of Temporal's SQL tool that bring database `name` to the schema of its version; both repeatable. */
export function temporalSchemaCommands(
  binary: string,
  database: TemporalDatabases,
  schema: TemporalSchema,
): { setup: Program; update: Program } {
  const common = [
    '--plugin=postgres12_pgx',
    `--endpoint=${database.host}`,
    `--port=${database.port}`,
    `--user=${database.user}`,
    `--database=${schema === 'temporal' ? database.default : database.visibility}`,
  ];
  const env = { SQL_PASSWORD: database.password };
  return {
    setup: { binary, env, args: [...common, 'setup-schema', '--version=0.0'] },
    update: { binary, env, args: [...common, 'update-schema', `--schema-name=postgresql/v12/${schema}`] },
  };
}
