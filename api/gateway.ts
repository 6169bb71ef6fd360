import type { Logger } from '../adapters/logging.ts';
import type { AccessReview } from './access/access-review.ts';
import type { Authenticate } from './auth/authenticate.ts';
import type { GatewayDirectory } from './directory.ts';
import type { JsonClient } from './kubernetes/json-request.ts';
import type { OpenStreams } from './kubernetes/open-streams.ts';
import type { TenantUpstreams } from './kubernetes/tenant-upstreams.ts';
import type { Upstream } from './kubernetes/upstream.ts';
import type { OperationsService } from './operations/operations-service.ts';

/** What the routes stand on. */
export interface Gateway {
  readonly logger: Logger;
  /** `https://host:port` as clients reach it. */
  readonly publicUrl: string;
  /** PEM of the CA that signed the gateway's certificate. */
  readonly certificateAuthority: string;
  readonly authenticate: Authenticate;
  readonly directory: GatewayDirectory;
  readonly review: AccessReview;
  readonly management: Upstream;
  /** Small requests to the management API, under any identity. */
  readonly managementJson: JsonClient;
  readonly tenants: TenantUpstreams;
  readonly streams: OpenStreams;
  readonly operations: OperationsService;
}
