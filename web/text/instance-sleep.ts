/** Texts about when a tenant cluster or a space sleeps. */
export const sleepText = {
  policy: 'Sleep policy',
  policyWhy:
    'When it sleeps, wakes and is deleted by itself. The template decides first, then this page, then the project.',
  none: 'Nothing puts it to sleep and nothing deletes it.',
  change: 'Change the policy',
  tryOne: 'Try another policy',
  fault: 'The policy does not hold',
  setting: 'Setting',
  value: 'Value',
  source: 'Set by',
  sources: {
    template: 'its template',
    annotation: 'this page',
    instance: 'its own values',
    project: 'its project',
  },
  settings: {
    afterInactivitySeconds: 'Sleeps after',
    sleepSchedule: 'Sleeps at',
    wakeupSchedule: 'Wakes at',
    timezone: 'Time zone of the two',
    deleteAfterSeconds: 'Is deleted after',
    preventDeletion: 'Deletion',
    ignoreActiveConnections: 'Open connections',
    ignoreAll: 'Requests',
    ignoreVClusters: 'Tenant clusters in it',
    ignoreGroups: 'Not use: groups',
    ignoreVerbs: 'Not use: verbs',
    ignoreResources: 'Not use: resources',
    ignoreResourceVerbs: 'Not use: verbs of resources',
    ignoreResourceNames: 'Not use: objects',
    ignoreUserAgents: 'Not use: clients',
    excludeLabels: 'Workloads that go on',
  },
  unused: (duration: string) => `${duration} without use`,
  never: 'never',
  prevented: 'prevented: nothing deletes it',
  notPrevented: 'allowed',
  doNotCount: 'do not keep it awake',
  count: 'keep it awake',

  form: 'Another policy',
  sleepAfter: 'Sleep after',
  sleepAfterHint: 'Time without use: 30m, 2h, 1h30m. 0: never.',
  sleepSchedule: 'Sleep at',
  wakeupSchedule: 'Wake at',
  scheduleHint:
    'Minute, hour, day of the month, month, day of the week. "0 20 * * 1-5" is 20:00 on weekdays. never: turned off.',
  wakeHint: '"0 8 * * 1-5" is 8:00 on weekdays. What sleeps wakes with the first request too.',
  timezone: 'Time zone',
  timezoneHint: 'For the two schedules: Europe/Berlin, or +02:00. Without one: UTC.',
  deleteAfter: 'Delete after',
  deleteAfterHint:
    'Time without use, asleep or not: 720h. 0: never. It is announced before, and any use stops it.',
  preventDeletion: 'Prevent deletion',
  preventDeletionHint: 'Nobody and nothing deletes it while this is set.',
  inherited: (value: string, source: string) => `${value} (${source})`,
  notSet: 'not set',
  byTemplate: 'Set by the template. Change it there, or use another template.',
  badDuration: 'Write a duration such as 30m or 1h30m, or 0 for never.',
  badZone: 'Not a known time zone. Write a name such as Europe/Berlin, or an offset such as +02:00.',
  next: (time: string) => `Next: ${time}`,
  save: 'Save the policy',
  saved: 'The sleep policy was changed',

  preview: 'What it would have saved',
  previewWhy:
    'Goes through the last 30 days as if this policy had held. People did what they did at the same times. Nothing is changed.',
  previewEmpty: 'Give a time without use or a schedule to sleep, and see here what that would have saved.',
  awake: (hours: string) => `It was awake for ${hours}.`,
  underPolicy: (hours: string) => `Under this policy it would have been awake for ${hours}.`,
  saves: (hours: string, percent: number) => `Saved: ${hours} (${percent} %).`,
  costs: (hours: string) =>
    `It would have been awake ${hours} longer: the policy wakes it more than it puts it to sleep.`,
  savesNothing: 'It saves nothing.',
  wakes: (count: number) =>
    count === 0
      ? 'Nobody would have found it asleep.'
      : count === 1
        ? 'Once somebody would have found it asleep, and waited for it to wake.'
        : `${count} times somebody would have found it asleep, and waited for it to wake.`,
  recordedSince: 'Its use is recorded since',
  recordedBefore: 'Before that, inactivity saves nothing here, and schedules count as if nobody woke it.',
  notRecorded:
    'Nothing is recorded of its use yet: inactivity saves nothing here, and schedules count as if nobody woke it.',
  wasAwake: 'Awake, as recorded',
  wouldBeAwake: 'Awake under the policy',

  usage: 'Time asleep',
  usageNone: 'Nothing is recorded yet.',
  sevenDays: 'Last 7 days',
  thirtyDays: 'Last 30 days',
  slept: (percent: number, asleep: string, awake: string) =>
    `Asleep ${percent} %: ${asleep} asleep, ${awake} awake`,
  hours: (count: string) => `${count} h`,
} as const;
