import { type ObjectType, typeName } from '../../server/kubernetes-objects.ts';
import type { DiscoveredType } from '../../server/tenant-discovery.ts';
import { resourcesText as text } from '../../text/resources.ts';

/** Kinds that belong together, in the list at the left. */
export interface KindSection {
  readonly title: string;
  readonly types: readonly ObjectType[];
}

function type(kind: string, plural: string, apiVersion = 'v1', isNamespaced = true): ObjectType {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return { group, version, plural, kind, isNamespaced };
}

export const pods = type('Pod', 'pods');
export const secrets = type('Secret', 'secrets');
export const configMaps = type('ConfigMap', 'configmaps');
export const events = type('Event', 'events');
export const nodes = type('Node', 'nodes', 'v1', false);
export const namespaces = type('Namespace', 'namespaces', 'v1', false);
const rbac = 'rbac.authorization.k8s.io/v1';

const sections: readonly KindSection[] = [
  { title: text.sections.general, types: [namespaces, nodes, events] },
  {
    title: text.sections.workloads,
    types: [
      pods,
      type('Deployment', 'deployments', 'apps/v1'),
      type('StatefulSet', 'statefulsets', 'apps/v1'),
      type('DaemonSet', 'daemonsets', 'apps/v1'),
      type('Job', 'jobs', 'batch/v1'),
      type('CronJob', 'cronjobs', 'batch/v1'),
    ],
  },
  {
    title: text.sections.network,
    types: [type('Service', 'services'), type('Ingress', 'ingresses', 'networking.k8s.io/v1')],
  },
  { title: text.sections.config, types: [configMaps, secrets] },
  { title: text.sections.storage, types: [type('PersistentVolumeClaim', 'persistentvolumeclaims')] },
  {
    title: text.sections.access,
    types: [
      type('ServiceAccount', 'serviceaccounts'),
      type('Role', 'roles', rbac),
      type('RoleBinding', 'rolebindings', rbac),
    ],
  },
];

/** The sections of what there always is. @param inNamespace only what is in a namespace: a space has nothing else */
export function knownSections(inNamespace: boolean): readonly KindSection[] {
  return sections
    .map(({ title, types }) => ({ title, types: types.filter((one) => one.isNamespaced || !inNamespace) }))
    .filter(({ types }) => types.length > 0);
}

const known = new Map(sections.flatMap(({ types }) => types.map((one) => [typeName(one), one] as const)));
/** The newer form of events: the same objects a second time. */
const repeated = 'events.events.k8s.io';

/** Kinds that can be listed and are in no section, by their groups. */
export function otherSections(
  types: readonly DiscoveredType[],
  inNamespace: boolean,
): readonly KindSection[] {
  const others = types.filter(
    (one) =>
      one.verbs.includes('list') &&
      (one.isNamespaced || !inNamespace) &&
      !known.has(typeName(one)) &&
      typeName(one) !== repeated,
  );
  const groups = Map.groupBy(others, ({ group }) => group);
  return [...groups]
    .map(([group, all]) => ({
      title: group === '' ? text.coreGroup : group,
      types: all.toSorted((one, other) => one.kind.localeCompare(other.kind)),
    }))
    .toSorted((one, other) => one.title.localeCompare(other.title));
}

/** The type that the page's address names; undefined while it is not known. */
export function typeNamed(
  name: string,
  discovered: readonly ObjectType[] | undefined,
): ObjectType | undefined {
  return (
    known.get(name) ??
    discovered?.find((one) => typeName(one) === name) ??
    [...known.values()].find(({ plural }) => plural === name)
  );
}

/** What stands in lists of kinds: `NetworkPolicies`, the plural in the kind's own letters. */
export function typeTitle({ kind, plural }: ObjectType): string {
  const other = Array.from(plural).findIndex((letter, index) => letter !== kind[index]?.toLowerCase());
  const same = other === -1 ? plural.length : other;
  return text.plurals[plural] ?? `${kind.slice(0, same)}${plural.slice(same)}`;
}
