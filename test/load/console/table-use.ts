import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { TestBrowser } from '../../support/browser.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestPlatform } from '../../support/platform.ts';
import { median } from '../statistics.ts';
import { listed, listPage } from './first-view.ts';
import {
  addProbe,
  type Frames,
  lastKeyAt,
  recordedFrames,
  recordFrames,
  seen,
  waitFor,
} from './page-probe.ts';
import type { RestClient } from './rest-client.ts';
import { atShare, line, usual } from './shown.ts';

/** Each another one: what was searched before is remembered by the page. */
const searches = ['web-4', 'dev-4', 'job-4', 'lab-4', 'api-4', 'web-5', 'dev-5', 'job-5', 'lab-5', 'api-5'];
/** As somebody types. */
const keyMs = 80;
const scrollMs = 5_000;
const wheelMs = 16;
const rowHeight = 52;
const loadingMs = 120_000;

/** The page of the list, with its first rows. */
export async function openList(
  platform: TestPlatform,
  browser: TestBrowser,
): Promise<{ page: Page; close: () => Promise<void> }> {
  const { url, user: name, password } = platform.admin();
  const { page, context } = await browser.open({ name, password });
  await addProbe(page, { kind: 'rows' });
  await page.goto(`${url}${listPage}`);
  await seen(page);
  await delay(2_000); // all else of the first view
  return { page, close: () => context.close() };
}

/** Search: from the first and from the last key to the filtered rows. */
export async function benchSearch(
  platform: TestPlatform,
  browser: TestBrowser,
  client: RestClient,
  repeats: number,
): Promise<void> {
  const words = searches.slice(0, repeats);
  const bare: number[] = [];
  for (const word of words) bare.push(await client.timeOf(`${listed}&search=${word}`));
  const { page, close } = await openList(platform, browser);
  const input = page.locator('main input[type=search]');
  const [sinceFirst, sinceLast]: [number[], number[]] = [[], []];
  const keyGap: number[] = [];
  for (const word of words) {
    await waitFor(page, { kind: 'only', text: word });
    await input.focus();
    const firstAt = Date.now();
    await input.pressSequentially(word, { delay: keyMs });
    const { at } = await seen(page);
    const lastAt = await lastKeyAt(page);
    sinceFirst.push(at - firstAt);
    sinceLast.push(at - lastAt);
    keyGap.push(lastAt - firstAt);
    await input.fill('');
    await page.locator(`tr[data-row]:not([data-row*="${word}"])`).first().waitFor();
    await delay(500);
  }
  await close();
  console.log(`\nsearch: ${words.join(', ')} typed, a key each ${keyMs} ms, until only such rows are shown`);
  line('GET of it by REST, kept alive', usual(bare));
  line('filtered rows after the last key', `${usual(sinceLast)}: of that the page waits 250 for another key`);
  line(
    'filtered rows after the first key',
    `${usual(sinceFirst)}: of that typing ${median(keyGap).toFixed(0)}`,
  );
}

/** Scrolling by the wheel from the first row to the last in 5 s: while pages are still being loaded, and once all are there. */
export async function benchScroll(
  platform: TestPlatform,
  browser: TestBrowser,
  fleet: number,
): Promise<void> {
  const step = Math.max(20, Math.ceil((rowHeight * fleet) / (scrollMs / wheelMs)));
  console.log(`\nscroll: the wheel turned by ${step} pixels each ${wheelMs} ms for ${scrollMs / 1000} s`);
  const { page, close } = await openList(platform, browser);
  const idle = await framesWhile(page, () => delay(scrollMs));
  showFrames('nothing turned', idle);
  showFrames('while rows are loaded', await framesWhile(page, () => turnWheel(page, step)));
  line('  rows loaded by then', String(await rowsLoaded(page)));
  const startedAt = performance.now();
  await loadAll(page);
  line(
    'all the rest loaded',
    `${((performance.now() - startedAt) / 1000).toFixed(1)} s, ${await rowsLoaded(page)} rows`,
  );
  await scrollTo(page, 0);
  showFrames('all rows loaded', await framesWhile(page, () => turnWheel(page, step)));
  await close();
}

async function framesWhile(page: Page, work: () => Promise<unknown>): Promise<Frames> {
  await page.locator('tr[data-row]').nth(3).hover();
  await recordFrames(page);
  await work();
  return recordedFrames(page);
}

async function turnWheel(page: Page, step: number): Promise<void> {
  const until = performance.now() + scrollMs;
  for (let due = performance.now(); performance.now() < until; due += wheelMs) {
    await page.mouse.wheel(0, step);
    const left = due + wheelMs - performance.now();
    if (left > 0) await delay(left);
  }
}

function showFrames(what: string, { gaps, longTasks, blank, rowsAtMost, scrolledTo }: Frames): void {
  const long = gaps.filter((gap) => gap > 50).length;
  line(
    what,
    `${gaps.length} frames, ${long} longer than 50 ms; median ${median(gaps).toFixed(0)}, p99 ${atShare(gaps, 0.99).toFixed(0)}, ` +
      `at most ${Math.max(...gaps).toFixed(0)} ms`,
  );
  const tasks =
    longTasks.length === 0
      ? 'no long task'
      : `${longTasks.length} long tasks of at most ${Math.max(...longTasks).toFixed(0)} ms`;
  line(
    '',
    `${tasks}; passed ${Math.round(scrolledTo / rowHeight)} rows, at most ${rowsAtMost} in the document, ${blank} frames without any in the middle`,
  );
}

/** Scrolls to the end again and again, until the list has no more. */
export async function loadAll(page: Page): Promise<void> {
  await eventually(
    'all rows are loaded',
    async () => {
      await scrollTo(page, Number.MAX_SAFE_INTEGER);
      return (await rowCount(page)) !== -1;
    },
    { timeoutMs: loadingMs, intervalMs: 20 },
  );
}

export async function scrollTo(page: Page, top: number): Promise<void> {
  await page
    .locator('main [role=region]:has(tr[data-row])')
    .first()
    .evaluate((scroller, to) => {
      scroller.scrollTop = to;
    }, top);
  await delay(100);
}

/** With its head; −1 while there is more on the server. */
async function rowCount(page: Page): Promise<number> {
  return Number(await page.locator('main table[aria-rowcount]').first().getAttribute('aria-rowcount'));
}

async function rowsLoaded(page: Page): Promise<number> {
  const text = await page.locator('main [role=status]', { hasText: /\d/ }).first().textContent();
  return Number(text?.replaceAll(',', '').match(/\d+/)?.[0] ?? Number.NaN);
}
