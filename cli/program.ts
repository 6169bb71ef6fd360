import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { VerbOf } from '../contracts/kinds.ts';
import type { OperationType, VerbWithOwnCommand, verbs } from '../contracts/verbs.ts';

/** What a command does, and where it is. */
type Entry = readonly [does: string, load: () => Promise<Command>];
type VerbOfRow = Exclude<OperationType, VerbWithOwnCommand>;
/** The commands of verbs: those that have a file, and those that are made from their row in contracts/verbs.ts. */
type VerbCommands = Record<VerbWithOwnCommand | (typeof verbs)[VerbOfRow]['command']['name'], Entry>;

const { version } = packageJson;

/*
 * Every command is loaded when it is asked for: kubectl runs `vcp token` before every command, so it must be quick, and so
 * must `vcp --help`.
 */
const ofInstances = {
  list: ['List what you may see', async () => (await import('./commands/list.ts')).listCommand()],
  get: [
    'Show one of what is listed, or all of its resource',
    async () => (await import('./commands/get.ts')).getCommand(),
  ],
  describe: [
    'Tell everything about a tenant cluster, a space or a connected cluster',
    async () => (await import('./commands/describe.ts')).describeCommand(),
  ],
  why: [
    'Tell in a sentence why a tenant cluster or a space is in its state',
    async () => (await import('./commands/why.ts')).whyCommand(),
  ],
  create: [
    'Create a tenant cluster, a space or an access key',
    async () => (await import('./commands/create.ts')).createCommand(),
  ],
  update: [
    'Change a tenant cluster or a space',
    async () => (await import('./commands/update.ts')).updateCommand(),
  ],
  connect: [
    'Use a tenant cluster, a space, a connected cluster or the management API with kubectl',
    async () => (await import('./commands/connect.ts')).connectCommand(),
  ],
  share: [
    'Let others use a tenant cluster or a space',
    async () => (await import('./commands/share.ts')).shareCommand(),
  ],
  sleep: [
    'Put a tenant cluster or a space to sleep',
    async () => (await import('./commands/sleep.ts')).sleepCommand(),
  ],
  wakeup: [
    'Wake a tenant cluster or a space',
    async () => (await import('./commands/verb.ts')).verbCommand('wake'),
  ],
  snapshot: [
    "Snapshots of a tenant cluster's data",
    async () => (await import('./commands/snapshot.ts')).snapshotCommand(),
  ],
  restore: [
    "Restore a tenant cluster's data from a snapshot",
    async () => (await import('./commands/restore.ts')).restoreCommand(),
  ],
  retry: [
    'Try again what failed: create, update, sleep, wakeup or delete',
    async () => (await import('./commands/retry.ts')).retryCommand(),
  ],
  delete: [
    'Delete a tenant cluster (its snapshots stay), a space or an access key',
    async () => (await import('./commands/delete.ts')).deleteCommand(),
  ],
  operations: [
    'Operations on tenant clusters, spaces and connected clusters',
    async () => (await import('./commands/operations.ts')).operationsCommand(),
  ],
} as const satisfies Record<string, Entry> & Omit<VerbCommands, VerbOf<'cluster'>>;

const ofPlatform = {
  add: [
    'Add a connected cluster (administrators)',
    async () => (await import('./commands/add.ts')).addCommand(),
  ],
  disconnect: [
    'Disconnect a connected cluster (administrators)',
    async () => (await import('./commands/disconnect.ts')).disconnectCommand(),
  ],
  upgrade: [
    'Upgrade the agent of a connected cluster (administrators)',
    async () => (await import('./commands/upgrade.ts')).upgradeCommand(),
  ],
  projects: [
    'Projects that you may see',
    async () => (await import('./commands/resource.ts')).resourceCommand('projects'),
  ],
  templates: [
    'Templates of tenant clusters',
    async () => (await import('./commands/resource.ts')).resourceCommand('templates'),
  ],
  clusters: [
    'Connected clusters',
    async () => (await import('./commands/resource.ts')).resourceCommand('clusters'),
  ],
  users: [
    'Users of the platform',
    async () => (await import('./commands/resource.ts')).resourceCommand('users'),
  ],
  teams: ['Teams of users', async () => (await import('./commands/resource.ts')).resourceCommand('teams')],
  'access-key': [
    'Your access keys',
    async () => (await import('./commands/access-keys.ts')).accessKeyCommand(),
  ],
  usage: [
    'Time awake and asleep, and what a sleep policy would save',
    async () => (await import('./commands/usage.ts')).usageCommand(),
  ],
  audit: ['Audit events', async () => (await import('./commands/audit.ts')).auditCommand()],
} as const satisfies Record<string, Entry> & Pick<VerbCommands, VerbOf<'cluster'>>;

const ofThisMachine = {
  login: [
    'Log in to a platform by browser, with a password or an access key, or go back to one; logins at others stay',
    async () => (await import('./commands/login.ts')).loginCommand(),
  ],
  logout: [
    'Log out: kubeconfigs created with this login stop working, access keys with a name stay',
    async () => (await import('./commands/logout.ts')).logoutCommand(),
  ],
  config: [
    'Platforms that you are logged in to',
    async () => (await import('./commands/config.ts')).configCommand(),
  ],
  token: [
    'Print the access key for kubectl (an ExecCredential)',
    async () => (await import('./commands/token.ts')).tokenCommand(),
  ],
  completion: [
    'Print a script that completes commands in your shell',
    async () => (await import('./commands/completion.ts')).completionCommand(wholeProgram),
  ],
  version: [
    'Show the versions of vcp and of the platform',
    async () => (await import('./commands/version.ts')).versionCommand(version),
  ],
} as const satisfies Record<string, Entry>;

const groups: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  'Tenant clusters and spaces:': ofInstances,
  'Platform:': ofPlatform,
  'This machine:': ofThisMachine,
};

/** The program with the command that `args` ask for; of the others, their names and what they do. */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const asked = args[0] === 'help' ? args[1] : args[0];
  return programOf((name) => name === asked);
}

/** The program with all its commands. */
export function wholeProgram(): Promise<Command> {
  return programOf(() => true);
}

async function programOf(isLoaded: (name: string) => boolean): Promise<Command> {
  const program = new Command('vcp')
    .description('Tenant clusters of vcluster-platform')
    .version(version, '-V, --version', 'show the version of vcp');
  for (const [title, entries] of Object.entries(groups))
    for (const [name, [does, load]] of Object.entries(entries)) {
      const command = isLoaded(name) ? await load() : new Command(name);
      program.addCommand(command.description(does).helpGroup(title));
    }
  reportMistakes(program);
  return program;
}

/** Commander's own failures are wrong usage, which is ours to number; the help says what is right. */
function reportMistakes(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help shows how)');
  for (const child of command.commands) reportMistakes(child);
}
