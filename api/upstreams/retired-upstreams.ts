import type { Upstream } from './upstream.ts';

/** Upstreams whose credential was replaced: they take no new requests, and what is under way there goes on. */
export interface RetiredUpstreams {
  add(upstream: Upstream): void;
  /** Ends what is still under way. */
  close(): Promise<void>;
}

export function createRetiredUpstreams(): RetiredUpstreams {
  const open = new Set<Upstream>();
  return {
    add(upstream) {
      open.add(upstream);
      const over = () => open.delete(upstream);
      upstream.retire().then(over, over);
    },
    async close() {
      await Promise.all([...open].map((upstream) => upstream.close()));
    },
  };
}
