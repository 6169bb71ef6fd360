import { kindNames, managedKinds, type ManagedPlural } from '../contracts/kinds.ts';
import { resourceKinds, type ResourceOf } from '../contracts/resources/resource-kinds.ts';
import { descriptorOf } from './kinds/kinds.ts';
import { ignoredInDefinition } from './kinds/virtual-cluster.ts';

/** Fields of `spec`, by kind, that the platform keeps and does not act on. `x[]` means each entry. */
const ignoredFields = {
  projects: [
    'quotas',
    'allowedRunners',
    'allowedNodeTypes',
    'allowedNodeProfiles',
    'defaultNodeProfile',
    'requirePreset',
    'argoCD',
    'vault',
  ],
  clusters: ['managementNamespace', 'metrics', 'opencost', 'argoCD'],
  virtualclustertemplates: [
    'spaceTemplateRef',
    ...ignoredInDefinition('template'),
    ...ignoredInDefinition('versions[].template'),
  ],
  ...(Object.fromEntries(
    managedKinds.map((kind) => [kindNames[kind].plural, descriptorOf(kind).ignoredFields]),
  ) as { readonly [P in ManagedPlural]: readonly string[] }),
  users: ['owner', 'access', 'codesRef', 'imagePullSecrets', 'extraClaims', 'icon'],
  teams: ['owner', 'access', 'imagePullSecrets'],
  accesskeys: ['identity', 'identityRefresh', 'oidcProvider', 'oidcLogin', 'parent'],
} as const satisfies Partial<Record<keyof ResourceOf, readonly string[]>>;

/**
 * Paths below `spec` that `resource` sets and the platform does not act on, such as `spec.vault`; fields of the
 * spec that it does not know are among them.
 */
export function fieldsIgnored(plural: keyof typeof ignoredFields, spec: unknown): string[] {
  const known: object = resourceKinds[plural].schema.properties.spec.properties;
  const unknown = Object.keys(spec ?? {}).filter((field) => !Object.hasOwn(known, field));
  return [...ignoredFields[plural], ...unknown]
    .filter((path) => isSetAt(spec, path.split('.')))
    .map((path) => `spec.${path}`);
}

function isSetAt(value: unknown, path: readonly string[]): boolean {
  const [head, ...rest] = path;
  if (head === undefined) return isSet(value);
  if (typeof value !== 'object' || value === null) return false;
  const field = head.endsWith('[]') ? head.slice(0, -2) : head;
  const member = (value as Record<string, unknown>)[field];
  if (!head.endsWith('[]')) return isSetAt(member, rest);
  return Array.isArray(member) && member.some((entry) => isSetAt(entry, rest));
}

/** Whether a field says something: exports of vCluster Platform write empty objects and lists where nothing is set. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? Object.values(value).some(isSet) : true;
}
