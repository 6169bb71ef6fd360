import { Command } from 'commander';
import { hasVerb, kindNames, managedKinds } from '../../contracts/kinds.ts';
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
  const kinds = managedKinds.filter((kind) => hasVerb(kind, type));
  const command = new Command(name).description(
    `${does} ${kinds.map((kind) => `a ${kindNames[kind].noun}`).join(' or ')}`,
  );
  for (const kind of kinds)
    command.addCommand(
      kindCommand(kind, `${does} a ${kindNames[kind].noun}`).action(
        (named: string, options: CommonOptions) => {
          checkNames(options.project, named);
          return withClient((client) => runOperation(client, { ...options, kind, name: named }, { type }));
        },
      ),
    );
  return command;
}
