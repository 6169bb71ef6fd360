import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { keyOf } from '../api/user-calls.ts';
import type { CliWorld } from './cli-world.ts';
import type { Ended } from './run-vcp.ts';

const root = join(import.meta.dirname, '../..');

/** The folder of the Node that people have, and not the one of this repository. */
function systemNode(): string | undefined {
  return (process.env['PATH'] ?? '').split(delimiter).find((dir) => {
    try {
      if (!dir.includes('node_modules')) accessSync(join(dir, 'node'), constants.X_OK);
      return !dir.includes('node_modules');
    } catch {
      return false;
    }
  });
}

/** The package, installed as people install it, run by the Node of this machine. */
export function packageCases(cli: () => CliWorld): void {
  describe('vcp as a package', () => {
    const nodeDir = systemNode();
    let prefix: string;
    let env: Record<string, string>;
    const installed = (args: string[]): Promise<Ended> =>
      new Promise((resolve) => {
        execFile(
          join(prefix, 'bin', 'vcp'),
          args,
          { env: { ...process.env, ...env }, timeout: 60_000 },
          (error, stdout, stderr) =>
            resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
        );
      });
    before(() => {
      prefix = mkdtempSync(join(tmpdir(), 'vcp-package-'));
      env = {
        PATH: `${nodeDir}${delimiter}${process.env['PATH'] ?? ''}`,
        HOME: prefix,
        VCP_CONFIG: join(prefix, 'login.json'),
        npm_config_cache: join(prefix, 'cache'),
      };
      const run = (command: string, args: string[]) => {
        const { status, stderr } = spawnSync(command, args, {
          cwd: root,
          encoding: 'utf8',
          env: { ...process.env, ...env },
        });
        assert.equal(status, 0, stderr);
      };
      run(process.execPath, ['scripts/pack-cli.ts', prefix]);
      const [file = ''] = readdirSync(prefix).filter((name) => name.endsWith('.tgz'));
      // It needs nothing else, so no registry is asked.
      run('npm', [
        'install',
        '--global',
        '--offline',
        '--no-audit',
        '--no-fund',
        '--prefix',
        prefix,
        join(prefix, file),
      ]);
    });
    after(() => rmSync(prefix, { recursive: true, force: true }));

    it('runs on the Node of this machine', async (t) => {
      t.diagnostic(spawnSync(join(nodeDir ?? '', 'node'), ['--version'], { encoding: 'utf8' }).stdout.trim());
      assert.match((await installed(['--help'])).stdout, /^Usage: vcp /);
      const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
      assert.equal((await installed(['--version'])).stdout, `${version}\n`);
    });

    it('logs in, lists, follows an operation, and gives kubectl its key', async () => {
      const { fixture } = cli();
      const login = ['login', fixture.url, '--access-key', keyOf('ben'), '--ca-file', fixture.caFile];
      const logged = await installed(login);
      assert.equal(logged.code, 0, logged.stderr);
      assert.match((await installed(['list', 'vclusters', '-p', 'alpha'])).stdout, /\ndemo +alpha /);
      const slept = await installed(['sleep', 'vcluster', 'demo', '-p', 'alpha']);
      assert.match(slept.stdout, /^tenant cluster demo is asleep/, slept.stderr);
      const { stdout } = await installed(['connect', 'vcluster', 'demo', '-p', 'alpha', '--print']);
      const { exec } = parse(stdout).users[0].user;
      const key = spawnSync(exec.command, exec.args, {
        encoding: 'utf8',
        env: { VCP_CONFIG: exec.env[0].value },
      });
      assert.equal(JSON.parse(key.stdout).status.token, keyOf('ben'), key.stderr);
    });

    it('brings the chart that `vcp add cluster` installs', () => {
      const chart = join(prefix, 'lib/node_modules/vcluster-platform-cli/charts/vcluster-platform');
      const files = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
      assert.deepEqual(files(chart), files(join(root, 'deploy/charts/vcluster-platform')));
    });

    it('says what is wrong as the sources do', async () => {
      const { code, stderr } = await installed(['sleep', 'vcluster', 'nothing', '-p', 'alpha']);
      assert.equal(code, 4);
      assert.match(stderr, /^error: Tenant cluster not found: .*; try: vcp list vclusters\n$/);
    });
  });
}
