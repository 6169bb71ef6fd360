import { Command } from 'commander';
import { kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { instancePath, readInstance, withoutManagedFields } from '../reading/management.ts';
import { isTable, printDocument } from '../output/output.ts';
import { runOperation } from '../operations/run-operation.ts';
import { deleteAccessKeyCommand } from './access-keys.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  dryRunQuery,
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
          return deleteInstance(kind, name, options);
        }),
    );
  return command;
}

function deleteInstance(
  kind: ManagedKind,
  name: string,
  options: CommonOptions & DryRunOptions,
): Promise<void> {
  const { project, output, dryRun } = options;
  const target = { kind, project, name };
  return withClient(async (client) => {
    if (dryRun === undefined) {
      await runOperation(client, { ...options, ...target }, { type: 'delete' });
      return;
    }
    const present: ManagedInstance = await readInstance(client, target);
    await client.call('DELETE', `${instancePath(target)}${dryRunQuery(options)}`);
    const { noun, command } = kindNames[kind];
    if (isTable(output)) console.log(`${noun} ${name} would be deleted (server dry run)`);
    else printDocument(withoutManagedFields(present), `${command.name}/${name}`, output);
  });
}
