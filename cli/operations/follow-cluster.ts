import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { oneLine } from '../output/output.ts';
import { type AgentPlace, placeArguments, readAgentPod } from '../reading/agent-pod.ts';
import { resourcePath } from '../reading/resources.ts';

const pollMs = 1_000;
/** Looking at the pod takes two programs. */
const lookEvery = 3;
/** So long a refusal that an earlier attempt left may stand. */
const staleMs = 15_000;

/**
 * Waits until the platform has set up a cluster through its agent, with a line on stderr for each thing it waits for.
 * @throws CommandFailure that says what is in the way, and where to look
 */
export async function followCluster(
  client: Client,
  name: string,
  { place, seconds }: { place: AgentPlace; seconds: number },
): Promise<Cluster> {
  const startedAt = Date.now();
  const tell = createTeller();
  let agent = '';
  for (let round = 0; ; round++) {
    const cluster = await client.call<Cluster>('GET', resourcePath('clusters', name));
    if (isConnected(cluster)) return cluster;
    const waited = Date.now() - startedAt;
    if (waited > staleMs) refuseTwin(cluster);
    if (round % lookEvery === 0) agent = await agentSays(place);
    const state = stateOf(cluster, agent);
    tell(`waiting for cluster ${name}: ${state}`);
    if (waited > seconds * 1_000)
      throw failure(
        'cluster_offline',
        `cluster ${name} is not connected after ${seconds} s: ${state}`,
        look(place, 'logs deployment/loft'),
      );
    await delay(pollMs);
  }
}

function isConnected({ status }: Cluster): boolean {
  return status?.phase === 'Initialized' && status.online === true;
}

/** @throws CommandFailure `conflict` if the cluster is connected under another name */
function refuseTwin({ status }: Cluster): void {
  if (status?.reason === 'ClusterUID') throw failure('conflict', status.message ?? '', 'vcp list clusters');
}

/** @throws CommandFailure `chart_failed` if the agent cannot start */
async function agentSays(place: AgentPlace): Promise<string> {
  const pod = await readAgentPod(place);
  if (pod?.isStuck === true)
    throw failure(
      'chart_failed',
      `the agent does not start: ${pod.says}`,
      look(place, 'describe pods --selector app=loft'),
    );
  return pod?.says ?? '';
}

function stateOf({ status = {} }: Cluster, agent: string): string {
  const { online, reason, message = '' } = status;
  if (online === true || reason === 'HealthCheckCluster')
    return message === '' ? 'the platform sets it up' : message;
  return agent || message || 'its agent is not connected yet';
}

function failure(code: CommandFailure['code'], message: string, next: string): CommandFailure {
  return new CommandFailure(code, message, { next });
}

function look(place: AgentPlace, what: string): string {
  return `kubectl ${what} --namespace ${place.namespace}${placeArguments(place)}`;
}

/** A line on stderr, unless it is the one before. */
function createTeller(): (text: string) => void {
  let last = '';
  return (text) => {
    if (text !== last) process.stderr.write(`  ${oneLine(text)}\n`);
    last = text;
  };
}
