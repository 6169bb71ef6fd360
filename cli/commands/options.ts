import { Command, Option } from 'commander';
import { PlatformError } from '../../contracts/errors.ts';
import { kindNames, type ManagedKind, targetNames } from '../../contracts/kinds.ts';
import { checkName, maxTenantNameLength } from '../../contracts/names.ts';
import { type Client, createClient } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { type Login, readLogin } from '../connection/login-file.ts';
import { type OutputFormat, outputFormat, outputFormats } from '../output/output.ts';

export interface OutputOptions {
  readonly output: OutputFormat;
}

export interface CommonOptions extends OutputOptions {
  readonly project: string;
  readonly wait?: boolean;
  readonly skipWait?: boolean;
}

export interface DryRunOptions {
  readonly dryRun?: string;
}

/** A command with `--output`. */
export function outputCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option('-o, --output <format>', 'how to print it')
        .choices(outputFormats)
        .default('table')
        .argParser(outputFormat),
    );
}

/** A command with `--output` and `--project`. */
export function platformCommand(name: string, description: string): Command {
  return outputCommand(name, description).addOption(
    new Option('-p, --project <name>', 'project').default('default'),
  );
}

/** Like `platformCommand`, for commands that wait for an operation. */
export function operationCommand(name: string, description: string): Command {
  return withWait(platformCommand(name, description));
}

/** `command` with `--wait` and `--no-wait`. */
function withWait(command: Command): Command {
  return command
    .option('--wait', 'show the operation until it ends; this is the default')
    .option('--no-wait', 'come back as soon as the operation is accepted')
    .addOption(new Option('--skip-wait', 'the same').hideHelp());
}

/** A command for an operation of a connected cluster, by its name. */
export function clusterCommand(description: string): Command {
  const { name } = targetNames.cluster.command;
  return withWait(outputCommand(name, description)).addOption(dryRunOption()).argument('<name>');
}

/** Like `operationCommand`, for what is done to one of `kind` by its name. */
export function kindCommand(kind: ManagedKind, description: string): Command {
  const { name, alias }: { readonly name: string; readonly alias?: string } = kindNames[kind].command;
  const command = operationCommand(name, description).argument('<name>');
  return alias === undefined ? command : command.alias(alias);
}

/** Like `platformCommand`, for what is asked about one of `kind` by its name. */
export function kindQuery(kind: ManagedKind, description: string): Command {
  const { name, alias }: { readonly name: string; readonly alias?: string } = kindNames[kind].command;
  const command = platformCommand(name, description).argument('<name>');
  return alias === undefined ? command : command.alias(alias);
}

/** Gathers the values of an option that can be repeated. */
export function collect(value: string, all: readonly string[]): string[] {
  return [...all, value];
}

/** `--dry-run=server`, for commands that write a resource. */
export function dryRunOption(): Option {
  return new Option(
    '--dry-run <where>',
    'server: let the platform check everything, but change nothing',
  ).choices(['server']);
}

/** What makes a request to the management API one of a dry run. */
export function dryRunQuery({ dryRun }: DryRunOptions): string {
  return dryRun === undefined ? '' : '?dryRun=All';
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
  refusing(() => {
    checkName('project', project);
    checkName('tenant cluster', name, maxTenantNameLength);
  });
}

/** @throws CommandFailure `invalid_request` if it is not a name of a connected cluster */
export function checkClusterName(name: string): void {
  refusing(() => checkName('connected cluster', name));
}

function refusing(check: () => void): void {
  try {
    check();
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
