import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { parse, stringify } from 'yaml';
import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import type { Client } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { loginPath, writePrivateFile } from '../login-file.ts';
import { checkNames, withClient } from './options.ts';

interface ConnectOptions {
  project: string;
  print?: boolean;
  kubeconfig?: string;
}

interface Named {
  name: string;
  [field: string]: unknown;
}
interface Kubeconfig {
  clusters?: Named[];
  users?: (Named & { user?: { exec?: Record<string, unknown> } })[];
  contexts?: Named[];
  'current-context'?: string;
  [field: string]: unknown;
}

/** `vcp connect` */
export function connectCommand(): Command {
  return new Command('connect').description('Use a tenant cluster with kubectl').addCommand(
    new Command('vcluster')
      .description('Write a kubeconfig whose requests go through the platform; it holds no key')
      .argument('<name>')
      .option('-p, --project <name>', 'project', 'default')
      .option('--print', 'print it instead')
      .option('--kubeconfig <file>', 'file to write to, what else it holds stays; default: ~/.kube/config')
      .action((name: string, options: ConnectOptions) => {
        checkNames(options.project, name);
        return withClient((client) => connect(client, name, options));
      }),
  );
}

async function connect(
  client: Client,
  name: string,
  { project, print, kubeconfig }: ConnectOptions,
): Promise<void> {
  const path = `/kubernetes/management/apis/${managementApiVersion}/namespaces/${projectNamespace(project)}/virtualclusterinstances/${name}/kubeconfig`;
  const answer = await client.call<{ status: { kubeConfig: string } }>('POST', path, { spec: {} });
  const issued = withOwnPlugin(parse(answer.status.kubeConfig, { version: '1.1' }) as Kubeconfig);
  if (print === true) {
    process.stdout.write(stringify(issued, { version: '1.1', lineWidth: 0 }));
    return;
  }
  const file = resolve(kubeconfig ?? join(homedir(), '.kube', 'config'));
  writePrivateFile(file, stringify(merge(readKubeconfig(file), issued), { version: '1.1', lineWidth: 0 }));
  console.log(
    `context ${issued['current-context']} is the current one in ${file}; try: kubectl --kubeconfig ${file} get namespaces`,
  );
}

/** The exec plugin by absolute paths, so that it works wherever kubectl is started. */
function withOwnPlugin(config: Kubeconfig): Kubeconfig {
  const users = config.users?.map((entry) => {
    const exec = {
      ...entry.user?.exec,
      command: process.execPath,
      args: [join(import.meta.dirname, '..', 'main.ts'), 'token'],
      env: [{ name: 'VCP_CONFIG', value: loginPath() }],
    };
    return { ...entry, user: { exec } };
  });
  return { ...config, ...(users === undefined ? {} : { users }) };
}

function readKubeconfig(file: string): Kubeconfig {
  if (!existsSync(file)) return { apiVersion: 'v1', kind: 'Config' };
  try {
    return (parse(readFileSync(file, 'utf8'), { version: '1.1' }) ?? {
      apiVersion: 'v1',
      kind: 'Config',
    }) as Kubeconfig;
  } catch {
    throw new CommandFailure(
      'invalid_request',
      `${file} is no kubeconfig: choose another file with --kubeconfig`,
    );
  }
}

function merge(present: Kubeconfig, issued: Kubeconfig): Kubeconfig {
  const merged = <T extends Named>(before: T[] = [], added: T[] = []): T[] => [
    ...before.filter(({ name }) => !added.some((entry) => entry.name === name)),
    ...added,
  ];
  return {
    ...present,
    clusters: merged(present.clusters, issued.clusters),
    users: merged(present.users, issued.users),
    contexts: merged(present.contexts, issued.contexts),
    ...(issued['current-context'] === undefined ? {} : { 'current-context': issued['current-context'] }),
  };
}
