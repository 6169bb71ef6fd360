import { type TOptional, type TString, Type } from 'typebox';
import type { ErrorCode } from './errors.ts';
import { defaultHostNamespace, defaultSpaceNamespace, labels } from './names.ts';
import type { OperationType } from './verbs.ts';

/** What a managed kind is called, and what it has. How it behaves: its descriptor in domain/kinds/. */
interface KindNames {
  /** What people call one; its plural ends in "s". */
  readonly noun: string;
  /** Its resources in the management API. */
  readonly plural: string;
  /** What it may be made of: resources of the management API. `kind` stands in a project's `allowedTemplates`. */
  readonly templates: { readonly plural: string; readonly kind: string };
  /** Its collection in the REST API. */
  readonly collection: string;
  /** What stands before its name in the paths of the Kubernetes proxy. */
  readonly segment: string;
  /** What a rule of a key's scope calls requests to its Kubernetes API. */
  readonly requestTarget: string;
  /** Stem of the names of its roles in the management API; with an "s", of whom these are made for. */
  readonly role: string;
  /** Stem of the names of its schemas and routes in the OpenAPI document. */
  readonly documentName: string;
  /** What stands before "Operation" there in the names of its routes. */
  readonly operationsName: string;
  /** Field of an operation and of an audit event that holds its name. */
  readonly field: string;
  readonly searchAttribute: string;
  readonly notFound: ErrorCode;
  /** How it is called on the command line. */
  readonly command: { readonly name: string; readonly alias?: string };
  /** Label of its namespace that holds its name. */
  readonly label: string;
  /**
   * Its namespace in a connected cluster: `pattern` is the field of a project's `namespacePattern`, `placeholder` what
   * stands there for its name besides `name`, `byDefault` its name without a pattern.
   */
  readonly namespace: {
    readonly pattern: string;
    readonly placeholder: string;
    readonly byDefault: (project: string, name: string) => string;
    /** What makes one again that somebody deleted there: a sentence for people. */
    readonly remedy: string;
  };
  /** What a list says of it besides what it says of every kind, with a description for the OpenAPI document. */
  readonly summary: Readonly<Record<string, string>>;
  /** The lifecycle verbs that it has. */
  readonly verbs: readonly OperationType[];
}

/**
 * The managed kinds: what has a lifecycle of operations. The keys are what rows, histories and answers of the REST API
 * hold, so that they stay as they are.
 */
export const kindNames = {
  tenant: {
    noun: 'tenant cluster',
    plural: 'virtualclusterinstances',
    templates: { plural: 'virtualclustertemplates', kind: 'VirtualClusterTemplate' },
    collection: 'virtualclusters',
    segment: 'virtualcluster',
    requestTarget: 'ProjectVirtualCluster',
    role: 'instance',
    documentName: 'VirtualCluster',
    operationsName: '',
    field: 'tenantCluster',
    searchAttribute: 'TenantCluster',
    notFound: 'tenant_cluster_not_found',
    command: { name: 'vcluster' },
    label: labels.tenantCluster,
    namespace: {
      pattern: 'virtualCluster',
      placeholder: 'virtualClusterName',
      byDefault: defaultHostNamespace,
      remedy:
        'Restore a snapshot, or update the tenant cluster, to make it again ("vcp retry" makes it again, empty)',
    },
    summary: {
      template: 'Name of its template',
      kubernetesVersion: 'That it answered with last',
      chartVersion: 'That was deployed last',
    },
    verbs: ['create', 'update', 'sleep', 'wake', 'snapshot', 'restore', 'delete'],
  },
  space: {
    noun: 'space',
    plural: 'spaceinstances',
    templates: { plural: 'spacetemplates', kind: 'SpaceTemplate' },
    collection: 'spaces',
    segment: 'space',
    requestTarget: 'ProjectSpace',
    role: 'space',
    documentName: 'Space',
    operationsName: 'Space',
    field: 'space',
    searchAttribute: 'Space',
    notFound: 'space_not_found',
    command: { name: 'space', alias: 'namespace' },
    label: labels.space,
    namespace: {
      pattern: 'space',
      placeholder: 'space',
      byDefault: defaultSpaceNamespace,
      remedy: 'Wake the space to make it again, empty',
    },
    summary: { template: 'Name of its template', namespace: 'Its namespace there' },
    verbs: ['create', 'sleep', 'wake', 'delete'],
  },
} as const satisfies Record<string, KindNames>;

export type ManagedKind = keyof typeof kindNames;
export const managedKinds = Object.keys(kindNames) as [ManagedKind, ...ManagedKind[]];

/** Fields of an operation and of an audit event: each kind has one for the name of what it is about. */
export const nameFields = Object.fromEntries(
  managedKinds.map((kind) => [
    kindNames[kind].field,
    Type.Optional(Type.String({ description: `Name, of kind \`${kind}\`` })),
  ]),
) as { [F in NameField]: TOptional<TString> };
export type NameField = (typeof kindNames)[ManagedKind]['field'];

/** What operations are about: the instances of the managed kinds, each in a project, and connected clusters, which are in none. */
export const targetNames = {
  ...kindNames,
  cluster: {
    noun: 'connected cluster',
    plural: 'clusters',
    field: 'cluster',
    notFound: 'cluster_not_found',
    command: { name: 'cluster' },
    verbs: ['disconnect', 'upgrade'],
  },
} as const satisfies Record<
  string,
  Pick<KindNames, 'noun' | 'plural' | 'field' | 'notFound' | 'command' | 'verbs'>
>;

/** The kinds that have operations. */
export type OperationKind = keyof typeof targetNames;
export const operationKinds = Object.keys(targetNames) as [OperationKind, ...OperationKind[]];

export type VerbOf<K extends OperationKind> = (typeof targetNames)[K]['verbs'][number];
export type SummaryFieldOf<K extends ManagedKind> = keyof (typeof kindNames)[K]['summary'] & string;
export type PluralOf<K extends ManagedKind> = (typeof kindNames)[K]['plural'];

/** The resources of managed kinds. */
export type ManagedPlural = PluralOf<ManagedKind>;
export const managedPlurals = managedKinds.map((kind) => kindNames[kind].plural);

/** The templates of managed kinds. */
export type TemplatePluralOf<K extends ManagedKind> = (typeof kindNames)[K]['templates']['plural'];
export type TemplatePlural = TemplatePluralOf<ManagedKind>;
export const templatePlurals = managedKinds.map((kind) => kindNames[kind].templates.plural);

/** The kind of what is recorded without one: histories from before there were others leave it out, and new ones do too. */
const unnamedKind = 'tenant' satisfies ManagedKind;
export type UnnamedKind = typeof unnamedKind;

/** The kind of what a history or a schedule names. */
export function kindOf<K extends OperationKind>({
  kind,
}: {
  readonly kind?: K | undefined;
}): K | UnnamedKind {
  return kind ?? unnamedKind;
}

/** `kind` as histories and schedules name it. */
export function namedKind<K extends OperationKind>(kind: K): { kind?: Exclude<K, UnnamedKind> } {
  return kind === unnamedKind ? {} : { kind: kind as Exclude<K, UnnamedKind> };
}

/** What an operation is about, by its name: one of a kind in a project may have it. */
export interface OperationSubject {
  readonly kind: OperationKind;
  /** Empty: it is in none. */
  readonly project: string;
  readonly name: string;
}

/** An instance of a managed kind by its name. */
export interface OperationTarget extends OperationSubject {
  readonly kind: ManagedKind;
}

/** The kinds that have the verb. */
export type KindWith<V extends OperationType> = {
  [K in ManagedKind]: V extends VerbOf<K> ? K : never;
}[ManagedKind];

/** Whether `kind` has the verb. A verb that no kind has cannot be asked for: then its row is not used. */
export function hasVerb(kind: OperationKind, type: VerbOf<OperationKind>): boolean {
  return (targetNames[kind].verbs as readonly OperationType[]).includes(type);
}

/** The kind whose resources are `plural`; undefined if it is not a managed one. */
export function kindOfPlural(plural: string): ManagedKind | undefined {
  return managedKinds.find((kind) => kindNames[kind].plural === plural);
}

/** The kind that stands as `segment` in a path of the Kubernetes proxy. */
export function kindOfSegment(segment: string): ManagedKind | undefined {
  return managedKinds.find((kind) => kindNames[kind].segment === segment);
}

/** The kind whose collection in the REST API is `collection`. */
export function kindOfCollection(collection: string): ManagedKind | undefined {
  return managedKinds.find((kind) => kindNames[kind].collection === collection);
}
