import type { Http2Session } from 'node:http2';
import { tunnelSettings } from './tunnel-settings.ts';

/** A peer that does not agree to a smaller window for so long wants to send more than it is told. */
const maxAgreeMs = 20_000;

/** What may be under way towards one end of a tunnel in each of `streams` streams, bytes: a power of two. */
export function windowFor(streams: number): number {
  const { keptBytes, minWindowBytes, maxWindowBytes } = tunnelSettings;
  const share = 2 ** Math.floor(Math.log2(keptBytes / Math.max(1, streams)));
  return Math.min(maxWindowBytes, Math.max(minWindowBytes, share));
}

/**
 * Has all streams of a session share what this end is ready to keep: what a reader does not take lies in memory up to the window of its
 * stream, and Node counts it nowhere. A few streams get large windows, which long ways need. A stream that was among few may have filled
 * its window before there were many: n readers that all take nothing make us keep `keptBytes` ⨯ (1 + ln n) at most.
 * @param agreeMs for tests
 * @returns to be called with the number of open streams whenever it changes
 */
export function shareWindows(session: Http2Session, agreeMs = maxAgreeMs): (streams: number) => void {
  let current = windowFor(1);
  let open = 0;
  let isAgreeing = false;
  const adjust = () => {
    const wanted = windowFor(open);
    // It grows only when twice as many would have that much, or else every stream would change it.
    const isChanged = wanted < current || windowFor(2 * open) > current;
    if (!isChanged || isAgreeing || session.destroyed || session.closed) return;
    current = wanted;
    isAgreeing = true;
    const late = setTimeout(
      () => session.destroy(new Error('the peer of the tunnel does not agree to a window')),
      agreeMs,
    ).unref();
    const agreed = () => {
      clearTimeout(late);
      isAgreeing = false;
      adjust();
    };
    session.settings({ initialWindowSize: wanted }, agreed);
  };
  return (streams) => {
    open = streams;
    adjust();
  };
}
