import { type Static, Type } from 'typebox';

/**
 * Configuration of the three processes, each read from one JSON file (`--config <path>`, mode 0600: it holds
 * passwords). Whoever starts the process writes the file; the processes read no environment variable.
 */
const Temporal = Type.Object({
  address: Type.String({ description: 'host:port of the frontend' }),
  namespace: Type.String(),
  uiUrl: Type.Optional(
    Type.String({ description: "Base URL of Temporal's web UI, for links in administrators' answers" }),
  ),
});

const LogLevel = Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error']));

export const WorkerConfig = Type.Object({
  logLevel: LogLevel,
  databaseUrl: Type.String(),
  temporal: Temporal,
  managementKubeconfig: Type.String({ description: 'Path' }),
  helmBinary: Type.String({ description: 'Path' }),
  chartsDir: Type.String({ description: 'Folder with the charts that ship with the platform' }),
  snapshotsDir: Type.String({
    description: 'Folder that snapshot Jobs write to, as the connected cluster `local` sees it',
  }),
  workDir: Type.String({
    description: 'Private scratch folder (Helm homes, kubeconfigs of mode 0600); emptied at start',
  }),
  workflowBundle: Type.Optional(
    Type.String({ description: 'Path of the bundle made by worker/bundle.ts; made at start if absent' }),
  ),
});
export type WorkerConfig = Static<typeof WorkerConfig>;

export const GatewayConfig = Type.Object({
  logLevel: LogLevel,
  databaseUrl: Type.String(),
  temporal: Temporal,
  managementKubeconfig: Type.String({ description: 'Path; its identity may impersonate and nothing else' }),
  publicUrl: Type.String({ description: 'https://host:port as clients reach it' }),
  listen: Type.Object({ host: Type.String(), port: Type.Integer() }),
  tls: Type.Object({ certFile: Type.String(), keyFile: Type.String(), caFile: Type.String() }),
  /** The internal CONNECT listener through which workers reach clusters. */
  connect: Type.Object({
    host: Type.String(),
    port: Type.Integer(),
    secretFile: Type.String({ description: 'File with the password of user `worker`' }),
  }),
});
export type GatewayConfig = Static<typeof GatewayConfig>;

export const ControllersConfig = Type.Object({
  logLevel: LogLevel,
  databaseUrl: Type.String(),
  temporal: Temporal,
  managementKubeconfig: Type.String({ description: 'Path' }),
});
export type ControllersConfig = Static<typeof ControllersConfig>;
