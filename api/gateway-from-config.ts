import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createHelm } from '../adapters/helm/helm.ts';
import type { RenderDeps } from '../adapters/helm/render-values.ts';
import type { Logger } from '../adapters/logging.ts';
import type { GatewayConfig } from '../contracts/config.ts';
import { createDatabase } from '../db/client.ts';
import { createOperationsDependencies } from '../operations/dependencies.ts';
import { createAuthenticateAgent } from './agents/authenticate-agent.ts';
import { createActivityRecords } from './activity/activity-records.ts';
import { createAgentJoins } from './agents/agent-joins.ts';
import { createInstanceActivity, defaultActivityIntervalMs } from './activity/instance-activity.ts';
import { createAudit } from './audit/audit.ts';
import { createAccounts } from './auth/accounts.ts';
import { createAccessReview } from './authorization/access-review.ts';
import { createResourceCache, type ResourceCache } from './cache/resource-cache.ts';
import type { Gateway, StreamLimits } from './gateway.ts';
import { createHeldRequests } from './held/held-requests.ts';
import { holdLimitsOf } from './held/hold-room.ts';
import { createClientAddress } from './http/client-address.ts';
import { createGatewayMetrics } from './metrics/gateway-metrics.ts';
import { countAuthentications, observeGateway } from './metrics/gateway-observations.ts';
import { createOperationsService } from './operations/operations-service.ts';
import { createGatewayProbes } from './readiness/gateway-probes.ts';
import { createReadiness } from './readiness/readiness.ts';
import { createTemporalUi, temporalUiPath } from './routes/temporal-ui/temporal-ui.ts';
import { defaultUndecidedMs, startRevocation } from './streams/revocation.ts';
import { createStreamRegistry } from './streams/stream-registry.ts';
import { createAddressCheck } from '../adapters/services/allowed-addresses.ts';
import { dialTcp } from '../adapters/services/dial-tcp.ts';
import { type ConnectedClusters, createConnectedClusters } from './tunnel/connected-clusters.ts';
import { createDial, type Dial } from './tunnel/dial.ts';
import { type AgentTunnels, createAgentTunnels } from './tunnel/agent-tunnels.ts';
import { createOtherGateways } from './tunnel/other-gateways.ts';
import { createTunnelRecords } from './tunnel/tunnel-records.ts';
import { createTenantUpstreams } from './tunnel/tenant-upstreams.ts';
import { createJsonClient } from './upstreams/json-request.ts';
import { targetOfKubeconfig } from './upstreams/kubeconfig-target.ts';
import { createUpstream } from './upstreams/upstream.ts';
import { createUsageRecords } from './usage/usage-records.ts';

/** As long as a kubelet keeps a silent stream. */
const defaultIdleSeconds = 4 * 60 * 60;
const defaultAnswerSeconds = 60;
const auditConnections = 2;
const activityConnections = 1;
const tunnelConnections = 2;
const agentConnections = 2;

/** The parts of a gateway process. */
export interface GatewayParts {
  readonly gateway: Gateway;
  readonly clusters: ConnectedClusters;
  readonly dial: Dial;
  /** Ends connections, informers and pools. */
  close(): Promise<void>;
}

/** Makes the parts from a configuration. Nothing has to be reachable yet. */
export function createGatewayParts(config: GatewayConfig, logger: Logger): GatewayParts {
  const kubeconfigText = readFileSync(config.managementKubeconfig, 'utf8');
  const target = targetOfKubeconfig(kubeconfigText);
  const management = createUpstream(target, () => dialTcp(target.host, target.port));
  const managementJson = createJsonClient(management.dispatcher);
  const cache = createResourceCache(kubeconfigText, logger);
  const review = createAccessReview(cache.rbac);
  const tunnels = agentTunnels(config, cache, logger);
  // Connections of its own: what unauthenticated callers have looked up keeps nobody waiting but agents.
  const agentsDatabase = createDatabase(config.databaseUrl, agentConnections);
  const clusters = createConnectedClusters(managementJson, tunnels);
  const dial = createDial(clusters, createAddressCheck(config.loopbackPods), tunnels);
  const tenants = createTenantUpstreams(clusters, dial);
  const recorded = createOperationsDependencies(withLinksHere(config), logger);
  const operations = createOperationsService(recorded);
  const { audit, metrics, temporalUi, streams } = observability(config, logger);
  const { databaseUrl } = config;
  const probes = createGatewayProbes({ databaseUrl, management: target, operations, cache });
  const publicUrl = config.publicUrl.replace(/\/$/, '');
  const accounts = createAccounts({
    config: config.auth ?? {},
    databaseUrl: config.databaseUrl,
    publicUrl,
    management: managementJson,
    cache,
    logger,
    clientAddress: createClientAddress(config.trustedProxies),
  });
  const activity = createInstanceActivity(
    {
      records: createActivityRecords(createDatabase(databaseUrl, activityConnections), managementJson),
      cache,
      metrics,
      logger,
    },
    activityIntervalMsOf(config),
  );
  const revocation = startRevocation(streams, { logger, undecidedMs: undecidedMsOf(config) });
  cache.onInstanceChange('tenant', tenants.keepOnly);
  const parts = {
    logger,
    publicUrl,
    certificateAuthority: readFileSync(config.tls.caFile, 'utf8'),
    authenticate: countAuthentications(accounts.authenticate, metrics),
    authenticateAgain: accounts.authenticateAgain,
    accounts,
    cache,
    review,
    management,
    managementJson,
    authenticateAgent: createAuthenticateAgent(agentsDatabase, cache),
    agentJoins: createAgentJoins(agentsDatabase, cache),
    tunnels,
    clusters,
    tenants,
    streams,
    streamLimits: streamLimitsOf(config),
    operations,
    activity,
    usage: createUsageRecords(recorded.database, logger),
    audit,
    metrics,
    readiness: createReadiness(probes.probes, logger),
    temporalUi,
    previews: previewsOf(config),
    consoleDir: config.consoleDir,
  };
  return {
    gateway: { ...parts, held: createHeldRequests(parts, holdLimitsOf(config.held)) },
    clusters,
    dial,
    async close() {
      await revocation.stop();
      await activity.stop();
      await probes.close();
      await cache.stop();
      await tenants.close();
      await clusters.close();
      await tunnels.close();
      await agentsDatabase.close();
      await management.close();
      await operations.close();
      await accounts.close();
      await temporalUi?.close();
      await audit.close();
    },
  };
}

function agentTunnels(
  { databaseUrl, connect }: GatewayConfig,
  cache: Pick<ResourceCache, 'cluster'>,
  logger: Logger,
): AgentTunnels {
  const { host, port, advertise = `${host}:${port}` } = connect;
  const records = createTunnelRecords(createDatabase(databaseUrl, tunnelConnections), advertise);
  const secret = readFileSync(connect.secretFile, 'utf8').trim();
  return createAgentTunnels({
    records,
    others: createOtherGateways(records, secret, logger),
    uidOf: (name) => cache.cluster(name)?.metadata.uid,
    logger,
  });
}

/** Links into Temporal's web UI lead through the gateway. */
function withLinksHere(config: GatewayConfig): GatewayConfig {
  const { temporal, publicUrl } = config;
  if (temporal.uiUrl === undefined) return config;
  return { ...config, temporal: { ...temporal, uiUrl: `${publicUrl.replace(/\/$/, '')}${temporalUiPath}` } };
}

function previewsOf({ previews }: GatewayConfig): RenderDeps | undefined {
  if (previews === undefined) return undefined;
  const { helmBinary: binary, workDir } = previews;
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  return { helm: createHelm({ binary, workDir }), workDir };
}

/** The audit log, the metrics and Temporal's web UI. */
function observability(
  { audit: auditConfig = {}, databaseUrl, trustedProxies, temporal }: GatewayConfig,
  logger: Logger,
): Pick<Gateway, 'audit' | 'metrics' | 'temporalUi' | 'streams'> {
  const metrics = createGatewayMetrics();
  const streams = createStreamRegistry();
  const audit = createAudit(auditConfig, {
    // Connections of its own: the audit log never waits for requests, nor they for it.
    database: createDatabase(databaseUrl, auditConnections),
    logger,
    clientAddress: createClientAddress(trustedProxies),
  });
  observeGateway(metrics, { streams, audit });
  return {
    audit,
    metrics,
    streams,
    temporalUi: temporal.uiUrl === undefined ? undefined : createTemporalUi(temporal.uiUrl),
  };
}

function undecidedMsOf({ streams = {} }: GatewayConfig): number {
  const { undecidedSeconds } = streams;
  return undecidedSeconds === undefined ? defaultUndecidedMs : undecidedSeconds * 1000;
}

function activityIntervalMsOf({ activity = {} }: GatewayConfig): number {
  const { intervalSeconds } = activity;
  return intervalSeconds === undefined ? defaultActivityIntervalMs : intervalSeconds * 1000;
}

function streamLimitsOf({ streams = {} }: GatewayConfig): StreamLimits {
  const { idleSeconds = defaultIdleSeconds, answerSeconds = defaultAnswerSeconds } = streams;
  return { idleMs: idleSeconds * 1000, answerMs: answerSeconds * 1000 };
}
