import { isIPv6 } from 'node:net';
import { PlatformError } from '../../../contracts/errors.ts';
import { pendingSeconds } from './login-states.ts';

/** Bounds how many logins at the provider begin: each is a row until it comes back or is too old. */
export interface LoginStarts {
  /** Counts one. @throws PlatformError `too_many_attempts` with `details.retryAfterSeconds` */
  count(address: string): void;
}

export interface LoginStartLimits {
  /** From one address (IPv6: one /64, which is one customer) within 10 minutes. A company may be one address. */
  readonly ofAddress: number;
  /** In total within 10 minutes. */
  readonly ofAll: number;
}

const defaultLimits: LoginStartLimits = { ofAddress: 300, ofAll: 20_000 };

/** Counts for this gateway process, in windows as long as a login may take. */
export function createLoginStarts(limits = defaultLimits, now: () => number = Date.now): LoginStarts {
  const windowMs = pendingSeconds * 1000;
  let begun = Number.NEGATIVE_INFINITY;
  let all = 0;
  const counts = new Map<string, number>();
  return {
    count(address) {
      if (now() - begun >= windowMs) {
        begun = now();
        all = 0;
        counts.clear();
      }
      const key = networkOf(address);
      const own = counts.get(key) ?? 0;
      if (own >= limits.ofAddress || all >= limits.ofAll) {
        const retryAfterSeconds = Math.ceil((begun + windowMs - now()) / 1000);
        throw new PlatformError(
          'too_many_attempts',
          `too many logins started; try again in ${retryAfterSeconds} s`,
          { details: { retryAfterSeconds } },
        );
      }
      all += 1;
      counts.set(key, own + 1);
    },
  };
}

/** The first 64 bits of an IPv6 address; others as they are. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
