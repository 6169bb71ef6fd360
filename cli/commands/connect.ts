import { Command } from 'commander';
import { parse } from 'yaml';
import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import type { Client } from '../client.ts';
import {
  giveKubeconfig,
  type Kubeconfig,
  type KubeconfigOptions,
  spaceKubeconfig,
  withOwnPlugin,
} from '../kubeconfig-file.ts';
import { readLogin } from '../login-file.ts';
import { checkNames, withClient } from './options.ts';

interface ConnectOptions extends KubeconfigOptions {
  project: string;
}

/** `vcp connect` */
export function connectCommand(): Command {
  const connecting = (
    name: string,
    description: string,
    connect: (client: Client, name: string, options: ConnectOptions) => Promise<void>,
  ) =>
    new Command(name)
      .description(description)
      .argument('<name>')
      .option('-p, --project <name>', 'project', 'default')
      .option('--print', 'print it instead of writing a file')
      .option('--kubeconfig <file>', 'file to write to, other contexts stay; default: ~/.kube/config')
      .action((subject: string, options: ConnectOptions) => {
        checkNames(options.project, subject);
        return withClient((client) => connect(client, subject, options));
      });
  const writes = 'Write a kubeconfig whose requests go through the platform; it does not contain the key';
  return new Command('connect')
    .description('Use a tenant cluster or a space with kubectl')
    .addCommand(connecting('vcluster', writes, connectTenant))
    .addCommand(connecting('space', writes, connectSpace).alias('namespace'));
}

async function connectTenant(client: Client, name: string, options: ConnectOptions): Promise<void> {
  const { project } = options;
  const path = `/kubernetes/management/apis/${managementApiVersion}/namespaces/${projectNamespace(project)}/virtualclusterinstances/${name}/kubeconfig`;
  const answer = await client.call<{ status: { kubeConfig: string } }>('POST', path, { spec: {} });
  const issued = withOwnPlugin(parse(answer.status.kubeConfig, { version: '1.1' }) as Kubeconfig);
  giveKubeconfig(issued, options, 'get namespaces');
}

async function connectSpace(client: Client, name: string, options: ConnectOptions): Promise<void> {
  const { project } = options;
  const path = `/kubernetes/management/apis/${managementApiVersion}/namespaces/${projectNamespace(project)}/spaceinstances/${name}`;
  const space = await client.call<SpaceInstance>('GET', path);
  giveKubeconfig(spaceKubeconfig(readLogin(), project, space), options, 'get pods');
}
