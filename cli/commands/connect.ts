import { Command } from 'commander';
import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { Client } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { giveKubeconfig, type IssuedContext, type KubeconfigOptions } from '../kubeconfig-file.ts';
import { checkNames, withClient } from './options.ts';

interface ConnectOptions extends KubeconfigOptions {
  project: string;
}

/** `vcp connect` */
export function connectCommand(): Command {
  const connecting = (
    name: string,
    example: string,
    issue: (client: Client, project: string, name: string) => Promise<IssuedContext>,
  ) =>
    new Command(name)
      .description('Write a kubeconfig whose requests go through the platform; it does not contain the key')
      .argument('<name>')
      .option('-p, --project <name>', 'project', 'default')
      .option('--print', 'print it instead of writing a file')
      .option(
        '--kubeconfig <file>',
        'file to write to, other contexts stay; default: as kubectl, $KUBECONFIG or ~/.kube/config',
      )
      .action((subject: string, options: ConnectOptions) => {
        checkNames(options.project, subject);
        return withClient(async (client, login) =>
          giveKubeconfig(login, await issue(client, options.project, subject), options, example),
        );
      });
  return new Command('connect')
    .description('Use a tenant cluster or a space with kubectl')
    .addCommand(connecting('vcluster', 'get namespaces', tenantContext))
    .addCommand(connecting('space', 'get pods', spaceContext).alias('namespace'));
}

function instancesPath(project: string): string {
  return `/kubernetes/management/apis/${managementApiVersion}/namespaces/${projectNamespace(project)}`;
}

async function tenantContext(client: Client, project: string, name: string): Promise<IssuedContext> {
  // Refuses what the caller may not use; address and trust are those of the login.
  await client.call('POST', `${instancesPath(project)}/virtualclusterinstances/${name}/kubeconfig`, {
    spec: {},
  });
  return {
    name: `vcluster-platform-vcluster_${name}_${project}`,
    path: `/kubernetes/project/${project}/virtualcluster/${name}`,
  };
}

/** A context whose namespace is the space. @throws CommandFailure `cluster_unreachable` if it has no namespace yet */
async function spaceContext(client: Client, project: string, name: string): Promise<IssuedContext> {
  const { spec, status } = await client.call<SpaceInstance>(
    'GET',
    `${instancesPath(project)}/spaceinstances/${name}`,
  );
  const namespace = status?.clusterRef?.namespace || spec?.clusterRef?.namespace;
  if (!namespace)
    throw new CommandFailure(
      'cluster_unreachable',
      `the namespace of space ${name} does not exist yet; try again`,
    );
  return {
    name: `vcluster-platform_${name}_${project}`,
    path: `/kubernetes/project/${project}/space/${name}`,
    namespace,
  };
}
