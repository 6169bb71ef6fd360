import type { Page } from 'playwright-core';

/** A request of a page. */
export interface Transfer {
  /** Path and query. */
  readonly path: string;
  /** Script, Stylesheet, Fetch, …, as the browser calls it. */
  readonly type: string;
  /** Seconds of the browser's monotonic clock. */
  readonly begunAt: number;
  /** As they came over the wire, compressed, with heads; 0 of what was in the cache. */
  bytes: number;
  isCached: boolean;
  isOver: boolean;
}

/** Counts what a page asks for from now on. A stream of events counts with what has come of it. */
export async function countTransfers(page: Page): Promise<readonly Transfer[]> {
  const session = await page.context().newCDPSession(page);
  const transfers = new Map<string, Transfer>();
  const all: Transfer[] = [];
  session.on('Network.requestWillBeSent', ({ requestId, request, type = 'Other', timestamp }) => {
    if (!request.url.startsWith('http')) return;
    const { pathname, search } = new URL(request.url);
    const begun = { path: `${pathname}${search}`, type, begunAt: timestamp };
    const transfer: Transfer = { ...begun, bytes: 0, isCached: false, isOver: false };
    transfers.set(requestId, transfer);
    all.push(transfer);
  });
  const change = (requestId: string, how: (transfer: Transfer) => void) => {
    const transfer = transfers.get(requestId);
    if (transfer !== undefined) how(transfer);
  };
  session.on('Network.requestServedFromCache', ({ requestId }) =>
    change(requestId, (transfer) => (transfer.isCached = true)),
  );
  session.on('Network.responseReceived', ({ requestId, response }) =>
    change(requestId, (transfer) => {
      transfer.isCached ||= response.fromDiskCache === true;
      if (!transfer.isCached) transfer.bytes = response.encodedDataLength;
    }),
  );
  session.on('Network.dataReceived', ({ requestId, encodedDataLength }) =>
    change(requestId, (transfer) => (transfer.bytes += encodedDataLength)),
  );
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    change(requestId, (transfer) => {
      transfer.bytes = transfer.isCached ? 0 : encodedDataLength;
      transfer.isOver = true;
    }),
  );
  session.on('Network.loadingFailed', ({ requestId }) =>
    change(requestId, (transfer) => (transfer.isOver = true)),
  );
  await session.send('Network.enable');
  return all;
}
