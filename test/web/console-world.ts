import type { ConsoleUser, TestBrowser } from '../support/browser.ts';
import type { TestPlatform } from '../support/platform.ts';

/** What the cases share: one platform, one browser, an administrator who is signed in. */
export interface Console {
  readonly platform: TestPlatform;
  readonly browser: TestBrowser;
  readonly admin: ConsoleUser;
}
