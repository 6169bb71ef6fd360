import type { Command } from 'commander';
import { runOperation } from '../operations/run-operation.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  operationCommand,
  withClient,
} from './options.ts';

/** `vcp restore` */
export function restoreCommand(): Command {
  return operationCommand('restore', "Restore a tenant cluster's data from a snapshot")
    .argument('<tenant-cluster>')
    .argument('<snapshot>')
    .option('--from <tenant-cluster>', 'tenant cluster of the same project whose snapshot it is')
    .option('--from-uid <uid>', 'its uid, if it was deleted (administrators only)')
    .addOption(dryRunOption())
    .action(
      (
        name: string,
        snapshot: string,
        options: CommonOptions & DryRunOptions & { from?: string; fromUid?: string },
      ) => {
        checkNames(options.project, name);
        const source = {
          ...(options.from === undefined ? {} : { sourceTenantCluster: options.from }),
          ...(options.fromUid === undefined ? {} : { sourceUid: options.fromUid }),
        };
        return withClient((client) =>
          runOperation(
            client,
            { ...options, kind: 'tenant', name },
            { type: 'restore', parameters: { snapshot, ...source } },
          ),
        );
      },
    );
}
