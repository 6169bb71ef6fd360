import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build, stop } from 'esbuild';

/** The oldest Node with what the sources use (`import.meta.dirname`). */
export const oldestNode = '20.11';

const root = join(import.meta.dirname, '..');
/** What `vcp add cluster` installs. */
const chart = join('charts', 'vcluster-platform');

/** Writes the command `vcp` as plain JavaScript into `folder`: `main.js`, what it loads, and the chart that it installs. */
export async function bundleCli(folder: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'cli', 'main.ts')],
    outdir: folder,
    bundle: true,
    // A command is a file of its own, loaded when it is asked for.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${oldestNode}`,
    minifySyntax: true,
    minifyWhitespace: true,
    // All in one folder: kubeconfigs name main.js, which stands beside what writes them.
    chunkNames: '[name]-[hash]',
    legalComments: 'linked',
    // For what is CommonJS in there.
    banner: {
      js: "import { createRequire as vcpRequire } from 'node:module'; const require = vcpRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  cpSync(join(root, 'deploy', chart), join(folder, chart), { recursive: true });
  // Its process would go on beside a caller that has more to do.
  await stop();
}
