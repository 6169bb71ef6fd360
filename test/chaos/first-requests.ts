import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';

const requests = 20;
/** So often client-go sends a request again that is answered with `Retry-After`. */
const clientAttempts = 10;

export interface End {
  /** Status, and what it says if that is not 200. */
  readonly end: string;
  readonly again: number;
  readonly closed: number;
  readonly ms: number;
}

/** Twenty first requests to a sleeper, at once. @param attempts how often each is sent again at most */
export function firstRequests(fleet: Fleet, tenant: string, attempts = clientAttempts): Promise<End[]> {
  return Promise.all(Array.from({ length: requests }, () => firstRequest(fleet, tenant, attempts)));
}

/** How they ended, and how often. */
export function counted(ends: readonly End[]): Record<string, number> {
  const counts = Object.groupBy(ends, ({ end }) => end);
  return Object.fromEntries(Object.entries(counts).map(([end, all]) => [end, all?.length ?? 0]));
}

/** Sent again as client-go does it, and while nobody listens: with one gateway there is no other to take it. */
export async function firstRequest(fleet: Fleet, tenant: string, attempts = clientAttempts): Promise<End> {
  const startedAt = performance.now();
  const path = `/kubernetes/project/default/virtualcluster/${tenant}/api/v1/namespaces/default`;
  let closed = 0;
  for (let again = 0; ; ) {
    const ms = () => performance.now() - startedAt;
    try {
      const { status, headers, text } = await fleet.platform().call('GET', path);
      const pause = Number(headers['retry-after']);
      if (status === 200) return { end: '200', again, closed, ms: ms() };
      if (Number.isNaN(pause) || again === attempts)
        return { end: `${status} ${messageOf(text)}`, again, closed, ms: ms() };
      again += 1;
      await delay(pause * 1000);
    } catch (error) {
      closed += 1;
      if (closed > 300) return { end: String(error), again, closed, ms: ms() };
      await delay(200);
    }
  }
}

function messageOf(text: string): string {
  return /"message":"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 200);
}
