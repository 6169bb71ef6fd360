import { Command } from 'commander';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { showOperation } from '../operations/run-operation.ts';
import { checkNames, type CommonOptions, kindCommand, withClient } from './options.ts';

/** `vcp retry` */
export function retryCommand(): Command {
  const command = new Command('retry');
  for (const kind of managedKinds) {
    const { noun } = kindNames[kind];
    command.addCommand(
      kindCommand(kind, `Submit again what a ${noun} asks for and did not get`).action(
        (name: string, options: CommonOptions) => {
          checkNames(options.project, name);
          return withClient(async (client) => {
            const { project } = options;
            const operation = await client.api.of(kind).retry({ params: { project, name } });
            await showOperation(client, options, operation);
          });
        },
      ),
    );
  }
  return command;
}
