import { Command } from 'commander';
import { type Showing, runOperation } from '../operations/run-operation.ts';
import { checkClusterName, clusterCommand, withClient } from './options.ts';

interface DisconnectOptions extends Showing {
  readonly deleteTenants?: boolean;
  readonly force?: boolean;
}

/** `vcp disconnect` */
export function disconnectCommand(): Command {
  return new Command('disconnect').addCommand(
    clusterCommand('Remove the platform from a connected cluster, and forget the cluster')
      .option('--delete-tenants', 'delete the tenant clusters and spaces that live there first')
      .option('--force', 'also if the cluster cannot be reached: what is there stays')
      .action((name: string, { deleteTenants, force, ...showing }: DisconnectOptions) => {
        checkClusterName(name);
        const parameters = { ...(deleteTenants && { deleteTenants }), ...(force && { force }) };
        const target = { ...showing, kind: 'cluster', project: '', name } as const;
        return withClient((client) => runOperation(client, target, { type: 'disconnect', parameters }));
      }),
  );
}
