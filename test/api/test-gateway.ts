import { createHash } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { createAgentJoins } from '../../api/agents/agent-joins.ts';
import { createAuthenticateAgent } from '../../api/agents/authenticate-agent.ts';
import { createApp } from '../../api/app.ts';
import { type Audit, createAudit } from '../../api/audit/audit.ts';
import { createAccounts } from '../../api/auth/accounts.ts';
import type { AccessReview } from '../../api/authorization/access-review.ts';
import type { Action } from '../../api/authorization/action.ts';
import { actionInScope } from '../../api/authorization/scope-check.ts';
import type { ResourceCache } from '../../api/cache/resource-cache.ts';
import type { Gateway, StreamLimits } from '../../api/gateway.ts';
import { createHeldRequests } from '../../api/held/held-requests.ts';
import { defaultHoldLimits } from '../../api/held/hold-room.ts';
import { createClientAddress } from '../../api/http/client-address.ts';
import type { Identity } from '../../api/identity/identity.ts';
import { createGatewayMetrics } from '../../api/metrics/gateway-metrics.ts';
import { countAuthentications, observeGateway } from '../../api/metrics/gateway-observations.ts';
import type { OperationsService } from '../../api/operations/operations-service.ts';
import { createReadiness } from '../../api/readiness/readiness.ts';
import { createTemporalUi } from '../../api/routes/temporal-ui/temporal-ui.ts';
import { createStreamRegistry, type StreamRegistry } from '../../api/streams/stream-registry.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { type AgentTunnels, createAgentTunnels } from '../../api/tunnel/agent-tunnels.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import type { ConnectedClusters } from '../../api/tunnel/connected-clusters.ts';
import type { TenantUpstreams } from '../../api/tunnel/tenant-upstreams.ts';
import { createJsonClient } from '../../api/upstreams/json-request.ts';
import { createUpstream, type Upstream, type UpstreamTarget } from '../../api/upstreams/upstream.ts';
import type { AuditConfig } from '../../contracts/audit.ts';
import type { AuthConfig } from '../../contracts/auth-config.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { InstanceOf } from '../../contracts/resources/resource-kinds.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import type { VirtualClusterInstance } from '../../contracts/resources/virtual-cluster-instance.ts';
import { createDatabase } from '../../db/client.ts';
import { nothingEnded } from '../../db/queries/operation-history.ts';
import { type ApiDocument, checkDocumented } from '../support/documented-answer.ts';

/** Objects that the gateway's caches hold in a test without a management API. */
export interface TestObjects {
  accessKeys: AccessKey[];
  users: User[];
  teams: Team[];
  instances: VirtualClusterInstance[];
  spaces: SpaceInstance[];
}

export interface TestGateway {
  readonly port: number;
  readonly url: string;
  readonly certificateAuthority: string;
  readonly streams: StreamRegistry;
  readonly audit: Audit;
  readonly objects: TestObjects;
  /** For requests that `call` does not make: it trusts the gateway's certificate. */
  readonly dispatcher: Agent;
  call(
    method: string,
    path: string,
    options?: { key?: string; headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }>;
  /** Writes `bytes` on a bare TLS connection and gives all that comes back until the server closes or falls silent. */
  raw(bytes: string | Buffer, options?: { silenceMs?: number }): Promise<string>;
  socket(): Promise<Socket>;
  /** Every route as Fastify prints it: a tree of paths with their methods. */
  printRoutes(): string;
  close(): Promise<void>;
}

export const annaKey = 'vcp-anna-key';

export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** User anna with groups `devs` and team `blue`, who has the key `annaKey`. */
export function testObjects(): TestObjects {
  return {
    accessKeys: [
      {
        metadata: { name: 'anna-key', creationTimestamp: '2020-01-01T00:00:00Z' },
        spec: { user: 'anna', keyHash: hashOf(annaKey) },
      },
    ],
    users: [{ metadata: { name: 'anna' }, spec: { subject: 'anna@example.com', groups: ['devs'] } }],
    teams: [{ metadata: { name: 'blue' }, spec: { users: ['anna'] } }],
    instances: [],
    spaces: [],
  };
}

/** The groups that reach an upstream for anna. */
export const annaGroups = ['devs', 'system:authenticated', 'loft:user:anna', 'loft:team:blue'];

/** The real app on a real socket before `target`; what it would read from the management API are `objects`. */
export async function startTestGateway(options: {
  target: UpstreamTarget;
  objects?: TestObjects;
  allows?: (identity: Identity, action: Action) => boolean;
  operations?: Partial<OperationsService>;
  /** How the management API is reached, by its host and port. */
  dial?: (host: string, port: number) => Promise<Duplex>;
  clusters?: ConnectedClusters;
  /** Connected clusters that exist. */
  clusterNames?: readonly string[];
  agents?: Pick<Gateway, 'authenticateAgent' | 'tunnels'>;
  tenants?: TenantUpstreams;
  streamLimits?: Partial<StreamLimits>;
  /** The audit log is lost without a database. */
  databaseUrl?: string;
  auditConfig?: AuditConfig;
  trustedProxies?: string[];
  auth?: AuthConfig;
  temporalUiUrl?: string;
  consoleDir?: string;
}): Promise<TestGateway> {
  const { target, objects = testObjects(), allows = () => true, dial = dialTcp } = options;
  const authority = await createCertificateAuthority('gateway');
  const serving = await authority.issue({
    commonName: 'gateway',
    names: ['localhost', '127.0.0.1'],
    usages: ['server'],
  });
  const management = createUpstream(target, () => dial(target.host, target.port));
  const cache = fixedCache(objects, options.clusterNames);
  const streams = createStreamRegistry();
  const mayDo = (identity: Identity, action: Action) =>
    actionInScope(identity.scope, action) && allows(identity, action);
  const review: AccessReview = {
    allows: async (identity, action) => mayDo(identity, action),
    filter: async (identity, things, actionOf) => things.filter((thing) => mayDo(identity, actionOf(thing))),
    authorizes: async () => true,
    namespacesOf: async () => undefined,
    shows: mayDo,
    generationOf: () => 0,
  };
  const logger = pino({ level: 'silent' });
  const audit = createAudit(options.auditConfig ?? {}, {
    database: createDatabase(options.databaseUrl ?? 'postgres://nobody@127.0.0.1:1/none', 1),
    logger,
    clientAddress: createClientAddress(options.trustedProxies),
  });
  const agentsDatabase = createDatabase(options.databaseUrl ?? 'postgres://nobody@127.0.0.1:1/none', 1);
  const metrics = createGatewayMetrics();
  observeGateway(metrics, { streams, audit });
  const temporalUi =
    options.temporalUiUrl === undefined ? undefined : createTemporalUi(options.temporalUiUrl);
  const accounts = createAccounts({
    config: options.auth ?? {},
    databaseUrl: options.databaseUrl ?? 'postgres://nobody@127.0.0.1:1/none',
    publicUrl: 'https://127.0.0.1',
    management: createJsonClient(management.dispatcher),
    cache,
    logger,
    clientAddress: createClientAddress(options.trustedProxies),
  });
  const gateway: Omit<Gateway, 'held'> = {
    logger,
    publicUrl: 'https://127.0.0.1',
    certificateAuthority: authority.certificate,
    authenticate: countAuthentications(accounts.authenticate, metrics),
    authenticateAgain: accounts.authenticateAgain,
    accounts,
    cache,
    review,
    management,
    managementJson: createJsonClient(management.dispatcher),
    authenticateAgent: createAuthenticateAgent(agentsDatabase, cache),
    agentJoins: createAgentJoins(agentsDatabase, cache),
    tunnels: noTunnels,
    ...options.agents,
    clusters: options.clusters ?? noClusters,
    tenants: options.tenants ?? oneTenantUpstream(management),
    streams,
    streamLimits: { idleMs: 60_000, answerMs: 5_000, ...options.streamLimits },
    readiness: createReadiness({}, logger),
    operations: noOperations(options.operations ?? {}),
    activity: { used: () => undefined, opened: () => () => undefined, stop: async () => undefined },
    usage: noUsage,
    audit,
    metrics,
    temporalUi,
    consoleDir: options.consoleDir,
  };
  const held = createHeldRequests(gateway, defaultHoldLimits);
  const app = await createApp({ ...gateway, held }, { cert: serving.certificate, key: serving.key });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({
    connect: { ca: authority.certificate, timeout: 60_000 },
    allowH2: false,
    maxHeaderSize: 1024 * 1024,
  });
  const url = `https://127.0.0.1:${port}`;
  const socket = () =>
    new Promise<Socket>((resolve, reject) => {
      const tls = connectTls({ host: '127.0.0.1', port, ca: authority.certificate }, () => resolve(tls));
      tls.once('error', reject);
    });
  return {
    port,
    url,
    certificateAuthority: authority.certificate,
    streams,
    audit,
    objects,
    socket,
    dispatcher: agent,
    printRoutes: () => app.printRoutes({ commonPrefix: false }),
    async call(method, path, { key = annaKey, headers = {}, body } = {}) {
      const answer = await request(`${url}${path}`, {
        method: method as 'GET',
        dispatcher: agent,
        headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const { statusCode: status, headers: answered } = answer;
      const text = await answer.body.text();
      const contentType = answered['content-type'];
      checkDocumented(app.swagger() as unknown as ApiDocument, { method, path, status, contentType, text });
      return { status, headers: answered, text };
    },
    async raw(bytes, { silenceMs = 400 } = {}) {
      const tls = await socket();
      const chunks: Buffer[] = [];
      return new Promise<string>((resolve) => {
        const done = () => {
          tls.destroy();
          resolve(Buffer.concat(chunks).toString('latin1'));
        };
        let timer = setTimeout(done, 3000);
        tls.on('data', (chunk) => {
          chunks.push(chunk);
          clearTimeout(timer);
          timer = setTimeout(done, silenceMs);
        });
        tls.on('error', done);
        tls.on('end', done);
        tls.write(bytes);
      });
    },
    async close() {
      await agent.destroy();
      app.server.closeAllConnections();
      await app.close();
      await accounts.close();
      await management.close();
      await temporalUi?.close();
      await audit.close();
      await agentsDatabase.close();
    },
  };
}

function fixedCache(objects: TestObjects, clusterNames: readonly string[] = []): ResourceCache {
  const named = <T extends { metadata: { name: string } }>(list: T[], name: string) =>
    list.find(({ metadata }) => metadata.name === name);
  const instances = <K extends ManagedKind>(kind: K) =>
    ({ tenant: objects.instances, space: objects.spaces })[kind] as InstanceOf<K>[];
  return {
    accessKey: (hash) => objects.accessKeys.find(({ spec }) => spec.keyHash === hash),
    accessKeyNamed: (name) => named(objects.accessKeys, name),
    user: (name) => named(objects.users, name),
    team: (name) => named(objects.teams, name),
    teams: () => objects.teams,
    instance: ({ kind, project, name }) =>
      instances(kind).find(({ metadata }) => metadata.namespace === `p-${project}` && metadata.name === name),
    instances,
    accessKeys: () => objects.accessKeys,
    users: () => objects.users,
    instancesIn: () => [],
    template: () => undefined,
    clusters: () => [],
    cluster: () => undefined,
    projects: () => [],
    hasCluster: (name) => clusterNames.includes(name),
    objects: (plural) => (plural === 'virtualclusterinstances' ? objects.instances : []),
    onInstanceChange: () => undefined,
    onObjectChange: () => undefined,
    synced: true,
    ready: Promise.resolve(),
    stop: async () => undefined,
  };
}

const noTunnels: AgentTunnels = createAgentTunnels({
  records: {
    open: async () => Promise.reject(new PlatformError('unauthenticated', 'no agents here')),
    renew: async () => [],
    reopen: async () => undefined,
    close: async () => undefined,
    noteVersion: async () => undefined,
    elsewhere: async () => [],
    currentOf: async () => null,
    lastSeen: async () => undefined,
    onChange: () => () => undefined,
    end: async () => undefined,
  },
  others: { open: async () => undefined },
  uidOf: () => undefined,
  logger: pino({ level: 'silent' }),
});

const noClusters: ConnectedClusters = {
  get: async () => {
    throw new Error('not part of this test');
  },
  recheck: () => undefined,
  close: async () => undefined,
};

/** All tenants of a test live behind one upstream. */
function oneTenantUpstream(upstream: Upstream): TenantUpstreams {
  return {
    get: async () => upstream,
    recheck: () => undefined,
    keepOnly: () => undefined,
    close: async () => undefined,
  };
}

/** Nothing is recorded. */
const noUsage: Gateway['usage'] = {
  recorded: () => undefined,
  fresh: async () => undefined,
  list: async () => [],
  histories: async () => [],
  usedHours: async () => [],
  stateDeltas: async () => [],
  recordedUids: async () => [],
  endedOperations: async () => ({ total: nothingEnded(), buckets: new Map() }),
  useRecordedSince: async () => undefined,
};

function noOperations(given: Partial<OperationsService>): OperationsService {
  const missing = async (): Promise<never> => {
    throw new Error('not part of this test');
  };
  return {
    submit: missing,
    preview: missing,
    get: missing,
    getChanged: missing,
    recorded: missing,
    find: missing,
    list: missing,
    several: missing,
    onChange: () => () => undefined,
    watch: () => {
      throw new Error('not part of this test');
    },
    cancel: missing,
    snapshots: missing,
    deleteSnapshot: missing,
    probeTemporal: async () => undefined,
    close: async () => undefined,
    ...given,
  };
}
