import { Command } from 'commander';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { giveKubeconfig, type IssuedContext, type KubeconfigOptions } from '../kubeconfig/kubeconfig-file.ts';
import { instancePath, managementResources, readInstance } from '../reading/management.ts';
import { resourcePath } from '../reading/resources.ts';
import { checkNames, withClient } from './options.ts';

type Issue = (client: Client) => Promise<IssuedContext>;

/** `vcp connect` */
export function connectCommand(): Command {
  return new Command('connect')
    .addCommand(instanceCommand('vcluster', 'Use a tenant cluster', 'get namespaces', tenantContext))
    .addCommand(instanceCommand('space', 'Use a space', 'get pods', spaceContext).alias('namespace'))
    .addCommand(
      connecting('cluster', 'Use a connected cluster itself (administrators)')
        .argument('<name>')
        .action((name: string, options: KubeconfigOptions) => {
          checkNames(name, 'any');
          return connect((client) => clusterContext(client, name), options, 'get namespaces');
        }),
    )
    .addCommand(
      connecting(
        'management',
        'Use the management API: projects, templates, tenant clusters as resources',
      ).action((options: KubeconfigOptions) => connect(managementContext, options, 'get projects')),
    );
}

function connecting(name: string, description: string): Command {
  return new Command(name)
    .description(
      `${description}; writes a kubeconfig whose requests go through the platform, without the key`,
    )
    .option('--print', 'print it instead of writing a file')
    .option(
      '--kubeconfig <file>',
      'file to write to, other contexts stay; default: as kubectl, $KUBECONFIG or ~/.kube/config',
    );
}

function instanceCommand(
  command: string,
  description: string,
  example: string,
  issue: (client: Client, project: string, name: string) => Promise<IssuedContext>,
): Command {
  return connecting(command, description)
    .argument('<name>')
    .option('-p, --project <name>', 'project', 'default')
    .action((name: string, options: KubeconfigOptions & { project: string }) => {
      checkNames(options.project, name);
      return connect((client) => issue(client, options.project, name), options, example);
    });
}

function connect(issue: Issue, options: KubeconfigOptions, example: string): Promise<void> {
  return withClient(async (client, login) => giveKubeconfig(login, await issue(client), options, example));
}

async function tenantContext(client: Client, project: string, name: string): Promise<IssuedContext> {
  // Refuses what the caller may not use; address and trust are those of the login.
  await client.call('POST', `${instancePath({ kind: 'tenant', project, name })}/kubeconfig`, { spec: {} });
  return {
    name: `vcluster-platform-vcluster_${name}_${project}`,
    path: `/kubernetes/project/${project}/virtualcluster/${name}`,
  };
}

/** A context whose namespace is the space. @throws CommandFailure `cluster_unreachable` if it has no namespace yet */
async function spaceContext(client: Client, project: string, name: string): Promise<IssuedContext> {
  const { spec, status } = await readInstance(client, { kind: 'space', project, name });
  const namespace = status?.clusterRef?.namespace || spec?.clusterRef?.namespace;
  if (!namespace)
    throw new CommandFailure(
      'cluster_unreachable',
      `the namespace of space ${name} does not exist yet; try again`,
      { next: `vcp why space ${name} --project ${project}` },
    );
  return {
    name: `vcluster-platform_${name}_${project}`,
    path: `/kubernetes/project/${project}/space/${name}`,
    namespace,
  };
}

/** @throws CommandFailure if the caller may not use it */
async function clusterContext(client: Client, name: string): Promise<IssuedContext> {
  await client.call<Cluster>('GET', resourcePath('clusters', name));
  const path = `/kubernetes/cluster/${name}`;
  await client.call('GET', `${path}/version`);
  return { name: `vcluster-platform-cluster_${name}`, path };
}

/** Every caller may use it; what they see there is theirs. */
async function managementContext(client: Client): Promise<IssuedContext> {
  await client.call('POST', `${managementResources}/selves`, {});
  return { name: 'vcluster-platform-management', path: '/kubernetes/management' };
}
