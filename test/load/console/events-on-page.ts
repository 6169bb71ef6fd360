import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { TestBrowser } from '../../support/browser.ts';
import type { TestPlatform } from '../../support/platform.ts';
import { median } from '../statistics.ts';
import { recordedFrames, recordFrames, seen, waitFor } from './page-probe.ts';
import type { Change, RestClient } from './rest-client.ts';
import { line, usual } from './shown.ts';
import { loadAll, openList, scrollTo } from './table-use.ts';

const count = 20;
const elsewhere = { perSecond: 50, seconds: 10 };

interface Told {
  readonly change: Change;
  /** When it had been painted, milliseconds since 1970. */
  readonly at: number;
}

/** From a write by REST until its text is on an open page: at rest, and while much else changes. */
export async function benchEventsOnPage(
  platform: TestPlatform,
  browser: TestBrowser,
  client: RestClient,
  fleet: readonly string[],
): Promise<void> {
  console.log(
    `\nan event: PATCH of a display name by REST until it is painted on an open page, ${count} times (aim ≤ 1000 ms)`,
  );
  const { page, close } = await openList(platform, browser);
  const shown = await rowsShown(page);
  const others = fleet.filter((name) => !shown.includes(name));
  const atRest = await renameShown(page, client, shown, 200, 'At rest');
  showTold('nothing else changes', atRest);
  await underLoad('changes elsewhere', 'Beside');
  await loadAll(page);
  await scrollTo(page, 0);
  await underLoad('the same, all rows loaded', 'All loaded');
  await close();

  async function underLoad(what: string, word: string): Promise<void> {
    await recordFrames(page);
    const changing = client.renameSteadily(others, elsewhere, `Elsewhere ${word}`);
    const told = await renameShown(page, client, shown, (elsewhere.seconds * 1000) / count, word);
    const changes = await changing;
    const { gaps, longTasks } = await recordedFrames(page);
    showTold(what, told, median(told.map(({ at, change }) => at - change.sentAt)) - medianOf(atRest));
    const took = changes.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
    const first = Math.min(...changes.map(({ sentAt }) => sentAt));
    const last = Math.max(...changes.map(({ answeredAt }) => answeredAt));
    line(
      '  the changes elsewhere',
      `${changes.length}, ${((changes.length / (last - first)) * 1000).toFixed(0)} a second; each answered after ${usual(took)}`,
    );
    line(
      '  the page meanwhile',
      `${gaps.filter((gap) => gap > 50).length} of ${gaps.length} frames longer than 50 ms, ${longTasks.length} long tasks of at most ${Math.max(0, ...longTasks).toFixed(0)} ms`,
    );
  }
}

/** Names of the rows that can be seen. */
async function rowsShown(page: Page): Promise<string[]> {
  const keys = await page
    .locator('tr[data-row]')
    .evaluateAll((rows) =>
      rows
        .filter((row) => row.getBoundingClientRect().bottom < window.innerHeight)
        .map((row) => row.getAttribute('data-row') ?? ''),
    );
  return keys.map((key) => key.split('/')[1] ?? '').slice(0, 10);
}

async function renameShown(
  page: Page,
  client: RestClient,
  names: readonly string[],
  everyMs: number,
  word: string,
): Promise<Told[]> {
  const told: Told[] = [];
  for (let index = 0; index < count; index += 1) {
    const next = delay(everyMs);
    const text = `${word} ${index}.`;
    await waitFor(page, { kind: 'text', text });
    const change = await client.rename(names[index % names.length] ?? '', text);
    const { at } = await seen(page);
    told.push({ change, at });
    await next;
  }
  return told;
}

function medianOf(told: readonly Told[]): number {
  return median(told.map(({ at, change }) => at - change.sentAt));
}

function showTold(what: string, told: readonly Told[], more?: number): void {
  const since = (part: 'sentAt' | 'answeredAt') => usual(told.map(({ at, change }) => at - change[part]));
  const took = told.map(({ change }) => change.answeredAt - change.sentAt);
  line(
    what,
    `${since('sentAt')} after it was sent${more === undefined ? '' : `, ${more.toFixed(0)} ms more than at rest`}; ` +
      `${since('answeredAt')} after the answer, which took ${usual(took)}`,
  );
}
