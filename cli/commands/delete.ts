import { Command } from 'commander';
import { deleteAccessKeyCommand } from './access-keys.ts';
import { deleteUnclaimedNamespaceCommand } from './unclaimed-namespaces.ts';
import { addKinds } from './verb.ts';

/** `vcp delete` */
export function deleteCommand(): Command {
  const command = new Command('delete')
    .description('Delete a tenant cluster (its snapshots stay), a space or an access key')
    .addCommand(deleteAccessKeyCommand())
    .addCommand(deleteUnclaimedNamespaceCommand());
  return addKinds(command, 'delete', (noun) => `Delete a ${noun} with everything in it`);
}
