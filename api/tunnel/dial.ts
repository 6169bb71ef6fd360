import type { Socket } from 'node:net';
import { PlatformError } from '../../contracts/errors.ts';
import type { AddressCheck } from './allowed-addresses.ts';
import { type DialledCluster, dialTcp } from './connected-clusters.ts';
import { resolveService } from './resolve-service.ts';

/** A place inside a connected cluster that the gateway dials; there are no others. */
export type DialTarget =
  | { readonly kind: 'api-server'; readonly cluster: string }
  | {
      readonly kind: 'service';
      readonly cluster: string;
      readonly namespace: string;
      readonly service: string;
      readonly port: number;
    };

export type Dial = (target: DialTarget) => Promise<Socket>;

const addressMaxAgeMs = 10_000;

/**
 * TCP connections into connected clusters: today directly, later through the agent's tunnel behind the same
 * door. A Service is one ready pod behind it; where it was found is remembered for 10 s, and asked anew once
 * when a dial fails.
 */
export function createDial(
  clusters: { get(cluster: string): Promise<DialledCluster> },
  checkAddress: AddressCheck,
): Dial {
  const addresses = new Map<string, { host: string; port: number; at: number }>();

  async function addressOf(
    target: Extract<DialTarget, { kind: 'service' }>,
    key: string,
  ): Promise<{ host: string; port: number; fresh: boolean }> {
    const known = addresses.get(key);
    if (known !== undefined && performance.now() - known.at < addressMaxAgeMs)
      return { ...known, fresh: false };
    const { host, port } = await resolveService(
      await clusters.get(target.cluster),
      target.namespace,
      target.service,
      target.port,
    );
    checkAddress(target.cluster, host);
    addresses.set(key, { host, port, at: performance.now() });
    return { host, port, fresh: true };
  }

  return async (target) => {
    const { cluster } = target;
    if (target.kind === 'api-server') {
      const { host, port } = (await clusters.get(cluster)).target;
      return dialTcp(host, port).catch((error: unknown) =>
        unreachable(`connected cluster ${cluster}`, error),
      );
    }
    const key = `${cluster}/${target.namespace}/${target.service}:${target.port}`;
    const address = await addressOf(target, key);
    try {
      return await dialTcp(address.host, address.port);
    } catch (error) {
      addresses.delete(key);
      if (address.fresh) unreachable(`service ${target.service} of connected cluster ${cluster}`, error);
    }
    const again = await addressOf(target, key);
    return dialTcp(again.host, again.port).catch((error: unknown) => {
      addresses.delete(key);
      return unreachable(`service ${target.service} of connected cluster ${cluster}`, error);
    });
  };
}

function unreachable(what: string, cause: unknown): never {
  throw new PlatformError('cluster_unreachable', `${what} cannot be reached at the moment; try again`, {
    cause,
  });
}
