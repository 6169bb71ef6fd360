import type { ClusterClient } from '../../adapters/kubernetes/client.ts';
import { discoverGroups } from '../../adapters/kubernetes/discovery.ts';
import { requestJson } from '../../adapters/kubernetes/request.ts';
import { eventually } from './eventually.ts';

/** An object of any kind. */
export interface InventoryObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
}

/** What comes and goes without anybody. */
const passing = ['events', 'leases', 'componentstatuses'];

/** Every object of every kind that a cluster serves, by its path: `/api/v1/secrets fleet/loft-agent-credential`. */
export async function clusterInventory({ kubeConfig }: ClusterClient): Promise<Map<string, InventoryObject>> {
  const groups = await discoverGroups(kubeConfig);
  const lists = groups.flatMap(({ metadata, versions: [preferred] = [] }) =>
    (preferred?.resources ?? [])
      .filter(({ verbs = [], resource }) => verbs.includes('list') && !passing.includes(resource))
      .map(({ resource }) => {
        const base = metadata?.name ? `/apis/${metadata.name}` : '/api';
        return `${base}/${preferred?.version}/${resource}`;
      }),
  );
  const found = await Promise.all(
    lists.map(async (path) => {
      const { items } = (await requestJson(kubeConfig, { path })) as { items: InventoryObject[] | null };
      return (items ?? []).map((object): [string, InventoryObject] => {
        const { namespace = '', name } = object.metadata;
        return [`${path} ${namespace}/${name}`, object];
      });
    }),
  );
  return new Map(found.flat());
}

/** The paths of `clusterInventory` once a new cluster has made what every cluster has. */
export async function settledInventory(client: ClusterClient): Promise<string[]> {
  let last = '';
  return eventually(
    'the cluster has made what every cluster has',
    async () => {
      const found = [...(await clusterInventory(client)).keys()].toSorted();
      const inEach = (pattern: RegExp) => found.filter((path) => pattern.test(path)).length;
      const namespaces = inEach(/^\/api\/v1\/namespaces /);
      const isComplete =
        inEach(/\/kube-root-ca\.crt$/) === namespaces &&
        inEach(/serviceaccounts .*\/default$/) === namespaces;
      const isQuiet = found.join() === last;
      last = found.join();
      return isComplete && isQuiet && found;
    },
    { intervalMs: 1_000 },
  );
}

/** Waits until a cluster holds nothing that is not in `untouched`. @param but paths that may be there */
export async function isAsBefore(
  client: ClusterClient,
  untouched: readonly string[],
  ...but: readonly RegExp[]
): Promise<void> {
  await eventually(
    'nothing is left of what was made since',
    async () => {
      const left = [...(await clusterInventory(client)).keys()].filter(
        (path) => !untouched.includes(path) && !but.some((pattern) => pattern.test(path)),
      );
      if (left.length > 0) throw new Error(left.join('\n'));
      return true;
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
}
