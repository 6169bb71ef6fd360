import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

/**
 * Result of `probe` once it is neither undefined, null nor false; failures of `probe` count as "not yet".
 * @throws Error that names `what` and the last failure after `timeoutMs`
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  options: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 120_000, intervalMs = 100 } = options;
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await delay(intervalMs);
  }
  throw new Error(
    `not within ${timeoutMs / 1000} s: ${what}${last === undefined ? '' : ` (last: ${inspect(last)})`}`,
    { cause: last },
  );
}
