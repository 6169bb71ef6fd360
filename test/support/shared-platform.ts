import { after } from 'node:test';
import { removeStateDir, startTestPlatform, type TestPlatform } from './platform.ts';

let started: Promise<TestPlatform> | undefined;

/**
 * The platform that all suites of this test process share (test/runner/plan.ts says which do): started for the first
 * one, stopped after the last. A suite may not stop or kill it, and leaves nothing that runs on its node.
 */
export function sharedPlatform(): Promise<TestPlatform> {
  started ??= startTestPlatform();
  return started;
}

after(async () => {
  const platform = await started?.catch(() => undefined);
  if (platform === undefined) return;
  await platform.stop();
  removeStateDir(platform.stateDir);
});
