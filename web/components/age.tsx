import { Text, Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { exactTime, relativeTime } from './time.ts';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, milliseconds since 1970, read again each second: one clock for all that is on the page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/**
 * How long ago something was, with the exact time when pointed at.
 * @param at RFC 3339, or milliseconds since 1970
 * @param plain with the browser's own tip, which costs nothing: for the rows of long tables
 */
export function Age({ at, plain = false }: { at: string | number | undefined; plain?: boolean }) {
  const seen = useNow();
  const time = typeof at === 'number' ? at : Date.parse(at ?? '');
  if (Number.isNaN(time)) return <Text span>–</Text>;
  const words = (
    <time
      dateTime={new Date(time).toISOString()}
      style={{ whiteSpace: 'nowrap' }}
      {...(plain ? { title: exactTime(time) } : {})}
    >
      {relativeTime(time, Math.max(seen, time > seen && time - seen < 2_000 ? time : seen))}
    </time>
  );
  return plain ? words : <Tooltip label={exactTime(time)}>{words}</Tooltip>;
}
