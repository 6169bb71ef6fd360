import { writeSync } from 'node:fs';

/** What a shell expects of a program that the user ended with Ctrl-C. */
const interruptedExitCode = 130;

/**
 * On Ctrl-C the process ends with what `leave` says on stderr, in a line of its own, and exit code 130.
 * @returns what takes that back
 */
export function onInterrupt(leave: () => string | undefined): () => void {
  const end = () => {
    const said = leave();
    try {
      // At once: the process ends before a stream would have written it.
      if (said !== undefined) writeSync(2, `${process.stderr.isTTY ? '\n' : ''}${said}\n`);
    } catch {
      // No one reads it.
    }
    process.exit(interruptedExitCode);
  };
  process.once('SIGINT', end);
  return () => process.off('SIGINT', end);
}
