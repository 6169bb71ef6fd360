#!/usr/bin/env node
import { CommanderError } from 'commander';
import { errorTable } from '../contracts/errors.ts';
import { CommandFailure, failureLine } from './failures/failure.ts';
import { createProgram } from './program.ts';

// A reader that has seen enough (`vcp list | head`) is not a failure. What is told on the way may be lost.
process.stdout.on('error', () => process.exit(0));
process.stderr.on('error', () => undefined);

try {
  const program = await createProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Tells a failure on stderr; gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : errorTable.invalid_request.exitCode;
  if (error instanceof CommandFailure) {
    process.stderr.write(`${failureLine(error)}\n`);
    if (wantsJson() && error.problem !== undefined)
      process.stdout.write(`${JSON.stringify(error.problem, undefined, 2)}\n`);
    return errorTable[error.code].exitCode;
  }
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${errorTable.internal.title}: ${reason} (internal)\n`);
  return errorTable.internal.exitCode;
}

function wantsJson(): boolean {
  return process.argv.some(
    (argument, index) =>
      /^(?:-o|--output=)json$/.test(argument) ||
      (/^(-o|--output)$/.test(process.argv[index - 1] ?? '') && argument === 'json'),
  );
}
