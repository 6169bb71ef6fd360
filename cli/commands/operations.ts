import { Command } from 'commander';
import { kindNames, type ManagedKind, managedKinds, targetNames } from '../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../contracts/operations.ts';
import type { Client } from '../connection/client.ts';
import { tookOf } from '../reading/describe.ts';
import { CommandFailure } from '../failures/failure.ts';
import { age, isTable, type Listing, printList } from '../output/output.ts';
import { stepLine } from '../output/progress.ts';
import { printOperation, showOperation } from '../operations/run-operation.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import {
  checkClusterName,
  checkNames,
  type CommonOptions,
  outputCommand,
  type OutputOptions,
  platformCommand,
  withClient,
} from './options.ts';

const listing: Listing<Operation> = {
  columns: [
    ['ID', ({ id }) => id],
    ['TYPE', ({ type }) => type],
    ['NAME', (operation) => targetOf(operation).name],
    ['STATE', ({ state }) => state],
    ['KIND', ({ kind }) => targetNames[kind].noun],
    ['ACTOR', ({ actor }) => actor],
    ['TOOK', ({ startedAt, finishedAt }) => tookOf(startedAt, finishedAt)],
    ['AGE', ({ createdAt }) => age(createdAt)],
    ['CLUSTER', ({ cluster }) => cluster ?? '', 'wide'],
    ['STEP', ({ currentStep }) => currentStep ?? '', 'wide'],
    ['MESSAGE', ({ message }) => message ?? '', 'wide'],
  ],
  name: ({ id }) => `operation/${id}`,
};

/** `vcp operations` */
export function operationsCommand(): Command {
  return new Command('operations')
    .addCommand(listOperationsCommand())
    .addCommand(
      outputCommand('get', 'Show an operation with its steps')
        .argument('<id>')
        .action((id: string, { output }: OutputOptions) =>
          withClient(async (client) => {
            const operation = await readOperation(client, id);
            if (isTable(output)) {
              printList([operation], listing, output);
              for (const step of operation.steps) console.log(stepLine(step, false));
              if (operation.message !== undefined) console.log(operation.message);
            } else printOperation(operation, output);
          }),
        ),
    )
    .addCommand(
      outputCommand('watch', 'Follow an operation until it ends')
        .argument('<id>')
        .action((id: string, options: OutputOptions) =>
          withClient(async (client) => showOperation(client, options, await readOperation(client, id))),
        ),
    )
    .addCommand(
      outputCommand('cancel', 'Cancel an operation and undo its steps')
        .argument('<id>')
        .action((id: string, { output }: OutputOptions) =>
          withClient(async (client) => {
            const operation = await client.api.cancelOperation({ params: { id } });
            if (isTable(output))
              console.log(
                `operation ${operation.id} (${operation.type} ${targetOf(operation).name}) is ${operation.state}; cancellation requested`,
              );
            else printOperation(operation, output);
          }),
        ),
    );
}

interface ListOperationsOptions extends CommonOptions, ListOptions {
  readonly space?: string;
  readonly cluster?: string;
  readonly limit: string;
}

function listOperationsCommand(): Command {
  return platformCommand('list', 'List operations, newest first')
    .argument('[instance]', 'only of the tenant cluster or the space of this name')
    .option('--space <name>', 'only of the space of this name')
    .option('--cluster <name>', 'only of the connected cluster of this name')
    .option('--limit <number>', 'at most so many, 1 to 200', '50')
    .option('-w, --watch', 'go on with what changes')
    .action((name: string | undefined, options: ListOperationsOptions) => {
      const { space, cluster, project, watch } = options;
      checkNames(project, name ?? space ?? 'all');
      if (cluster !== undefined) checkClusterName(cluster);
      if ([name, space, cluster].filter((one) => one !== undefined).length > 1)
        throw new CommandFailure('invalid_request', 'give one of a name, --space and --cluster');
      return withClient(async (client) => {
        const read = async () => {
          const items = await listOperations(client, name, options);
          if (name !== undefined && items.length === 0 && watch !== true)
            console.error(`project ${project} has no operations of "${name}"`);
          return items;
        };
        await showList(client, { read }, listing, options);
      });
    });
}

/** Those of a project, or of what has the name in it: a tenant cluster, a space, or one of each; or of a connected cluster. */
async function listOperations(
  client: Client,
  name: string | undefined,
  { project, space, cluster, limit }: ListOperationsOptions,
): Promise<readonly Operation[]> {
  const query = { limit };
  if (cluster !== undefined)
    return (await client.api.listClusterOperations({ params: { name: cluster }, query })).items;
  const read = async (kind: ManagedKind, named: string) =>
    (await client.api.of(kind).listOperations({ params: { project, name: named }, query })).items;
  if (space !== undefined) return read('space', space);
  if (name === undefined)
    return (await client.api.listProjectOperations({ params: { project }, query })).items;
  const found = await Promise.allSettled(managedKinds.map((kind) => read(kind, name)));
  const lists = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failures = found.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  const other = failures.find((error) => !isNotFound(error));
  if (other !== undefined) throw other;
  if (lists.length === 0)
    throw new CommandFailure(
      'not_found',
      `neither a tenant cluster nor a space "${name}" found in project "${project}", or you may not see them`,
      { next: `vcp operations list --project ${project}` },
    );
  return lists
    .flat()
    .toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
    .slice(0, Number(limit));
}

function isNotFound(error: unknown): boolean {
  return (
    error instanceof CommandFailure && managedKinds.some((kind) => kindNames[kind].notFound === error.code)
  );
}

function readOperation(client: Client, id: string): Promise<Operation> {
  return client.api.getOperation({ params: { id } });
}
