import { spawn } from 'node:child_process';
import { fstatSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PlatformError } from '../../contracts/errors.ts';
import { identify, type ProcessIdentity } from './identity.ts';
import { closeLog, openLog } from './log-file.ts';
import type { Program } from './program.ts';
import { stopProcess } from './stop-process.ts';

/** A child that was started here. It leads a process group of its own and outlives us unless it is stopped. */
export interface RunningProcess {
  readonly name: string;
  readonly logFile: string;
  /** Size of the log before it wrote anything. */
  readonly logOffset: number;
  readonly identity: ProcessIdentity;
  /** Resolves when it has ended: `code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** Ends it as its program says; resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Writes the program's files and starts it, standard output and error appended to `logFile`.
 * @throws PlatformError `toolchain_unavailable` if the binary cannot be executed
 */
export async function startProcess(name: string, program: Program, logFile: string): Promise<RunningProcess> {
  for (const file of program.files ?? []) writePrivateFile(file.path, file.content, file.mode);
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
  const log = openLog(logFile);
  const logOffset = fstatSync(log).size;
  const child = spawn(program.binary, [...program.args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...baseEnvironment(), ...program.env },
    ...(program.workingDirectory === undefined ? {} : { cwd: program.workingDirectory }),
    ...(program.user === undefined ? {} : { uid: program.user.uid, gid: program.user.gid }),
  });
  closeLog(log);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `code ${code}` : `signal ${signal}`));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(
        new PlatformError(
          'toolchain_unavailable',
          `${name} could not be started from ${program.binary}: ${cause.message}`,
          { cause },
        ),
      );
    });
  });
  const pid = child.pid ?? -1;
  // It may have ended already; then no process has this identity and stopping it is a no-op.
  const identity = identify(pid) ?? { pid, startTime: 'ended', bootId: '' };
  return {
    name,
    logFile,
    logOffset,
    identity,
    exited,
    async stop() {
      await stopProcess(identity, program.stopSignal ?? 'SIGTERM', program.stopGraceMs ?? 15_000);
    },
  };
}

/** Writes a file in one step, so that no reader sees half of it; folders are made with mode 0700. */
export function writePrivateFile(path: string, content: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

function baseEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C.UTF-8', TZ: 'UTC' };
}
