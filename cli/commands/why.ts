import { Command } from 'commander';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { readFacts } from '../reading/facts.ts';
import { isTable, printDocument } from '../output/output.ts';
import { phaseOf, whyOf } from '../reading/why.ts';
import { checkNames, type CommonOptions, kindQuery, withClient } from './options.ts';

/** `vcp why` */
export function whyCommand(): Command {
  const command = new Command('why');
  for (const kind of managedKinds)
    command.addCommand(
      kindQuery(kind, `Tell in a sentence why a ${kindNames[kind].noun} is in its state`).action(
        (name: string, { project, output }: CommonOptions) => {
          checkNames(project, name);
          return withClient(async (client) => {
            const facts = await readFacts(client, { kind, project, name });
            const why = whyOf(facts);
            if (isTable(output)) console.log(why);
            else
              printDocument(
                { name, project, phase: phaseOf(facts), why },
                `${kindNames[kind].command.name}/${name}`,
                output,
              );
          });
        },
      ),
    );
  return command;
}
