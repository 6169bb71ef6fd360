import { Command } from 'commander';
import { kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { instanceListing, listInstances } from '../reading/instances.ts';
import { collectionPath } from '../reading/management.ts';
import { platformResources } from '../reading/resources.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import { listAccessKeysCommand } from './access-keys.ts';
import { checkNames, outputCommand, withClient } from './options.ts';
import { listResourceCommand } from './resource.ts';
import { listUnclaimedNamespacesCommand } from './unclaimed-namespaces.ts';

/** `vcp list` */
export function listCommand(): Command {
  const command = new Command('list');
  for (const kind of managedKinds) command.addCommand(listInstancesCommand(kind));
  for (const resource of platformResources) command.addCommand(listResourceCommand(resource, resource));
  return command.addCommand(listAccessKeysCommand('accesskeys')).addCommand(listUnclaimedNamespacesCommand());
}

function listInstancesCommand(kind: ManagedKind): Command {
  const { noun } = kindNames[kind];
  const { name, alias }: { readonly name: string; readonly alias?: string } = kindNames[kind].command;
  const command = outputCommand(`${name}s`, `List ${noun}s`)
    .option('-p, --project <name>', 'only of this project')
    .option('-w, --watch', 'go on with what changes')
    .action((options: ListOptions & { project?: string }) => {
      const { project } = options;
      checkNames(project ?? 'all', 'all');
      return withClient((client) =>
        showList(
          client,
          { read: () => listInstances(client, kind, project), collection: collectionPath(kind, project) },
          instanceListing(kind),
          options,
        ),
      );
    });
  return alias === undefined ? command : command.alias(`${alias}s`);
}
