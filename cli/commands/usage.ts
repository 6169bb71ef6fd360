import { Command } from 'commander';
import { kindNames } from '../../contracts/kinds.ts';
import type { ProjectUsageItem, UsageItem, UsagePreviewItem } from '../../contracts/rest/usage-routes.ts';
import { age, isTable, type Listing, printDocument, printList } from '../output/output.ts';
import { outputCommand, type OutputOptions, platformCommand, withClient } from './options.ts';

type Times = Pick<UsageItem, 'lastSevenDays' | 'lastThirtyDays'>;

const times: Listing<Times>['columns'] = [
  ['AWAKE-7D', ({ lastSevenDays }) => hours(lastSevenDays.awakeSeconds)],
  ['SLEPT-7D', ({ lastSevenDays }) => `${lastSevenDays.sleptPercent}%`],
  ['AWAKE-30D', ({ lastThirtyDays }) => hours(lastThirtyDays.awakeSeconds)],
  ['SLEPT-30D', ({ lastThirtyDays }) => `${lastThirtyDays.sleptPercent}%`],
];

const ofInstances: Listing<UsageItem> = {
  columns: [
    ['PROJECT', ({ project }) => project],
    ['NAME', nameOf],
    ['KIND', ({ kind }) => kindNames[kind].noun],
    ...times,
    ['UID', ({ uid }) => uid, 'wide'],
  ],
  name: commandName,
};

const ofProjects: Listing<ProjectUsageItem> = {
  columns: [
    ['PROJECT', ({ project }) => project],
    ['INSTANCES', ({ instances }) => String(instances)],
    ...times,
  ],
  name: ({ project }) => `project/${project}`,
};

const ofPreview: Listing<UsagePreviewItem> = {
  columns: [
    ['NAME', nameOf],
    ['KIND', ({ kind }) => kindNames[kind].noun],
    ['AWAKE', ({ awakeSeconds }) => hours(awakeSeconds)],
    ['UNDER-POLICY', ({ awakeUnderPolicySeconds }) => hours(awakeUnderPolicySeconds)],
    ['SAVED', ({ savedSeconds }) => hours(savedSeconds)],
    ['WAKES', ({ wakesByUse }) => String(wakesByUse)],
    ['UID', ({ uid }) => uid, 'wide'],
  ],
  name: commandName,
};

/** `vcp usage` */
export function usageCommand(): Command {
  return new Command('usage')
    .addCommand(
      outputCommand('list', 'Time awake and asleep of what you may see, over 7 and 30 days')
        .option('-p, --project <name>', 'only of this project')
        .action(({ output, project }: OfProject) =>
          withClient(async (client) => {
            const { items } = await client.api.listUsage({ query: given({ project }) });
            printList(items, ofInstances, output);
          }),
        ),
      { isDefault: true },
    )
    .addCommand(
      outputCommand('projects', 'The same, summed by project')
        .option('-p, --project <name>', 'only of this project')
        .action(({ output, project }: OfProject) =>
          withClient(async (client) => {
            const { items } = await client.api.listProjectUsage({ query: given({ project }) });
            printList(items, ofProjects, output);
          }),
        ),
    )
    .addCommand(previewCommand());
}

interface OfProject extends OutputOptions {
  readonly project?: string;
}

interface PreviewOptions extends OutputOptions {
  readonly project: string;
  readonly space?: string;
  readonly sleepAfter?: string;
  readonly sleepSchedule?: string;
  readonly wakeupSchedule?: string;
  readonly timezone?: string;
}

function previewCommand(): Command {
  return platformCommand(
    'preview',
    'What a sleep policy would have saved in the last 30 days; changes nothing',
  )
    .argument('[vcluster]', 'only of the tenant cluster of this name')
    .option('--space <name>', 'only of the space of this name')
    .option('--sleep-after <duration>', 'sleeps after so long without use: 1800 (seconds), 30m, 1h30m')
    .option('--sleep-schedule <cron>', 'sleeps at these times: "0 20 * * *"')
    .option('--wakeup-schedule <cron>', 'wakes at these times')
    .option('--timezone <name>', 'of the schedules: Europe/Berlin, +02:00 (default: UTC)')
    .action((tenantCluster: string | undefined, options: PreviewOptions) =>
      withClient(async (client) => {
        const { output, project, space, sleepAfter, sleepSchedule, wakeupSchedule, timezone } = options;
        const policy = given({ sleepAfter, sleepSchedule, wakeupSchedule, timezone });
        const query = { project, ...given({ tenantCluster, space }), ...policy };
        const preview = await client.api.previewUsage({ query });
        if (!isTable(output)) {
          printDocument(preview, `project/${project}`, output);
          return;
        }
        printList(preview.items, ofPreview, output);
        const { total, useRecordedSince } = preview;
        console.log(
          `\nAwake ${hours(total.awakeSeconds)} in 30 days, ${hours(total.awakeUnderPolicySeconds)} under the policy: ${hours(total.savedSeconds)} saved. Somebody would have found it asleep ${total.wakesByUse} times.`,
        );
        console.log(
          useRecordedSince === undefined
            ? 'Nothing is recorded of its use yet: inactivity saves nothing here, and schedules count as if nobody woke it.'
            : `Its use is recorded for ${age(useRecordedSince)}: before that, inactivity saves nothing here, and schedules count as if nobody woke it.`,
        );
      }),
    );
}

function nameOf({ name, gone }: Pick<UsageItem, 'name' | 'gone'>): string {
  return gone === true ? `${name} (deleted)` : name;
}

function commandName({ kind, name }: Pick<UsageItem, 'kind' | 'name'>): string {
  return `${kindNames[kind].command.name}/${name}`;
}

function hours(seconds: number): string {
  return `${(Math.round(seconds / 360) / 10 + 0).toFixed(1)} h`; // never -0.0
}

/** What is given of options. */
function given<T extends Record<string, string | undefined>>(options: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
