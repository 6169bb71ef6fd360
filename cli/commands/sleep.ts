import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { lostPodsText } from '../../contracts/lost-pods.ts';
import type { OperationPreview } from '../../contracts/operation-preview.ts';
import { CommandFailure } from '../failures/failure.ts';
import { previewOperation } from '../operations/requests.ts';
import { runOperation } from '../operations/run-operation.ts';
import { isTable } from '../output/output.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  kindCommand,
  withClient,
} from './options.ts';

type SleepOptions = CommonOptions & DryRunOptions & { preventWakeup?: number; yes?: boolean };

/** `vcp sleep` */
export function sleepCommand(): Command {
  const sleeping = (kind: ManagedKind, command: Command) =>
    command
      .option(
        '--prevent-wakeup <seconds>',
        'seconds during which requests do not wake it; 0: until woken explicitly',
        seconds,
      )
      .option('--yes', 'do not ask, also if pods are lost')
      .addOption(dryRunOption())
      .action((name: string, options: SleepOptions) => {
        checkNames(options.project, name);
        const { preventWakeup } = options;
        const parameters =
          preventWakeup === undefined ? {} : { parameters: { forceDurationSeconds: preventWakeup } };
        const target = { ...options, kind, name };
        const request = { type: 'sleep', ...parameters } as const;
        return withClient(async (client) => {
          if (asksFirst(options)) await confirmLoss(await knownPreview(client, target, request));
          await runOperation(client, target, request);
        });
      });
  return new Command('sleep')
    .addCommand(sleeping('tenant', kindCommand('tenant', 'Scale the control plane to zero; its data stays')))
    .addCommand(sleeping('space', kindCommand('space', 'Scale its workloads to zero; all its objects stay')));
}

/** Only people are asked: a script would wait for ever. */
function asksFirst({ yes, dryRun, output }: SleepOptions): boolean {
  return (
    yes !== true && dryRun === undefined && isTable(output) && process.stdin.isTTY && process.stderr.isTTY
  );
}

/** What it would do, if the platform says so: an earlier version cannot, and what is refused is refused again below. */
async function knownPreview(...asked: Parameters<typeof previewOperation>) {
  try {
    return await previewOperation(...asked);
  } catch (error) {
    if (error instanceof CommandFailure) return {};
    throw error;
  }
}

/** Says what is lost, and asks. @throws CommandFailure `cancelled` unless the answer is yes */
async function confirmLoss({ loses }: Pick<OperationPreview, 'loses'>): Promise<void> {
  if (loses === undefined) return;
  process.stderr.write(`Sleep loses ${lostPodsText(loses)}\n`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question('Go on? [y/N] ');
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new CommandFailure('operation_cancelled', 'it stays awake');
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new CommandFailure('invalid_request', `--prevent-wakeup ${text}: give whole seconds`);
  return Number(text);
}
