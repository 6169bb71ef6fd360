import { Command } from 'commander';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { runOperation } from '../run-operation.ts';
import { deleteAccessKeyCommand } from './access-keys.ts';
import { checkNames, type CommonOptions, kindCommand, withClient } from './options.ts';
import { deleteUnclaimedNamespaceCommand } from './unclaimed-namespaces.ts';

/** `vcp delete` */
export function deleteCommand(): Command {
  return new Command('delete')
    .description('Delete a tenant cluster, a space or an access key')
    .addCommand(deleteAccessKeyCommand())
    .addCommand(deleteUnclaimedNamespaceCommand())
    .addCommand(
      kindCommand('tenant', 'Delete a tenant cluster with its data; its snapshots stay').action(
        deleteOf('tenant'),
      ),
    )
    .addCommand(
      kindCommand('space', 'Delete a space: its namespace and everything in it').action(deleteOf('space')),
    );
}

function deleteOf(kind: ManagedKind) {
  return (name: string, options: CommonOptions) => {
    checkNames(options.project, name);
    return withClient((client) => runOperation(client, { ...options, kind, name }, { type: 'delete' }));
  };
}
