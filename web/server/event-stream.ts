import type { EventsEnd, EventsStart, ResourceEvent } from '../../contracts/events.ts';
import type { Operation } from '../../contracts/operations.ts';
import { RequestFailure } from './problem.ts';
import { readSession, sessionEnded } from './session.ts';

/** What becomes of the events of {@link openEventStream}. */
export interface EventHandlers {
  resource(event: ResourceEvent): void;
  operation(operation: Operation): void;
  /** Something may have been missed: what is shown has to be read again. */
  missed(): void;
  /** Since when the stream is not there, milliseconds since 1970; undefined: it is. */
  connection(awaySince: number | undefined): void;
}

const firstAgainMs = 500;
const longestAgainMs = 15_000;

/**
 * Follows all that the caller may see (`/api/v1/events`), for as long as the page is open: the one stream of this tab. The browser
 * resumes it by itself after a cut; what the platform refuses is tried again here, later and later. Returns how to end it.
 */
export function openEventStream(handlers: EventHandlers): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let againMs = firstAgainMs;
  let awaySince: number | undefined;
  let wasOpen = false;
  let stopped = false;

  function away(): void {
    awaySince ??= Date.now();
    handlers.connection(awaySince);
  }

  function open(): void {
    source = new EventSource('/api/v1/events');
    source.addEventListener('start', ({ data }: MessageEvent<string>) => {
      const { resumed } = JSON.parse(data) as EventsStart;
      if (!resumed && wasOpen) handlers.missed();
      wasOpen = true;
      awaySince = undefined;
      againMs = firstAgainMs;
      handlers.connection(undefined);
    });
    source.addEventListener('resource', ({ data }: MessageEvent<string>) =>
      handlers.resource(JSON.parse(data) as ResourceEvent),
    );
    source.addEventListener('operation', ({ data }: MessageEvent<string>) =>
      handlers.operation(JSON.parse(data) as Operation),
    );
    source.addEventListener('end', ({ data }: MessageEvent<string>) => {
      const { code } = JSON.parse(data) as EventsEnd;
      source?.close();
      if (code === 'unauthenticated') sessionEnded();
      else openLater();
    });
    source.addEventListener('error', () => {
      away();
      if (source?.readyState === EventSource.CLOSED) void refused();
    });
  }

  /** The platform answered with something else than a stream, or not at all. */
  async function refused(): Promise<void> {
    try {
      await readSession();
    } catch (error) {
      if (error instanceof RequestFailure && error.status === 401) return sessionEnded();
    }
    openLater();
  }

  function openLater(): void {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(open, againMs * (0.75 + Math.random() / 2));
    againMs = Math.min(againMs * 2, longestAgainMs);
  }

  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  };
}
