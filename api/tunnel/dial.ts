import type { Duplex } from 'node:stream';
import type { AddressCheck } from '../../adapters/services/allowed-addresses.ts';
import { createServiceDial, type ServiceTarget, unreachable } from '../../adapters/services/dial-service.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { tunnelTarget } from '../../contracts/agents.ts';
import type { AgentTunnels } from './agent-tunnels.ts';
import type { DialledCluster } from './connected-clusters.ts';

/** A place inside a connected cluster that the gateway dials; there are no others. */
export type DialTarget =
  | { readonly kind: 'api-server'; readonly cluster: string }
  /** The API of its agent. */
  | { readonly kind: 'agent'; readonly cluster: string }
  | ({ readonly kind: 'service' } & ServiceTarget);

/** @throws PlatformError `cluster_offline`, `cluster_unreachable`, `cluster_not_found` */
export type Dial = (target: DialTarget) => Promise<Duplex>;

/** Connections into connected clusters: through the tunnel of the agent, or directly where the platform has a kubeconfig of an administrator. */
export function createDial(
  clusters: { get(cluster: string): Promise<DialledCluster> },
  checkAddress: AddressCheck,
  tunnels: Pick<AgentTunnels, 'open'>,
): Dial {
  const dialService = createServiceDial(clusters, checkAddress);
  return async (target) => {
    const { kind, cluster: name } = target;
    if (kind === 'agent') return tunnels.open(name, tunnelTarget.agent);
    const cluster = await clusters.get(name);
    if (cluster.isTunnelled) return tunnels.open(name, authorityOf(target));
    if (kind === 'service') return dialService(target);
    const { host, port } = cluster.target;
    return dialTcp(host, port).catch((error: unknown) => unreachable(`connected cluster ${name}`, error));
  };
}

/** What the agent calls it. */
export function authorityOf(target: DialTarget): string {
  switch (target.kind) {
    case 'api-server':
      return tunnelTarget.apiServer;
    case 'agent':
      return tunnelTarget.agent;
    case 'service':
      return tunnelTarget.service(target.namespace, target.service, target.port);
  }
}
