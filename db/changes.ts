import pg from 'pg';

/** What is told, by triggers of the migrations, and whose id goes with it. */
export type Channel =
  /** Operations and their steps; id of the operation. */
  | 'operation_changed'
  /** Agents that joined, were replaced, refused or removed, and tunnels that opened or closed; uid of the Cluster. */
  | 'agents_changed';

/** Tells what changed, as long as it is open. */
export interface Changes {
  /**
   * Calls `onChange` after every committed change of `id`, and once after every interruption of the
   * connection (something may have been missed). Returns the unsubscribe function.
   */
  subscribe(id: string, onChange: () => void): () => void;
  /** As `subscribe`, for all; `id` is undefined after an interruption. */
  subscribeAll(onChange: (id: string | undefined) => void): () => void;
  close(): Promise<void>;
}

/** One connection that LISTENs for all subscribers of the process; it is made at the first subscription. */
export function createChanges(databaseUrl: string, channel: Channel): Changes {
  const subscribers = new Map<string, Set<() => void>>();
  const subscribersOfAll = new Set<(id: string | undefined) => void>();
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const notify = (id: string | undefined) => {
    for (const onChange of id === undefined
      ? [...subscribers.values()].flatMap((set) => [...set])
      : (subscribers.get(id) ?? []))
      onChange();
    for (const onChange of subscribersOfAll) onChange(id);
  };
  const connect = (backoffMs: number) => {
    if (client || closed) return;
    const next = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 3000,
      query_timeout: 5000,
      keepAlive: true, // a server that went without a word
      application_name: 'vcluster-platform changes',
    });
    client = next;
    let lost = false;
    const reconnect = () => {
      if (lost) return;
      lost = true;
      if (client === next) client = undefined;
      next.end().catch(() => undefined); // it is broken anyway
      if (!closed && subscribers.size + subscribersOfAll.size > 0)
        retry = setTimeout(() => connect(Math.min(backoffMs * 2, 5000)), backoffMs);
    };
    next.on('error', reconnect);
    next.on('end', reconnect);
    next.on('notification', ({ payload }) => notify(payload));
    next
      .connect()
      .then(() => next.query(`listen ${channel}`))
      .then(() => notify(undefined), reconnect);
  };
  return {
    subscribe(id, onChange) {
      const set = subscribers.get(id) ?? new Set();
      subscribers.set(id, set.add(onChange));
      connect(200);
      return () => {
        set.delete(onChange);
        if (set.size === 0 && subscribers.get(id) === set) subscribers.delete(id);
      };
    },
    subscribeAll(onChange) {
      subscribersOfAll.add(onChange);
      connect(200);
      return () => void subscribersOfAll.delete(onChange);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await client?.end();
    },
  };
}
