import type { Logger } from '../../adapters/logging.ts';
import { PlatformError } from '../../contracts/errors.ts';

/** `ok`, or the cause, of each part that the gateway stands on. */
export type PartStates = Readonly<Record<string, string>>;

/** Whether the gateway can work: asked of its parts once a second at most, for any number of callers. */
export interface Readiness {
  /** What the parts said; those who ask within a second, or while they are being asked, share it. Never rejects. */
  look(): Promise<PartStates>;
  /** From now on it is not ready: it ends. */
  stop(): void;
}

const validMs = 1_000;
const limitMs = 2_500;

/** @param probes each fails while its part does not answer */
export function createReadiness(
  probes: Readonly<Record<string, () => Promise<void>>>,
  logger: Pick<Logger, 'info' | 'warn'>,
): Readiness {
  let states: PartStates = {};
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<PartStates> | undefined;
  let stopping = false;

  async function lookNow(): Promise<PartStates> {
    // Its age counts from here: one part that hangs must not make what another said at once seem fresh.
    const askedAt = performance.now();
    const entries = Object.entries(probes).map(
      async ([name, probe]) => [name, await stateOf(probe)] as const,
    );
    const found = Object.fromEntries(await Promise.all(entries));
    for (const [part, state] of Object.entries(found)) log(part, states[part], state);
    states = found;
    lookedAt = askedAt;
    return found;
  }

  /** Every change is logged for operators; unauthenticated callers learn only whether all is well. */
  function log(part: string, before: string | undefined, now: string): void {
    if (now === before || (before === undefined && now === 'ok')) return;
    if (now === 'ok') logger.info({ part }, 'dependency is healthy again');
    else logger.warn({ part, state: now }, 'dependency is unhealthy');
  }

  return {
    async look() {
      if (stopping) return { ...states, gateway: 'is stopping' };
      if (performance.now() - lookedAt < validMs) return states;
      looking ??= lookNow().finally(() => (looking = undefined));
      return looking;
    },
    stop() {
      stopping = true;
    },
  };
}

/** What was said of the parts that are not in `excluded`. */
export function withoutParts(states: PartStates, excluded: readonly string[]): PartStates {
  return Object.fromEntries(Object.entries(states).filter(([part]) => !excluded.includes(part)));
}

export function isReady(states: PartStates): boolean {
  return Object.values(states).every((state) => state === 'ok');
}

async function stateOf(probe: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    // The answer may lie there already, behind what kept this process busy.
    const giveUp = () => setImmediate(resolve, `does not answer within ${limitMs / 1000} s`);
    timer = setTimeout(giveUp, limitMs);
  });
  const answer = probe().then(
    () => 'ok',
    (error: unknown) => reasonOf(error),
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** For operators: what our own errors say, else the code of what failed below; addresses stay in the log of the part. */
function reasonOf(error: unknown): string {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = 'code' in cause && !(cause instanceof PlatformError) ? String(cause.code) : '';
    if (/^[A-Z0-9_]{1,40}$/.test(code)) return `does not answer (${code})`;
  }
  return error instanceof PlatformError && error.cause === undefined ? error.message : 'does not answer';
}
