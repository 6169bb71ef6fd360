import { Command } from 'commander';
import { CommandFailure } from '../failure.ts';
import { runOperation } from '../run-operation.ts';
import { checkNames, type CommonOptions, operationCommand, withClient } from './options.ts';

/** `vcp sleep` */
export function sleepCommand(): Command {
  return new Command('sleep').description('Put a tenant cluster to sleep').addCommand(
    operationCommand('vcluster', 'Scale the control plane to zero; its data stays')
      .argument('<name>')
      .option(
        '--prevent-wakeup <seconds>',
        'refuse to wake on request for so long; 0: until woken explicitly',
        seconds,
      )
      .action((name: string, options: CommonOptions & { preventWakeup?: number }) => {
        checkNames(options.project, name);
        const { preventWakeup } = options;
        const parameters =
          preventWakeup === undefined ? {} : { parameters: { forceDurationSeconds: preventWakeup } };
        return withClient((client) =>
          runOperation(client, { ...options, name }, { type: 'sleep', ...parameters }),
        );
      }),
  );
}

/** `vcp wakeup` */
export function wakeupCommand(): Command {
  return new Command('wakeup').description('Wake a tenant cluster').addCommand(
    operationCommand('vcluster', 'Bring the control plane back')
      .argument('<name>')
      .action((name: string, options: CommonOptions) => {
        checkNames(options.project, name);
        return withClient((client) => runOperation(client, { ...options, name }, { type: 'wake' }));
      }),
  );
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new CommandFailure('invalid_request', `--prevent-wakeup ${text}: give whole seconds`);
  return Number(text);
}
