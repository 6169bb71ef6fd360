import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { agentCredentialPrefix, joinKeyPrefix } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Database } from '../../db/client.ts';
import { findAgentByCredential } from '../../db/queries/agents.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';

/** The agent of a connected cluster. */
export interface AgentIdentity {
  readonly cluster: string;
  /** Of the Cluster resource. */
  readonly clusterUid: string;
  /** Of its join: its tunnels are good until another one (`raiseGeneration`). */
  readonly joinId: string;
  /** Of the credential that it showed. */
  readonly credentialHash: string;
}

/**
 * Which agent sends the request with these headers. One plain function for requests and for upgrades. The first use of an
 * agent's next credential ends the one before it.
 * @throws PlatformError `unauthenticated`; `management_unavailable`, `database_unavailable` if that cannot be known now
 */
export type AuthenticateAgent = (headers: IncomingHttpHeaders) => Promise<AgentIdentity>;

type Clusters = Pick<ResourceCache, 'clusters' | 'synced'>;

export function createAuthenticateAgent(database: Database, cache: Clusters): AuthenticateAgent {
  return async (headers) => {
    const credentialHash = hashOfBearer(headers, agentCredentialPrefix);
    const agent = await database.query((db) => findAgentByCredential(db, credentialHash));
    if (agent === undefined || agentCluster(cache, agent.clusterUid) === undefined)
      throw new PlatformError(
        'unauthenticated',
        'agent credential not found, or its Cluster was deleted: the agent needs a new join key',
      );
    const { cluster, clusterUid, joinId } = agent;
    return { cluster, clusterUid, joinId, credentialHash };
  };
}

/**
 * The Cluster with a uid, if it can have an agent.
 * @throws PlatformError `management_unavailable`
 */
export function agentCluster(cache: Clusters, uid: string): Cluster | undefined {
  if (!cache.synced)
    throw new PlatformError(
      'management_unavailable',
      'the Clusters are not known yet: the management API does not answer',
    );
  const found = cache.clusters().find(({ metadata }) => metadata.uid === uid);
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return undefined;
  return found.spec.networkPeer === true || found.spec.local === true ? found : undefined;
}

/**
 * Hash of the bearer credential with this prefix; what has not the form of one is looked up nowhere.
 * @throws PlatformError `unauthenticated`
 */
export function hashOfBearer(
  { authorization = '' }: IncomingHttpHeaders,
  prefix: typeof agentCredentialPrefix | typeof joinKeyPrefix,
): string {
  const [, credential = ''] = /^bearer +([A-Za-z0-9_-]{48})$/i.exec(authorization) ?? [];
  if (!credential.startsWith(prefix))
    throw new PlatformError(
      'unauthenticated',
      prefix === joinKeyPrefix
        ? 'a join key is needed: send "Authorization: Bearer <join key>"'
        : 'the credential of an agent is needed: send "Authorization: Bearer <credential>"',
    );
  return hash('sha256', credential);
}
