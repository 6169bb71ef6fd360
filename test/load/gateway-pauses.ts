/** What a gateway process itself spent without serving anybody, since it was asked before. */
export interface Pauses {
  /** Collections of garbage, and their milliseconds in all. */
  readonly collections: number;
  readonly collectionMs: number;
  /** Longest and 99th percentile of the time that the event loop came late, milliseconds. */
  readonly lateMaxMs: number;
  readonly lateP99Ms: number;
}

/** Gives how to ask a gateway's metrics again and again. @param metricsUrl of the gateway */
export function createPauses(metricsUrl: string): () => Promise<Pauses> {
  let before = { collections: 0, collectionMs: 0 };
  return async () => {
    const text = await (await fetch(metricsUrl)).text();
    const collections = sumOf(text, /^nodejs_gc_duration_seconds_count\{.*\} (.*)$/gm);
    const collectionMs = sumOf(text, /^nodejs_gc_duration_seconds_sum\{.*\} (.*)$/gm) * 1000;
    const since = {
      collections: collections - before.collections,
      collectionMs: collectionMs - before.collectionMs,
    };
    before = { collections, collectionMs };
    return {
      ...since,
      lateMaxMs: sumOf(text, /^nodejs_eventloop_lag_max_seconds (.*)$/gm) * 1000,
      lateP99Ms: sumOf(text, /^nodejs_eventloop_lag_p99_seconds (.*)$/gm) * 1000,
    };
  };
}

function sumOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}
