import type { ResourceOf } from '../contracts/resources/resource-kinds.ts';

/** Fields of `spec`, by kind, that the platform keeps and does not act on. `x[]` means each entry. */
const ignoredFields = {
  projects: [
    'quotas',
    'allowedRunners',
    'allowedNodeTypes',
    'allowedNodeProfiles',
    'defaultNodeProfile',
    'requirePreset',
    'access',
    'namespacePattern.space',
    'argoCD',
    'vault',
  ],
  clusters: ['owner', 'managementNamespace', 'access', 'metrics', 'opencost', 'argoCD'],
  virtualclustertemplates: [
    'owner',
    'access',
    'spaceTemplateRef',
    ...ignoredInDefinition('template'),
    ...ignoredInDefinition('versions[].template'),
  ],
  virtualclusterinstances: [
    'extraAccessRules',
    'networkPeer',
    'external',
    'standalone',
    'templateRef.syncOnce',
    'clusterRef.virtualCluster',
    ...ignoredInDefinition('template'),
  ],
  users: ['owner', 'access', 'passwordRef', 'codesRef', 'imagePullSecrets', 'extraClaims', 'icon'],
  teams: ['owner', 'access', 'imagePullSecrets'],
  accesskeys: ['scope', 'identity', 'identityRefresh', 'oidcProvider', 'oidcLogin', 'parent'],
} as const satisfies Partial<Record<keyof ResourceOf, readonly string[]>>;

function ignoredInDefinition<Path extends string>(path: Path) {
  const fields = [
    'apps',
    'charts',
    'objects',
    'spaceTemplate',
    'access',
    'pro',
    'accessPoint',
    'forwardToken',
    'forwardTokenMode',
  ];
  return [...fields, 'metadata', 'instanceTemplate'].map((field) => `${path}.${field}`);
}

/** Paths below `spec` that `resource` sets and the platform does not act on, such as `spec.vault`. */
export function fieldsIgnored(plural: keyof typeof ignoredFields, spec: unknown): string[] {
  return ignoredFields[plural].filter((path) => isSet(spec, path.split('.'))).map((path) => `spec.${path}`);
}

function isSet(value: unknown, path: readonly string[]): boolean {
  const [head, ...rest] = path;
  if (head === undefined) return isMeaningful(value);
  if (typeof value !== 'object' || value === null) return false;
  const field = head.endsWith('[]') ? head.slice(0, -2) : head;
  const member = (value as Record<string, unknown>)[field];
  if (!head.endsWith('[]')) return isSet(member, rest);
  return Array.isArray(member) && member.some((entry) => isSet(entry, rest));
}

/** Exports of the original write empty objects and lists where nothing is set. */
function isMeaningful(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? Object.values(value).some(isMeaningful) : true;
}
