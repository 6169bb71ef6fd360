import { kindNames } from '../../contracts/kinds.ts';
import { annotations } from '../../contracts/names.ts';
import type { Operation } from '../../contracts/operations.ts';
import type { Project } from '../../contracts/resources/project.ts';
import type { SleepSetting } from '../../contracts/resources/sleep-policy-status.ts';
import type { VirtualClusterInstanceStatus } from '../../contracts/resources/virtual-cluster-instance.ts';
import { grantsOf } from './access.ts';
import { type InstanceFacts, type KubernetesEvent, timeOf } from './facts.ts';
import { timestampOf } from './instances.ts';
import { age, type Column, duration, oneLine, tableLines } from '../output/output.ts';
import { stepLine } from '../output/progress.ts';
import { phaseOf, whyOf } from './why.ts';

/** What is told of an instance besides its facts; undefined: the caller may not see it. */
export interface Surroundings {
  readonly project: Project | undefined;
  readonly events: readonly KubernetesEvent[] | undefined;
}

/** Everything about an instance, as `kubectl describe` tells it. */
export function describeInstance(facts: InstanceFacts, { project, events }: Surroundings): string {
  const { resource, operations, now } = facts;
  const { status } = resource;
  const [last] = operations;
  return [
    ...fields(factsOf(facts)),
    ...section('Sleep', fields(sleepOf(facts))),
    ...section('Conditions', table(status?.conditions ?? [], conditionColumns(now))),
    ...section('Last operation', last === undefined ? [] : last.steps.map((step) => stepLine(step, false))),
    ...section('Operations', table(operations, operationColumns(now))),
    ...section('Who may use it', table(grantsOf(resource, project), grantColumns)),
    ...(project === undefined ? ['  (and members of the project, whom you may not see)'] : []),
    ...section(
      'Events',
      events === undefined ? ['  (you may not see them)'] : table(events, eventColumns(now)),
    ),
  ].join('\n');
}

/** A title and what is told under it; fields without a value are left out. */
export type Field = readonly [title: string, value: string | undefined];

function factsOf(facts: InstanceFacts): Field[] {
  const { kind, name, project, resource, now } = facts;
  const { metadata, spec, status } = resource;
  return [
    ['Name', name],
    ['Kind', kindNames[kind].noun],
    ['Project', project],
    ['Display name', spec?.displayName],
    ['Description', spec?.description],
    ['Status', phaseOf(facts)],
    ['Why', whyOf(facts)],
    ['Next attempt', status?.nextAttempt?.message],
    ...deploymentOf(resource),
    ['Created', timeText(metadata.creationTimestamp, now)],
    ['Deleted', timeText(metadata.deletionTimestamp, now)],
    ['UID', metadata.uid],
  ];
}

function deploymentOf({ spec, status }: InstanceFacts['resource']): Field[] {
  // What only one of the kinds has is not there in others.
  const { kubernetesVersion, virtualCluster } = (status ?? {}) as VirtualClusterInstanceStatus;
  const { templateRef, clusterRef } = spec ?? {};
  const place = status?.clusterRef ?? clusterRef;
  const chart = virtualCluster?.helmRelease?.chart;
  return [
    ['Cluster', place?.cluster],
    ['Namespace', place?.namespace],
    ['Template', joined(templateRef?.name, templateRef?.version)],
    ['Chart', joined(chart?.name, chart?.version)],
    ['Kubernetes', kubernetesVersion],
  ];
}

function joined(...parts: (string | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}

export function timeText(timestamp: string | undefined, now: number): string | undefined {
  return timestamp && `${timestamp} (${age(timestamp, now)} ago)`;
}

function sleepOf({ resource: { metadata, status }, now }: InstanceFacts): Field[] {
  const given = metadata.annotations ?? {};
  const since = timestampOf(given[annotations.sleepingSince]);
  const active = timestampOf(given[annotations.lastActivity]);
  const policy = status?.sleepPolicy ?? {};
  /** What holds, and where it comes from, unless that is the instance's own annotation. */
  const setting = (name: SleepSetting, text: string | undefined) => {
    const source = policy.sources?.[name];
    return text && (source === undefined || source === 'annotation' ? text : `${text} (${source})`);
  };
  const seconds = (count: number | undefined) => (count ? `${count} s without activity` : undefined);
  return [
    ['Asleep since', timeText(since, now)],
    ['Kind of sleep', given[annotations.sleepType]],
    [
      'Only people wake it for',
      given[annotations.sleepForceDuration] && `${given[annotations.sleepForceDuration]} s (0: always)`,
    ],
    ['Sleeps after', setting('afterInactivitySeconds', seconds(policy.afterInactivitySeconds))],
    ['Deleted after', setting('deleteAfterSeconds', seconds(policy.deleteAfterSeconds))],
    ['Sleep schedule', setting('sleepSchedule', policy.sleepSchedule ?? given[annotations.sleepSchedule])],
    [
      'Wakeup schedule',
      setting('wakeupSchedule', policy.wakeupSchedule ?? given[annotations.wakeupSchedule]),
    ],
    ['Time zone', setting('timezone', policy.timezone ?? given[annotations.sleepTimezone])],
    ['Last activity', timeText(active, now)],
  ];
}

const titleWidth = 16;

export function fields(all: readonly Field[]): string[] {
  return all.flatMap(([title, value]) =>
    value === undefined || value === '' ? [] : [`${`${title}:`.padEnd(titleWidth)} ${oneLine(value)}`],
  );
}

export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : ['', `${title}:`, ...lines.map((line) => (line.startsWith(' ') ? line : `  ${line}`))];
}

export function table<T>(items: readonly T[], columns: readonly Column<T>[]): string[] {
  if (items.length === 0) return [];
  const { head, rows } = tableLines(items, { columns }, 'wide');
  return [head, ...rows].map((line) => `  ${line}`);
}

type ConditionOf = NonNullable<NonNullable<InstanceFacts['resource']['status']>['conditions']>[number];

export function conditionColumns(now: number): Column<ConditionOf>[] {
  return [
    ['TYPE', ({ type }) => type],
    ['STATUS', ({ status }) => status],
    ['REASON', ({ reason }) => reason ?? ''],
    ['AGE', ({ lastTransitionTime }) => age(lastTransitionTime, now)],
    ['MESSAGE', ({ message }) => message ?? ''],
  ];
}

export function operationColumns(now: number): Column<Operation>[] {
  return [
    ['ID', ({ id }) => id],
    ['TYPE', ({ type }) => type],
    ['STATE', ({ state }) => state],
    ['ACTOR', ({ actor }) => actor],
    ['TOOK', ({ startedAt, finishedAt }) => tookOf(startedAt, finishedAt)],
    ['AGE', ({ createdAt }) => age(createdAt, now)],
    ['MESSAGE', ({ message }) => message ?? ''],
  ];
}

/** How long something took that has ended. */
export function tookOf(startedAt: string | undefined, finishedAt: string | undefined): string {
  return startedAt === undefined || finishedAt === undefined
    ? ''
    : duration(Date.parse(finishedAt) - Date.parse(startedAt));
}

const grantColumns: Column<ReturnType<typeof grantsOf>[number]>[] = [
  ['WHO', ({ who }) => who],
  ['MAY', ({ may }) => may],
  ['BY', ({ by }) => by],
];

export function eventColumns(now: number): Column<KubernetesEvent>[] {
  return [
    ['TYPE', ({ type }) => type ?? ''],
    ['REASON', ({ reason }) => reason ?? ''],
    ['AGE', (event) => age(timeOf(event) || undefined, now)],
    ['MESSAGE', ({ note }) => note ?? ''],
  ];
}
