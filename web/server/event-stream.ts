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

/** Whether somebody may see the tab. */
export interface Tab {
  isHidden(): boolean;
  /** Calls `listener` when that changes. Returns how to stop it. */
  onChange(listener: () => void): () => void;
}

const firstAgainMs = 500;
const longestAgainMs = 15_000;
/** If the first stream takes longer, what was read meanwhile may be old when it begins. */
const slowMs = 300;
/** A tab that is hidden for longer gives its stream up: browsers have few connections to one origin, for all tabs. */
const hiddenMs = 60_000;

/**
 * Follows all that the caller may see (`/api/v1/events`), for as long as the page may be seen: the one stream of this tab. The browser
 * resumes it by itself after a cut; what the platform refuses is tried again here, later and later. Returns how to end it.
 */
export function openEventStream(handlers: EventHandlers, tab: Tab): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hiding: ReturnType<typeof setTimeout> | undefined;
  let isPaused = false;
  let againMs = firstAgainMs;
  let awaySince: number | undefined;
  const beganAt = Date.now();
  let wasOpen = false;
  let stopped = false;

  function away(): void {
    awaySince ??= Date.now();
    handlers.connection(awaySince);
  }

  function open(): void {
    clearTimeout(timer);
    source?.close();
    source = new EventSource('/api/v1/events');
    source.addEventListener('start', (event) => {
      const { resumed } = dataOf<EventsStart>(event);
      if (!resumed && (wasOpen || Date.now() - beganAt > slowMs)) handlers.missed();
      wasOpen = true;
      awaySince = undefined;
      againMs = firstAgainMs;
      handlers.connection(undefined);
    });
    source.addEventListener('resource', (event) => handlers.resource(dataOf<ResourceEvent>(event)));
    source.addEventListener('operation', (event) => handlers.operation(dataOf<Operation>(event)));
    source.addEventListener('end', (event) => {
      const { code } = dataOf<EventsEnd>(event);
      source?.close();
      if (code === 'unauthenticated') ended();
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
      if (error instanceof RequestFailure && error.status === 401) return ended();
    }
    openLater();
  }

  function ended(): void {
    stop();
    sessionEnded();
  }

  function openLater(): void {
    if (stopped || isPaused) return;
    clearTimeout(timer);
    timer = setTimeout(open, againMs * (0.75 + Math.random() / 2));
    againMs = Math.min(againMs * 2, longestAgainMs);
  }

  function seenOrHidden(): void {
    clearTimeout(hiding);
    if (tab.isHidden()) {
      hiding = setTimeout(() => {
        isPaused = true;
        clearTimeout(timer);
        source?.close();
      }, hiddenMs);
    } else if (isPaused) {
      isPaused = false;
      againMs = firstAgainMs;
      open();
    }
  }
  const stopLooking = tab.onChange(seenOrHidden);

  function stop(): void {
    stopped = true;
    stopLooking();
    clearTimeout(hiding);
    clearTimeout(timer);
    source?.close();
  }

  open();
  seenOrHidden();
  return stop;
}

function dataOf<T>(event: Event): T {
  return JSON.parse(String((event as MessageEvent).data)) as T;
}
