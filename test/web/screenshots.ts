/**
 * `npm run screenshots -- [DIR]`: pictures of every page of the console on a platform of its own with some sample objects, in both themes
 * and at the width of a phone, into DIR (default `screenshots`, which is not committed), to be looked at; and the one of the README.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ConsoleUser, startBrowser } from '../support/browser.ts';
import { type TestPlatform, removeStateDir, startTestPlatform } from '../support/platform.ts';
import { pagePaths } from './page-cases.ts';

const looks = [
  ['light', { colorScheme: 'light', viewport: { width: 1360, height: 860 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1360, height: 860 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
] as const;

/** A fleet with one of each state. */
async function addSamples(platform: TestPlatform): Promise<void> {
  const vcp = async (...args: string[]) => {
    const { code, stderr } = await platform.vcp(...args);
    if (code !== 0) throw new Error(`vcp ${args.join(' ')}: ${stderr}`);
  };
  await vcp('create', 'vcluster', 'web-one', '--display-name', 'Shop, development');
  await vcp('snapshot', 'create', 'web-one', '--name', 'before-upgrade');
  await vcp('create', 'vcluster', 'pr-1204', '--display-name', 'Pull request 1204');
  await vcp('sleep', 'vcluster', 'pr-1204');
  await vcp('create', 'space', 'docs');
  await platform.apply('web-bad', {
    template: { helmRelease: { values: 'controlPlane: {unknownField: 1}' } },
  });
  await platform.ended((await platform.first('web-bad', 'create')).id);
}

/** `/a/b?tab=c` as the name of a file. */
const nameOf = (path: string) => path.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '') || 'home';

async function take(user: ConsoleUser, path: string, file: string): Promise<void> {
  await user.visit(path);
  await user.page.screenshot({ path: file });
  for (const problem of user.problems.splice(0)) console.log(`${path}: ${problem}`);
}

const dir = process.argv[2] ?? 'screenshots';
const platform = await startTestPlatform();
try {
  console.log('adding sample objects');
  await addSamples(platform);
  const { user: name, password } = platform.admin();
  const browser = await startBrowser(platform);
  const [failed] = await platform.all('web-bad');
  const paths = [...pagePaths, `/operations/${failed?.id ?? ''}`];
  for (const [look, view] of looks) {
    mkdirSync(join(dir, look), { recursive: true });
    const user = await browser.open({ name, password }, view);
    for (const path of paths) await take(user, path, join(dir, look, `${nameOf(path)}.png`));
    await user.context.close();
    console.log(`${paths.length} pictures in ${join(dir, look)}`);
  }
  const user = await browser.open({ name, password });
  await take(user, '/tenant-clusters', join(import.meta.dirname, '../../docs/images/console.png'));
  await browser.close();
} finally {
  await platform.stop();
  removeStateDir(platform.stateDir);
}
