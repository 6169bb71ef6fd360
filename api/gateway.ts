import type { RenderDeps } from '../adapters/helm/render-values.ts';
import type { Logger } from '../adapters/logging.ts';
import type { AgentJoins } from './agents/agent-joins.ts';
import type { AuthenticateAgent } from './agents/authenticate-agent.ts';
import type { InstanceActivity } from './activity/instance-activity.ts';
import type { AccessReview } from './authorization/access-review.ts';
import type { Audit } from './audit/audit.ts';
import type { Accounts } from './auth/accounts.ts';
import type { Authenticate } from './auth/authenticate.ts';
import type { ResourceCache } from './cache/resource-cache.ts';
import type { JsonClient } from './upstreams/json-request.ts';
import type { StreamRegistry } from './streams/stream-registry.ts';
import type { AgentTunnels } from './tunnel/agent-tunnels.ts';
import type { TenantUpstreams } from './tunnel/tenant-upstreams.ts';
import type { HeldRequests } from './held/holdable-request.ts';
import type { Upstream } from './upstreams/upstream.ts';
import type { GatewayMetrics } from './metrics/gateway-metrics.ts';
import type { OperationsService } from './operations/operations-service.ts';
import type { Readiness } from './readiness/readiness.ts';
import type { TemporalUi } from './routes/temporal-ui/temporal-ui.ts';
import type { UsageRecords } from './usage/usage-records.ts';
import type { ConnectedClusters } from './tunnel/connected-clusters.ts';

/** Times of upgraded streams, in milliseconds. */
export interface StreamLimits {
  /** Without a byte in either direction the stream is closed. */
  readonly idleMs: number;
  /** For the upstream to say whether it switches. */
  readonly answerMs: number;
}

/** What the routes stand on. */
export interface Gateway {
  readonly logger: Logger;
  /** `https://host:port` as clients reach it. */
  readonly publicUrl: string;
  /** PEM of the CA that signed the gateway's certificate. */
  readonly certificateAuthority: string;
  readonly authenticate: Authenticate;
  /** The same about who was let in before: no use of the credential, and not counted. */
  readonly authenticateAgain: Authenticate;
  readonly accounts: Accounts;
  readonly cache: ResourceCache;
  readonly review: AccessReview;
  readonly management: Upstream;
  /** Small requests to the management API, under any identity. */
  readonly managementJson: JsonClient;
  readonly authenticateAgent: AuthenticateAgent;
  readonly agentJoins: AgentJoins;
  /** Of connected clusters' agents. */
  readonly tunnels: AgentTunnels;
  readonly clusters: ConnectedClusters;
  readonly tenants: TenantUpstreams;
  readonly streams: StreamRegistry;
  readonly streamLimits: StreamLimits;
  readonly operations: OperationsService;
  readonly activity: InstanceActivity;
  readonly usage: UsageRecords;
  readonly held: HeldRequests;
  readonly audit: Audit;
  readonly metrics: GatewayMetrics;
  readonly readiness: Readiness;
  /** What renders previews of templates. Absent where the configuration names none. */
  readonly previews?: RenderDeps | undefined;
  /** Absent where the configuration names none. */
  readonly temporalUi?: TemporalUi | undefined;
  /** Folder of the built web console. Absent where the configuration names none. */
  readonly consoleDir?: string | undefined;
}
