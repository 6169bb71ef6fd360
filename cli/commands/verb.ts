import { Command } from 'commander';
import { hasVerb, kindNames, managedKinds } from '../../contracts/kinds.ts';
import {
  type OperationType,
  type VerbCommand,
  type VerbWithOwnCommand,
  verbs,
} from '../../contracts/verbs.ts';
import { runOperation } from '../operations/run-operation.ts';
import {
  checkNames,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  kindCommand,
  withClient,
} from './options.ts';

/** The command of a verb that has one in its row of contracts/verbs.ts: `vcp wakeup`. */
export function verbCommand(type: Exclude<OperationType, VerbWithOwnCommand>): Command {
  const { name, does }: VerbCommand = verbs[type].command;
  const command = new Command(name);
  for (const kind of managedKinds.filter((one) => hasVerb(one, type)))
    command.addCommand(
      kindCommand(kind, `${does} a ${kindNames[kind].noun}`)
        .addOption(dryRunOption())
        .action((subject: string, options: CommonOptions & DryRunOptions) => {
          checkNames(options.project, subject);
          return withClient((client) => runOperation(client, { ...options, kind, name: subject }, { type }));
        }),
    );
  return command;
}
