import { Command } from 'commander';
import { kindNames } from '../../contracts/kinds.ts';
import { type Operation, targetOf } from '../../contracts/operations.ts';
import type { Client } from '../connection/client.ts';
import { tookOf } from '../reading/describe.ts';
import { CommandFailure } from '../failures/failure.ts';
import { age, isTable, type Listing, printList } from '../output/output.ts';
import { stepLine } from '../output/progress.ts';
import { printOperation, showOperation } from '../operations/run-operation.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import {
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
    ['KIND', ({ kind }) => kindNames[kind].noun],
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
            const operation = await client.call<Operation>('POST', `${operationPath(id)}/cancel`);
            if (isTable(output))
              console.log(
                `operation ${operation.id} (${operation.type} ${targetOf(operation).name}) is ${operation.state}; cancellation requested`,
              );
            else printOperation(operation, output);
          }),
        ),
    );
}

function listOperationsCommand(): Command {
  return platformCommand('list', 'List operations, newest first')
    .argument('[tenant-cluster]')
    .option('--space <name>', 'only of this space')
    .option('--limit <number>', 'at most so many, 1 to 200', '50')
    .option('-w, --watch', 'go on with what changes')
    .action(
      (
        tenantCluster: string | undefined,
        options: CommonOptions & ListOptions & { space?: string; limit: string },
      ) => {
        const { space, project, limit } = options;
        checkNames(project, tenantCluster ?? 'all');
        checkNames(project, space ?? 'all');
        if (space !== undefined && tenantCluster !== undefined)
          throw new CommandFailure('invalid_request', 'give a tenant cluster or --space, not both');
        const scope =
          tenantCluster !== undefined
            ? `/virtualclusters/${tenantCluster}`
            : space === undefined
              ? ''
              : `/spaces/${space}`;
        const path = `/api/v1/projects/${project}${scope}/operations?${new URLSearchParams({ limit })}`;
        return withClient((client) =>
          showList(
            client,
            { read: async () => (await client.call<{ items: Operation[] }>('GET', path)).items },
            listing,
            options,
          ),
        );
      },
    );
}

function operationPath(id: string): string {
  return `/api/v1/operations/${encodeURIComponent(id)}`;
}

function readOperation(client: Client, id: string): Promise<Operation> {
  return client.call<Operation>('GET', operationPath(id));
}
