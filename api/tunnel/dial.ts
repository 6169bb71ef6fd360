import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
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
/** An address that refuses is asked for again after so long. */
const refusedMaxAgeMs = 250;
/**
 * How long a dial waits for a control plane that starts. A refused client asks again, and again; each time costs
 * worker, gateway and API server more than all these dials, on the processors that the control plane starts on.
 */
const patienceMs = 400;
const refusedRetryMs = 20;
const absentRetryMs = 100;

/**
 * TCP connections into connected clusters: today directly, later through the agent’s tunnel behind the same
 * function. A Service is one ready pod behind it; where it was found is remembered for 10 s, and asked again when a
 * dial fails. While no pod is there or it refuses, it is tried for 0.4 s.
 */
export function createDial(
  clusters: { get(cluster: string): Promise<DialledCluster> },
  checkAddress: AddressCheck,
): Dial {
  const addresses = new Map<string, Address>();

  async function addressOf(target: ServiceTarget, key: string): Promise<Address | undefined> {
    const known = addresses.get(key);
    if (known !== undefined && ageOf(known) < addressMaxAgeMs) return known;
    const { cluster, namespace, service, port } = target;
    const found = await resolveService(await clusters.get(cluster), namespace, service, port);
    if (found === undefined) return undefined;
    checkAddress(cluster, found.host);
    const address = { ...found, at: performance.now() };
    addresses.set(key, address);
    return address;
  }

  async function dialService(target: ServiceTarget): Promise<Socket> {
    const { cluster, namespace, service, port } = target;
    const key = `${cluster}/${namespace}/${service}:${port}`;
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const address = await addressOf(target, key);
      const isPatient = performance.now() < giveUpAt;
      if (address === undefined) {
        if (!isPatient)
          throw new PlatformError(
            'cluster_unreachable',
            `no running pod behind service ${namespace}/${service} in connected cluster ${cluster}`,
          );
        await delay(absentRetryMs);
        continue;
      }
      const isOld = ageOf(address) >= refusedMaxAgeMs;
      try {
        return await dialTcp(address.host, address.port);
      } catch (error) {
        const mayPass = isPatient && isRefusal(error);
        if (isOld || !mayPass) addresses.delete(key);
        if (isOld) continue;
        if (!mayPass) unreachable(`service ${service} of connected cluster ${cluster}`, error);
        await delay(refusedRetryMs);
      }
    }
  }

  return async (target) => {
    if (target.kind === 'service') return dialService(target);
    const { host, port } = (await clusters.get(target.cluster)).target;
    return dialTcp(host, port).catch((error: unknown) =>
      unreachable(`connected cluster ${target.cluster}`, error),
    );
  };
}

type ServiceTarget = Extract<DialTarget, { kind: 'service' }>;

interface Address {
  readonly host: string;
  readonly port: number;
  readonly at: number;
}

function ageOf(address: Address): number {
  return performance.now() - address.at;
}

/** Nothing listens there yet, or not any more. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

function unreachable(what: string, cause: unknown): never {
  throw new PlatformError('cluster_unreachable', `${what} is unreachable`, { cause });
}
