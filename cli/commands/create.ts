import { Command } from 'commander';
import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import type { InstanceOf } from '../../contracts/resources/resource-kinds.ts';
import type { VirtualClusterInstanceSpec } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Client } from '../connection/client.ts';
import { createResource, firstOperation } from '../writing/create-resource.ts';
import { CommandFailure } from '../failures/failure.ts';
import { onInterrupt } from '../shell/interrupt.ts';
import { withoutManagedFields } from '../reading/management.ts';
import { isTable, printDocument } from '../output/output.ts';
import { sleepAnnotations, type SleepOptions, withSleepOptions } from '../writing/sleep-options.ts';
import { type ParameterOptions, parametersText, readYaml } from '../writing/parameters.ts';
import { showOperation } from '../operations/run-operation.ts';
import { createAccessKeyCommand } from './access-keys.ts';
import {
  checkNames,
  collect,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  dryRunQuery,
  operationCommand,
  withClient,
} from './options.ts';

interface CreateOptions extends CommonOptions, DryRunOptions, ParameterOptions, SleepOptions {
  template?: string;
  templateVersion?: string;
  cluster?: string;
  values?: string;
  displayName?: string;
  description?: string;
}

/** `vcp create` */
export function createCommand(): Command {
  return new Command('create')
    .addCommand(createAccessKeyCommand('accesskey'))
    .addCommand(createSpaceCommand())
    .addCommand(
      withSleepOptions(operationCommand('vcluster', 'Create a tenant cluster and show its steps'))
        .argument('<name>')
        .option('--template <name>', 'template; default: the default of the project')
        .option('--template-version <version>', 'e.g. 1.2.x')
        .option('--set-param <name=value>', 'a parameter of the template, can be repeated', collect, [])
        .option('--parameters <file>', 'YAML file with parameters of the template')
        .option('--cluster <name>', 'connected cluster; default: the platform chooses')
        .option('-f, --values <file>', 'YAML file with chart values, instead of a template')
        .option('--display-name <text>')
        .option('--description <text>')
        .addOption(dryRunOption())
        .action((name: string, options: CreateOptions) => {
          checkNames(options.project, name);
          return withClient((client) =>
            create(client, { kind: 'tenant', project: options.project, name }, specOf(options), options),
          );
        }),
    );
}

async function create<K extends ManagedKind>(
  client: Client,
  target: OperationTarget & { readonly kind: K },
  spec: InstanceOf<K>['spec'],
  options: CommonOptions & DryRunOptions & SleepOptions,
): Promise<void> {
  const resource = await createResource(
    client,
    target,
    spec,
    dryRunQuery(options),
    sleepAnnotations(options),
  );
  const { noun, command } = kindNames[target.kind];
  if (options.dryRun === undefined) {
    const release = onInterrupt(
      () =>
        `${noun} ${target.name} is recorded, and its creation goes on; follow it with: vcp why ${command.name} ${target.name} -p ${target.project}`,
    );
    const operation = await firstOperation(client, target, resource);
    release();
    await showOperation(client, options, operation);
    return;
  }
  if (isTable(options.output)) console.log(`${noun} ${target.name} would be created (server dry run)`);
  else printDocument(withoutManagedFields(resource), `${command.name}/${target.name}`, options.output);
}

function specOf(options: CreateOptions): VirtualClusterInstanceSpec {
  const { template, templateVersion, cluster, values, displayName, description } = options;
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
  const parameters = parametersText(options);
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(description === undefined ? {} : { description }),
    ...(Object.keys(templateRef).length === 0 ? {} : { templateRef }),
    ...(values === undefined ? {} : { template: { helmRelease: { values: readYaml(values).text } } }),
    ...(cluster === undefined ? {} : { clusterRef: { cluster } }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

interface CreateSpaceOptions extends CommonOptions, DryRunOptions, SleepOptions {
  cluster?: string;
  displayName?: string;
  description?: string;
}

/** `vcp create space` */
function createSpaceCommand(): Command {
  const description = 'Create a space, one namespace of a connected cluster, and show its steps';
  return withSleepOptions(operationCommand('space', description))
    .alias('namespace')
    .argument('<name>')
    .option('--cluster <name>', 'connected cluster; default: the platform chooses')
    .option('--display-name <text>')
    .option('--description <text>')
    .addOption(dryRunOption())
    .action((name: string, options: CreateSpaceOptions) => {
      const { project, cluster, displayName, description } = options;
      checkNames(project, name);
      const spec = {
        ...(displayName === undefined ? {} : { displayName }),
        ...(description === undefined ? {} : { description }),
        ...(cluster === undefined ? {} : { clusterRef: { cluster } }),
      };
      return withClient((client) => create(client, { kind: 'space', project, name }, spec, options));
    });
}
