import { Command } from 'commander';
import { hasVerb, kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
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
    command.addCommand(verbOfKindCommand(type, kind, `${does} a ${kindNames[kind].noun}`));
  return command;
}

/** A verb without parameters for one kind: `vcp wakeup vcluster <name>`. */
export function verbOfKindCommand(type: OperationType, kind: ManagedKind, description: string): Command {
  return kindCommand(kind, description)
    .addOption(dryRunOption())
    .action((name: string, options: CommonOptions & DryRunOptions) => {
      checkNames(options.project, name);
      return withClient((client) => runOperation(client, { ...options, kind, name }, { type }));
    });
}
