import { Command } from 'commander';
import { runOperation } from '../run-operation.ts';
import { deleteAccessKeyCommand } from './access-keys.ts';
import { checkNames, type CommonOptions, operationCommand, withClient } from './options.ts';

/** `vcp delete` */
export function deleteCommand(): Command {
  return new Command('delete')
    .description('Delete a tenant cluster or an access key')
    .addCommand(deleteAccessKeyCommand())
    .addCommand(
      operationCommand('vcluster', 'Delete a tenant cluster with its data; its snapshots stay')
        .argument('<name>')
        .action((name: string, options: CommonOptions) => {
          checkNames(options.project, name);
          return withClient((client) => runOperation(client, { ...options, name }, { type: 'delete' }));
        }),
    );
}
