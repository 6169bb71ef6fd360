import { type Static, Type } from 'typebox';
import { managedKinds } from '../kinds.ts';
import { anyOf, exactly, nextField, type Page, pageFields } from './pages.ts';
import type { RestRoute } from './route.ts';
import { dnsLabel, searchText } from './values.ts';

const seconds = (description: string) => Type.Integer({ description: `${description}, in seconds` });

const Times = Type.Object(
  {
    awakeSeconds: seconds('Time awake'),
    asleepSeconds: seconds('Time asleep'),
    sleptPercent: Type.Number({ description: 'Part of the time that it was there, to one decimal' }),
  },
  { additionalProperties: false },
);
export type UsageTimes = Static<typeof Times>;

const times = { lastSevenDays: Times, lastThirtyDays: Times };
const instance = {
  kind: Type.Enum([...managedKinds]),
  project: Type.String(),
  name: Type.String(),
  uid: Type.String(),
};
const gone = Type.Optional(
  Type.Literal(true, { description: 'It was deleted, and is shown to administrators of its project' }),
);

const UsageItem = Type.Object({ ...instance, gone, ...times }, { additionalProperties: false });
export type UsageItem = Static<typeof UsageItem>;

export const UsageList = Type.Object(
  { items: Type.Array(UsageItem), ...nextField },
  {
    $id: 'UsageList',
    description: 'A page of times awake and asleep',
    additionalProperties: false,
  },
);

const ProjectUsageItem = Type.Object(
  {
    project: Type.String(),
    instances: Type.Integer({ description: 'That you may see, deleted ones included' }),
    ...times,
  },
  { additionalProperties: false },
);
export type ProjectUsageItem = Static<typeof ProjectUsageItem>;

export const ProjectUsageList = Type.Object(
  { items: Type.Array(ProjectUsageItem), ...nextField },
  { $id: 'ProjectUsageList', description: 'A page of sums of projects', additionalProperties: false },
);

const saved = {
  awakeSeconds: seconds('Time awake, as recorded'),
  awakeUnderPolicySeconds: seconds('Time awake under the policy'),
  savedSeconds: seconds('Difference of the two; negative if the policy wakes more than it puts to sleep'),
  wakesByUse: Type.Integer({ description: 'How often somebody would have found it asleep' }),
};

const PreviewItem = Type.Object({ ...instance, gone, ...saved }, { additionalProperties: false });
export type UsagePreviewItem = Static<typeof PreviewItem>;

export const UsagePreview = Type.Object(
  {
    from: Type.String({ format: 'date-time', description: 'Begin of the time that is looked at' }),
    to: Type.String({ format: 'date-time' }),
    useRecordedSince: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'Since when it is known who was in use. Before it nothing is saved by inactivity, and schedules count as if nobody woke what they put to sleep. Absent: it is not known yet',
      }),
    ),
    policy: Type.Object(
      {
        sleepAfterSeconds: Type.Optional(Type.Integer()),
        sleepSchedule: Type.Optional(Type.String()),
        wakeupSchedule: Type.Optional(Type.String()),
        timezone: Type.String(),
      },
      { additionalProperties: false, description: 'As it was understood' },
    ),
    total: Type.Object(saved, { additionalProperties: false, description: 'Of all, not of the page alone' }),
    items: Type.Array(PreviewItem),
    ...nextField,
  },
  {
    $id: 'UsagePreview',
    description: 'What a sleep policy would have saved',
    additionalProperties: false,
  },
);
export type UsagePreview = Static<typeof UsagePreview>;

const tags = ['usage'];
const ofProject = Type.Optional(dnsLabel('Only those of this project'));

/** What usage is sorted by. */
export const usageSorts = ['project', 'name', 'awakeSevenDays', 'awakeThirtyDays'] as const;
export const projectUsageSorts = ['project', 'awakeSevenDays', 'awakeThirtyDays'] as const;
export const previewSorts = ['name', 'saved'] as const;

export const usageRoutes = {
  listUsage: {
    method: 'GET',
    path: '/api/v1/usage',
    operationId: 'listUsage',
    summary: 'Time awake and asleep of tenant clusters and spaces',
    description:
      'Over the last 7 and 30 days, from the ends of their operations. Of what was deleted in that time too, to administrators of its project.',
    curl: { query: '?project=default' },
    tags,
    query: Type.Object(
      {
        project: ofProject,
        kind: anyOf(managedKinds, 'Kinds'),
        search: exactly('In the name, upper case or lower'),
        ...pageFields(usageSorts, { sort: 'project' }),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<Page<UsageItem>>(Type.Ref('UsageList')),
  },
  listProjectUsage: {
    method: 'GET',
    path: '/api/v1/usage/projects',
    operationId: 'listProjectUsage',
    summary: 'Time awake and asleep, summed by project',
    description: 'Sums of what `/api/v1/usage` shows you.',
    tags,
    query: Type.Object(
      { project: ofProject, ...pageFields(projectUsageSorts, { sort: 'project' }) },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<Page<ProjectUsageItem>>(Type.Ref('ProjectUsageList')),
  },
  previewUsage: {
    method: 'GET',
    path: '/api/v1/usage/preview',
    operationId: 'previewUsage',
    summary: 'What a sleep policy would have saved in the last 30 days',
    description:
      'Goes through what is recorded of a project, or of one tenant cluster or space in it, as if the policy had held: people did what they did at the same times, and the policies of that time nothing. Changes nothing. Give `sleepAfter`, `sleepSchedule`, or both.',
    failures: ['tenant_cluster_not_found', 'space_not_found'],
    curl: { query: '?project=default&sleepAfter=1800' },
    tags,
    query: Type.Object(
      {
        project: dnsLabel('Of this project'),
        tenantCluster: exactly('Only of the tenant cluster of this name'),
        space: exactly('Only of the space of this name'),
        sleepAfter: Type.Optional(
          searchText(40, 'Seconds without use after which it sleeps, or with a unit: `1800`, `30m`, `1h30m`'),
        ),
        sleepSchedule: Type.Optional(searchText(500, 'Cron expression of the times to sleep')),
        wakeupSchedule: Type.Optional(searchText(500, 'Cron expression of the times to wake')),
        timezone: Type.Optional(
          searchText(60, 'Of the schedules: an IANA name, or an offset such as `+02:00`. Default UTC'),
        ),
        ...pageFields(previewSorts, { sort: 'name' }),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Type.Unsafe<UsagePreview>(Type.Ref('UsagePreview')),
  },
} as const satisfies Record<string, RestRoute>;
