import type { Command } from 'commander';
import type { ListedUnclaimedNamespace } from '../../contracts/rest/unclaimed-namespace-routes.ts';
import type { Listing } from '../output/output.ts';
import { showOperation } from '../operations/run-operation.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import { checkNames, type CommonOptions, operationCommand, outputCommand, withClient } from './options.ts';

const listing: Listing<ListedUnclaimedNamespace> = {
  columns: [
    ['NAMESPACE', ({ name }) => name],
    ['CLUSTER', ({ cluster }) => cluster],
    ['KIND', ({ kind }) => kind],
    ['PROJECT', ({ project }) => project ?? ''],
    ['NAME', ({ subject }) => subject ?? ''],
    ['UID', ({ uid }) => uid ?? '', 'wide'],
  ],
  name: ({ name }) => `namespace/${name}`,
};

/** `vcp list unclaimed-namespaces` */
export function listUnclaimedNamespacesCommand(): Command {
  return outputCommand(
    'unclaimed-namespaces',
    'List namespaces in connected clusters that belong to no existing tenant cluster or space (administrators)',
  )
    .option('-w, --watch', 'go on with what changes')
    .action((options: ListOptions) =>
      withClient((client) =>
        showList(
          client,
          { read: async () => (await client.api.listUnclaimedNamespaces()).items },
          listing,
          options,
        ),
      ),
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
        const params = { cluster: options.cluster, namespace };
        await showOperation(client, options, await client.api.deleteUnclaimedNamespace({ params }));
      });
    });
}
