import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Writable } from 'node:stream';
import { gatewaySpace, type NewSpace, nodeProgram } from '../../local/node-program.ts';

/** Processes of a bench, with a folder of their own for their settings and logs. */
export interface BenchChildren {
  /** Writes a file that only we can read; gives its path. */
  write(name: string, content: object | string): string;
  start(script: string, args: readonly string[], options?: StartOptions): BenchChild;
  /** Ends them, the last one first, and removes the folder. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly nodeFlags?: readonly string[];
  /** Default: as the gateway has it. */
  readonly space?: NewSpace;
  /** Checkout that the script is of; default: this one. */
  readonly folder?: string | undefined;
}

export interface BenchChild {
  readonly pid: number;
  readonly stdin: Writable;
  /** Of its standard output. */
  readonly lines: Interface;
}

const repository = join(import.meta.dirname, '..', '..');

export function createBenchChildren(): BenchChildren {
  const dir = mkdtempSync(join(tmpdir(), 'vcp-gateway-load-'));
  const children: ChildProcess[] = [];
  // As on the platform, logs go to a file.
  const log = openSync(join(dir, 'log'), 'a', 0o600);
  return {
    write(name, content) {
      const file = join(dir, name);
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
      return file;
    },
    start(script, args, { nodeFlags = [], space = gatewaySpace, folder = repository } = {}) {
      const program = nodeProgram([join(folder, script), ...args], space);
      const child = spawn(
        program.binary,
        [...program.args.slice(0, -1 - args.length), ...nodeFlags, join(folder, script), ...args],
        {
          stdio: ['pipe', 'pipe', log],
          env: { ...process.env, ...program.env },
        },
      );
      const { stdin, stdout, pid } = child;
      if (stdin === null || stdout === null || pid === undefined) throw new Error('a process without pipes');
      children.push(child);
      return { pid, stdin, lines: createInterface({ input: stdout }) };
    },
    async stop() {
      for (const child of children.toReversed()) {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** @throws Error if the process ends first */
export async function nextLine(lines: Interface): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const ended = () => reject(new Error('a process of the bench ended early: its log says why'));
  lines.once('line', resolve).once('close', ended);
  return promise.finally(() => lines.off('line', resolve).off('close', ended));
}

/** @throws Error if the process ends first */
export async function untilLine(lines: Interface, pattern: RegExp): Promise<void> {
  for (;;) if (pattern.test(await nextLine(lines))) return;
}
