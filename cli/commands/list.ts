import { Command } from 'commander';
import type { InstanceSummary } from '../../contracts/instance-summaries.ts';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { age, type Column, type OutputFormat, outputFormat, printList } from '../output.ts';
import { listAccessKeysCommand } from './access-keys.ts';
import { checkNames, withClient } from './options.ts';
import { listUnclaimedNamespacesCommand } from './unclaimed-namespaces.ts';

const columns: Column<InstanceSummary<'tenant'>>[] = [
  ['NAME', ({ name }) => name],
  ['PROJECT', ({ project }) => project],
  ['STATUS', ({ phase }) => phase],
  ['CLUSTER', ({ cluster }) => cluster ?? ''],
  ['VERSION', ({ kubernetesVersion }) => kubernetesVersion ?? ''],
  ['AGE', ({ createdAt }) => age(createdAt)],
  ['MESSAGE', messageOf],
];

const spaceColumns: Column<InstanceSummary<'space'>>[] = [
  ['NAME', ({ name }) => name],
  ['PROJECT', ({ project }) => project],
  ['STATUS', ({ phase }) => phase],
  ['CLUSTER', ({ cluster }) => cluster ?? ''],
  ['NAMESPACE', ({ namespace }) => namespace ?? ''],
  ['AGE', ({ createdAt }) => age(createdAt)],
  ['MESSAGE', messageOf],
];

/** What people have to know of it, and when what failed is tried again. */
function messageOf({ message, nextAttempt }: InstanceSummary<ManagedKind>): string {
  return [message, nextAttempt].filter((part) => part !== undefined).join('; ');
}

interface ListOptions {
  project?: string;
  output: OutputFormat;
}

/** `vcp list` */
export function listCommand(): Command {
  const listing = (name: string, description: string) =>
    new Command(name)
      .description(description)
      .option('-o, --output <format>', 'table, json or yaml', outputFormat, 'table');
  return new Command('list')
    .description('List what you may see')
    .addCommand(listAccessKeysCommand())
    .addCommand(listUnclaimedNamespacesCommand())
    .addCommand(
      listing('vclusters', 'List tenant clusters')
        .option('-p, --project <name>', 'only of this project')
        .action((options: ListOptions) => listOf('virtualclusters', columns, options)),
    )
    .addCommand(
      listing('spaces', 'List spaces: namespaces of connected clusters')
        .alias('namespaces')
        .option('-p, --project <name>', 'only of this project')
        .action((options: ListOptions) => listOf('spaces', spaceColumns, options)),
    )
    .addCommand(
      listing('projects', 'List projects').action((options: ListOptions) =>
        withClient(async (client) => {
          const { items } = await client.call<{ items: { name: string; displayName?: string }[] }>(
            'GET',
            '/api/v1/projects',
          );
          printList(
            items,
            [
              ['NAME', ({ name }) => name],
              ['DISPLAY NAME', ({ displayName }) => displayName ?? ''],
            ],
            options.output,
          );
        }),
      ),
    );
}

async function listOf<T>(collection: string, columns: Column<T>[], options: ListOptions): Promise<void> {
  checkNames(options.project ?? 'all', 'all');
  await withClient(async (client) => {
    const query = options.project === undefined ? '' : `?project=${options.project}`;
    const { items } = await client.call<{ items: T[] }>('GET', `/api/v1/${collection}${query}`);
    printList(items, columns, options.output);
  });
}
