import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Operation } from '../../contracts/operations.ts';
import { keyOf } from '../api/user-calls.ts';
import { hashOf } from '../api/test-gateway.ts';
import { eventually } from '../support/eventually.ts';
import type { CliWorld } from './cli-world.ts';
import { type Ended, endOf, main } from './run-vcp.ts';

/** What ends a command before its time; what is wrong with the way to the platform: connection-failures.test.ts. */
export function failureCases(cli: () => CliWorld): void {
  describe('vcp that is not let in', () => {
    const line =
      /^error: Not logged in: .*\(unauthenticated, request [0-9a-f-]{36}\); try: vcp login <url>\n$/;
    /** A list with a key, once the platform refuses it. */
    const listWith = async (accessKey: string): Promise<Ended> => {
      const { fixture, vcp } = cli();
      await eventually('the key is over', async () => {
        const headers = { authorization: `Bearer ${accessKey}` };
        return (await fixture.call('', 'GET', '/auth/session', undefined, headers)).status === 401;
      });
      const env = { VCP_CONFIG: join(fixture.dir, `${accessKey}.json`) };
      writeFileSync(env.VCP_CONFIG, JSON.stringify({ url: fixture.url, accessKey, insecure: true }));
      return vcp(['list', 'vclusters'], env);
    };

    it('with an access key that has expired', async () => {
      const { resources } = cli().fixture;
      await resources.accesskeys.create({
        metadata: { name: 'short' },
        spec: { user: 'ben', keyHash: hashOf('short-lived'), ttl: 1 },
      });
      // One that the gateway does not know yet is refused, too: then it would be let in for the rest of its second.
      const madeAt = Date.now();
      await eventually('its time is over', () => Date.now() > madeAt + 1_000);
      const { code, stdout, stderr } = await listWith('short-lived');
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, line);
    });

    it('with the key of a user who was deleted', async () => {
      const { resources } = cli().fixture;
      await resources.users.create({ metadata: { name: 'gone' }, spec: { subject: 'gone@example.com' } });
      await resources.accesskeys.create({
        metadata: { name: 'of-gone' },
        spec: { user: 'gone', keyHash: hashOf('key-of-gone') },
      });
      await resources.users.delete({ name: 'gone' });
      await resources.users.patch({ name: 'gone' }, { metadata: { finalizers: null } });
      const { code, stdout, stderr } = await listWith('key-of-gone');
      assert.deepEqual([code, stdout], [3, '']);
      assert.match(stderr, line);
    });

    it('no password, and no terminal to type one', async () => {
      const { fixture } = cli();
      const child = cli().start(['login', fixture.url, '--username', 'ben', '--ca-file', fixture.caFile]);
      child.stdin?.end();
      const ended = await endOf(child);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, /^error: Invalid request: no password was given.*\n$/);
    });
  });

  describe('vcp that is ended from outside', () => {
    before(async () => {
      const { fixture, vcp } = cli();
      const login = ['login', fixture.url, '--access-key', keyOf('ben'), '--ca-file', fixture.caFile];
      assert.equal((await vcp(login)).code, 0);
    });

    it('leaves an operation going on at Ctrl-C, and says so', async () => {
      const child = cli().start(['snapshot', 'create', 'demo', '-p', 'alpha', '--name', 'slow']);
      const ended = endOf(child);
      let told = '';
      child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
      const id = await eventually(
        'the operation is shown',
        () => /operation ([0-9a-f-]{36})/.exec(told)?.[1],
      );
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130);
      assert.match(
        stderr,
        new RegExp(`\nthe snapshot goes on; follow it with: vcp operations watch ${id}, `),
      );
      assert.doesNotMatch(stderr, /\p{Cc}(?<!\n)/u);
      const operation = JSON.parse(await cli().succeeds('operations', 'get', id, '-o', 'json')) as Operation;
      assert.equal(operation.state, 'queued');
      await cli().succeeds('operations', 'cancel', id);
    });

    it('shows a list, then what is new and what is gone, until Ctrl-C', async () => {
      const { fixture, start } = cli();
      const child = start(['list', 'vclusters', '-p', 'alpha', '--watch']);
      const ended = endOf(child);
      let shown = '';
      child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await eventually('the list is shown', () => /^NAME .*\n(?:.*\n)*demo /.test(shown));
      await fixture.resources.virtualclusterinstances.create({
        metadata: { name: 'seen', namespace: 'p-alpha' },
        spec: { templateRef: { name: 'default' } },
      });
      await eventually('the new one is shown', () => /\nseen +alpha /.test(shown));
      assert.equal(shown.match(/^NAME/gm)?.length, 1);
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      assert.equal(code, 130);
      assert.equal(stderr, '');
    });

    it('redraws the steps on a terminal, and leaves them there at Ctrl-C', async (t) => {
      if (spawnSync('script', ['--version']).error !== undefined) {
        t.skip('script, which gives a program a terminal, is not installed');
        return;
      }
      const { fixture, configFile, succeeds } = cli();
      const typescript = join(fixture.dir, 'typescript');
      const onTerminal = (args: string) =>
        spawn('script', ['-qefc', `'${process.execPath}' '${main}' ${args}`, typescript], {
          env: { ...process.env, HOME: fixture.dir, VCP_CONFIG: configFile() },
          stdio: ['pipe', 'pipe', 'pipe'],
        });
      const slept = await endOf(onTerminal('sleep vcluster demo -p alpha'));
      assert.equal(slept.code, 0, slept.stdout);
      assert.ok(slept.stdout.includes('\u001b[2K  '), slept.stdout);
      assert.match(slept.stdout, /tenant cluster demo is asleep/);
      const child = onTerminal('snapshot create demo -p alpha --name slow');
      let shown = '';
      child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      const ended = endOf(child);
      const id = await eventually('steps are shown', () =>
        shown.includes('Recording result') ? /operation ([0-9a-f-]{36})/.exec(shown)?.[1] : undefined,
      );
      child.stdin.write('\u0003');
      const { code, stdout } = await ended;
      assert.equal(code, 130);
      assert.match(stdout, /the snapshot goes on; follow it with: vcp operations watch /);
      await succeeds('operations', 'cancel', id);
    });

    it('is content with a reader that has seen enough', async () => {
      const child = cli().start(['operations', 'list', '-p', 'alpha', '-o', 'json']);
      child.stdout?.destroy();
      const { code, stderr } = await endOf(child);
      assert.equal(code, 0);
      assert.equal(stderr, '');
    });
  });
}
