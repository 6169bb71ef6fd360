import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Document, isMap, parseDocument, Scalar } from 'yaml';
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

/**
 * YAML of all parameters; `--set-param` wins over the file, a dot in a name goes one level deeper. The file stays as it
 * is written and a value of the command line is a text: what they mean, the template's declaration says.
 */
function parametersOf({ parameters, setParam }: CreateOptions): string | undefined {
  const file = parameters === undefined ? undefined : readYaml(parameters);
  if (setParam.length === 0) return file?.text;
  const document = file?.document ?? new Document({}, textsOnly);
  if (document.contents !== null && !isMap(document.contents))
    throw new CommandFailure('invalid_request', `the file ${parameters} is not a YAML object: name: value`);
  for (const assignment of setParam) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (name === undefined || value === undefined)
      throw new CommandFailure('invalid_request', `--set-param ${assignment}: write name=value`);
    const text = new Scalar(value);
    text.type = 'QUOTE_DOUBLE';
    try {
      document.setIn(name.split('.'), text);
    } catch {
      throw new CommandFailure(
        'invalid_request',
        `--set-param ${name}: a part of this name has a value of its own already`,
      );
    }
  }
  return document.toString({ lineWidth: 0, verifyAliasOrder: false });
}

/** Every scalar stays the text that it is written as. */
const textsOnly = { version: '1.1', schema: 'failsafe', logLevel: 'error' } as const;

function readYaml(path: string): { text: string; document: Document } {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch {
    throw new CommandFailure('invalid_request', `the file ${path} cannot be read`);
  }
  const document = parseDocument(text, textsOnly);
  const [error] = document.errors;
  if (error !== undefined)
    throw new CommandFailure('invalid_request', `the file ${path} is not YAML: ${error.message}`);
  return { text, document };
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
