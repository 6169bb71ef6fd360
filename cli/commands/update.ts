import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { kindNames, type ManagedKind, type OperationTarget } from '../../contracts/kinds.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import type { InstanceOf } from '../../contracts/resources/resource-kinds.ts';
import type { VirtualClusterInstanceSpec } from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { readInstance, withoutManagedFields } from '../reading/management.ts';
import { isTable, printDocument } from '../output/output.ts';
import { changeInstance } from '../writing/change-instance.ts';
import { sleepAnnotations, type SleepOptions, withSleepOptions } from '../writing/sleep-options.ts';
import { type ParameterOptions, parametersText, readYaml } from '../writing/parameters.ts';
import { previewLines } from '../operations/preview.ts';
import { createOperation, previewOperation } from '../operations/requests.ts';
import { showOperation } from '../operations/run-operation.ts';
import {
  checkNames,
  collect,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  dryRunQuery,
  kindCommand,
  withClient,
} from './options.ts';

interface Texts {
  displayName?: string;
  description?: string;
}
type UpdateOptions = CommonOptions & DryRunOptions & Texts & SleepOptions;
type TenantOptions = UpdateOptions &
  ParameterOptions & { template?: string; templateVersion?: string; values?: string };

/** `vcp update` */
export function updateCommand(): Command {
  return new Command('update')
    .addCommand(
      updateOf('tenant', 'Change a tenant cluster, and show the steps if that deploys it again')
        .option('--template <name>', 'another template')
        .option('--template-version <version>', 'another version of the template, e.g. 1.2.x')
        .option('--set-param <name=value>', 'a parameter of the template, can be repeated', collect, [])
        .option('--parameters <file>', 'YAML file with all parameters of the template')
        .option('-f, --values <file>', 'YAML file with chart values, for one without a template')
        .action((name: string, options: TenantOptions) => {
          const { project } = options;
          checkNames(project, name);
          return withClient((client) =>
            update(
              client,
              { kind: 'tenant', project, name },
              (spec) => changedTenant(spec, options),
              options,
            ),
          );
        }),
    )
    .addCommand(
      updateOf('space', 'Change what a space is called, and when it sleeps').action(
        (name: string, options: UpdateOptions) => {
          const { project } = options;
          checkNames(project, name);
          return withClient((client) =>
            update(client, { kind: 'space', project, name }, (spec) => withTexts(spec, options), options),
          );
        },
      ),
    );
}

function updateOf(kind: ManagedKind, description: string): Command {
  return withSleepOptions(kindCommand(kind, description))
    .option('--display-name <text>')
    .option('--description <text>')
    .addOption(dryRunOption());
}

async function update<K extends ManagedKind>(
  client: Client,
  target: OperationTarget & { readonly kind: K },
  change: (spec: NonNullable<InstanceOf<K>['spec']>) => NonNullable<InstanceOf<K>['spec']>,
  options: CommonOptions & DryRunOptions & SleepOptions,
): Promise<void> {
  const { noun, command } = kindNames[target.kind];
  const { output, dryRun } = options;
  let deploys = false;
  const changed = await changeInstance(
    client,
    target,
    (spec) => {
      const wanted = change(spec);
      deploys = !isDeepStrictEqual(deployed(wanted), deployed(spec));
      return isDeepStrictEqual(wanted, spec) ? undefined : wanted;
    },
    dryRunQuery(options),
    sleepAnnotations(options),
  );
  const type = changed?.status?.observedHash === undefined ? 'create' : 'update';
  if (changed !== undefined && deploys && dryRun === undefined) {
    await showOperation(client, options, await createOperation(client, target, { type }));
    return;
  }
  if (!isTable(output)) {
    const resource = changed ?? (await readInstance(client, target));
    printDocument(withoutManagedFields(resource), `${command.name}/${target.name}`, output);
  } else if (changed === undefined) console.log(`${noun} ${target.name} is as you ask already`);
  else if (dryRun === undefined) console.log(`${noun} ${target.name} is changed; nothing had to be deployed`);
  else {
    const deployment = deploys ? afterChange(await previewOperation(client, target, { type })) : undefined;
    console.log(
      `${noun} ${target.name} would be changed${deploys ? ' and deployed again' : ''} (server dry run)`,
    );
    if (deployment !== undefined) console.log(previewLines(deployment).join('\n'));
  }
}

/** The preview of an operation for the spec as it will be: one that runs is for that which is there now, so it is not joined. */
function afterChange(preview: OperationPreview): OperationPreview {
  const { joins, ...rest } = preview;
  if (joins?.state !== 'running') return preview;
  return { ...rest, outcome: 'queued', behind: [joins] };
}

/** What of a spec an update deploys. */
function deployed(spec: VirtualClusterInstanceSpec): unknown {
  const { templateRef, template, parameters } = spec;
  return { templateRef, template, parameters };
}

function withTexts<S extends Texts>(spec: S, { displayName, description }: Texts): S {
  return {
    ...spec,
    ...(displayName === undefined ? {} : { displayName }),
    ...(description === undefined ? {} : { description }),
  };
}

function changedTenant(spec: VirtualClusterInstanceSpec, options: TenantOptions): VirtualClusterInstanceSpec {
  const { template, templateVersion, values } = options;
  const isInline = spec.template !== undefined && !spec.templateRef?.name;
  if (values !== undefined && !isInline)
    throw new CommandFailure(
      'invalid_request',
      'its values come from its template: change them with --set-param, --parameters or --template-version',
    );
  if (isInline && (template !== undefined || templateVersion !== undefined))
    throw new CommandFailure(
      'invalid_request',
      'it has values of its own instead of a template: change them with --values',
    );
  const parameters = parametersText(options, spec.parameters);
  return {
    ...withTexts(spec, options),
    ...(template === undefined && templateVersion === undefined
      ? {}
      : {
          templateRef: {
            ...spec.templateRef,
            ...(template === undefined ? {} : { name: template }),
            ...(templateVersion === undefined ? {} : { version: templateVersion }),
          },
        }),
    ...(values === undefined
      ? {}
      : {
          template: {
            ...spec.template,
            helmRelease: { ...spec.template?.helmRelease, values: readYaml(values).text },
          },
        }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}
