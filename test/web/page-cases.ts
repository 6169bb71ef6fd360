import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Console } from './console-world.ts';

/** Every page, as an administrator has it. */
export const pagePaths = [
  '/',
  '/tenant-clusters',
  '/tenant-clusters/new?project=default',
  '/projects/default/tenant-clusters/web-one',
  ...['operations', 'resources', 'snapshots', 'access', 'sleep', 'yaml'].map(
    (tab) => `/projects/default/tenant-clusters/web-one?tab=${tab}`,
  ),
  '/spaces',
  '/spaces/new?project=default',
  '/operations',
  '/snapshots',
  '/templates',
  '/templates/virtualclustertemplates/default',
  '/projects',
  '/projects/default',
  '/clusters',
  '/clusters/local',
  '/users',
  '/access-keys',
  '/audit',
  '/settings',
  '/profile',
  '/nothing/here',
];

/** What is true of every page: accessible in both themes, and no wider than a phone. */
export function pageCases(shared: () => Console): void {
  test('every page is accessible in both themes, and fits on a phone', async () => {
    const { platform, browser } = shared();
    const { user: name, password } = platform.admin();
    const user = await browser.open({ name, password });
    const { page } = user;
    const found: string[] = [];
    for (const path of pagePaths) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1360, height: 860 });
      await user.visit(path);
      const light = await user.violations();
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
      const dark = await user.violations(['color-contrast']);
      await page.setViewportSize({ width: 390, height: 844 });
      const width = await widthOf(page);
      found.push(
        ...light.map((violation) => `${path}: ${violation}`),
        ...dark.map((violation) => `${path}, dark: ${violation}`),
        ...(width > 390 ? [`${path}: ${width} px wide on a phone`] : []),
      );
    }
    assert.deepEqual(found, []);
    assert.deepEqual(user.problems, []);
    await user.context.close();
  });
}

/** Width of what is shown in CSS pixels, once what moves has come to rest. */
async function widthOf(page: Page): Promise<number> {
  const width = () => page.evaluate<number>('document.documentElement.scrollWidth');
  for (let tries = 0; tries < 20 && (await width()) > 390; tries += 1) await page.waitForTimeout(100);
  return width();
}
