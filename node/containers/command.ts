import { spawn } from 'node:child_process';
import { runMarker } from './shim.ts';

export interface CommandOptions {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** The run whose end also ends the command. */
  readonly runDir: string;
  /** The command and its group are killed then. */
  readonly signal: AbortSignal;
}

/** Runs a command beside a container (exec probe, hook). Resolves with its exit code and the end of its output. */
export async function runCommand(options: CommandOptions): Promise<{ code: number; output: string }> {
  const [program = '', ...args] = options.argv;
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.workingDirectory,
    env: { ...options.environment, [runMarker]: options.runDir },
  });
  let output = '';
  const collect = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-1024));
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const kill = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  options.signal.addEventListener('abort', kill, { once: true });
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('error', (error) => {
    output += error.message;
    resolve(127);
  });
  child.once('exit', (code) => resolve(code ?? 137));
  try {
    return { code: await promise, output: output.trim() };
  } finally {
    options.signal.removeEventListener('abort', kill);
  }
}
