import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '../../contracts/errors.ts';
import type { AddressCheck } from './allowed-addresses.ts';
import { type DialTcp, dialTcp } from './dial-tcp.ts';
import { type ReadableCluster, resolveService } from './resolve-service.ts';

/** A port of a Service in a connected cluster. */
export interface ServiceTarget {
  readonly cluster: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

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
 * Dials Services of connected clusters: one ready pod behind each. Where it was found is remembered for 10 s, and asked
 * again when a dial fails. While no pod is there or it refuses, it is tried for 0.4 s.
 * @param dial to the address of a pod
 * @returns a dial that throws PlatformError `cluster_unreachable`
 */
export function createServiceDial(
  clusters: { get(cluster: string): Promise<ReadableCluster> },
  checkAddress: AddressCheck,
  dial: DialTcp = dialTcp,
): (target: ServiceTarget) => Promise<Socket> {
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

  return async (target) => {
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
        return await dial(address.host, address.port);
      } catch (error) {
        const mayPass = isPatient && isRefusal(error);
        if (isOld || !mayPass) addresses.delete(key);
        if (isOld) continue;
        if (!mayPass) unreachable(`service ${service} of connected cluster ${cluster}`, error);
        await delay(refusedRetryMs);
      }
    }
  };
}

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

/** @throws PlatformError `cluster_unreachable` always */
export function unreachable(what: string, cause: unknown): never {
  throw new PlatformError('cluster_unreachable', `${what} is unreachable`, { cause });
}
