import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What `npm run check` runs, beside each other: types, lint with the arrows between folders, format, dead code. */
const checks: ReadonlyArray<readonly [title: string, command: string, args: readonly string[]]> = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the console', 'tsc', ['-p', 'web/tsconfig.json']],
  ['lint', 'oxlint', ['--type-aware', '--max-warnings=0', '--quiet']],
  ['format', 'biome', ['format', '.']],
  ['dead code', 'knip', ['--no-progress']],
];

/** Whether it passed; prints all that it said once it has ended. */
async function passes(title: string, command: string, args: readonly string[]): Promise<boolean> {
  const startedAt = performance.now();
  const child = spawn(`node_modules/.bin/${command}`, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(output);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
  return code === 0;
}

const passed = await Promise.all(checks.map((check) => passes(...check)));
const failed = checks.filter((_, index) => !passed[index]).map(([title]) => title);
if (failed.length > 0) {
  console.error(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
