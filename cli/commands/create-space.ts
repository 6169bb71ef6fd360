import type { Command } from 'commander';
import { createResource } from '../create-resource.ts';
import { showOperation } from '../run-operation.ts';
import { checkNames, type CommonOptions, operationCommand, withClient } from './options.ts';

interface CreateSpaceOptions extends CommonOptions {
  cluster?: string;
  displayName?: string;
  description?: string;
}

/** `vcp create space` */
export function createSpaceCommand(): Command {
  return operationCommand('space', 'Create a space, one namespace of a connected cluster, and show its steps')
    .alias('namespace')
    .argument('<name>')
    .option('--cluster <name>', 'connected cluster; default: the platform chooses')
    .option('--display-name <text>')
    .option('--description <text>')
    .action((name: string, options: CreateSpaceOptions) => {
      const { project, cluster, displayName, description } = options;
      checkNames(project, name);
      return withClient(async (client) => {
        const operation = await createResource(
          client,
          { kind: 'space', project, name },
          {
            ...(displayName === undefined ? {} : { displayName }),
            ...(description === undefined ? {} : { description }),
            ...(cluster === undefined ? {} : { clusterRef: { cluster } }),
          },
        );
        await showOperation(client, options, operation);
      });
    });
}
