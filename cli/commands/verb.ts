import { Command } from 'commander';
import { hasVerb, kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import {
  operationTypes,
  type OperationType,
  type VerbCommand,
  type VerbForm,
  verbs,
} from '../../contracts/verbs.ts';
import { runOperation } from '../run-operation.ts';
import { checkNames, type CommonOptions, kindCommand, withClient } from './options.ts';

/** The commands of verbs that are made from their row in contracts/verbs.ts: `vcp wakeup`. */
export function verbCommands(): Command[] {
  return operationTypes.flatMap((type) => {
    const { command }: VerbForm = verbs[type];
    return command === undefined ? [] : [verbCommand(type, command)];
  });
}

function verbCommand(type: OperationType, { name, does }: VerbCommand): Command {
  const nouns = kindsWith(type).map((kind) => `a ${kindNames[kind].noun}`);
  const command = new Command(name).description(`${does} ${nouns.join(' or ')}`);
  return addKinds(command, type, (noun) => `${does} a ${noun}`);
}

/** Adds a command for each kind that has the verb, which does without parameters. */
export function addKinds(command: Command, type: OperationType, describe: (noun: string) => string): Command {
  for (const kind of kindsWith(type))
    command.addCommand(
      kindCommand(kind, describe(kindNames[kind].noun)).action((name: string, options: CommonOptions) => {
        checkNames(options.project, name);
        return withClient((client) => runOperation(client, { ...options, kind, name }, { type }));
      }),
    );
  return command;
}

function kindsWith(type: OperationType): ManagedKind[] {
  return managedKinds.filter((kind) => hasVerb(kind, type));
}
