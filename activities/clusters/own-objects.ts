import { platformObjects } from '../../adapters/cluster-setup.ts';
import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { callKubernetes, orUndefined, statusOf } from '../../adapters/kubernetes/failures.ts';
import { shardName } from '../../adapters/kubernetes/impersonation-roles.ts';
import { listNamespaced } from '../../adapters/kubernetes/namespaced-objects.ts';
import { rbacPath } from '../../adapters/kubernetes/rbac-objects.ts';
import { acceptMetadata, requestJson } from '../../adapters/kubernetes/request.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { ObjectMeta } from '../../contracts/resources/object-meta.ts';
import { shardDigits } from '../../domain/access/shards.ts';

/**
 * ClusterRole of a connected cluster that everything of ours there is made to belong to: with it, Kubernetes' garbage collector
 * removes the rest. Its rules are the right to do so (deploy/charts/vcluster-platform/connected-cluster/disconnect.yaml).
 */
const anchorName = 'vcluster-platform:disconnect';
export const anchorPath = `${rbacPath('ClusterRole')}/${anchorName}`;
const gatewayUsers = 'vcluster-platform:gateway-users';

/** Name of the agent's Deployment; vCluster Platform's command line looks for it. */
export const agentDeployment = 'loft';

/** Metadata with the owners that the garbage collector asks. */
export interface OwnedMeta extends ObjectMeta {
  readonly ownerReferences?: readonly { readonly uid: string }[];
}

/** An object of ours that may be in a connected cluster. */
interface NamedObject {
  readonly kind: string;
  readonly path: string;
}

/** One that is there. */
export interface OwnObject extends NamedObject {
  readonly metadata: OwnedMeta;
}

/** What of ours was found in a connected cluster. */
export interface OwnObjects {
  readonly anchor: OwnObject;
  /** All but the anchor and the namespace. */
  readonly others: readonly OwnObject[];
}

const namespacedPaths: Readonly<Record<string, string>> = {
  ServiceAccount: '/api/v1/namespaces/{}/serviceaccounts',
  Secret: '/api/v1/namespaces/{}/secrets',
  ConfigMap: '/api/v1/namespaces/{}/configmaps',
  Deployment: '/apis/apps/v1/namespaces/{}/deployments',
};
/** What the chart makes of its own, beside the manifests; an agent writes the first. */
const ofTheChart = [
  ['Secret', 'loft-agent-credential'],
  ['Secret', 'loft-agent-join-key'],
  ['ConfigMap', 'loft-agent'],
  ['Deployment', agentDeployment],
] as const;

/**
 * Everything of ours that a connected cluster may hold under a name that is known, however it was connected. Helm's records, whose
 * names are counted, are not among it.
 * @param namespace the platform's there
 */
export function namedObjects(namespace: string): NamedObject[] {
  const shards = shardDigits.map((digit) => shardName(gatewayUsers, digit));
  return [
    ...platformObjects('', 'agent').flatMap(({ kind = '', metadata }) =>
      kind === 'Namespace' ? [] : [objectAt(kind, metadata?.name ?? '', metadata?.namespace && namespace)],
    ),
    ...shards.flatMap((name) => [objectAt('ClusterRole', name), objectAt('ClusterRoleBinding', name)]),
    ...ofTheChart.map(([kind, name]) => objectAt(kind, name, namespace)),
  ];
}

function objectAt(kind: string, name: string, namespace?: string): NamedObject {
  const list =
    namespacedPaths[kind]?.replace('{}', namespace ?? '') ??
    rbacPath(kind as Parameters<typeof rbacPath>[0], namespace);
  return { kind, path: `${list}/${name}` };
}

/**
 * Looks for everything of ours in a connected cluster; changes nothing.
 * @param cluster its name, for people
 * @throws PlatformError `forbidden`: it was connected by a version that could not be disconnected; `cluster_unreachable`
 */
export async function findOwnObjects(
  client: ClusterClient,
  cluster: string,
  namespace: string,
): Promise<OwnObjects> {
  const anchor = await readAnchor(client, cluster);
  const release = anchor.metadata.labels?.['release'];
  const [named, records] = await Promise.all([
    Promise.all(namedObjects(namespace).map((object) => read(client, object))),
    release === undefined ? [] : helmRecords(client, namespace, release),
  ]);
  const others = [...named.filter((object) => object !== undefined), ...records];
  return { anchor, others: others.filter(({ path }) => path !== anchorPath) };
}

async function readAnchor({ kubeConfig }: ClusterClient, cluster: string): Promise<OwnObject> {
  const anchor = { kind: 'ClusterRole', path: anchorPath };
  try {
    return { ...anchor, metadata: await metadataOf(kubeConfig, anchor) };
  } catch (error) {
    // Who lacks the role lacks the right to look for it.
    if (![403, 404].includes(statusOf(error) ?? 0))
      return callKubernetes(`reading ClusterRole ${anchorName}`, Promise.reject(error));
    throw new PlatformError(
      'forbidden',
      `the platform may not remove what it has in cluster ${cluster}: its agent was installed by an earlier version, or is half removed. Run "vcp add cluster ${cluster}" again, or disconnect with --force and remove it there yourself`,
      { cause: error },
    );
  }
}

async function read({ kubeConfig }: ClusterClient, object: NamedObject): Promise<OwnObject | undefined> {
  const metadata = await callKubernetes(
    `reading ${object.path}`,
    orUndefined(metadataOf(kubeConfig, object)),
  );
  return metadata && { ...object, metadata };
}

async function metadataOf(
  kubeConfig: ClusterClient['kubeConfig'],
  { path }: NamedObject,
): Promise<OwnedMeta> {
  const accept = `${acceptMetadata('PartialObjectMetadata')},application/json`;
  return ((await requestJson(kubeConfig, { path, accept })) as { metadata: OwnedMeta }).metadata;
}

/** The Secrets in which Helm keeps the release of the agent: one for each of its revisions. */
function helmRecords(
  { kubeConfig }: ClusterClient,
  namespace: string,
  release: string,
): Promise<OwnObject[]> {
  const secrets = { base: '/api/v1', resource: 'secrets' };
  return callKubernetes(`reading Helm's records of ${release}`, async () => {
    const found: OwnObject[] = [];
    for await (const page of listNamespaced(kubeConfig, namespace, secrets, `owner=helm,name=${release}`))
      found.push(...page.map((metadata) => ({ ...objectAt('Secret', metadata.name, namespace), metadata })));
    return found;
  });
}
