import type { Page } from 'playwright-core';

/** What is waited for in a page. */
export type Wanted =
  /** The document with all that it names. */
  | { readonly kind: 'loaded' }
  /** A row of the table, as a skeleton has none. */
  | { readonly kind: 'rows' }
  /** Rows, and none whose key is without this text. */
  | { readonly kind: 'only'; readonly text: string }
  /** A row that says this. */
  | { readonly kind: 'text'; readonly text: string };

/** When what was waited for had been painted. */
export interface Seen {
  /** Milliseconds since the navigation began. */
  readonly sinceNavigation: number;
  /** Milliseconds since 1970: the clock that all processes of this machine share. */
  readonly at: number;
}

/** What the frames of a page were like. */
export interface Frames {
  /** Milliseconds from each frame to the next. */
  readonly gaps: number[];
  /** Milliseconds of each task longer than 50, as the browser counts them. */
  readonly longTasks: number[];
  /** Frames with nothing in the middle of the table. */
  readonly blank: number;
  /** Rows in the document at most. */
  readonly rowsAtMost: number;
  /** Pixels that the table was scrolled down at most. */
  readonly scrolledTo: number;
}

interface Probe {
  wait(wanted: Wanted): void;
  seen(): Promise<Seen>;
  lastKeyAt(): number;
  record(): void;
  recorded(): Frames;
}

type ProbedWindow = Window & { benchProbe: Probe };

/** Installs the probe in every document that the page opens; in each it waits for `wanted` first. */
export async function addProbe(page: Page, wanted: Wanted): Promise<void> {
  await page.addInitScript(install, wanted);
}

/** Waits for something else from now on: see {@link seen}. */
export async function waitFor(page: Page, wanted: Wanted): Promise<void> {
  await page.evaluate((now) => (window as unknown as ProbedWindow).benchProbe.wait(now), wanted);
}

/** When what was waited for had been painted. @throws Error after 30 s */
export function seen(page: Page): Promise<Seen> {
  return page.evaluate(() => (window as unknown as ProbedWindow).benchProbe.seen());
}

/** When the last key was pressed, milliseconds since 1970. */
export function lastKeyAt(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as ProbedWindow).benchProbe.lastKeyAt());
}

/** Looks at every frame from now on: see {@link recordedFrames}. */
export async function recordFrames(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as ProbedWindow).benchProbe.record());
}

export function recordedFrames(page: Page): Promise<Frames> {
  return page.evaluate(() => (window as unknown as ProbedWindow).benchProbe.recorded());
}

/** Runs in the page, so it uses nothing from outside of itself. */
function install(first: Wanted): void {
  const rowsNow = () => [...document.querySelectorAll('tr[data-row]')];
  let lastKey = 0;
  let waiting: Promise<Seen> = new Promise(() => undefined);

  function isThere(wanted: Wanted): boolean {
    if (wanted.kind === 'loaded') return document.readyState === 'complete';
    const rows = rowsNow();
    if (wanted.kind === 'text') return rows.some((row) => row.textContent?.includes(wanted.text) === true);
    if (wanted.kind === 'rows') return rows.length > 0;
    return rows.length > 0 && rows.every((row) => row.getAttribute('data-row')?.includes(wanted.text));
  }

  function wait(wanted: Wanted): void {
    waiting = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not seen: ${JSON.stringify(wanted)}`)), 30_000);
      const observer = new MutationObserver(look);
      function look(): void {
        if (!isThere(wanted)) return;
        observer.disconnect();
        document.removeEventListener('readystatechange', look);
        clearTimeout(timer);
        // The task after the next frame: by then it has been painted.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve({ sinceNavigation: performance.now(), at: Date.now() });
          port2.postMessage(undefined);
        });
      }
      observer.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
      document.addEventListener('readystatechange', look);
      look();
    });
    waiting.catch(() => undefined);
  }

  let gaps: number[] = [];
  let longTasks: number[] = [];
  let [blank, rowsAtMost, scrolledTo, lastFrame, isRecording] = [0, 0, 0, 0, false];
  new PerformanceObserver((list) => {
    if (isRecording) longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: 'longtask' });

  function frame(now: number): void {
    if (!isRecording) return;
    if (lastFrame > 0) gaps.push(now - lastFrame);
    lastFrame = now;
    const scroller = document.querySelector('tr[data-row]')?.closest('[role=region]');
    if (scroller !== null && scroller !== undefined) {
      const { left, top, width, height } = scroller.getBoundingClientRect();
      const middle = document.elementFromPoint(left + width / 2, top + height / 2);
      if (!middle?.closest('tr[data-row]')) blank += 1;
      rowsAtMost = Math.max(rowsAtMost, rowsNow().length);
      scrolledTo = Math.max(scrolledTo, scroller.scrollTop);
    }
    requestAnimationFrame(frame);
  }

  document.addEventListener('keydown', () => (lastKey = Date.now()), { capture: true });
  wait(first);
  (window as unknown as ProbedWindow).benchProbe = {
    wait,
    seen: () => waiting,
    lastKeyAt: () => lastKey,
    record() {
      [gaps, longTasks] = [[], []];
      [blank, rowsAtMost, scrolledTo, lastFrame, isRecording] = [0, 0, 0, 0, true];
      requestAnimationFrame(frame);
    },
    recorded() {
      isRecording = false;
      return { gaps, longTasks, blank, rowsAtMost, scrolledTo };
    },
  };
}
