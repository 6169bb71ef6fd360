import { hash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type AgentJoin, joinKeyPrefix } from '../../contracts/agents.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Database } from '../../db/client.ts';
import { findJoinKey, insertJoinKey, joinAgent, type JoinOutcome } from '../../db/queries/agent-joins.ts';
import { setNextCredential } from '../../db/queries/agents.ts';
import type { ResourceCache } from '../cache/resource-cache.ts';
import { agentCluster, type AgentIdentity, hashOfBearer } from './authenticate-agent.ts';

/** How agents get credentials. Of keys and credentials only hashes are kept. */
export interface AgentJoins {
  /**
   * A new join key for the first agent of a Cluster, good for a day.
   * @param createdBy user name, as in Kubernetes
   * @throws PlatformError `invalid_request` for a Cluster that no agent connects; `database_unavailable`
   */
  issueKey(cluster: Cluster, createdBy: string): Promise<string>;
  /**
   * Makes the first credential of an agent known, with the join key in `headers`; once more does nothing.
   * @param onKnown hears which Cluster the key is for, before it is known whether it is good
   * @returns name of the Cluster
   * @throws PlatformError `unauthenticated` for a key that is not good; `conflict` for a cluster that is connected already;
   *   `management_unavailable`, `database_unavailable`
   */
  join(headers: IncomingHttpHeaders, joining: AgentJoin, onKnown: (cluster: string) => void): Promise<string>;
  /** Makes the next credential known. @throws PlatformError `conflict`, `database_unavailable` */
  setNext(agent: AgentIdentity, credentialHash: string): Promise<void>;
}

const keySeconds = 24 * 3600;

export function createAgentJoins(
  database: Database,
  cache: Pick<ResourceCache, 'clusters' | 'synced'>,
): AgentJoins {
  return {
    async issueKey({ metadata, spec }, createdBy) {
      const { name: cluster, uid: clusterUid } = metadata;
      if (spec.networkPeer !== true || clusterUid === undefined)
        throw new PlatformError(
          'invalid_request',
          `connected cluster ${cluster} has no join keys: ${spec.local === true ? 'the platform connects its own cluster itself' : 'it is reached by the kubeconfig in spec.config, without an agent'}`,
        );
      const key = joinKeyPrefix + randomBytes(32).toString('base64url');
      const keyHash = hash('sha256', key);
      const row = { keyHash, cluster, clusterUid, createdBy };
      await database.transaction((tx) => insertJoinKey(tx, row, keySeconds));
      return key;
    },

    async join(headers, { clusterUid: kubeSystemUid, kubernetesVersion = null, ...agent }, onKnown) {
      const keyHash = hashOfBearer(headers, joinKeyPrefix);
      const key = await database.query((db) => findJoinKey(db, keyHash));
      if (key === undefined) throw endedKey();
      onKnown(key.cluster);
      const isPresent = (uid: string) => agentCluster(cache, uid) !== undefined;
      if (!isPresent(key.clusterUid)) throw endedKey();
      const joining = { ...agent, keyHash, kubeSystemUid, kubernetesVersion };
      const outcome = await database.transaction((tx) => joinAgent(tx, joining, isPresent));
      if (outcome !== 'joined') throw refusal(outcome, key.cluster);
      return key.cluster;
    },

    async setNext(agent, credentialHash) {
      if (!(await database.query((db) => setNextCredential(db, agent, credentialHash))))
        throw new PlatformError('conflict', 'this is a credential already: make another one');
    },
  };
}

function endedKey(): PlatformError {
  return new PlatformError(
    'unauthenticated',
    'the join key was used by another agent, has expired, or its Cluster was deleted: get a new one with "vcp add cluster <name>"',
  );
}

/** The agent's log shows these: they name no other Cluster. */
function refusal(outcome: Exclude<JoinOutcome, 'joined'>, cluster: string): PlatformError {
  switch (outcome) {
    case 'ended':
      return endedKey();
    case 'taken':
      return new PlatformError('conflict', 'this is a credential already: make another one');
    case 'ClusterUID':
      return new PlatformError('conflict', 'this cluster is connected already, as another Cluster');
    case 'OtherCluster':
      return new PlatformError(
        'conflict',
        `connected cluster ${cluster} is another cluster; disconnect it first: uninstall its agent there, then delete the Cluster`,
      );
  }
}
