import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parse, stringify } from 'yaml';
import type { VirtualClusterInstanceSpec } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Client } from '../client.ts';
import { createResource } from '../create-resource.ts';
import { CommandFailure } from '../failure.ts';
import { showOperation } from '../run-operation.ts';
import { createAccessKeyCommand } from './access-keys.ts';
import { checkNames, type CommonOptions, operationCommand, withClient } from './options.ts';

interface CreateOptions extends CommonOptions {
  template?: string;
  templateVersion?: string;
  setParam: string[];
  parameters?: string;
  cluster?: string;
  values?: string;
  displayName?: string;
}

/** `vcp create` */
export function createCommand(): Command {
  const collect = (value: string, all: string[]) => [...all, value];
  return new Command('create')
    .description('Create a tenant cluster, a space or an access key')
    .addCommand(createAccessKeyCommand())
    .addCommand(createSpaceCommand())
    .addCommand(
      operationCommand('vcluster', 'Create a tenant cluster and show its steps')
        .argument('<name>')
        .option('--template <name>', 'template; default: the default of the project')
        .option('--template-version <version>', 'e.g. 1.2.x')
        .option('--set-param <name=value>', 'a parameter of the template, can be repeated', collect, [])
        .option('--parameters <file>', 'YAML file with parameters of the template')
        .option('--cluster <name>', 'connected cluster; default: the platform chooses')
        .option('-f, --values <file>', 'YAML file with chart values, instead of a template')
        .option('--display-name <text>')
        .action((name: string, options: CreateOptions) => {
          checkNames(options.project, name);
          return withClient((client) => create(client, name, options));
        }),
    );
}

async function create(client: Client, name: string, options: CreateOptions): Promise<void> {
  const subject = { kind: 'tenant', project: options.project, name } as const;
  await showOperation(client, options, await createResource(client, subject, specOf(options)));
}

function specOf(options: CreateOptions): VirtualClusterInstanceSpec {
  const { template, templateVersion, cluster, values, displayName } = options;
  if (values !== undefined && template !== undefined) {
    throw new CommandFailure(
      'invalid_request',
      '--values creates a tenant cluster without a template: leave out --template',
    );
  }
  const templateRef = {
    ...(template === undefined ? {} : { name: template }),
    ...(templateVersion === undefined ? {} : { version: templateVersion }),
  };
  const parameters = parametersOf(options);
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(Object.keys(templateRef).length === 0 ? {} : { templateRef }),
    ...(values === undefined ? {} : { template: { helmRelease: { values: readYaml(values).text } } }),
    ...(cluster === undefined ? {} : { clusterRef: { cluster } }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** YAML of all parameters; `--set-param` wins over the file, a dot in a name goes one level deeper. */
function parametersOf({ parameters, setParam }: CreateOptions): string | undefined {
  const file = parameters === undefined ? undefined : readYaml(parameters);
  if (setParam.length === 0) return file?.text;
  const all = (file?.value ?? {}) as Record<string, unknown>;
  for (const assignment of setParam) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === undefined || value === undefined)
      throw new CommandFailure('invalid_request', `--set-param ${assignment}: write name=value`);
    setDeep(all, name.split('.'), parse(value, { version: '1.1' }));
  }
  return stringify(all, { version: '1.1' });
}

function setDeep(target: Record<string, unknown>, [first = '', ...rest]: string[], value: unknown): void {
  if (['__proto__', 'constructor', 'prototype'].includes(first))
    throw new CommandFailure('invalid_request', `"${first}" is not the name of a parameter`);
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const child = (typeof target[first] === 'object' && target[first] !== null ? target[first] : {}) as Record<
    string,
    unknown
  >;
  target[first] = child;
  setDeep(child, rest, value);
}

function readYaml(path: string): { text: string; value: unknown } {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch {
    throw new CommandFailure('invalid_request', `the file ${path} cannot be read`);
  }
  try {
    return { text, value: parse(text, { version: '1.1' }) };
  } catch (error) {
    throw new CommandFailure(
      'invalid_request',
      `the file ${path} is not YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

interface CreateSpaceOptions extends CommonOptions {
  cluster?: string;
  displayName?: string;
  description?: string;
}

/** `vcp create space` */
function createSpaceCommand(): Command {
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
