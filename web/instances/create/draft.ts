import { kindNames, type ManagedKind } from '../../../contracts/kinds.ts';
import { annotations, managementApiVersion, projectNamespace } from '../../../contracts/names.ts';
import { resourceKinds } from '../../../contracts/resources/resource-kinds.ts';
import type { VirtualClusterInstanceSpec } from '../../../contracts/resources/virtual-cluster-instance.ts';

/** What specs of both kinds have, as far as forms write it. */
export type DraftSpec = VirtualClusterInstanceSpec;

/** A tenant cluster or space that is not created yet: its resource without what the project and the kind give. */
export interface Draft {
  readonly metadata: DraftMetadata;
  readonly spec: DraftSpec;
}

interface DraftMetadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Settings of sleep that the form has a field for. */
export const sleepSettings = [
  annotations.sleepAfter,
  annotations.sleepSchedule,
  annotations.wakeupSchedule,
  annotations.sleepTimezone,
  annotations.deleteAfter,
] as const;
export type SleepSettingName = (typeof sleepSettings)[number];

type Changes<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** `draft` with other fields in its spec; what is undefined, empty or an empty list is left out. */
export function withSpec(draft: Draft, changes: Changes<DraftSpec>): Draft {
  return { ...draft, spec: withoutEmpty({ ...draft.spec, ...changes }) as DraftSpec };
}

/** `draft` with a setting of sleep; undefined removes it. */
export function withAnnotation(draft: Draft, name: string, value: string | undefined): Draft {
  const { annotations: before, ...metadata } = draft.metadata;
  const after = withoutEmpty({ ...before, [name]: value }) as Record<string, string>;
  return {
    ...draft,
    metadata: { ...metadata, ...(Object.keys(after).length === 0 ? {} : { annotations: after }) },
  };
}

/** `value`, unless it has nothing in it. */
export function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(withoutEmpty(value)).length === 0 ? undefined : (withoutEmpty(value) as T);
}

function withoutEmpty(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** The resource that is created. */
export function manifestOf(kind: ManagedKind, project: string, { metadata, spec }: Draft) {
  const { name, ...others } = metadata;
  return {
    apiVersion: managementApiVersion,
    kind: resourceKinds[kindNames[kind].plural].kind,
    metadata: { name, namespace: projectNamespace(project), ...others },
    spec,
  };
}

const shownInSpec = [
  'displayName',
  'description',
  'owner',
  'templateRef',
  'template',
  'clusterRef',
  'parameters',
  'extraAccessRules',
];

/** Fields of the resource that the form has no field for: they are in the YAML only. */
export function unshownFields({ metadata, spec }: Draft): string[] {
  const { name: _name, annotations: given = {}, ...otherMetadata } = metadata;
  const ofSpec = Object.keys(spec).filter((field) => !shownInSpec.includes(field));
  const within = [
    ...below('spec.clusterRef', spec.clusterRef, ['cluster']),
    ...below('spec.templateRef', spec.templateRef, ['name', 'version']),
    ...below('spec.template', spec.template, ['helmRelease']),
    ...below('spec.template.helmRelease', spec.template?.helmRelease, ['values']),
  ];
  const ofAnnotations = Object.keys(given).filter(
    (name) => !(sleepSettings as readonly string[]).includes(name),
  );
  return [
    ...Object.keys(otherMetadata).map((field) => `metadata.${field}`),
    ...ofAnnotations.map((name) => `metadata.annotations[${name}]`),
    ...ofSpec.map((field) => `spec.${field}`),
    ...within,
  ];
}

function below(path: string, value: object | undefined, shown: readonly string[]): string[] {
  return Object.keys(value ?? {}).flatMap((field) => (shown.includes(field) ? [] : [`${path}.${field}`]));
}
