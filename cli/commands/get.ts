import { Command } from 'commander';
import { kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { instanceListing, listInstances } from '../reading/instances.ts';
import { readInstance, withoutManagedFields } from '../reading/management.ts';
import { isTable, printDocument, printList } from '../output/output.ts';
import { platformResources, rowOf } from '../reading/resources.ts';
import { checkNames, type CommonOptions, kindQuery, withClient } from './options.ts';
import { getResourceCommand } from './resource.ts';

/** `vcp get` */
export function getCommand(): Command {
  const command = new Command('get');
  for (const kind of managedKinds) command.addCommand(getInstanceCommand(kind));
  for (const resource of platformResources)
    command.addCommand(getResourceCommand(resource, rowOf(resource).singular));
  return command;
}

function getInstanceCommand(kind: ManagedKind): Command {
  return kindQuery(kind, `Show a ${kindNames[kind].noun}; as json or yaml its whole resource`).action(
    (name: string, { project, output }: CommonOptions) => {
      checkNames(project, name);
      return withClient(async (client) => {
        const resource = await readInstance(client, { kind, project, name });
        if (!isTable(output)) {
          const shown = `${kindNames[kind].command.name}/${name}`;
          printDocument(withoutManagedFields(resource), shown, output);
          return;
        }
        const found = (await listInstances(client, kind, project)).filter((one) => one.name === name);
        printList(found, instanceListing(kind), output);
      });
    },
  );
}
