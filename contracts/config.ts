import { type Static, Type } from 'typebox';
import { AuditConfig } from './audit.ts';
import { AccessKeysPerOwner, AuthConfig } from './auth-config.ts';
import { TracingConfig } from './tracing-config.ts';

/**
 * Configuration of the three processes, each read from one JSON file (`--config <path>`, mode 0600: it holds
 * passwords). The starter of the process writes the file; the processes read no environment variable but
 * those of OpenTelemetry (`OTEL_…`).
 */
const TemporalTls = Type.Object({
  caFile: Type.Optional(
    Type.String({ description: "Authorities (PEM) of the server; absent: the system's" }),
  ),
  certFile: Type.Optional(Type.String({ description: "The client's certificate (PEM); with keyFile" })),
  keyFile: Type.Optional(Type.String()),
  serverName: Type.Optional(
    Type.String({ description: "Name in the server's certificate, if it is not the address's host" }),
  ),
});
export type TemporalTls = Static<typeof TemporalTls>;

const Temporal = Type.Object({
  address: Type.String({ description: 'host:port of the frontend' }),
  namespace: Type.String(),
  tls: Type.Optional(TemporalTls),
  uiUrl: Type.Optional(
    Type.String({
      description:
        "URL of Temporal's web UI (its `publicPath` is `/temporal`), shown to administrators by the gateway; `unix:///path` for a Unix socket",
    }),
  ),
});

export type TemporalConfig = Static<typeof Temporal>;

const Seconds = (fallback: number, description: string) =>
  Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 2_000_000,
      description: `${description}; default ${fallback}`,
    }),
  );

/** What the connections of clients may cost. */
const Connections = Type.Object({
  max: Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'Maximum number; default 10,000. Each may need a second file descriptor, towards a cluster',
    }),
  ),
  handshakeSeconds: Seconds(10, 'For the TLS handshake'),
  headersSeconds: Seconds(20, 'For the head of a request'),
  requestSeconds: Seconds(300, 'For a request with its body'),
  keepAliveSeconds: Seconds(
    620,
    'Between two requests; must be longer than clients (client-go: 90 s) and a proxy in front of the gateway keep idle connections',
  ),
  stallSeconds: Seconds(300, 'For a client to read anything that is sent to it'),
  stopSeconds: Seconds(4, 'For requests in flight when the gateway stops; watches end at once'),
});

const HoldBound = (requests: number, mebibytes: number, description: string) =>
  Type.Optional(
    Type.Object(
      {
        requests: Type.Optional(Type.Integer({ minimum: 0, description: `default ${requests}` })),
        mebibytes: Type.Optional(Type.Number({ minimum: 0, description: `default ${mebibytes}` })),
      },
      { description },
    ),
  );

/** Requests to what sleeps: they wake it and are held until it answers. */
const Held = Type.Object({
  seconds: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 600,
      description:
        'Maximum time that a request is held; default 25, as discovery of clients gives up after 32',
    }),
  ),
  perInstance: HoldBound(256, 8, 'At most so many for one tenant cluster or space'),
  inAll: HoldBound(4096, 64, 'At most so many in this process'),
});
export type HeldConfig = Static<typeof Held>;

export const LogLevel = Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error']));

export const WorkerConfig = Type.Object({
  logLevel: LogLevel,
  tracing: Type.Optional(TracingConfig),
  databaseUrl: Type.String(),
  temporal: Temporal,
  managementKubeconfig: Type.String({ description: 'Path' }),
  helmBinary: Type.String({ description: 'Path' }),
  chartsDir: Type.String({ description: 'Folder with the charts that ship with the platform' }),
  charts: Type.Optional(
    Type.Array(Type.String(), {
      description:
        "Archives of additional charts that templates may name (such as vCluster's): paths of .tgz files, or https:// or oci:// URLs, which the worker fetches when first needed",
    }),
  ),
  chartsCaFile: Type.Optional(
    Type.String({
      description: 'Authorities (PEM) of the servers that `charts` names by URL; absent: those of the system',
    }),
  ),
  snapshotsDir: Type.String({
    description: 'Folder for snapshots, as a path in the connected cluster `local`',
  }),
  goneSnapshotDays: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'Days that snapshots of deleted tenant clusters are kept; default 30, 0: forever',
    }),
  ),
  wakesAtOnce: Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'Tenant clusters that may wake up at the same time in one connected cluster; the others wait in the order asked. Default 16; `npm start` sets twice the number of processors',
    }),
  ),
  toolsImage: Type.Optional(
    Type.String({
      description:
        'Image of tenant-tools for snapshot Jobs of charts that do not set it; default vcluster-platform/tenant-tools:0.1.0',
    }),
  ),
  seedsDir: Type.Optional(
    Type.String({
      description:
        'Folder of seeds, which stores of new tenant clusters start from; absent: they start empty',
    }),
  ),
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
  tracing: Type.Optional(TracingConfig),
  databaseUrl: Type.String(),
  temporal: Temporal,
  managementKubeconfig: Type.String({ description: 'Path; its identity may only impersonate' }),
  publicUrl: Type.String({ description: 'https://host:port that clients use' }),
  listen: Type.Object({ host: Type.String(), port: Type.Integer() }),
  tls: Type.Object({ certFile: Type.String(), keyFile: Type.String(), caFile: Type.String() }),
  loopbackPods: Type.Optional(
    Type.Object(
      { cluster: Type.String(), range: Type.String() },
      {
        description:
          "The one connected cluster whose pods have loopback addresses (a process node of this machine), and their range in CIDR notation, in which no server of the platform's listens",
      },
    ),
  ),
  /** Upgraded streams: exec, attach, port-forward, cp. */
  streams: Type.Optional(
    Type.Object({
      idleSeconds: Type.Optional(
        Type.Number({
          minimum: 1,
          maximum: 2_000_000,
          description: 'Idle time after which a stream is closed',
        }),
      ),
      answerSeconds: Type.Optional(
        Type.Number({ minimum: 1, maximum: 600, description: 'Time for a cluster to accept a stream' }),
      ),
      undecidedSeconds: Seconds(
        60,
        'How long an open stream stays while its caller cannot be authorized again',
      ),
    }),
  ),
  held: Type.Optional(Held),
  /** When tenant clusters and spaces were used last. */
  activity: Type.Optional(
    Type.Object({
      intervalSeconds: Type.Optional(
        Type.Number({
          minimum: 1,
          maximum: 3600,
          description:
            'Between two records of the use of one instance, by all gateways together; default 60. Less for one that sleeps after less than ten of them',
        }),
      ),
    }),
  ),
  /** Clients' connections. */
  connections: Type.Optional(Connections),
  auth: Type.Optional(AuthConfig),
  /** Addresses or CIDR ranges of proxies in front, whose X-Forwarded-For is believed. */
  trustedProxies: Type.Optional(Type.Array(Type.String())),
  audit: Type.Optional(AuditConfig),
  /** Where metrics can be read over plain HTTP without a key: a loopback address, or a network of Prometheus' own. */
  metrics: Type.Optional(Type.Object({ host: Type.String(), port: Type.Integer() })),
  previews: Type.Optional(
    Type.Object(
      {
        helmBinary: Type.String({ description: 'Path' }),
        workDir: Type.String({ description: 'Private scratch folder; emptied at start' }),
      },
      { description: 'What renders previews of templates; without, there are none' },
    ),
  ),
  consoleDir: Type.Optional(
    Type.String({ description: 'Folder of the built web console (`web/dist`); absent: there is none' }),
  ),
  /** The internal CONNECT listener through which workers reach clusters, and gateways the tunnels of others. */
  connect: Type.Object({
    host: Type.String(),
    port: Type.Integer(),
    secretFile: Type.String({ description: 'File with the password of the users `worker` and `gateway`' }),
    advertise: Type.Optional(
      Type.String({ description: 'host:port at which other gateways reach it; default host:port' }),
    ),
  }),
});
export type GatewayConfig = Static<typeof GatewayConfig>;

export const ControllersConfig = Type.Object({
  logLevel: LogLevel,
  tracing: Type.Optional(TracingConfig),
  databaseUrl: Type.String(),
  temporal: Temporal,
  managementKubeconfig: Type.String({ description: 'Path' }),
  /** As `auth.accessKeysPerOwner` of the gateway: it bounds keys that are made as resources. */
  accessKeysPerOwner: AccessKeysPerOwner,
  /** Pauses before an operation that failed is tried again: the first, doubled by each failure up to the longest. */
  retry: Type.Optional(
    Type.Object({
      firstSeconds: Type.Number({ exclusiveMinimum: 0, description: 'default 30' }),
      longestSeconds: Type.Number({ exclusiveMinimum: 0, description: 'default 1800' }),
    }),
  ),
  /** How long a deletion for want of use (`delete-after`) is announced before; default: a tenth of that time, a minute to a day. */
  deletionWarningSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000_000 })),
  /** Where metrics can be read over plain HTTP without a key: a loopback address, or a network of Prometheus' own. */
  metrics: Type.Optional(Type.Object({ host: Type.String(), port: Type.Integer() })),
  /** How connected clusters with an agent are reached; absent: they are not, and their status says so. */
  connect: Type.Optional(
    Type.Object({
      url: Type.String({ description: "http://host:port of a gateway's CONNECT listener" }),
      secretFile: Type.String({ description: 'File with the password of user `worker`' }),
    }),
  ),
});
export type ControllersConfig = Static<typeof ControllersConfig>;
