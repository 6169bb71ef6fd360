import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../adapters/logging.ts';
import { managementApiVersion } from '../../contracts/names.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { JsonClient } from '../upstreams/json-request.ts';
import { accountsIdentity } from '../identity/identity.ts';

/** When access keys were used last. Recording costs a request nothing but a look into a map. */
export interface KeyActivity {
  record(key: AccessKey, now: number): void;
  /** Milliseconds since the epoch, of uses that went through this gateway. */
  last(key: AccessKey): number | undefined;
  /** Ends the writing. */
  stop(): Promise<void>;
}

/** How old what the status says may become: a sliding key lives by it, for others it only informs. */
const slidingMs = 60_000;
const otherMs = 300_000;
const flushMs = 15_000;
const maxRemembered = 50_000;

/** Writes uses into `status.lastActivity`, at most once a minute for a key. */
export function createKeyActivity(management: JsonClient, logger: Logger): KeyActivity {
  const used = new Map<string, { name: string; at: number; sliding: boolean; written: number }>();
  const stopping = new AbortController();

  async function flush(now: number): Promise<void> {
    for (const [uid, entry] of used) {
      if (now - entry.at > otherMs * 2) used.delete(uid);
      if (entry.at - entry.written < (entry.sliding ? slidingMs : otherMs)) continue;
      entry.written = entry.at;
      await write(entry.name, uid, entry.at).catch((err: unknown) => {
        logger.warn(
          { err, accessKeyName: entry.name },
          'failed to record the last activity of an access key',
        );
      });
    }
  }

  async function write(name: string, uid: string, at: number): Promise<void> {
    const answer = await management(accountsIdentity, {
      method: 'PATCH',
      path: `/apis/${managementApiVersion}/accesskeys/${encodeURIComponent(name)}/status`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid }, status: { lastActivity: new Date(at).toISOString() } },
    });
    // 404 and 409: it was deleted, or another of that name was made.
    if (![200, 404, 409].includes(answer.status)) throw new Error(`answered ${answer.status}`);
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      await delay(flushMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      await flush(Date.now());
    }
  })();

  return {
    record(key, now) {
      const uid = key.metadata.uid ?? key.metadata.name;
      const entry = used.get(uid);
      if (entry !== undefined) {
        entry.at = now;
        return;
      }
      if (used.size >= maxRemembered) return;
      const written = Date.parse(key.status?.lastActivity ?? '');
      used.set(uid, {
        name: key.metadata.name,
        at: now,
        sliding: key.spec.ttlAfterLastActivity === true,
        written: Number.isNaN(written) ? 0 : written,
      });
    },
    last: (key) => used.get(key.metadata.uid ?? key.metadata.name)?.at,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
