import { Command } from 'commander';
import { type Showing, runOperation } from '../operations/run-operation.ts';
import { checkClusterName, clusterCommand, withClient } from './options.ts';

interface UpgradeOptions extends Showing {
  readonly image?: string;
}

/** `vcp upgrade` */
export function upgradeCommand(): Command {
  return new Command('upgrade').addCommand(
    clusterCommand('Upgrade the agent of a connected cluster')
      .option('--image <name>', "its image; default: the one it has, with the platform's version")
      .action((name: string, { image, ...showing }: UpgradeOptions) => {
        checkClusterName(name);
        const parameters = image === undefined ? {} : { image };
        const target = { ...showing, kind: 'cluster', project: '', name } as const;
        return withClient((client) => runOperation(client, target, { type: 'upgrade', parameters }));
      }),
  );
}
