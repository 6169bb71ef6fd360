import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { annotations, managementApiVersion, platformNamespace } from '../../contracts/names.ts';
import type { Cluster } from '../../contracts/resources/cluster.ts';
import type { Client } from '../connection/client.ts';
import { CommandFailure } from '../failures/failure.ts';
import { followCluster } from '../operations/follow-cluster.ts';
import { isTable, printDocument } from '../output/output.ts';
import { withoutManagedFields } from '../reading/management.ts';
import { resourcePath } from '../reading/resources.ts';
import { onInterrupt } from '../shell/interrupt.ts';
import { type HelmOptions, openAgentRelease } from '../writing/agent-release.ts';
import {
  checkNames,
  collect,
  outputCommand,
  type OutputOptions,
  platformUrl,
  withClient,
} from './options.ts';

interface AddClusterOptions extends OutputOptions, HelmOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  displayName?: string;
  description?: string;
  url?: string;
  caFile?: string;
  insecure?: boolean;
  wait?: boolean;
  timeout: number;
}

/** `vcp add` */
export function addCommand(): Command {
  return new Command('add').addCommand(
    outputCommand('cluster', 'Connect the cluster of your kubeconfig: its agent is installed there with Helm')
      .argument('<name>', 'what the platform is to call it')
      .option('--kubeconfig <file>', 'of the cluster; default: as kubectl, $KUBECONFIG or ~/.kube/config')
      .option('--context <name>', 'context of the kubeconfig; default: the current one')
      .option('-n, --namespace <name>', `namespace of the agent there; default: ${platformNamespace}`)
      .option('--display-name <text>')
      .option('--description <text>')
      .option(
        '--url <url>',
        'address of the platform as the cluster reaches it; default: as the platform says',
      )
      .option('--ca-file <file>', "PEM of the platform's CA, for the agent; default: as the platform says")
      .option('--insecure', "the agent does not verify the platform's certificate (trials only)")
      .option('--helm <file>', "Helm's program; default: that of PATH")
      .option('--helm-chart-path <folder>', 'chart to install; default: the one of this command')
      .option('--helm-set <name=value>', 'a value for the chart, can be repeated', collect, [])
      .option('--helm-values <file>', 'YAML file with values for the chart, can be repeated', collect, [])
      .option('--wait', 'wait until the cluster is connected; this is the default')
      .option('--no-wait', 'come back as soon as the agent is installed')
      .option('--timeout <seconds>', 'how long to wait', seconds, 300)
      .action((name: string, options: AddClusterOptions) => {
        checkNames(name, 'any');
        return withClient((client) => addCluster(client, name, options));
      }),
  );
}

async function addCluster(client: Client, name: string, options: AddClusterOptions): Promise<void> {
  const { kubeconfig, context, timeout: limit } = options;
  const isAwaited = options.wait !== false;
  const given = connectionOf(options);
  const known = await readCluster(client, name);
  const namespace = namespaceOf(name, known, options);
  const place = { kubeconfig, context, namespace };
  const release = openAgentRelease(place, options);
  await release.check();
  const cluster = known ?? (await createCluster(client, name, namespace, options));
  const goesOn = onInterrupt(
    () => `cluster ${name} is recorded; see how it is with: vcp describe cluster ${name}`,
  );
  process.stderr.write(`  installing its agent in namespace ${namespace}\n`);
  const key = await readAccessKey(client, name, known === undefined);
  await release.install({ ...agentValuesOf(cluster), ...valuesOf(key, client.url), ...given });
  const shown = isAwaited ? await followCluster(client, name, { place, seconds: limit }) : cluster;
  goesOn();
  if (isTable(options.output)) console.log(outcome(shown, isAwaited));
  else printDocument(withoutManagedFields(shown), `cluster/${name}`, options.output);
}

/** As `clusters/<name>/accesskey` of vCluster Platform has it. */
interface ClusterAccessKey {
  readonly accessKey?: string;
  readonly loftHost?: string;
  readonly insecure?: boolean;
  /** PEM, or base64 of it; the chart knows both. */
  readonly caCert?: string;
}

const appearsMs = 10_000;

/** The maker's own rights on a new Cluster come a moment after it, so "not found" is asked again for a while. */
async function readAccessKey(client: Client, name: string, isNew: boolean): Promise<ClusterAccessKey> {
  const deadline = Date.now() + appearsMs;
  for (;;) {
    try {
      return await client.call('GET', `${resourcePath('clusters', name)}/accesskey`);
    } catch (error) {
      if (!isNew || !isMissing(error) || Date.now() > deadline) throw error;
    }
    await delay(200);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof CommandFailure && ['not_found', 'cluster_not_found'].includes(error.code);
}

function valuesOf({ accessKey, loftHost, insecure, caCert }: ClusterAccessKey, url: string) {
  return {
    agentOnly: true,
    token: accessKey ?? '',
    url: loftHost || url,
    ...(insecure === true ? { insecureSkipVerify: true } : {}),
    ...(caCert ? { additionalCA: caCert } : {}),
  };
}

/** What the caller says of the way to the platform. */
function connectionOf({ url, caFile, insecure }: AddClusterOptions): Readonly<Record<string, unknown>> {
  return {
    ...(url === undefined ? {} : { url: platformUrl(url) }),
    ...(caFile === undefined ? {} : { additionalCA: readAuthority(caFile) }),
    ...(insecure === true ? { insecureSkipVerify: true } : {}),
  };
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(
      'invalid_request',
      `failed to read ${file} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** What the platform's administrators want of this cluster's agent. */
function agentValuesOf({ metadata }: Cluster): Readonly<Record<string, unknown>> {
  const text = metadata.annotations?.[annotations.agentValues];
  if (text === undefined) return {};
  const values: unknown = parse(text, { version: '1.1', logLevel: 'error' });
  return typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
}

async function readCluster(client: Client, name: string): Promise<Cluster | undefined> {
  try {
    return await client.call<Cluster>('GET', resourcePath('clusters', name));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** @throws CommandFailure `conflict` if the cluster is connected in another way, or elsewhere */
function namespaceOf(name: string, known: Cluster | undefined, { namespace }: AddClusterOptions): string {
  if (known === undefined) return namespace ?? platformNamespace;
  const { networkPeer, managementNamespace = '' } = known.spec;
  if (networkPeer !== true)
    throw new CommandFailure('conflict', `cluster ${name} exists and is connected without an agent`, {
      next: `vcp describe cluster ${name}`,
    });
  const present = managementNamespace || platformNamespace;
  if (namespace !== undefined && namespace !== present)
    throw new CommandFailure(
      'conflict',
      `the agent of cluster ${name} is in namespace ${present}: leave out --namespace`,
      { next: `vcp describe cluster ${name}` },
    );
  return present;
}

async function createCluster(
  client: Client,
  name: string,
  managementNamespace: string,
  { displayName, description }: AddClusterOptions,
): Promise<Cluster> {
  const spec = {
    ...(displayName === undefined ? {} : { displayName }),
    ...(description === undefined ? {} : { description }),
    networkPeer: true,
    managementNamespace,
  };
  return client.call('POST', resourcePath('clusters'), {
    apiVersion: managementApiVersion,
    kind: 'Cluster',
    metadata: { name },
    spec,
  });
}

function outcome({ metadata, status }: Cluster, isConnected: boolean): string {
  const { name } = metadata;
  if (!isConnected)
    return `the agent of cluster ${name} is installed; see how it is with: vcp describe cluster ${name}`;
  const { agentVersion, kubernetesVersion } = status ?? {};
  const versions = [
    kubernetesVersion && `Kubernetes ${kubernetesVersion}`,
    agentVersion && `agent ${agentVersion}`,
  ].filter(Boolean);
  return `cluster ${name} is connected${versions.length === 0 ? '' : ` (${versions.join(', ')})`}`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 86_400)
    throw new InvalidArgumentError('It must be a number of seconds from 1 to 86400.');
  return value;
}
