import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { instancesPath, type TestPlatform } from '../../support/platform.ts';

/** A change of a tenant cluster, with times in milliseconds since 1970. */
export interface Change {
  readonly name: string;
  readonly displayName: string;
  /** When the request was about to be sent. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** The administrator, by REST on connections that stay open. Nothing checks the answers: that takes longer than they do. */
export interface RestClient {
  /** Milliseconds of a GET until all of the answer is there. */
  timeOf(path: string): Promise<number>;
  /** Changes `spec.displayName`. */
  rename(name: string, displayName: string): Promise<Change>;
  /** Changes one after the other of `names`, so many a second, whether answers come or not; `word` begins each display name. */
  renameSteadily(
    names: readonly string[],
    rate: { readonly perSecond: number; readonly seconds: number },
    word: string,
  ): Promise<Change[]>;
  close(): Promise<void>;
}

/** Answers that may be missing: a server that cannot follow is not asked faster than that. */
const mostWaiting = 64;

export function createRestClient(platform: Pick<TestPlatform, 'admin'>): RestClient {
  const { url, caFile, accessKey } = platform.admin();
  const pool = new Pool(url, { connections: 32, connect: { ca: readFileSync(caFile) }, allowH2: false });
  const authorization = `Bearer ${accessKey}`;

  async function rename(name: string, displayName: string): Promise<Change> {
    const sentAt = Date.now();
    const { statusCode, body } = await pool.request({
      method: 'PATCH',
      path: `${instancesPath}/${name}`,
      headers: { authorization, 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec: { displayName } }),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`PATCH ${name}: ${statusCode} ${text.slice(0, 300)}`);
    return { name, displayName, sentAt, answeredAt: Date.now() };
  }

  return {
    async timeOf(path) {
      const startedAt = performance.now();
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers: { authorization } });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`GET ${path}: ${statusCode} ${text.slice(0, 300)}`);
      return performance.now() - startedAt;
    },
    rename,
    async renameSteadily(names, { perSecond, seconds }, word) {
      const total = perSecond * seconds;
      const open = new Set<Promise<unknown>>();
      const changes: Change[] = [];
      const startedAt = performance.now();
      for (let index = 0; index < total; index += 1) {
        const dueMs = (index / perSecond) * 1000 - (performance.now() - startedAt);
        if (dueMs > 0) await delay(dueMs);
        if (performance.now() - startedAt > seconds * 1000) break;
        while (open.size >= mostWaiting) await Promise.race(open);
        const name = names[index % names.length] ?? '';
        const one = rename(name, `${word} ${index}`).then((change) => changes.push(change));
        open.add(one);
        one.finally(() => open.delete(one)).catch(() => undefined);
      }
      await Promise.all(open);
      return changes;
    },
    close: () => pool.destroy(),
  };
}
