import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCli } from '../../scripts/bundle-cli.ts';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** The command as people install it: of its sources each start loads 600 files, which is most of its time. */
const folder = mkdtempSync(join(tmpdir(), 'vcp-bundle-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
await bundleCli(folder);
export const main = join(folder, 'main.js');

const environment = (env: Environment) => ({
  ...process.env,
  NODE_COMPILE_CACHE: join(folder, 'compiled'),
  ...env,
});

/** Runs `vcp` to its end. */
export function runVcp(args: readonly string[], env: Environment): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: environment(env), timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** Starts `vcp`. */
export function startVcp(args: readonly string[], env: Environment): ChildProcess {
  return spawn(process.execPath, [main, ...args], { env: environment(env) });
}

/** Waits for the end of a command that was started. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, stdout, stderr };
}

/** A process that runs commands one after another (vcp-host.ts), for those of which only what they print is asked. */
export interface VcpHost {
  run(args: readonly string[], env: Environment): Promise<Ended>;
  stop(): void;
}

export function startVcpHost(): VcpHost {
  const child = fork(join(import.meta.dirname, 'vcp-host.ts'), { env: environment({}), execArgv: [] });
  return {
    async run(args, env) {
      const answer = once(child, 'message', { signal: AbortSignal.timeout(60_000) });
      child.send({ args, env });
      const [ended] = (await answer) as [Ended];
      return ended;
    },
    stop: () => child.kill(),
  };
}
