import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ClusterClient } from '../adapters/kubernetes/client.ts';
import { orUndefined } from '../adapters/kubernetes/failures.ts';
import { managementResources } from '../adapters/kubernetes/resources.ts';
import { writePrivateFile } from '../adapters/processes/start-process.ts';
import { joinKeyPrefix } from '../contracts/agents.ts';
import type { AgentConfig } from '../contracts/agent-config.ts';
import { platformNamespace, writers } from '../contracts/names.ts';
import { createDatabase } from '../db/client.ts';
import { insertJoinKey } from '../db/queries/agent-joins.ts';
import type { PlatformContext } from './platform-context.ts';

const cluster = 'local';
/** It is used at once, or not at all. */
const joinKeySeconds = 60 * 60;

export interface LocalAgentOptions {
  /** Of the gateway, as this machine reaches it. */
  readonly url: string;
  readonly caFile: string;
  /** Path, for identity `vcluster-platform:agent`. */
  readonly kubeconfig: string;
}

/**
 * Gives the agent of connected cluster `local` a join key, by the database: who starts the platform needs nobody's permission. The
 * agent uses it if it has no credential yet.
 * @param databaseUrl of the role that owns the tables
 */
export async function prepareLocalAgent(
  { state }: PlatformContext,
  management: ClusterClient,
  databaseUrl: string,
): Promise<void> {
  const found = await orUndefined(managementResources(management).clusters.get({ name: cluster }));
  const clusterUid = found?.metadata.uid;
  if (clusterUid === undefined) return; // somebody deleted it
  const key = joinKeyPrefix + randomBytes(32).toString('base64url');
  const database = createDatabase(databaseUrl, 1);
  try {
    const keyHash = createHash('sha256').update(key).digest('hex');
    await database.query((db) =>
      insertJoinKey(db, { keyHash, clusterUid, cluster, createdBy: writers.bootstrap }, joinKeySeconds),
    );
  } finally {
    await database.close();
  }
  writePrivateFile(joinKeyFile(state.secretsDir), key);
}

/** Configuration of that agent. */
export function localAgentConfig(
  { state }: Pick<PlatformContext, 'state'>,
  { url, caFile, kubeconfig }: LocalAgentOptions,
): AgentConfig {
  return {
    url,
    caFile,
    kubeconfig,
    namespace: platformNamespace,
    joinKeyFile: joinKeyFile(state.secretsDir),
    credential: { file: join(state.secretsDir, 'agent-credential') },
    loopbackPods: '127.64.0.0/10', // those of process nodes, which `local` may have
  };
}

function joinKeyFile(secretsDir: string): string {
  return join(secretsDir, 'agent-join-key');
}
