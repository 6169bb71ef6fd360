import { Command } from 'commander';
import { kindNames, type ManagedKind, managedKinds } from '../../contracts/kinds.ts';
import { spaceAdminRole } from '../../contracts/names.ts';
import type { InstanceAccessRule } from '../../contracts/resources/access.ts';
import type { ManagedInstance } from '../../contracts/resources/resource-kinds.ts';
import { CommandFailure } from '../failures/failure.ts';
import { readInstance, withoutManagedFields } from '../reading/management.ts';
import { isTable, printDocument } from '../output/output.ts';
import { changeInstance } from '../writing/change-instance.ts';
import {
  checkNames,
  collect,
  type CommonOptions,
  dryRunOption,
  type DryRunOptions,
  dryRunQuery,
  kindQuery,
  withClient,
} from './options.ts';

interface ShareOptions extends CommonOptions, DryRunOptions {
  user: string[];
  team: string[];
  role?: string;
  remove?: boolean;
}

/** What the shared with may do inside, unless `--role` says otherwise. */
const defaultRoles: Readonly<Record<ManagedKind, string>> = {
  tenant: 'cluster-admin',
  space: spaceAdminRole,
};

/** `vcp share` */
export function shareCommand(): Command {
  const command = new Command('share');
  for (const kind of managedKinds)
    command.addCommand(
      kindQuery(kind, `Let users or teams use a ${kindNames[kind].noun}`)
        .option('--user <name>', 'a user, can be repeated', collect, [])
        .option('--team <name>', 'a team, can be repeated', collect, [])
        .option('--role <name>', `ClusterRole that they get inside; default: ${defaultRoles[kind]}`)
        .option('--remove', 'take it back: all their roles, or the one of --role')
        .addOption(dryRunOption())
        .action((name: string, options: ShareOptions) => {
          checkNames(options.project, name);
          return share(kind, name, options);
        }),
    );
  return command;
}

async function share(kind: ManagedKind, name: string, options: ShareOptions): Promise<void> {
  const { project, user, team, role, remove, output, dryRun } = options;
  if (user.length + team.length === 0)
    throw new CommandFailure('invalid_request', 'say with whom: --user <name> or --team <name>');
  const clusterRole = role ?? defaultRoles[kind];
  const target = { kind, project, name };
  await withClient(async (client) => {
    const changed = await changeInstance(
      client,
      target,
      (spec) => {
        const before = spec.extraAccessRules ?? [];
        const after =
          remove === true
            ? without(before, { user, team, role })
            : withRule(before, { users: user, teams: team, clusterRole });
        return after === before ? undefined : { ...spec, extraAccessRules: after };
      },
      dryRunQuery(options),
    );
    const { noun, command } = kindNames[kind];
    if (!isTable(output)) {
      const resource: ManagedInstance = changed ?? (await readInstance(client, target));
      printDocument(withoutManagedFields(resource), `${command.name}/${name}`, output);
      return;
    }
    const who = [...user.map((one) => `user ${one}`), ...team.map((one) => `team ${one}`)].join(', ');
    const done = remove === true ? `not shared with ${who}` : `shared with ${who} as ${clusterRole}`;
    const [unchanged, now] = remove === true ? ['', ' any more'] : [' already', ''];
    const state = changed === undefined ? unchanged : now;
    console.log(`${noun} ${name} is ${done}${state}${dryRun === undefined ? '' : ' (server dry run)'}`);
  });
}

/** The same list if it says so already. */
function withRule(rules: InstanceAccessRule[], asked: Required<InstanceAccessRule>): InstanceAccessRule[] {
  const same = rules.filter(({ clusterRole }) => clusterRole === asked.clusterRole);
  const missing = (field: 'users' | 'teams') =>
    asked[field].filter((name) => !same.some((rule) => rule[field]?.includes(name)));
  const [users, teams] = [missing('users'), missing('teams')];
  return users.length + teams.length === 0
    ? rules
    : [...rules, { users, teams, clusterRole: asked.clusterRole }];
}

/** The same list if it names none of them. Rules that name no one any more go. */
function without(
  rules: InstanceAccessRule[],
  { user, team, role }: { user: string[]; team: string[]; role: string | undefined },
): InstanceAccessRule[] {
  const left = rules.flatMap((rule) => {
    if (role !== undefined && rule.clusterRole !== role) return [rule];
    const users = (rule.users ?? []).filter((name) => !user.includes(name));
    const teams = (rule.teams ?? []).filter((name) => !team.includes(name));
    const isSame = users.length === (rule.users ?? []).length && teams.length === (rule.teams ?? []).length;
    if (isSame) return [rule];
    return users.length + teams.length === 0 ? [] : [{ ...rule, users, teams }];
  });
  return left.length === rules.length && left.every((rule, index) => rule === rules[index]) ? rules : left;
}
