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

/** Nobody looks at the clock all the time, and that of a hidden tab goes slowly. */
function present(): number {
  if (Date.now() - now > 2_000) now = Date.now();
  return now;
}

/** The time, milliseconds since 1970, read again each second: one clock for all that is on the page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, present);
}

/** The same in whole minutes, for what is dear to draw. */
export function useMinute(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(present() / 60_000) * 60_000);
}

/**
 * How long ago something was, with the exact time when pointed at.
 * @param at RFC 3339, or milliseconds since 1970
 * @param plain with the browser's own tip, which costs nothing: for the rows of long tables
 */
export function Age({ at, plain = false }: { at: string | number | undefined; plain?: boolean }) {
  const time = typeof at === 'number' ? at : Date.parse(at ?? '');
  // Drawn again when the words change, not each second.
  const ago = useSyncExternalStore(subscribe, () => agoText(time, present()));
  if (Number.isNaN(time)) return <Text span>–</Text>;
  const words = (
    <time
      dateTime={new Date(time).toISOString()}
      style={{ whiteSpace: 'nowrap' }}
      {...(plain ? { title: exactTime(time) } : {})}
    >
      {ago}
    </time>
  );
  return plain ? words : <Tooltip label={exactTime(time)}>{words}</Tooltip>;
}

/** What is a moment ahead of this clock has just been. */
function agoText(time: number, seen: number): string {
  if (Number.isNaN(time)) return '';
  return relativeTime(time, time > seen && time - seen < 2_000 ? time : seen);
}
