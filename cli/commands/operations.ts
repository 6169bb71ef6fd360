import { Command } from 'commander';
import type { Operation } from '../../contracts/operations.ts';
import { age, type Column, duration, printDocument, printList } from '../output.ts';
import { showOperation } from '../run-operation.ts';
import { checkNames, type CommonOptions, platformCommand, withClient } from './options.ts';

const columns: Column<Operation>[] = [
  ['ID', ({ id }) => id],
  ['TYPE', ({ type }) => type],
  ['TENANT CLUSTER', ({ tenantCluster }) => tenantCluster],
  ['STATE', ({ state }) => state],
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
    .description('What was done with tenant clusters, and what is being done')
    .addCommand(
      platformCommand('list', 'List operations, newest first')
        .argument('[tenant-cluster]')
        .action((tenantCluster: string | undefined, options: CommonOptions) => {
          checkNames(options.project, tenantCluster ?? 'all');
          const scope = tenantCluster === undefined ? '' : `/virtualclusters/${tenantCluster}`;
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
      platformCommand('watch', 'Follow an operation to its end')
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
      platformCommand('cancel', 'Cancel an operation; what it did is undone')
        .argument('<id>')
        .action((id: string, options: CommonOptions) =>
          withClient(async (client) => {
            const operation = await client.call<Operation>(
              'POST',
              `/api/v1/operations/${encodeURIComponent(id)}/cancel`,
            );
            if (options.output === 'table')
              console.log(
                `operation ${operation.id} (${operation.type} ${operation.tenantCluster}) is ${operation.state}; it was asked to cancel`,
              );
            else printDocument(operation, options.output);
          }),
        ),
    );
}
