import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, stop } from 'esbuild';

/*
 * Makes dist/agent, or the folder that is named: what image vcluster-platform/agent is built of, with the agent as one file
 * of plain JavaScript.
 */
const root = join(import.meta.dirname, '..');
const image = join(root, 'deploy', 'images', 'agent');
const folder = resolve(process.argv[2] ?? join(root, 'dist', 'agent'));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [join(root, 'agent', 'main.ts')],
  outfile: join(folder, 'main.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  // For what is CommonJS in there.
  banner: {
    js: "import { createRequire as agentRequire } from 'node:module'; const require = agentRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
await stop();
for (const file of ['agent', 'Dockerfile']) copyFileSync(join(image, file), join(folder, file));
console.log(folder);
