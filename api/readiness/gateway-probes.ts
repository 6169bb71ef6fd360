import { PlatformError } from '../../contracts/errors.ts';
import { createWritableProbe } from '../../db/writable.ts';
import { readerIdentity } from '../identity/identity.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import { createJsonClient } from '../upstreams/json-request.ts';
import { createUpstream, type UpstreamTarget } from '../upstreams/upstream.ts';
import type { OperationsService } from '../operations/operations-service.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';

const managementMs = 2_000;

/** Probes of the parts that a gateway stands on, for `createReadiness`. */
export interface GatewayProbes {
  readonly probes: Readonly<Record<'database' | 'management' | 'temporal' | 'caches', () => Promise<void>>>;
  close(): Promise<void>;
}

/**
 * On connections of their own, so that neither waits for the other: requests that are many say nothing about the parts.
 * (Temporal's is one connection for all calls.)
 */
export function createGatewayProbes(deps: {
  readonly databaseUrl: string;
  readonly management: UpstreamTarget;
  readonly operations: Pick<OperationsService, 'probeTemporal'>;
  readonly cache: Pick<ResourceCache, 'synced'>;
}): GatewayProbes {
  const { management: target, operations, cache } = deps;
  const database = createWritableProbe(deps.databaseUrl);
  const management = createUpstream(target, () => dialTcp(target.host, target.port));
  const ask = createJsonClient(management.dispatcher);
  return {
    probes: {
      database: database.check,
      async management() {
        const path = '/apis/management.loft.sh/v1';
        const answer = await ask(readerIdentity, { method: 'GET', path, timeoutMs: managementMs });
        if (answer.status !== 200)
          throw new PlatformError('management_unavailable', `answers ${answer.status}`);
      },
      temporal: operations.probeTemporal,
      async caches() {
        if (!cache.synced)
          throw new PlatformError(
            'management_unavailable',
            'the caches of users and tenant clusters are not synced',
          );
      },
    },
    async close() {
      await database.close();
      await management.close();
    },
  };
}
