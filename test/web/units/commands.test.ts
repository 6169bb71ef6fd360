import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Command } from 'commander';
import { wholeProgram } from '../../../cli/program.ts';
import { managedKinds } from '../../../contracts/kinds.ts';
import { annotations } from '../../../contracts/names.ts';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import { shellWord } from '../../../web/components/shell-word.ts';
import { commandOf, instanceActions } from '../../../web/instances/actions/instance-action.ts';
import { createCommandOf } from '../../../web/instances/create/command.ts';
import { patchCommand, vcpCommand } from '../../../web/instances/detail/commands.ts';
import {
  changedAnnotations,
  formOf,
  updateOptions,
} from '../../../web/instances/detail/sleep/sleep-form-state.ts';
import { kubectlCommand } from '../../../web/instances/resources/kubectl-command.ts';

/** The words of a command line, as a shell reads it. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"|\\(.)/g, '$1$2$3'));
}

/** Fails unless `vcp` has the command, with these options and as many arguments. */
function checkCommand(whole: Command, line: string): void {
  const [program, ...words] = wordsOf(line.replaceAll('\\\n', ' '));
  assert.equal(program, 'vcp', line);
  let command = whole;
  while (words[0] !== undefined) {
    const next = command.commands.find(
      (one) => one.name() === words[0] || one.aliases().includes(words[0] ?? ''),
    );
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  assert.deepEqual(
    command.commands.map((one) => one.name()),
    [],
    `${line}: not a whole command`,
  );
  let given = 0;
  while (words.length > 0) {
    const word = words.shift() ?? '';
    if (!word.startsWith('-')) {
      given += 1;
      continue;
    }
    const option = command.options.find(({ long, short }) => long === word || short === word);
    assert.ok(option, `${line}: there is no option ${word}`);
    if (option.required) assert.notEqual(words.shift(), undefined, `${line}: ${word} needs a value`);
  }
  const needed = command.registeredArguments.filter(({ required }) => required).length;
  assert.ok(given >= needed && given <= command.registeredArguments.length, `${line}: ${given} arguments`);
}

const nasty = `x; rm -rf ~ $(id) \`id\` "a" 'b'`;

describe('commands that the console shows', () => {
  let whole: Command;
  before(async () => {
    whole = await wholeProgram();
  });
  const check = (line: string) => checkCommand(whole, line);

  test('each of vcp exists, with its options', () => {
    for (const kind of managedKinds) {
      const target = { kind, project: 'default', name: 'shop' };
      for (const action of instanceActions) check(commandOf(action, target));
      check(commandOf('sleep', target, ' --prevent-wakeup 3600'));
      check(vcpCommand('connect', target));
      check(vcpCommand('retry', target));
      check(vcpCommand('share', target, '--user', 'anna', '--team', 'ops', '--role', 'view'));
      check(vcpCommand('share', target, '--user', 'anna', '--role', 'view', '--remove'));
      const form = formOf({ metadata: { name: 'shop' } } as never);
      const changed = changedAnnotations(form, {
        ...form,
        sleepAfter: '2h',
        sleepSchedule: '0 20 * * 1-5',
        wakeupSchedule: 'never',
        timezone: 'Europe/Berlin',
        deleteAfter: '720h',
      });
      check(vcpCommand('update', target, ...(updateOptions(changed) ?? [])));
    }
    const tenant = { kind: 'tenant', project: 'default', name: 'shop' } as const;
    check(vcpCommand('snapshot create', tenant, '--name', 'before'));
    check(vcpCommand('snapshot delete', tenant, 'before', '--uid', 'u'));
    check(vcpCommand('restore', tenant, 'before', '--from', 'shop', '--from-uid', 'u'));
    for (const line of [
      'vcp login https://platform.example --access-key -',
      'vcp connect management',
      'vcp operations get 1',
      'vcp operations watch 1',
      'vcp operations cancel 1',
      'vcp access-key create ci --display-name x --expire-after 30d --sliding --scope-project a --scope-vcluster a/b',
      'vcp access-key revoke ci',
      'vcp add cluster far',
      'vcp upgrade cluster far --image x',
      'vcp disconnect cluster far --delete-tenants --force',
      'vcp delete unclaimed-namespace ns --cluster far',
      'vcp usage preview shop --project default --sleep-after 2h --sleep-schedule x --wakeup-schedule x --timezone UTC',
      'vcp usage preview --space shop --project default --sleep-after 2h',
    ])
      check(line);
  });

  test('the command of a form has all that it says, and no password', () => {
    const declared = [
      { variable: 'size' },
      { variable: 'adminPassword', type: 'password' },
    ] as AppParameter[];
    const draft = {
      metadata: { name: 'shop', annotations: { [annotations.sleepAfter]: '7200' } },
      spec: {
        displayName: nasty,
        templateRef: { name: 'small', version: '1.x.x' },
        parameters: 'size: 2Gi\nadminPassword: "s3cret"\n',
        clusterRef: { cluster: 'far' },
      },
    };
    const line = createCommandOf('tenant', 'default', draft, declared);
    check(line);
    assert.doesNotMatch(line, /s3cret/);
    assert.match(line, /--set-param adminPassword="\$ADMIN_PASSWORD"/);
    assert.match(line, /--sleep-after 2h/);
    assert.match(line, /--set-param size=2Gi/);
    assert.ok(wordsOf(line.replaceAll('\\\n', ' ')).includes('--display-name'));
    check(createCommandOf('space', 'default', { metadata: { name: 'a' }, spec: {} }, []));
    const withOwner = createCommandOf(
      'tenant',
      'default',
      { metadata: { name: 'shop' }, spec: { owner: { team: 'ops' } } },
      [],
    );
    assert.match(withOwner, /^vcp connect management\nkubectl create -f shop\.yaml/);
  });

  test('no text of a user or of a tenant is more than one word', () => {
    const target = { kind: 'tenant', project: 'default', name: 'shop' } as const;
    assert.equal(shellWord(nasty), `'x; rm -rf ~ $(id) \`id\` "a" '\\''b'\\'''`);
    assert.equal(shellWord(''), "''");
    const [, line = ''] = kubectlCommand(target, 'delete', 'roles', 'x; id', '--namespace', 'a b').split(
      '\n',
    );
    assert.deepEqual(wordsOf(line), ['kubectl', 'delete', 'roles', 'x; id', '--namespace', 'a b']);
    const patch = patchCommand(target, { spec: { displayName: "it's; id" } });
    assert.match(patch, /-p '\{"spec":\{"displayName":"it'\\''s; id"\}\}'$/);
  });
});
