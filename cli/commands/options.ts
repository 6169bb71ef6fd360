import { Command, Option } from 'commander';
import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind } from '../../contracts/kinds.ts';
import { checkName, maxTenantNameLength } from '../../contracts/names.ts';
import { type Client, createClient } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { type Login, readLogin } from '../login-file.ts';
import { type OutputFormat, outputFormat } from '../output.ts';

export interface CommonOptions {
  readonly project: string;
  readonly output: OutputFormat;
  readonly skipWait?: boolean;
}

/** A command with `--project` and `--output`. */
export function platformCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('-p, --project <name>', 'project').default('default'))
    .addOption(
      new Option('-o, --output <format>', 'table, json or yaml').default('table').argParser(outputFormat),
    );
}

/** Like `platformCommand`, for commands that wait for an operation. */
export function operationCommand(name: string, description: string): Command {
  return platformCommand(name, description).option('--skip-wait', 'do not wait until the operation ends');
}

/** Like `operationCommand`, for what is done to one of `kind` by its name. */
export function kindCommand(kind: ManagedKind, description: string): Command {
  const { name, alias }: { readonly name: string; readonly alias?: string } = kindNames[kind].command;
  const command = operationCommand(name, description).argument('<name>');
  return alias === undefined ? command : command.alias(alias);
}

/** Runs `work` with a client of the platform one is logged in to. */
export async function withClient(work: (client: Client, login: Login) => Promise<void>): Promise<void> {
  const login = readLogin();
  const client = createClient(login);
  try {
    await work(client, login);
  } finally {
    await client.close();
  }
}

/** @throws CommandFailure `invalid_request` if one of the two is not a name; they go into paths */
export function checkNames(project: string, name: string): void {
  try {
    checkName('project', project);
    checkName('tenant cluster', name, maxTenantNameLength);
  } catch (error) {
    if (error instanceof PlatformError) throw new CommandFailure(error.code, error.message);
    throw error;
  }
}

/** Scheme, host and port of a platform. @throws CommandFailure `invalid_request` if it is not an https URL */
export function platformUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw new CommandFailure('invalid_request', `"${text}" is not an https URL`);
  return new URL(text).origin;
}
