import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import type { TestBrowser } from '../../support/browser.ts';
import type { TestPlatform } from '../../support/platform.ts';
import { median } from '../statistics.ts';
import { addProbe, seen } from './page-probe.ts';
import type { RestClient } from './rest-client.ts';
import { kibibytes, line, usual } from './shown.ts';
import { countTransfers, type Transfer } from './transfers.ts';

export const listPage = '/console/tenant-clusters';
export const listed = '/api/v1/virtualclusters?limit=100';
/** One file of a few hundred bytes, without a script: what the browser and a connection take by themselves. */
const emptyPage = '/console/icon.svg';
/** Without a new request for so long, the first view is complete. */
const quietMs = 1_500;
const longestMs = 20_000;

type Cache = 'cold' | 'warm';

/** Times in milliseconds since the navigation began. */
interface View {
  readonly rowsMs: number;
  /** When the page had run its first scripts, asked for the list, and had its answer. */
  readonly loadedMs: number;
  readonly askedMs: number;
  readonly answeredMs: number;
  /** Of the whole first view. */
  readonly transfers: readonly Transfer[];
}

/**
 * The first view of the list: each time a new browser context without anything in its cache, then once more in it. Beside it the
 * bare list by REST and an empty page, in turns.
 */
export async function benchFirstView(
  platform: TestPlatform,
  browser: TestBrowser,
  client: RestClient,
  repeats: number,
): Promise<void> {
  const { url, user: name, password } = platform.admin();
  const views: Record<Cache, View[]> = { cold: [], warm: [] };
  const empty: Record<Cache, number[]> = { cold: [], warm: [] };
  const bare: number[] = [];
  // The first round warms the server.
  for (let round = 0; round <= repeats; round += 1) {
    for (let index = 0; index < 5; index += 1) bare.push(await client.timeOf(listed));
    const guest = await browser.open();
    for (const cache of ['cold', 'warm'] as const)
      empty[cache].push(await openEmpty(guest.context, `${url}${emptyPage}`));
    await guest.context.close();
    const user = await browser.open({ name, password });
    await delay(500); // the password's check is over
    for (const cache of ['cold', 'warm'] as const)
      views[cache].push(await openView(user.context, `${url}${listPage}`));
    await user.context.close();
    if (round === 0)
      for (const list of [bare, ...Object.values(empty), ...Object.values(views)]) list.splice(0);
  }
  console.log(`\nfirst view of ${listPage}, median of ${repeats}`);
  line('GET of the list by REST, kept alive', usual(bare));
  for (const cache of ['cold', 'warm'] as const) {
    line(`${cache} cache: an empty page`, usual(empty[cache]));
    showView(cache, views[cache], { bare: median(bare), empty: median(empty[cache]) });
  }
}

async function openEmpty(context: BrowserContext, url: string): Promise<number> {
  const page = await context.newPage();
  await addProbe(page, { kind: 'loaded' });
  await page.goto(url);
  const { sinceNavigation } = await seen(page);
  await page.close();
  return sinceNavigation;
}

async function openView(context: BrowserContext, url: string): Promise<View> {
  const page = await context.newPage();
  await addProbe(page, { kind: 'rows' });
  const transfers = await countTransfers(page);
  await page.goto(url);
  const { sinceNavigation } = await seen(page);
  const times = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    const list = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).find((entry) =>
      entry.name.includes('/api/v1/virtualclusters?'),
    );
    return {
      loadedMs: navigation?.domContentLoadedEventEnd ?? Number.NaN,
      askedMs: list?.startTime ?? Number.NaN,
      answeredMs: list?.responseEnd ?? Number.NaN,
    };
  });
  await untilComplete(transfers);
  await page.close();
  return { rowsMs: sinceNavigation, ...times, transfers };
}

async function untilComplete(transfers: readonly Transfer[]): Promise<void> {
  const until = performance.now() + longestMs;
  const state = () =>
    `${transfers.length} ${transfers.filter(({ isOver, type }) => !isOver && type !== 'EventSource').length}`;
  for (let before = ''; performance.now() < until; ) {
    const now = state();
    if (now === before && now.endsWith(' 0')) return;
    before = now;
    await delay(quietMs);
  }
}

function showView(cache: Cache, views: readonly View[], than: { bare: number; empty: number }): void {
  const of = (part: 'loadedMs' | 'askedMs' | 'answeredMs') =>
    median(views.map((view) => view[part])).toFixed(0);
  const rows = views.map(({ rowsMs }) => rowsMs);
  const more = median(rows) - than.empty;
  line(
    `${cache} cache: first rows shown`,
    `${usual(rows)}, aim ≤ 1000: ${more.toFixed(0)} ms more than an empty page, ${(median(rows) / than.empty).toFixed(1)} times; ` +
      `${(more / than.bare).toFixed(1)} bare lists more`,
  );
  line(
    '  of that',
    `scripts ran at ${of('loadedMs')}, list asked at ${of('askedMs')}, answered at ${of('answeredMs')} ms`,
  );
  const { transfers } = views.at(-1) ?? { transfers: [] };
  const own = transfers.filter(({ isCached }) => !isCached);
  const bytes = median(views.map((view) => sumOf(view.transfers)));
  line(
    '  requests',
    `${own.length} over the wire, ${transfers.length - own.length} from the cache; ${kibibytes(bytes)} compressed` +
      (cache === 'cold' ? ', aim ≤ 300' : ''),
  );
  const kinds = Object.groupBy(own, kindOf);
  line(
    '  among them',
    Object.entries(kinds)
      .map(([kind, some = []]) => `${some.length} ${kind} ${kibibytes(sumOf(some))}`)
      .join(', '),
  );
  const answers = own
    .filter((transfer) => kindOf(transfer) === 'answers')
    .toSorted((a, b) => b.bytes - a.bytes);
  if (cache === 'cold')
    for (const { path, bytes: size } of answers.slice(0, 6))
      line('', `${kibibytes(size).padStart(8)} ${path}`);
}

function sumOf(transfers: readonly Transfer[]): number {
  return transfers.reduce((sum, { bytes }) => sum + bytes, 0);
}

function kindOf({ path, type }: Transfer): string {
  if (type === 'Document') return 'document';
  if (path.startsWith('/console/')) return path.endsWith('.js') ? 'scripts' : 'styles and images';
  return 'answers';
}
