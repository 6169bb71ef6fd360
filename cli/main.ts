#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { errorTable } from '../contracts/errors.ts';
import type { VerbWithOwnCommand } from '../contracts/verbs.ts';
import { CommandFailure, failureLine } from './failure.ts';

type Load = () => Promise<Command>;
/** An update is asked for by changing the resource. */
type VerbCommands = Record<Exclude<VerbWithOwnCommand, 'update'>, Load>;

/** Loaded when they are asked for: kubectl runs `vcp token` before every command, so it must be quick. */
const commands: Readonly<Record<string, Load> & VerbCommands> = {
  login: async () => (await import('./commands/login.ts')).loginCommand(),
  logout: async () => (await import('./commands/logout.ts')).logoutCommand(),
  list: async () => (await import('./commands/list.ts')).listCommand(),
  create: async () => (await import('./commands/create.ts')).createCommand(),
  connect: async () => (await import('./commands/connect.ts')).connectCommand(),
  sleep: async () => (await import('./commands/sleep.ts')).sleepCommand(),
  snapshot: async () => (await import('./commands/snapshot.ts')).snapshotCommand(),
  restore: async () => (await import('./commands/restore.ts')).restoreCommand(),
  retry: async () => (await import('./commands/retry.ts')).retryCommand(),
  delete: async () => (await import('./commands/delete.ts')).deleteCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  operations: async () => (await import('./commands/operations.ts')).operationsCommand(),
  token: async () => (await import('./commands/token.ts')).tokenCommand(),
};

// A reader that has seen enough (`vcp list | head`) is not a failure.
process.stdout.on('error', () => process.exit(0));

try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** The program with the one command that is asked for, or with all of them for verbs, help and mistakes. */
async function createProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('vcp')
    .description('Tenant clusters of vcluster-platform')
    .showHelpAfterError('(--help shows how)');
  const load = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  const loaded = load === undefined ? await loadAll() : [await load()];
  for (const command of loaded) program.addCommand(command);
  exitByThrowing(program);
  return program;
}

async function loadAll(): Promise<Command[]> {
  const { verbCommands } = await import('./commands/verb.ts');
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  return [...loaded, ...verbCommands()];
}

/** Commander's own failures are wrong usage, which is ours to number. */
function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByThrowing(child);
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
      argument === '--output=json' ||
      (/^(-o|--output)$/.test(process.argv[index - 1] ?? '') && argument === 'json'),
  );
}
