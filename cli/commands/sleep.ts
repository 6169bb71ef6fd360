import { Command } from 'commander';
import type { ManagedKind } from '../../contracts/kinds.ts';
import { CommandFailure } from '../failures/failure.ts';
import { runOperation } from '../operations/run-operation.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  kindCommand,
  withClient,
} from './options.ts';

/** `vcp sleep` */
export function sleepCommand(): Command {
  const sleeping = (kind: ManagedKind, command: Command) =>
    command
      .option(
        '--prevent-wakeup <seconds>',
        'seconds during which requests do not wake it; 0: until woken explicitly',
        seconds,
      )
      .addOption(dryRunOption())
      .action((name: string, options: CommonOptions & DryRunOptions & { preventWakeup?: number }) => {
        checkNames(options.project, name);
        const { preventWakeup } = options;
        const parameters =
          preventWakeup === undefined ? {} : { parameters: { forceDurationSeconds: preventWakeup } };
        return withClient((client) =>
          runOperation(client, { ...options, kind, name }, { type: 'sleep', ...parameters }),
        );
      });
  return new Command('sleep')
    .addCommand(sleeping('tenant', kindCommand('tenant', 'Scale the control plane to zero; its data stays')))
    .addCommand(sleeping('space', kindCommand('space', 'Scale its workloads to zero; all its objects stay')));
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new CommandFailure('invalid_request', `--prevent-wakeup ${text}: give whole seconds`);
  return Number(text);
}
