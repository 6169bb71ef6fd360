import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { ControllersConfig, GatewayConfig, TemporalConfig, WorkerConfig } from '../contracts/config.ts';
import type { AgentConfig } from '../contracts/agent-config.ts';
import { temporalNamespace } from '../contracts/names.ts';
import type { DatabaseUrls } from './database-roles.ts';
import type { PlatformContext } from './platform-context.ts';
import { tenantSeedsDir } from './tenant-seed.ts';
import { agentSpace, gatewaySpace, type NewSpace, nodeProgram } from './node-program.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { tracingVariables } from '../adapters/tracing/start-tracing.ts';
import type { Service } from './supervisor.ts';
import type { Settings } from './settings-file.ts';
import type { RunningTemporal } from './start-temporal.ts';

const repository = join(import.meta.dirname, '..');

export interface ProcessOptions {
  databases: Pick<DatabaseUrls, 'gateway' | 'worker' | 'controllers'>;
  /** Archives of more charts. */
  charts: readonly string[];
  /** Image of tenant-tools for charts that do not name it. */
  toolsImage: string | undefined;
  temporal: RunningTemporal;
  /** Paths, by process. */
  managementKubeconfigs: Record<'gateway' | 'worker' | 'controllers', string>;
  settings: Settings;
  agent: AgentConfig;
  gateway: {
    port: number;
    /** As this machine reaches it. */
    localUrl: string;
    publicUrl: string;
    tls: GatewayConfig['tls'];
    connectPort: number;
    connectSecretFile: string;
    /** Folder of the built web console. */
    consoleDir: string;
  };
}

/** The platform's own processes, in TypeScript. */
export type PlatformProcess = 'worker' | 'gateway' | 'controllers' | 'agent';

/** Writes the configuration files of the platform's processes; returns their paths. */
export function writeProcessConfigs(
  { state, toolchain }: PlatformContext,
  options: ProcessOptions,
): Record<PlatformProcess, string> {
  const { databases, gateway } = options;
  const { worker: workerSettings, controllers: controllersSettings, ...gatewaySettings } = options.settings;
  const { tracing } = gatewaySettings;
  const traced = tracing === undefined ? {} : { tracing };
  const { address, tls, uiSocket } = options.temporal;
  const temporalOf = (client: 'gateway' | 'worker' | 'controllers'): TemporalConfig => {
    const files = tls(client);
    return { address, namespace: temporalNamespace, ...(files === undefined ? {} : { tls: files }) };
  };
  const worker: WorkerConfig = {
    wakesAtOnce: 2 * availableParallelism(), // control planes of this machine: their start is processor time
    ...workerSettings,
    ...traced,
    databaseUrl: databases.worker,
    temporal: temporalOf('worker'),
    managementKubeconfig: options.managementKubeconfigs.worker,
    helmBinary: toolchain.helm,
    chartsDir: join(repository, 'deploy', 'charts'),
    charts: [...options.charts],
    ...(options.toolsImage === undefined ? {} : { toolsImage: options.toolsImage }),
    snapshotsDir: state.snapshotsDir,
    seedsDir: tenantSeedsDir(),
    workDir: state.workerDir,
  };
  const gatewayConfig: GatewayConfig = {
    ...gatewaySettings,
    databaseUrl: databases.gateway,
    temporal: { ...temporalOf('gateway'), uiUrl: `unix://${uiSocket}` },
    managementKubeconfig: options.managementKubeconfigs.gateway,
    publicUrl: gateway.publicUrl,
    listen: { host: '127.0.0.1', port: gateway.port },
    tls: gateway.tls,
    previews: { helmBinary: toolchain.helm, workDir: join(state.gatewayDir, 'previews') },
    consoleDir: gateway.consoleDir,
    connect: { host: '127.0.0.1', port: gateway.connectPort, secretFile: gateway.connectSecretFile },
  };
  const { accessKeysPerOwner } = gatewaySettings.auth ?? {};
  const controllers: ControllersConfig = {
    ...controllersSettings,
    ...(accessKeysPerOwner === undefined ? {} : { accessKeysPerOwner }),
    ...traced,
    databaseUrl: databases.controllers,
    temporal: temporalOf('controllers'),
    managementKubeconfig: options.managementKubeconfigs.controllers,
    connect: { url: `http://127.0.0.1:${gateway.connectPort}`, secretFile: gateway.connectSecretFile },
  };
  const write = (name: string, config: object): string => {
    const file = join(state.configDir, `${name}.json`);
    writePrivateFile(file, JSON.stringify(config, undefined, 2));
    return file;
  };
  return {
    worker: write('worker', worker),
    gateway: write('gateway', gatewayConfig),
    controllers: write('controllers', controllers),
    agent: write('agent', options.agent),
  };
}

/** OpenTelemetry's variables, the one thing of our environment that they get: people set them once for all they run. */
function tracingEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] =>
      entry[0].startsWith(tracingVariables),
    ),
  );
}

const spaces: Partial<Record<PlatformProcess, NewSpace>> = { gateway: gatewaySpace, agent: agentSpace };

/** A process of the platform: `node <folder>/main.ts --config <file>`. */
export function platformService(
  name: PlatformProcess,
  options: { configFile: string; ready: Service['ready'] },
): Service {
  const main = join(repository, name === 'gateway' ? 'api' : name, 'main.ts');
  return {
    name,
    program() {
      const args = [main, '--config', options.configFile];
      const program = nodeProgram(args, spaces[name]);
      return { ...program, env: { ...program.env, ...tracingEnvironment() } };
    },
    ready: options.ready,
  };
}
