import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { wholeProgram } from '../../cli/program.ts';
import { keyOf } from '../api/user-calls.ts';
import { eventually } from '../support/eventually.ts';
import type { CliWorld } from './cli-world.ts';
import { makeForge, makeGold } from './golden-world.ts';
import { startVcpHost, type VcpHost } from './run-vcp.ts';

const both = (run: string) => [run, `${run} -o json`];
const gold = ' -p gold';
const forge = ' -p forge';

/** What is run of each command, one after another; `{…}` stands for what differs each time. */
const runs: Readonly<Record<string, readonly string[]>> = {
  help: ['--help'],
  'list vclusters': ['table', 'wide', 'name', 'yaml', 'json'].map(
    (format) => `list vclusters${gold} -o ${format}`,
  ),
  'list spaces': both(`list spaces${gold}`),
  'list projects': [...both('list projects'), 'list projects -o wide'],
  'list templates': [...both('list templates'), 'list templates -o wide'],
  'list clusters': [...both('list clusters'), 'list clusters -o wide'],
  'list users': [...both('list users'), 'list users -o wide'],
  'list teams': [...both('list teams'), 'list teams -o wide'],
  'list accesskeys': both('list accesskeys'),
  'list unclaimed-namespaces': both('list unclaimed-namespaces'),
  'get vcluster': both(`get vcluster blue${gold}`),
  'get space': both(`get space desk${gold}`),
  'get project': both('get project gold'),
  'get template': both('get template small'),
  'get cluster': both('get cluster edge'),
  'get user': both('get user ben'),
  'get team': both('get team night-shift'),
  'describe vcluster': ['blue', 'night', 'broken'].map((name) => `describe vcluster ${name}${gold}`),
  'describe cluster': ['edge', 'rim', 'nowhere'].map((name) => `describe cluster ${name}`),
  'describe space': [`describe space desk${gold}`],
  'why vcluster': ['blue', 'night', 'broken'].flatMap((name) => both(`why vcluster ${name}${gold}`)),
  'why space': both(`why space desk${gold}`),
  'projects list': both('projects list'),
  'projects get': both('projects get gold'),
  'templates list': both('templates list'),
  'templates get': both('templates get small'),
  'clusters list': both('clusters list'),
  'clusters get': both('clusters get edge'),
  'users list': both('users list'),
  'users get': both('users get ben'),
  'teams list': both('teams list'),
  'teams get': both('teams get night-shift'),
  'add cluster': both('add cluster edge'),
  'disconnect cluster': [
    'disconnect cluster edge',
    ...both('disconnect cluster rim --force --dry-run=server'),
    'disconnect cluster rim --delete-tenants',
    'disconnect cluster rim -o json',
  ],
  'upgrade cluster': [
    'upgrade cluster rim --dry-run=server',
    'upgrade cluster rim',
    'upgrade cluster rim --image registry.test/agent:2 -o json',
  ],
  'create accesskey': ['create accesskey golden --expire-after 12h --scope-project gold'],
  'access-key create': ['access-key create silver --display-name Silver'],
  'access-key list': both('access-key list'),
  'access-key revoke': ['access-key revoke silver'],
  'delete accesskey': ['delete accesskey golden', 'delete accesskey golden'],
  'create vcluster': [
    ...both(`create vcluster new${forge} --template small --dry-run=server`),
    `create vcluster made${forge} --template small --set-param size=2`,
    `create vcluster more${forge} --template small -o json`,
    `create vcluster made${forge} --template small`,
  ],
  'create space': [
    ...both(`create space new${forge} --dry-run=server`),
    `create space den${forge}`,
    `create space lab${forge} -o json`,
  ],
  'update vcluster': [
    ...both(`update vcluster iron${forge} --set-param size=3 --dry-run=server`),
    `update vcluster iron${forge} --set-param size=3`,
    `update vcluster iron${forge} --set-param size=4 -o json`,
    ...both(`update vcluster iron${forge} --set-param size=4`),
  ],
  'update space': both(`update space nook${forge} --display-name Nook`),
  'share vcluster': [
    ...both(`share vcluster iron${forge} --user ben --role view`),
    `share vcluster iron${forge} --user ben --remove`,
  ],
  'share space': both(`share space nook${forge} --team night-shift`),
  'connect vcluster': [`connect vcluster iron${forge} --print`],
  'connect space': [`connect space nook${forge} --print`],
  'connect cluster': ['connect cluster edge --print'],
  'connect management': ['connect management --print'],
  'sleep vcluster': [
    ...both(`sleep vcluster iron${forge} --dry-run=server`),
    ...both(`sleep vcluster iron${forge}`),
    `sleep vcluster nothing${forge} -o json`,
  ],
  'sleep space': both(`sleep space nook${forge}`),
  'wakeup vcluster': both(`wakeup vcluster iron${forge}`),
  'wakeup space': both(`wakeup space nook${forge}`),
  'snapshot create': [
    `snapshot create iron${forge} --name one --dry-run=server`,
    `snapshot create iron${forge} --name one`,
    `snapshot create iron${forge} --name two -o json`,
    `snapshot create iron${forge} --name slow --no-wait`,
  ],
  'operations cancel': [
    'operations cancel {slow}',
    'operations watch {slow}',
    'operations cancel {slow} -o json',
  ],
  'snapshot list': both(`snapshot list${gold}`),
  'snapshot delete': both(`snapshot delete iron nothing${forge}`),
  restore: both(`restore iron one${forge}`),
  'operations list': [
    ...both(`operations list blue${gold}`),
    `operations list desk${gold}`,
    `operations list x${gold}`,
    'operations list --cluster rim',
  ],
  'operations get': both('operations get {operation}'),
  'operations watch': both('operations watch {operation}'),
  'retry vcluster': both(`retry vcluster iron${forge}`),
  'retry space': both(`retry space nook${forge}`),
  'usage list': [...both(`usage${gold}`), `usage list${gold} -o name`],
  'usage projects': both(`usage projects${gold}`),
  'usage preview': [
    ...both(`usage preview${gold} --sleep-after 30m`),
    `usage preview night${gold} --sleep-after soon --timezone Mars`,
    `usage preview nothing${gold} --sleep-after 30m`,
  ],
  'audit list': both('audit list --name silver --verb delete'),
  'delete unclaimed-namespace': both('delete unclaimed-namespace lost --cluster edge'),
  'delete vcluster': [
    `delete vcluster iron${forge} --dry-run=server`,
    `delete vcluster iron${forge}`,
    `delete vcluster made${forge} -o json`,
  ],
  'delete space': [`delete space nook${forge}`, `delete space den${forge} -o json`],
  version: both('version'),
  'config view': [...both('config view'), 'config view -o name'],
  'config use': ['config use {url}', 'config use https://nowhere.test'],
  token: ['token'],
  login: ['login {url} --access-key {key} --ca-file {ca}', 'login {url} --access-key wrong --ca-file {ca}'],
  logout: ['logout'],
};
/** Scripts, which test/cli/completion.test.ts runs in each shell. */
const elsewhere = ['completion bash', 'completion zsh', 'completion fish'];
const folder = join(import.meta.dirname, 'golden');

/**
 * What each command prints, kept in a file of test/cli/golden for each. Where a change of words or columns is wanted,
 * `UPDATE_GOLDEN=1 npm test -- test/cli/cli.test` writes them again.
 */
export function goldenCases(cli: () => CliWorld): void {
  describe('what vcp prints', () => {
    let given: Record<string, string>;
    let host: VcpHost;
    const env = () => {
      const { dir } = cli().fixture;
      return { HOME: dir, VCP_CONFIG: join(dir, 'golden.json'), COLUMNS: '120' };
    };
    before(async () => {
      const { fixture } = cli();
      host = startVcpHost();
      given = { url: fixture.url, key: keyOf('anna'), ca: fixture.caFile };
      const login = ['login', fixture.url, '--access-key', keyOf('anna'), '--ca-file', fixture.caFile];
      assert.equal((await host.run(login, env())).code, 0);
      await makeGold(cli());
      await makeForge(cli());
      await eventually('the gateway has seen everything', async () => {
        const { stdout } = await host.run(['list', 'vclusters', '-p', 'gold'], env());
        return /Ready/.test(stdout) && /Failed/.test(stdout) && /Sleeping/.test(stdout);
      });
      const [id = ''] = (
        await host.run(['operations', 'list', 'blue', '-p', 'gold', '-o', 'name'], env())
      ).stdout
        .split('\n')
        .map((line) => line.replace('operation/', ''));
      given['operation'] = id;
    });

    after(() => host?.stop());

    it('is kept of every command, as people and as programs read it', async () => {
      const leaves = leavesOf(await wholeProgram(), []).filter(({ name }) => !elsewhere.includes(name));
      assert.deepEqual(Object.keys(runs).toSorted(), ['help', ...leaves.map(({ name }) => name)].toSorted());
      for (const { name, command } of leaves)
        if (command.options.some(({ long }) => long === '--output'))
          assert.ok(
            runs[name]?.some((run) => run.endsWith(' -o json')),
            `${name} -o json`,
          );
      const files = Object.keys(runs).map(fileOf);
      if (!isUpdate()) assert.deepEqual(readdirSync(folder).toSorted(), files.toSorted());
    });

    for (const [command, all] of Object.entries(runs))
      it(`vcp ${command}`, async () => {
        const parts: string[] = [];
        for (const run of all) {
          const args = run
            .split(' ')
            .map((word) => word.replace(/^\{(\w+)\}$/, (_all, name) => given[name] ?? word));
          const { code, stdout, stderr } = await host.run(args, env());
          const [, slow] = /^operation (\S+) is queued/.exec(stdout) ?? [];
          if (slow !== undefined) given['slow'] = slow;
          parts.push(
            `$ vcp ${run}\n${told(stderr)}${code === 0 ? readable(stdout) : `${stdout}exit code ${code}\n`}`,
          );
        }
        compare(command, steady(parts.join('\n'), cli().fixture));
      });
  });
}

function leavesOf(command: Command, path: readonly string[]): { name: string; command: Command }[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  if (children.length === 0) return [{ name: path.join(' '), command }];
  return children.flatMap((child) => leavesOf(child, [...path, child.name()]));
}

function isUpdate(): boolean {
  return process.env['UPDATE_GOLDEN'] === '1';
}

function fileOf(command: string): string {
  return `${command.replaceAll(' ', '-')}.txt`;
}

function compare(command: string, printed: string): void {
  const file = join(folder, fileOf(command));
  if (isUpdate()) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, printed);
  } else assert.equal(printed, readFileSync(file, 'utf8'));
}

/** Standard error, marked; how many steps were seen differs. */
function told(stderr: string): string {
  return stderr
    .replaceAll(/(?:^ {2}(?:[·▸✓✗–↶]|waiting) .*\n)+/gm, '  <steps>\n')
    .replaceAll(/^(?=.)/gm, '! ');
}

/** What the gateway computes for each caller, where it says the place is, what is written a while later, and defaults: not what this is about. */
const computed = new Set([
  'canUse',
  'canUpdate',
  'online',
  'sleepModeConfig',
  'clusterRef',
  'lastActivity',
  'observedGeneration',
]);

/** JSON without what is computed; other text as it is. */
function readable(stdout: string): string {
  if (!/^[[{]\n/.test(stdout)) return stdout;
  function reviver(this: object, key: string, value: unknown): unknown {
    const isEmpty = key === 'status' && Object.keys(value ?? {}).length === 0;
    // Of a status it changes with the time; of `vcp why` it is what is shown.
    const isOfStatus = key === 'why' && !('name' in this);
    return computed.has(key) || isEmpty || isOfStatus ? undefined : value;
  }
  return `${JSON.stringify(JSON.parse(stdout, reviver), undefined, 2)}\n`;
}

/** Without what differs from run to run; columns as far apart as their words, whatever ages are in them. */
function steady(text: string, { url, dir }: CliWorld['fixture']): string {
  const uids: string[] = [];
  const numbered = (uid: string) => {
    if (!uids.includes(uid)) uids.push(uid);
    return `<uid-${uids.indexOf(uid) + 1}>`;
  };
  return (
    text
      .replaceAll(url, 'https://platform')
      .replaceAll(dir, '<dir>')
      .replaceAll(join(import.meta.dirname, '../../cli/main.ts'), '<vcp>')
      .replaceAll(process.execPath, '<node>')
      .replaceAll(keyOf('anna'), '<key>')
      .replaceAll(/\bvcp_[\w-]{43}/g, '<key>')
      .replaceAll(/(certificate-authority-data: )\S+/g, '$1<ca>')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, numbered)
      .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b/g, '<time>')
      .replaceAll(/"1[6-9]\d{8}"/g, '"<seconds>"')
      .replaceAll(/("(?:awake|asleep|awakeUnderPolicy|saved)Seconds": )-?\d+/g, '$1"<seconds>"')
      .replaceAll(/\b\d+\.\d h\b/g, '<hours>')
      .replaceAll(/("sleptPercent": )[\d.]+/g, '$1"<percent>"')
      .replaceAll(/^( *sleptPercent: )[\d.]+$/gm, '$1"<percent>"')
      .replaceAll(/\b\d+(?:\.\d)?%/g, '<percent>')
      // The test may run at midnight.
      .replaceAll(
        /(since |until )?(?:yesterday|tomorrow|\d+ [A-Z][a-z]+(?: \d{4})?) at (?=\d\d:\d\d UTC\b)/g,
        (_day, word?: string) => word ?? 'at ',
      )
      .replaceAll(/\b\d\d:\d\d UTC\b/g, '<clock> UTC')
      .replaceAll(/("latencyMs": )\d+/g, '$1"<ms>"')
      .replaceAll(/\b(user-\w+-)[0-9a-f]{8}\b/g, '$1<hash>')
      .replaceAll(/("?resourceVersion"?: )"?\d+"?/g, '$1"<version>"')
      .replaceAll(/\b\d+(?:\.\d)? (?:s|min)\b/g, '<took>')
      .replaceAll(/\b\d+[smhd]\b/g, '<age>')
      // What is cancelled may have ended by the time of the answer.
      .replaceAll(/ is (?:queued|cancelled); cancellation/g, ' is <state>; cancellation')
      // Whether the last use of a key is written yet.
      .replaceAll(/(never +)<age>( +<age>)$/gm, '$1$2')
      .replaceAll(/(\S) {3,}/g, '$1  ')
  );
}
