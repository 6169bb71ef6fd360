import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { bundleCli, oldestNode } from './bundle-cli.ts';

/*
 * Makes vcluster-platform-cli-<version>.tgz in dist/, or in the folder that is named: the command `vcp` as plain JavaScript that any
 * Node from 20.11 on runs, with all that it needs in it. `npm install --global` takes the file.
 */
const root = join(import.meta.dirname, '..');
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const folder = join(dist, 'vcp');

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await bundleCli(folder);
const { version, license } = packageJson;
const contents = {
  name: 'vcluster-platform-cli',
  version,
  description: 'The command vcp of vcluster-platform: tenant clusters from the command line.',
  license,
  type: 'module',
  bin: { vcp: 'main.js' },
  engines: { node: `>=${oldestNode}` },
};
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(contents, undefined, 2)}\n`);
copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', dist], {
  cwd: folder,
  encoding: 'utf8',
});
if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
console.log(`npm install --global ${join(dist, packed.stdout.trim())}`);
