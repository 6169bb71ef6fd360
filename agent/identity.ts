import { createHash, randomBytes } from 'node:crypto';
import { agentCredentialPrefix } from '../contracts/agents.ts';
import type { Logger } from '../adapters/logging.ts';
import type { AgentRecord, CredentialStore } from './credential-store.ts';
import { type PlatformApi, RefusedByPlatform } from './platform-api.ts';

/** Who the agent is to the platform. */
export interface AgentIdentity {
  /** Of this process: higher than those of all before it. */
  readonly generation: number;
  /** What the platform calls the cluster, once that is known. */
  readonly cluster: string | undefined;
  /**
   * What to sign in with; joins first if there is nothing.
   * @throws RefusedByPlatform; Error that says what is missing; what the store throws
   */
  credential(): Promise<string>;
  /** The platform let `credential` in. */
  accepted(credential: string): Promise<void>;
  /** The platform does not know `credential`: the next one is another, if there is another way. */
  refused(credential: string): void;
  /**
   * A newer process of the agent is in use. One that this goes on for without being ended is the one that is left of them (a rollout
   * was undone, say): it becomes the newest.
   */
  replaced(): Promise<void>;
  /**
   * Makes a credential that follows the present one, and has the platform know of it: it counts from its first use.
   * @throws RefusedByPlatform, Error
   */
  rotate(): Promise<void>;
  /** When the present credential came into use, in milliseconds since 1970. */
  readonly since: number;
}

export interface IdentityOptions {
  readonly store: CredentialStore;
  readonly platform: Pick<PlatformApi, 'join' | 'announce'>;
  /** Undefined if there is none (any more). */
  readonly joinKey: () => Promise<string | undefined>;
  /** What is told of the cluster when it joins. */
  readonly about: () => Promise<Omit<Parameters<PlatformApi['join']>[1], 'credentialHash'>>;
  readonly logger: Logger;
  /** For tests; default 2 minutes. */
  readonly replacedMs?: number;
}

const defaultReplacedMs = 120_000;

/**
 * Reads what the agent is, as one process more.
 * @throws what the store throws
 */
export async function openIdentity(options: IdentityOptions): Promise<AgentIdentity> {
  const { store, platform, joinKey, about, logger, replacedMs = defaultReplacedMs } = options;
  const nextGeneration = (known: AgentRecord) => ({ ...known, generation: known.generation + 1 });
  let record = await store.update(nextGeneration);
  let { generation } = record;
  let replacedSince: number | undefined;
  const refusals = new Set<string>();
  let joining: Promise<string> | undefined;

  /** Of those that may be let in, the newest: one that was made last may have been known to the platform before a crash. */
  const best = ({ next, credential }: AgentRecord): string | undefined =>
    [next, credential].find((one) => one !== undefined && !refusals.has(one));

  async function join(): Promise<string> {
    const key = await joinKey();
    if (key === undefined) {
      refusals.clear(); // the platform may know it again
      throw new Error(
        record.credential === undefined
          ? 'the agent has neither a credential nor a join key'
          : 'the platform does not know the credential of the agent, and there is no join key',
      );
    }
    const next = await prepareNext();
    const body = { credentialHash: hashOf(next), ...(await about()) };
    // Either way all may be tried again: what was refused may be mended.
    const { cluster } = await platform.join(key, body).finally(() => refusals.clear());
    await settle(next, cluster);
    logger.info({ cluster }, 'joined the platform');
    return next;
  }

  /** A credential to come. Saved before the platform hears of it: after a crash it is the same. */
  async function prepareNext(): Promise<string> {
    const made = newCredential();
    record = await store.update((known) => {
      const isGood = known.next !== undefined && !refusals.has(known.next);
      return isGood ? known : { ...known, next: made };
    });
    return record.next ?? made;
  }

  /** `credential` is the one in use. */
  async function settle(credential: string, cluster?: string): Promise<void> {
    record = await store.update((known) => {
      const named = cluster === undefined ? known : { ...known, cluster };
      if (known.next !== credential) return named;
      const { next: _, ...rest } = named;
      return { ...rest, credential, since: new Date().toISOString() };
    });
  }

  return {
    get generation() {
      return generation;
    },
    get cluster() {
      return record.cluster;
    },
    get since() {
      const at = Date.parse(record.since ?? '');
      return Number.isNaN(at) ? 0 : at;
    },
    async credential() {
      // Before the first join `next` is one that the platform perhaps never heard of.
      const known = record.credential === undefined ? undefined : best(record);
      if (known !== undefined) return known;
      record = await store.read(); // another process of the agent may have gone on
      const found = record.credential === undefined ? undefined : best(record);
      if (found !== undefined) return found;
      joining ??= join().finally(() => {
        joining = undefined;
      });
      return joining;
    },
    async accepted(credential) {
      refusals.clear();
      replacedSince = undefined;
      if (record.next === credential) await settle(credential);
    },
    refused(credential) {
      refusals.add(credential);
    },
    async replaced() {
      replacedSince ??= performance.now();
      if (performance.now() - replacedSince < replacedMs) return;
      replacedSince = undefined;
      record = await store.update(nextGeneration);
      ({ generation } = record);
      logger.info({ generation }, 'taking the place of a newer agent that is gone');
    },
    async rotate() {
      const { credential } = record;
      if (credential === undefined) return;
      const next = await prepareNext();
      try {
        await platform.announce(credential, { credentialHash: hashOf(next) });
      } catch (error) {
        // Another process of the agent went on meanwhile, or the platform has known this one before.
        if (error instanceof RefusedByPlatform) {
          record = await store.read();
          refusals.add(next);
        }
        throw error;
      }
      refusals.delete(next); // it may have been tried before it was known
    },
  };
}

function newCredential(): string {
  return `${agentCredentialPrefix}${randomBytes(32).toString('base64url')}`;
}

function hashOf(credential: string): string {
  return createHash('sha256').update(credential).digest('hex');
}
