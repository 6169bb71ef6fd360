import { join } from 'node:path';
import { connectCluster } from '../adapters/kubernetes/client.ts';
import { logSays } from '../adapters/processes/log-file.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import type { TemporalServer } from '../adapters/temporal-connection.ts';
import { writers } from '../contracts/names.ts';
import { PlatformError } from '../contracts/errors.ts';
import { type OnProgress, resolveToolchain } from '../toolchain/toolchain.ts';
import { type AdminFile, writeAdminFiles } from './bootstrap/administrator.ts';
import { type ConnectProxy, storeCredentials } from './bootstrap/connected-cluster.ts';
import { type ExternalCluster, openExternalCluster } from './bootstrap/external-cluster.ts';
import { createFirstObjects } from './bootstrap/first-objects.ts';
import { applyManagementResources, waitForAdmission } from './bootstrap/management-resources.ts';
import { buildConsole } from './console.ts';
import { checkRememberedCluster, connectLocalCluster } from './connect-local-cluster.ts';
import type { DatabaseUrls } from './database-roles.ts';
import { localAgentConfig, prepareLocalAgent } from './local-agent.ts';
import { issueGatewayCertificate } from './pki.ts';
import type { PlatformContext } from './platform-context.ts';
import {
  type PlatformProcess,
  platformService,
  type ProcessOptions,
  writeProcessConfigs,
} from './platform-processes.ts';
import { freePort, isPortFree, openPorts } from './ports.ts';
import { isGatewayReady } from './probes.ts';
import { createProcessRecords, leftovers, stopLeftovers } from './process-records.ts';
import type { Settings } from './settings-file.ts';
import { startDatabase } from './start-database.ts';
import {
  openManagement,
  sealManagement,
  startManagement,
  startManagementControllers,
} from './start-management.ts';
import {
  checkGivenTemporal,
  openTemporal,
  prepareNamespace,
  type RunningTemporal,
  startTemporal,
  startTemporalUi,
} from './start-temporal.ts';
import { lockStateFolder, openStateFolder, type StateFolder } from './state-folder.ts';
import { stopOrder } from './stop-order.ts';
import { createSupervisor, type Service } from './supervisor.ts';
import { prepareTenantSeed, tenantSeedsDir } from './tenant-seed.ts';
import { waitUntil } from './wait-until.ts';

export interface PlatformOptions {
  /** Folder of everything the platform keeps; made if it is missing. */
  stateDir: string;
  /** Of the gateway on 127.0.0.1; 0: any free one. */
  port: number;
  /** A Temporal server in place of the embedded one. */
  temporal?: TemporalServer;
  /** URL of a PostgreSQL database in place of the embedded server; others are made beside it. */
  databaseUrl?: string;
  /** Path of the kubeconfig of a cluster in place of the embedded one as connected cluster `local`. */
  kubeconfig?: string;
  /** Archives of more charts that templates may name (contracts/config.ts). */
  charts?: readonly string[];
  /** Image of tenant-tools for snapshots of charts that do not name it. */
  toolsImage?: string;
  /** Settings of gateway and worker; absent ones have their defaults. */
  settings?: Settings;
  onProgress?: OnProgress;
  /** Names of processes that are not started, for tests of the others. */
  omit?: readonly string[];
  /** Aborting it ends the start. */
  signal?: AbortSignal;
}

export interface Platform {
  /** Path of `admin.json`. */
  readonly adminFile: string;
  readonly admin: AdminFile;
  /** Stops everything in order; the state stays. */
  stop(): Promise<void>;
}

/**
 * Starts the whole embedded platform; resolves when it is ready.
 * @throws PlatformError `state_in_use`, `port_taken`, `toolchain_unavailable`, `database_unavailable`,
 *   `temporal_unavailable`, `cluster_unreachable`, `unauthenticated`, `forbidden`, `conflict`, `invalid_request`,
 *   `internal`; whatever was started is stopped then
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const onProgress = options.onProgress ?? (() => undefined);
  const state = openStateFolder(options.stateDir);
  const unlock = await lockStateFolder(state);
  try {
    await recoverLeftovers(state, onProgress);
    const port = await gatewayPort(options.port);
    const external =
      options.kubeconfig === undefined ? undefined : await openExternalCluster(options.kubeconfig);
    checkRememberedCluster(state, external?.id);
    const [toolchain, consoleDir] = await Promise.all([
      resolveToolchain(onProgress, options.signal),
      buildConsole(state.logsDir, onProgress, options.signal),
    ]);
    const context: PlatformContext = {
      state,
      onProgress,
      ports: openPorts(`${state.root}/ports.json`),
      toolchain,
      supervisor: createSupervisor({
        logsDir: state.logsDir,
        records: createProcessRecords(state.processesFile),
        onEvent: onProgress,
        omit: options.omit ?? [],
      }),
    };
    let background = Promise.resolve();
    const stop = async (): Promise<void> => {
      await context.supervisor.stopAll(stopOrder);
      await background;
      unlock();
    };
    try {
      const admin = await orAborted(
        startAll(context, { ...options, port, consoleDir }, external),
        options.signal,
      );
      background = prepareTenantSeed(context, tenantSeedsDir()).catch((error: unknown) =>
        onProgress(`new tenant clusters start without a seed: ${String(error)}`),
      );
      return { adminFile: state.adminFile, admin, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

async function startAll(
  context: PlatformContext,
  options: PlatformOptions & { consoleDir: string },
  external: ExternalCluster | undefined,
): Promise<AdminFile> {
  const { state, ports, onProgress } = context;
  if (options.temporal !== undefined) await checkGivenTemporal(options.temporal);
  const temporal = await openTemporal(context, options.temporal);
  const management = await openManagement(context);
  const { settings = {} } = options;
  const localUrl = `https://127.0.0.1:${options.port}`;
  const publicUrl = settings.publicUrl ?? localUrl;
  const tls = await issueGatewayCertificate(state.gatewayDir, publicUrl);
  const connect = state.secret('connect-secret');
  const proxy: ConnectProxy = { port: await ports.get('connect'), secret: connect.value };
  const admin = writeAdminFiles(state, {
    url: localUrl,
    caFile: tls.caFile,
    temporalUi: `${publicUrl}/temporal`,
  });
  const client = connectCluster(management.cluster.adminKubeconfig, { writer: writers.bootstrap });

  const announced = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await work;
    onProgress(`${what}: ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    return result;
  };
  const [databases, credentials] = await Promise.all([
    startStores(context, options, { temporal, management, announced, client, admin }),
    announced('connected cluster local', connectLocalCluster(context, external, proxy)),
    announced("Temporal's web UI", startTemporalUi(context, temporal)),
  ]);
  await storeCredentials(client, 'local', credentials);
  await prepareLocalAgent(context, client, databases.owner);
  const agentKubeconfig = join(state.secretsDir, 'agent.kubeconfig');
  writePrivateFile(agentKubeconfig, credentials.agent);
  const gateway = {
    port: options.port,
    localUrl,
    publicUrl,
    tls,
    connectPort: proxy.port,
    connectSecretFile: connect.file,
    consoleDir: options.consoleDir,
  };
  await startProcesses(
    context,
    {
      databases,
      temporal,
      managementKubeconfigs: management.kubeconfigs,
      gateway,
      charts: options.charts ?? [],
      toolsImage: options.toolsImage,
      settings,
      omit: options.omit ?? [],
      agent: localAgentConfig(context, {
        url: localUrl,
        caFile: tls.caFile,
        kubeconfig: agentKubeconfig,
      }),
    },
    announced,
  );
  // Without controllers (tests of the servers alone) there is no project yet.
  if (!(options.omit ?? []).includes('controllers')) await waitForAdmission(client);
  return admin;
}

interface StoreOptions {
  temporal: RunningTemporal;
  management: Awaited<ReturnType<typeof openManagement>>;
  client: ReturnType<typeof connectCluster>;
  admin: AdminFile;
  announced: <T>(what: string, work: Promise<T>) => Promise<T>;
}

/** PostgreSQL, then beside each other Temporal and the management API with what it holds; returns the databases' URLs. */
async function startStores(
  context: PlatformContext,
  options: PlatformOptions,
  stores: StoreOptions,
): Promise<DatabaseUrls> {
  const { temporal, management, client, admin, announced } = stores;
  const databases = await announced('PostgreSQL', startDatabase(context, options.databaseUrl));
  const withTemporal = async (): Promise<void> => {
    await startTemporal(context, temporal, databases.temporal);
    await prepareNamespace(temporal);
  };
  const withManagement = async (): Promise<void> => {
    await startManagement(context, management, databases.kine);
    const fill = async (): Promise<void> => {
      await applyManagementResources(client);
      await createFirstObjects(client, admin);
      await sealManagement(context, management, databases.kine);
    };
    await Promise.all([startManagementControllers(context, management), fill()]);
  };
  await Promise.all([announced('Temporal', withTemporal()), announced('management API', withManagement())]);
  return databases;
}

async function startProcesses(
  context: PlatformContext,
  options: ProcessOptions & { readonly omit: readonly string[] },
  announced: StoreOptions['announced'],
): Promise<void> {
  const { supervisor } = context;
  const { omit } = options;
  const files = writeProcessConfigs(context, options);
  const startAndWaitForLine = (name: Exclude<PlatformProcess, 'gateway'>): Promise<void> => {
    const ready: Service['ready'] = (process) =>
      waitUntil(name, async () => logSays(process.logFile, process.logOffset, /\bready\b/), { process });
    return announced(name, supervisor.start(platformService(name, { configFile: files[name], ready })));
  };
  const gatewayReady: Service['ready'] = (process) =>
    waitUntil('the gateway', () => isGatewayReady(options.gateway.localUrl, options.gateway.tls.caFile), {
      process,
    });
  const gateway = platformService('gateway', { configFile: files.gateway, ready: gatewayReady });
  // The line of the agent says that it has a tunnel.
  const withAgent = async (): Promise<void> => {
    await announced('gateway', supervisor.start(gateway));
    if (!omit.includes('gateway')) await startAndWaitForLine('agent');
  };
  await Promise.all([startAndWaitForLine('worker'), startAndWaitForLine('controllers'), withAgent()]);
}

/** Ends what a supervisor that was killed left behind. Pods go on: the new node adopts them. */
async function recoverLeftovers(state: StateFolder, onProgress: OnProgress): Promise<void> {
  const found = leftovers(state.processesFile);
  if (found.size === 0) return;
  onProgress(`the last run left ${[...found.keys()].join(', ')} running: stopping them first`);
  await stopLeftovers(found, stopOrder);
}

async function gatewayPort(wanted: number): Promise<number> {
  if (wanted === 0) return freePort();
  if (await isPortFree(wanted)) return wanted;
  throw new PlatformError(
    'port_taken',
    `port ${wanted} on 127.0.0.1 is already in use: stop the process that listens there, or choose another with --port`,
  );
}

/** The outcome of `work`, or at once the reason of `signal` when that is aborted. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
  ]);
}
