import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { TestPlatform } from './platform.ts';

const chromiumPath = '/usr/bin/chromium';

/** Why no browser runs here; undefined: one does. */
export function browserRefusal(): string | undefined {
  return existsSync(chromiumPath)
    ? undefined
    : "browser tests need Debian's chromium: apt-get install chromium";
}

/** Nothing of it asks anything of the Internet. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser {
  /** A user in a browser of their own, signed in with name and password, or not signed in. */
  open(user?: { name: string; password: string }, options?: View): Promise<ConsoleUser>;
  close(): Promise<void>;
}

export interface View {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { width: number; height: number };
}

export interface ConsoleUser {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console and of scripts, violations of the policy: there should be none. */
  readonly problems: string[];
  /** Opens a page of the console, and waits until what it shows is loaded. @param path below `/console` */
  visit(path: string): Promise<void>;
  /** What axe-core finds wrong with the page: WCAG 2.2 level AA and good practice, or these rules alone. */
  violations(rules?: readonly string[]): Promise<string[]>;
}

/** @param more flags of Chromium */
export async function startBrowser(
  platform: Pick<TestPlatform, 'admin'>,
  more: readonly string[] = [],
): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: [...flags, ...more] });
  return {
    open: (user, options = {}) => openUser(browser, platform.admin().url, user, options),
    close: () => browser.close(),
  };
}

async function openUser(
  browser: Browser,
  url: string,
  user: { name: string; password: string } | undefined,
  options: View,
): Promise<ConsoleUser> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1360, height: 860 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  if (user !== undefined) {
    const answer = await context.request.post(`${url}/auth/session`, {
      data: { username: user.name, password: user.password },
      headers: { origin: url },
    });
    assert.equal(answer.status(), 200, await answer.text());
  }
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const problems: string[] = [];
  // A refused request is logged by the browser too; whether it should have been is the test's to say.
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  return {
    page,
    context,
    problems,
    visit: async (path) => {
      await page.goto(`${url}/console${path}`);
      await page.locator('main').locator('h1, [role=alert]').first().waitFor();
      for (const loading of await page.getByRole('status', { name: 'Loading' }).all())
        await loading.waitFor({ state: 'detached' });
      await page.locator('main [class*=Skeleton-root]').first().waitFor({ state: 'hidden' });
    },
    violations: (rules) => violationsOf(page, rules),
  };
}

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function violationsOf(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Colours that change are those of the new theme only when their transition is over.
  await page.evaluate(
    'Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined)))',
  );
  await page.evaluate(axe.source);
  const runOnly = rules === undefined ? standards : { type: 'rule', values: [...rules] };
  return page.evaluate(
    async (options) => {
      const { violations } = await (globalThis as unknown as { axe: AxeCore }).axe.run(options);
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
      );
    },
    { runOnly },
  );
}

interface AxeCore {
  run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}
