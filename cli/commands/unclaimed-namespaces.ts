import { Command } from 'commander';
import type { Operation } from '../../contracts/operations.ts';
import type { UnclaimedNamespace } from '../../contracts/resources/cluster.ts';
import { type Column, type OutputFormat, outputFormat, printList } from '../output.ts';
import { showOperation } from '../run-operation.ts';
import { checkNames, type CommonOptions, operationCommand, withClient } from './options.ts';

type Listed = UnclaimedNamespace & { readonly cluster: string };

const collection = '/api/v1/unclaimed-namespaces';
const columns: Column<Listed>[] = [
  ['NAMESPACE', ({ name }) => name],
  ['CLUSTER', ({ cluster }) => cluster],
  ['KIND', ({ kind }) => kind],
  ['PROJECT', ({ project }) => project ?? ''],
  ['NAME', ({ subject }) => subject ?? ''],
];

/** `vcp list unclaimed-namespaces` */
export function listUnclaimedNamespacesCommand(): Command {
  return new Command('unclaimed-namespaces')
    .description(
      'List namespaces in connected clusters that belong to no existing tenant cluster or space (administrators)',
    )
    .option('-o, --output <format>', 'table, json or yaml', outputFormat, 'table')
    .action((options: { output: OutputFormat }) =>
      withClient(async (client) => {
        const { items } = await client.call<{ items: Listed[] }>('GET', collection);
        printList(items, columns, options.output);
      }),
    );
}

/** `vcp delete unclaimed-namespace` */
export function deleteUnclaimedNamespaceCommand(): Command {
  return operationCommand(
    'unclaimed-namespace',
    'Delete an unclaimed namespace and everything in it (administrators)',
  )
    .argument('<namespace>')
    .requiredOption('--cluster <name>', 'connected cluster')
    .action((namespace: string, options: CommonOptions & { cluster: string }) => {
      checkNames(options.cluster, 'any');
      checkNames(namespace, 'any');
      return withClient(async (client) => {
        const path = `${collection}/${options.cluster}/${namespace}`;
        await showOperation(client, options, await client.call<Operation>('DELETE', path));
      });
    });
}
