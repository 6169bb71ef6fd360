import { createHash } from 'node:crypto';
import { PlatformError } from '../contracts/errors.ts';

/** Hands out loopback addresses, one per pod. */
export interface PodAddresses {
  /** An address that is free here; the same pod tends to get the same one. */
  allocate(podUid: string): string;
  /** Marks an address that a remembered pod has. */
  reserve(address: string): void;
  free(address: string): void;
}

/**
 * Addresses of an IPv4 range. Where the search begins depends on the pod's uid, so that two nodes on one machine
 * rarely meet.
 * @param cidr inside 127.64.0.0/10: Linux keeps all of 127.0.0.0/8 on the machine
 * @throws PlatformError `invalid_request` for any other range
 */
export function createPodAddresses(cidr: string): PodAddresses {
  const { base, size } = parseRange(cidr);
  const taken = new Set<string>();
  return {
    allocate(podUid) {
      const start = createHash('sha256').update(podUid).digest().readUInt32BE() % size;
      for (let step = 0; step < size; step += 1) {
        const offset = (start + step) % size;
        const address = format(base + offset);
        const last = offset % 256;
        if (last === 0 || last === 255 || taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new PlatformError('internal', `all addresses of ${cidr} are taken`);
    },
    reserve: (address) => void taken.add(address),
    free: (address) => void taken.delete(address),
  };
}

function parseRange(cidr: string): { base: number; size: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = (match ?? []).slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  if (match === null || a !== 127 || b < 64 || b > 127 || c > 255 || d > 255 || bits < 10 || bits > 24) {
    throw new PlatformError(
      'invalid_request',
      `podCIDR ${cidr} must lie in 127.64.0.0/10 and be between /10 and /24`,
    );
  }
  return { base: address - (address % size), size };
}

function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
