import { Command } from 'commander';
import { CommandFailure } from '../failures/failure.ts';
import { isTable, printDocument, printList } from '../output/output.ts';
import {
  listResources,
  type PlatformResource,
  type PlatformResources,
  resourceListing,
  resourcePath,
  rowOf,
} from '../reading/resources.ts';
import { withoutManagedFields } from '../reading/management.ts';
import { type ListOptions, showList } from '../output/watch-list.ts';
import { outputCommand, type OutputOptions, withClient } from './options.ts';

/** `vcp projects`, `vcp templates`, …: lists them and gets one. */
export function resourceCommand(resource: PlatformResource): Command {
  return new Command(resource)
    .addCommand(listResourceCommand(resource, 'list'))
    .addCommand(getResourceCommand(resource, 'get'));
}

/** Lists a resource of the platform: `vcp projects list`, `vcp list projects`. */
export function listResourceCommand(resource: PlatformResource, name: string): Command {
  return outputCommand(name, `List ${rowOf(resource).noun}s`)
    .option('-w, --watch', 'go on with what changes')
    .action((options: ListOptions) =>
      withClient((client) =>
        showList(
          client,
          { read: () => listResources(client, resource), collection: resourcePath(resource) },
          resourceListing(resource),
          options,
        ),
      ),
    );
}

/** Shows one of them: `vcp projects get <name>`, `vcp get project <name>`. */
export function getResourceCommand<P extends PlatformResource>(resource: P, name: string): Command {
  const { noun } = rowOf(resource);
  return outputCommand(name, `Show a ${noun}; as json or yaml its whole resource`)
    .argument('<name>')
    .action((one: string, { output }: OutputOptions) =>
      withClient(async (client) => {
        const found = await client
          .call<PlatformResources[P]>('GET', resourcePath(resource, one))
          .catch((error: unknown) => {
            throw withNext(error, `vcp ${resource} list`);
          });
        const listing = resourceListing(resource);
        if (isTable(output)) printList([found], listing, output);
        else printDocument(withoutManagedFields(found), listing.name(found), output);
      }),
    );
}

/** `error`, with the command that helps. */
export function withNext(error: unknown, next: string): unknown {
  if (!(error instanceof CommandFailure) || error.code !== 'not_found') return error;
  const { code, message, requestId, problem } = error;
  return new CommandFailure(code, message, { requestId, problem, next });
}
