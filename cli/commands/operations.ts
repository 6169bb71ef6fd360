import { Command } from 'commander';
import { kindNames } from '../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../contracts/operations.ts';
import { CommandFailure } from '../failure.ts';
import { age, type Column, duration, printDocument, printList } from '../output.ts';
import { showOperation } from '../run-operation.ts';
import { checkNames, type CommonOptions, platformCommand, withClient } from './options.ts';

const columns: Column<Operation>[] = [
  ['ID', ({ id }) => id],
  ['TYPE', ({ type }) => type],
  ['NAME', (operation) => targetOf(operation).name],
  ['STATE', ({ state }) => state],
  ['KIND', ({ kind }) => kindNames[kind].noun],
  ['ACTOR', ({ actor }) => actor],
  [
    'TOOK',
    ({ startedAt, finishedAt }) =>
      startedAt && finishedAt ? duration(Date.parse(finishedAt) - Date.parse(startedAt)) : '',
  ],
  ['AGE', ({ createdAt }) => age(createdAt)],
];

/** `vcp operations` */
export function operationsCommand(): Command {
  return new Command('operations')
    .description('Operations on tenant clusters and spaces')
    .addCommand(
      platformCommand('list', 'List operations, newest first')
        .argument('[tenant-cluster]')
        .option('--space <name>', 'only of this space')
        .action((tenantCluster: string | undefined, options: CommonOptions & { space?: string }) => {
          const { space } = options;
          checkNames(options.project, tenantCluster ?? 'all');
          checkNames(options.project, space ?? 'all');
          if (space !== undefined && tenantCluster !== undefined)
            throw new CommandFailure('invalid_request', 'give a tenant cluster or --space, not both');
          const scope =
            tenantCluster !== undefined
              ? `/virtualclusters/${tenantCluster}`
              : space === undefined
                ? ''
                : `/spaces/${space}`;
          return withClient(async (client) => {
            const { items } = await client.call<{ items: Operation[] }>(
              'GET',
              `/api/v1/projects/${options.project}${scope}/operations`,
            );
            printList(items, columns, options.output);
          });
        }),
    )
    .addCommand(
      platformCommand('watch', 'Follow an operation until it ends')
        .argument('<id>')
        .action((id: string, options: CommonOptions) =>
          withClient(async (client) => {
            const operation = await client.call<Operation>(
              'GET',
              `/api/v1/operations/${encodeURIComponent(id)}`,
            );
            await showOperation(client, options, operation);
          }),
        ),
    )
    .addCommand(
      platformCommand('cancel', 'Cancel an operation and undo its steps')
        .argument('<id>')
        .action((id: string, options: CommonOptions) =>
          withClient(async (client) => {
            const operation = await client.call<Operation>(
              'POST',
              `/api/v1/operations/${encodeURIComponent(id)}/cancel`,
            );
            if (options.output === 'table')
              console.log(
                `operation ${operation.id} (${operation.type} ${targetOf(operation).name}) is ${operation.state}; cancellation requested`,
              );
            else printDocument(operation, options.output);
          }),
        ),
    );
}
