import { kindNames, type ManagedKind, managedKinds, type ManagedPlural } from '../contracts/kinds.ts';
import { annotations } from '../contracts/names.ts';
import { fieldsIgnoredCondition } from '../contracts/resources/condition.ts';
import type { ObjectMeta } from '../contracts/resources/object-meta.ts';
import {
  resourceKinds,
  type ResourceOf,
  type ResourcePlural,
} from '../contracts/resources/resource-kinds.ts';
import { rolesThatOpen } from './keys/key-scope.ts';
import { descriptorOf } from './kinds/kinds.ts';
import { kindOfAllowed } from './instance-templates/template-choice.ts';
import { ignoredSettingName, sleepSettingNames } from './sleep/sleep-settings.ts';
import { unknownSleepValues } from './sleep/sleep-values.ts';
import { settingsIgnored } from './vcluster-values.ts';

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
  clusters: ['metrics', 'opencost', 'argoCD'],
  virtualclustertemplates: ['spaceTemplateRef', ...ignoredInTemplate('tenant')],
  spacetemplates: ignoredInTemplate('space'),
  ...(Object.fromEntries(
    managedKinds.map((kind) => [kindNames[kind].plural, descriptorOf(kind).ignoredFields]),
  ) as { readonly [P in ManagedPlural]: readonly string[] }),
  users: ['owner', 'access', 'codesRef', 'imagePullSecrets', 'extraClaims', 'icon'],
  teams: ['owner', 'access', 'imagePullSecrets'],
  accesskeys: ['identity', 'identityRefresh', 'oidcProvider', 'oidcLogin', 'parent'],
} as const satisfies Record<ResourcePlural, readonly string[]>;

/** Values in `spec` that are not acted on, though others of their field are. */
const ignoredValues: { readonly [P in ResourcePlural]?: (resource: ResourceOf[P]) => readonly string[] } = {
  projects: ({ spec }) =>
    (spec?.allowedTemplates ?? [])
      .filter((entry) => kindOfAllowed(entry) === undefined)
      .map(({ kind = '' }) => `allowedTemplates[] of kind ${kind.slice(0, 60)}`),
  virtualclustertemplates: ({ spec }) => [
    ...ignoredInValues('template', spec?.template?.helmRelease?.values),
    ...(spec?.versions ?? []).flatMap(({ template }) =>
      ignoredInValues('versions[].template', template?.helmRelease?.values),
    ),
  ],
  ...Object.fromEntries(
    managedKinds.map((kind) => [
      kindNames[kind].plural,
      (instance: ResourceOf[ManagedPlural]) => [
        ...ignoredInValues('template', descriptorOf(kind).values(instance, undefined)),
        ...(instance.spec?.parameters && !descriptorOf(kind).takesParameters(instance) ? ['parameters'] : []),
      ],
    ]),
  ),
  accesskeys: ({ spec }) =>
    (spec.scope?.roles ?? [])
      .filter(({ role = '' }) => !rolesThatOpen.includes(role))
      .map(({ role = '' }) => `scope.roles[] with role ${role.slice(0, 60)}`),
};

/** Of the definition of a template, and of those of its versions. */
function ignoredInTemplate(kind: ManagedKind): string[] {
  return ['template', 'versions[].template'].flatMap((path) =>
    descriptorOf(kind).ignoredInDefinition.map((field) => `${path}.${field}`),
  );
}

/** A prefix that vCluster Platform gives a meaning. Some of its names only say how an instance is and set nothing. */
const sleepPrefix = 'sleepmode.loft.sh/';
const sleepStates = [
  'current-epoch-start',
  'current-epoch-slept',
  'last-epoch-start',
  'last-epoch-slept',
  'scheduled-sleep',
  'scheduled-wakeup',
];
const sleepNotIgnored: ReadonlySet<string> = new Set([
  ...Object.values(annotations),
  ...sleepStates.map((name) => `${sleepPrefix}${name}`),
]);
const isSleepIgnored = (name: string) =>
  name.startsWith(sleepPrefix) && (!sleepNotIgnored.has(name) || name === ignoredSettingName);
/** What an instance is made to do once is nothing that a project gives its instances. */
const sleepSettings: ReadonlySet<string> = new Set(
  sleepSettingNames.filter((name) => name !== ignoredSettingName),
);

/** Annotations and labels that vCluster Platform acts on, and this platform does not. */
const ignoredMetadata: {
  readonly [P in ResourcePlural]?: {
    readonly annotations?: (name: string) => boolean;
    readonly labels?: (name: string) => boolean;
  };
} = {
  clusters: {
    annotations: (name) =>
      /^loft\.sh\/(?:ingress-suffix$|cluster-ignore-agent$|direct-cluster-endpoint|derp-endpoint|metrics-federation-service-)/.test(
        name,
      ),
  },
  projects: { annotations: (name) => name.startsWith(sleepPrefix) && !sleepSettings.has(name) },
  virtualclusterinstances: {
    annotations: (name) =>
      isSleepIgnored(name) ||
      name === 'drift.loft.sh/force-check' ||
      name === 'loft.sh/streaming-connection-idle-timeout',
  },
  spaceinstances: { annotations: isSleepIgnored },
};

/**
 * Paths of what `resource` sets and the platform does not act on, such as `spec.vault`; fields of the spec that it does
 * not know are among them.
 */
export function fieldsIgnored<P extends ResourcePlural>(plural: P, resource: ResourceOf[P]): string[] {
  const { metadata, spec } = resource as { readonly metadata: ObjectMeta; readonly spec?: unknown };
  const known: object = resourceKinds[plural].schema.properties.spec.properties;
  const unknown = Object.keys(spec ?? {}).filter((field) => !Object.hasOwn(known, field));
  const fields = [...ignoredFields[plural], ...unknown].filter((path) => isSetAt(spec, path.split('.')));
  const values = ignoredValues[plural]?.(resource) ?? [];
  return [
    ...[...new Set([...fields, ...values])].map((path) => `spec.${path}`),
    ...metadataIgnored(plural, metadata),
  ];
}

/** The condition that says so in a status. */
export function ignoredCondition(fields: readonly string[]) {
  return {
    type: fieldsIgnoredCondition,
    status: 'True',
    severity: 'Info',
    reason: 'NotSupported',
    message: `Stored, but not used by this version of the platform: ${fields.join(', ')}`,
  } as const;
}

function metadataIgnored(plural: ResourcePlural, metadata: ObjectMeta): string[] {
  return (['annotations', 'labels'] as const).flatMap((field) => {
    const isIgnored = ignoredMetadata[plural]?.[field];
    const names = isIgnored === undefined ? [] : Object.keys(metadata[field] ?? {}).filter(isIgnored);
    return names.map((name) => `metadata.${field}[${name}]`);
  });
}

/** @param path of a definition below `spec` */
function ignoredInValues(path: string, values: string | undefined): string[] {
  return [...unknownSleepValues(values, isSet), ...settingsIgnored(values, isSet)].map(
    (setting) => `${path}.helmRelease.values (${setting})`,
  );
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
  if (typeof value !== 'object') return true;
  // Settings of sleep in the metadata that a template gives its instances are acted on.
  return Object.entries(value).some(([name, member]) => !sleepSettings.has(name) && isSet(member));
}
