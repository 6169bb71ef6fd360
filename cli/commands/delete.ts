import { Command } from 'commander';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { deleteAccessKeyCommand } from './access-keys.ts';
import { deleteUnclaimedNamespaceCommand } from './unclaimed-namespaces.ts';
import { verbOfKindCommand } from './verb.ts';

/** `vcp delete` */
export function deleteCommand(): Command {
  const command = new Command('delete')
    .addCommand(deleteAccessKeyCommand('accesskey'))
    .addCommand(deleteUnclaimedNamespaceCommand());
  for (const kind of managedKinds)
    command.addCommand(
      verbOfKindCommand('delete', kind, `Delete a ${kindNames[kind].noun} with everything in it`),
    );
  return command;
}
