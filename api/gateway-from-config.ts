import { readFileSync } from 'node:fs';
import type { Logger } from '../adapters/logging.ts';
import type { GatewayConfig } from '../contracts/config.ts';
import { createOperationsDependencies } from '../operations/dependencies.ts';
import { createAccessReview } from './access/access-review.ts';
import { createAuthenticate } from './auth/authenticate.ts';
import { createDirectory } from './directory.ts';
import type { Gateway } from './gateway.ts';
import { createJsonClient } from './kubernetes/json-request.ts';
import { createOpenStreams } from './kubernetes/open-streams.ts';
import { createTenantUpstreams } from './kubernetes/tenant-upstreams.ts';
import { targetOfKubeconfig } from './kubernetes/kubeconfig-target.ts';
import { createUpstream } from './kubernetes/upstream.ts';
import { createOperationsService } from './operations/create-operations-service.ts';
import { type ConnectedClusters, createConnectedClusters, dialTcp } from './tunnel/connected-clusters.ts';
import { createDial, type Dial } from './tunnel/dial.ts';

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
  const directory = createDirectory(kubeconfigText, logger);
  const review = createAccessReview(managementJson);
  const clusters = createConnectedClusters(managementJson);
  const dial = createDial(clusters);
  const tenants = createTenantUpstreams(clusters, dial);
  const operations = createOperationsService(createOperationsDependencies(config, logger));
  directory.onInstanceChange((namespace, name) => {
    review.forget(namespace, name);
    tenants.keepOnly(namespace, name, directory.instanceAt(namespace, name));
  });
  return {
    gateway: {
      logger,
      publicUrl: config.publicUrl.replace(/\/$/, ''),
      certificateAuthority: readFileSync(config.tls.caFile, 'utf8'),
      authenticate: createAuthenticate(directory),
      directory,
      review,
      management,
      managementJson,
      tenants,
      streams: createOpenStreams(),
      operations,
    },
    clusters,
    dial,
    async close() {
      await directory.stop();
      await tenants.close();
      await clusters.close();
      await management.close();
      await operations.close();
    },
  };
}
