import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { parse, stringify } from 'yaml';
import { errorTable } from '../../contracts/errors.ts';
import { managementApiVersion, projectNamespace } from '../../contracts/names.ts';
import { isFinal, type Operation } from '../../contracts/operations.ts';
import type {
  VirtualClusterInstance,
  VirtualClusterInstanceSpec,
} from '../../contracts/resources/virtual-cluster-instance.ts';
import type { Client } from '../client.ts';
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
    .description('Create a tenant cluster or an access key')
    .addCommand(createAccessKeyCommand())
    .addCommand(
      operationCommand('vcluster', 'Create a tenant cluster and show its steps')
        .argument('<name>')
        .option('--template <name>', "template; default: the project's")
        .option('--template-version <version>', 'e.g. 1.2.x')
        .option('--set-param <name=value>', 'a parameter of the template, may be repeated', collect, [])
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
  const namespace = projectNamespace(options.project);
  const path = `/kubernetes/management/apis/${managementApiVersion}/namespaces/${namespace}/virtualclusterinstances`;
  const instance = await record(client, path, {
    apiVersion: managementApiVersion,
    kind: 'VirtualClusterInstance',
    metadata: { name, namespace },
    spec: specOf(options),
  }).catch((error: unknown) => {
    throw isMissing(error, 'namespaces', namespace)
      ? new CommandFailure('project_not_found', `there is no project "${options.project}"`)
      : error;
  });
  const operation = await firstOperation(client, options.project, instance);
  await showOperation(client, options, operation);
}

const recordMs = 30_000;

/** Creates the resource. An API that is not ready yet (a platform that has just started) is asked again for a while. */
async function record(
  client: Client,
  path: string,
  instance: VirtualClusterInstance,
): Promise<VirtualClusterInstance> {
  const deadline = Date.now() + recordMs;
  for (let first = true; ; first = false) {
    try {
      return await client.call<VirtualClusterInstance>('POST', path, instance);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      // The answer to the attempt before was lost: it is the one we made.
      if (error.code === 'already_exists' && !first)
        return client.call('GET', `${path}/${instance.metadata.name}`);
      if (error.problem === undefined || errorTable[error.code].status !== 503 || Date.now() > deadline)
        throw error;
    }
    await delay(500);
  }
}

/** Whether the API answered that the object a request needs is not there. */
function isMissing(error: unknown, kind: string, name: string): boolean {
  if (!(error instanceof CommandFailure) || error.code !== 'not_found') return false;
  const { details } = error.problem as { details?: { kind?: unknown; name?: unknown } };
  return details?.kind === kind && details.name === name;
}

function specOf(options: CreateOptions): VirtualClusterInstanceSpec {
  const { template, templateVersion, cluster, values, displayName } = options;
  if (values !== undefined && template !== undefined) {
    throw new CommandFailure(
      'invalid_request',
      '--values makes a tenant cluster without a template: leave out --template',
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
    throw new CommandFailure('invalid_request', `"${first}" is no name of a parameter`);
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
      `the file ${path} is no YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const appearsMs = 30_000;

/**
 * The create operation that the platform begins for a new instance. Its maker's own rights on it come a moment
 * after the instance, so "not found" is asked again for a while.
 */
async function firstOperation(
  client: Client,
  project: string,
  { metadata }: VirtualClusterInstance,
): Promise<Operation> {
  const deadline = Date.now() + appearsMs;
  const createdAt = Date.parse(metadata.creationTimestamp ?? '');
  while (Date.now() < deadline) {
    const operations = await listOperations(client, project, metadata.name);
    // Creation times of resources are whole seconds.
    const found = operations.find(
      ({ type, state, createdAt: at }) =>
        type === 'create' && (!isFinal(state) || Date.parse(at) >= createdAt),
    );
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new CommandFailure(
    'management_unavailable',
    `the tenant cluster is recorded, but the platform has not begun to create it within ${appearsMs / 1000} s; it will: vcp operations list ${metadata.name} --project ${project}`,
  );
}

async function listOperations(client: Client, project: string, name: string): Promise<Operation[]> {
  try {
    return (
      await client.call<{ items: Operation[] }>(
        'GET',
        `/api/v1/projects/${project}/virtualclusters/${name}/operations?limit=5`,
      )
    ).items;
  } catch (error) {
    if (
      error instanceof CommandFailure &&
      (errorTable[error.code].retryable || error.code === 'tenant_cluster_not_found')
    )
      return [];
    throw error;
  }
}
