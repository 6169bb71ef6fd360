import { type Static, Type } from 'typebox';
import { openObject } from './open-object.ts';

/** Where a setting of a sleep policy comes from. */
export const sleepPolicySources = ['template', 'annotation', 'instance', 'project'] as const;
export type SleepPolicySource = (typeof sleepPolicySources)[number];

const seconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, description: `${description}, in seconds; 0: never` }));
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const list = (description: string) =>
  Type.Optional(
    Type.String({
      description: `Requests that are not activity: ${description}, as in the annotation of the name`,
    }),
  );

/** What can be set about sleep, each as it was understood; what nobody set is left out. */
const settings = {
  afterInactivitySeconds: seconds('Inactivity after which it sleeps'),
  deleteAfterSeconds: seconds('Inactivity after which it is deleted'),
  sleepSchedule: Type.Optional(Type.String({ description: 'Cron expression; empty: none' })),
  wakeupSchedule: Type.Optional(Type.String({ description: 'Cron expression; empty: none' })),
  timezone: Type.Optional(Type.String({ description: 'IANA name or offset of the two schedules' })),
  preventDeletion: flag('Whether nothing deletes it'),
  ignoreActiveConnections: flag('Whether open connections are not activity'),
  ignoreAll: flag('Whether no request is activity'),
  ignoreVClusters: flag('Whether requests of tenant clusters in a space are not activity'),
  ignoreGroups: list('those of these groups'),
  ignoreVerbs: list('with these verbs'),
  ignoreResources: list('for these resources'),
  ignoreResourceVerbs: list('with these verbs for these resources'),
  ignoreResourceNames: list('for these objects'),
  ignoreUserAgents: list('of these clients'),
  excludeLabels: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: 'Workloads with these labels are to go on; not acted on',
    }),
  ),
};

const SleepSettings = Type.Object(settings);
export type SleepSettings = Static<typeof SleepSettings>;
export type SleepSetting = keyof SleepSettings;

/** The sleep policy that holds, from all that say something of it. */
export const SleepPolicyStatus = openObject({
  ...settings,
  /** By setting. One that was turned off has a source too. */
  sources: Type.Optional(Type.Record(Type.String(), Type.Enum([...sleepPolicySources]))),
  /** By setting: what its source says and nobody understands. Then no setting of the policy is acted on. */
  faults: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type SleepPolicyStatus = Static<typeof SleepPolicyStatus>;
