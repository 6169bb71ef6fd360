import type { Command } from 'commander';
import { secondsOfDuration } from '../../contracts/duration.ts';
import { annotations } from '../../contracts/names.ts';
import { CommandFailure } from '../failures/failure.ts';

/** Options that set something of the sleep policy of an instance, by its annotations. */
export interface SleepOptions {
  sleepAfter?: string;
  deleteAfter?: string;
  sleepSchedule?: string;
  wakeupSchedule?: string;
  timezone?: string;
}

/** Adds them to a command. */
export function withSleepOptions(command: Command): Command {
  return command
    .option('--sleep-after <time>', 'sleep after so long without activity: 30m, or seconds; 0: never')
    .option('--delete-after <time>', 'delete after so long without activity: 48h, or seconds; 0: never')
    .option('--sleep-schedule <cron>', 'when it goes to sleep, e.g. "0 20 * * *"; "": never')
    .option('--wakeup-schedule <cron>', 'when it wakes up, e.g. "0 8 * * 1-5"; "": never')
    .option('--timezone <name>', 'time zone of the two schedules, e.g. Europe/Berlin; default: UTC');
}

/** The annotations that they mean. @throws CommandFailure `invalid_request` */
export function sleepAnnotations(options: SleepOptions): Record<string, string> {
  const given = {
    [annotations.sleepAfter]: secondsIn('--sleep-after', options.sleepAfter),
    [annotations.deleteAfter]: secondsIn('--delete-after', options.deleteAfter),
    [annotations.sleepSchedule]: options.sleepSchedule,
    [annotations.wakeupSchedule]: options.wakeupSchedule,
    [annotations.sleepTimezone]: options.timezone,
  };
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function secondsIn(option: string, text: string | undefined): string | undefined {
  if (text === undefined || /^\d+$/.test(text)) return text;
  const seconds = secondsOfDuration(text);
  if (seconds === undefined)
    throw new CommandFailure('invalid_request', `${option} ${text}: give a duration (30m, 1h30m) or seconds`);
  return String(seconds);
}
