import { Command } from 'commander';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { runOperation } from '../operations/run-operation.ts';
import { deleteAccessKeyCommand } from './access-keys.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  kindCommand,
  withClient,
} from './options.ts';
import { deleteUnclaimedNamespaceCommand } from './unclaimed-namespaces.ts';

/** `vcp delete` */
export function deleteCommand(): Command {
  const command = new Command('delete')
    .addCommand(deleteAccessKeyCommand('accesskey'))
    .addCommand(deleteUnclaimedNamespaceCommand());
  for (const kind of managedKinds)
    command.addCommand(
      kindCommand(kind, `Delete a ${kindNames[kind].noun} with everything in it`)
        .addOption(dryRunOption())
        .action((name: string, options: CommonOptions & DryRunOptions) => {
          checkNames(options.project, name);
          return withClient((client) => runOperation(client, { ...options, kind, name }, { type: 'delete' }));
        }),
    );
  return command;
}
