import type { InstanceSummary, ListedFields } from '../../contracts/instance-summaries.ts';
import type { ManagedKind, SummaryFieldOf } from '../../contracts/kinds.ts';
import { annotations, projectOfNamespace } from '../../contracts/names.ts';
import type { InstanceOf, ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { availableVersion, type VersionedTemplate } from '../instance-templates/template-version.ts';
import { knownPlace } from '../placement/known-place.ts';
import { activityWords, readLastActivityInfo } from '../sleep/last-activity.ts';

/** What is said of the instances of each kind besides what is said of all. */
const own: {
  readonly [K in ManagedKind]: (instance: InstanceOf<K>) => {
    readonly [F in SummaryFieldOf<K>]: string | undefined;
  };
} = {
  tenant: ({ spec, status }) => ({
    template: spec?.templateRef?.name,
    kubernetesVersion: status?.kubernetesVersion,
    chartVersion: status?.virtualCluster?.helmRelease?.chart?.version,
  }),
  space: (instance) => ({
    template: instance.spec?.templateRef?.name,
    namespace: knownPlace(instance).namespace,
  }),
};

/**
 * The part of a summary that lists are filtered and sorted by: cheap, since it is made of every instance, shown or not.
 * @param instance of that kind; with or without computed fields
 */
export function listedFields<K extends ManagedKind>(kind: K, instance: InstanceOf<K>): ListedFields<K> {
  const { metadata, spec, status } = instance as ManagedInstance;
  return {
    name: metadata.name,
    project: projectOfNamespace(metadata.namespace ?? '') ?? '',
    phase: metadata.deletionTimestamp === undefined ? status?.phase || 'Pending' : 'Terminating',
    ...present({
      displayName: spec?.displayName,
      cluster: knownPlace(instance as ManagedInstance).cluster,
      reason: status?.reason,
      createdAt: metadata.creationTimestamp,
      ...own[kind](instance),
    }),
  } as ListedFields<K>;
}

/**
 * What a list says of an instance. Consoles make the same of the resources that `/api/v1/events` tells them, so this file and
 * what it imports run in browsers: no Node, no schemas, and not all of domain/ (a test holds that).
 * @param shown of that kind, as the gateway shows it to its reader: without computed fields (domain/computed-fields.ts), `why`,
 * `sleptPercent`, `canUse` and `canUpdate` are left out
 * @param template the one that `spec.templateRef` names; without it no newer version is known
 */
export function summaryOfInstance<K extends ManagedKind>(
  kind: K,
  shown: InstanceOf<K>,
  template: VersionedTemplate | undefined,
): InstanceSummary<K> {
  const instance: ManagedInstance = shown;
  const { metadata, spec = {}, status = {} } = instance;
  const { annotations: given = {} } = metadata;
  const { owner = {} } = spec;
  const { lastOperation, nextAttempt } = status;
  const info = readLastActivityInfo(instance);
  return {
    ...listedFields(kind, shown),
    ...present({
      uid: metadata.uid,
      message: status.message,
      ownerUser: owner.user,
      ownerTeam: owner.team,
      ...templateVersions(instance, template),
      sleepingSince: given[annotations.sleepingSince],
      why: status.why,
      lastActivityAt: timestampOf(given[annotations.lastActivity]),
      lastActivity: info && activityWords(info),
      sleptPercent: sleptPercent(status.sleepModeConfig),
      nextAttempt: nextAttempt?.message,
      nextAttemptAt: nextAttempt?.at,
      lastOperation: lastOperation?.id,
      lastOperationType: lastOperation?.type,
      lastOperationState: lastOperation?.state,
      canUse: status.canUse,
      canUpdate: status.canUpdate,
    }),
  };
}

/** The deployed version of the template that is named now, and a newer one that is not deployed by itself. */
function templateVersions(
  { spec, status }: ManagedInstance,
  template: VersionedTemplate | undefined,
): { templateVersion?: string; latestTemplateVersion?: string | undefined } {
  const { name, version } = spec?.templateRef ?? {};
  const deployed = status?.template;
  if (deployed === undefined || deployed.name !== name) return {};
  return {
    templateVersion: deployed.version,
    latestTemplateVersion: template && latestOf(template, version ?? '', deployed.version),
  };
}

/** By template, and what is asked of it: many instances are made of one, and objects are replaced, not changed. */
const latest = new WeakMap<VersionedTemplate, Map<string, string | undefined>>();
const maxLatest = 1_000;

function latestOf(template: VersionedTemplate, reference: string, deployed: string): string | undefined {
  const known = latest.get(template) ?? new Map<string, string | undefined>();
  latest.set(template, known);
  const asked = `${reference} ${deployed}`;
  if (known.has(asked)) return known.get(asked);
  const version = availableVersion(template, reference, deployed);
  if (known.size < maxLatest) known.set(asked, version);
  return version;
}

function sleptPercent(config: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const { sleptLastSevenDays } = (config?.['status'] ?? {}) as { readonly sleptLastSevenDays?: unknown };
  return typeof sleptLastSevenDays === 'number' ? sleptLastSevenDays : undefined;
}

/** Seconds since the epoch, as an annotation holds them, as RFC 3339. */
function timestampOf(seconds: string | undefined): string | undefined {
  return seconds !== undefined && /^\d{1,11}$/.test(seconds)
    ? new Date(Number(seconds) * 1000).toISOString()
    : undefined;
}

type Value = string | number | boolean | undefined;

/** Those of `fields` that say something. */
function present<T extends Readonly<Record<string, Value>>>(
  fields: T,
): { [F in keyof T]?: Exclude<T[F], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [F in keyof T]?: Exclude<T[F], undefined> };
}
