import { spawnSync } from 'node:child_process';

/** What `npm run check` runs: types, lint with the arrows between folders, format, dead code. */
const checks: ReadonlyArray<readonly [title: string, command: string, args: readonly string[]]> = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['lint', 'oxlint', ['--type-aware', '--max-warnings=0', '--quiet']],
  ['format', 'biome', ['format', '.']],
  ['dead code', 'knip', ['--no-progress']],
];

const failed: string[] = [];
for (const [title, command, args] of checks) {
  const startedAt = performance.now();
  const result = spawnSync(`node_modules/.bin/${command}`, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const ok = result.status === 0;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
  if (!ok) failed.push(title);
}
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
