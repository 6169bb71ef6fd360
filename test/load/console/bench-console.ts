import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { browserRefusal, startBrowser } from '../../support/browser.ts';
import type { TestPlatform } from '../../support/platform.ts';
import { benchEventsOnPage } from './events-on-page.ts';
import { benchFirstView, listed } from './first-view.ts';
import { seedFleet } from './fleet.ts';
import { benchOpenConsoles } from './open-consoles.ts';
import { createRestClient, type RestClient } from './rest-client.ts';
import { line, usual } from './shown.ts';
import { benchScroll, benchSearch } from './table-use.ts';

const browserParts = ['view', 'search', 'scroll', 'events'] as const;
export const consoleParts = [...browserParts, 'consoles'] as const;

export interface ConsoleBench {
  /** Tenant clusters. */
  readonly fleet: number;
  /** Streams of part consoles. */
  readonly consoles: number;
  readonly repeats: number;
  readonly parts: readonly string[];
}

/** The console before a large fleet that sleeps, in a real browser; and what many open ones cost the gateway. */
export async function benchConsole(
  platform: TestPlatform,
  { fleet, consoles, repeats, parts }: ConsoleBench,
): Promise<void> {
  const isWanted = (part: (typeof consoleParts)[number]) => parts.includes(part);
  console.log(`console: ${fleet} tenant clusters asleep`);
  const names = await seedFleet(platform, fleet);
  const client = createRestClient(platform);
  try {
    if (browserParts.some(isWanted)) await benchInBrowser(platform, client, names, repeats, isWanted);
    if (isWanted('consoles')) await benchOpenConsoles(platform, client, names, consoles);
    await delay(1_000);
    const times: number[] = [];
    for (let index = 0; index < 20; index += 1) times.push(await client.timeOf(listed));
    console.log();
    line('GET of the list by REST, at the end', usual(times));
  } finally {
    await client.close();
  }
}

async function benchInBrowser(
  platform: TestPlatform,
  client: RestClient,
  names: readonly string[],
  repeats: number,
  isWanted: (part: (typeof browserParts)[number]) => boolean,
): Promise<void> {
  const refusal = browserRefusal();
  if (refusal !== undefined) return console.log(`  ${refusal}`);
  const browser = await startBrowser(platform, [await trustingFlag(platform)]);
  try {
    if (isWanted('view')) await benchFirstView(platform, browser, client, repeats);
    if (isWanted('search')) await benchSearch(platform, browser, client, repeats);
    if (isWanted('scroll')) await benchScroll(platform, browser, names.length);
    if (isWanted('events')) await benchEventsOnPage(platform, browser, client, names);
  } finally {
    await browser.close();
  }
}

/** Chromium keeps nothing in its cache that came with a certificate that it does not trust: lets it trust the gateway's. */
async function trustingFlag(platform: TestPlatform): Promise<string> {
  const { caFile } = platform.admin();
  const socket = connect({ host: '127.0.0.1', port: platform.port, ca: readFileSync(caFile) });
  await once(socket, 'secureConnect');
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  socket.destroy();
  if (key === undefined) throw new Error('the gateway has no certificate');
  return `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`;
}
