import { Command } from 'commander';
import { kindNames, managedKinds } from '../../contracts/kinds.ts';
import { describeCluster } from '../reading/describe-cluster.ts';
import { describeInstance } from '../reading/describe.ts';
import { readEvents, readFacts, readProject } from '../reading/facts.ts';
import { checkNames, withClient } from './options.ts';
import { withNext } from './resource.ts';

/** `vcp describe` */
export function describeCommand(): Command {
  const command = new Command('describe');
  for (const kind of managedKinds) {
    const { name, alias }: { readonly name: string; readonly alias?: string } = kindNames[kind].command;
    const one = new Command(name)
      .description(`Tell everything about a ${kindNames[kind].noun}`)
      .argument('<name>')
      .option('-p, --project <name>', 'project', 'default')
      .action((subject: string, { project }: { project: string }) => {
        checkNames(project, subject);
        return withClient(async (client) => {
          const target = { kind, project, name: subject };
          const [facts, itsProject, events] = await Promise.all([
            readFacts(client, target),
            readProject(client, target),
            readEvents(client, target),
          ]);
          console.log(describeInstance(facts, { project: itsProject, events }));
        });
      });
    command.addCommand(alias === undefined ? one : one.alias(alias));
  }
  return command.addCommand(describeClusterCommand());
}

function describeClusterCommand(): Command {
  return new Command('cluster')
    .description('Tell everything about a connected cluster')
    .argument('<name>')
    .action((name: string) => {
      checkNames(name, 'any');
      return withClient(async (client) => {
        console.log(
          await describeCluster(client, name).catch((error: unknown) => {
            throw withNext(error, 'vcp list clusters');
          }),
        );
      });
    });
}
