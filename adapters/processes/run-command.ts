import { PlatformError } from '../../contracts/errors.ts';
import { logTail } from './log-file.ts';
import type { Program } from './program.ts';
import { startProcess } from './start-process.ts';

/**
 * Runs a program to its end.
 * @param logFile receives what it prints
 * @throws PlatformError `internal` with the end of the log if it ends with anything but 0 or takes too long
 */
export async function runCommand(
  name: string,
  program: Program,
  logFile: string,
  timeoutMs = 120_000,
): Promise<void> {
  const running = await startProcess(name, program, logFile);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void running.stop();
  }, timeoutMs);
  const how = await running.exited;
  clearTimeout(timer);
  if (how === 'code 0') return;
  const reason = timedOut ? `took longer than ${Math.round(timeoutMs / 1000)} s` : `failed (${how})`;
  throw new PlatformError(
    'internal',
    `${name} ${reason}; its log ${logFile} ends with:\n${logTail(logFile)}`,
  );
}
