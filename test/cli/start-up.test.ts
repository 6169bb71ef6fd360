import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const main = join(import.meta.dirname, '../../cli/main.ts');
/** Tells each module that is loaded. */
const hook = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({ load(url, context, next) { writeSync(2, 'loads ' + url + '\\n'); return next(url, context); } });
`)}`;

/** What a command prints, and which modules it loads. */
function run(...args: string[]): Promise<{ stdout: string; loaded: string[] }> {
  const env = { ...process.env, VCP_CONFIG: join(tmpdir(), 'vcp-no-such-login.json') };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', hook, main, ...args], { env }, (_error, stdout, stderr) => {
      const loaded = [...stderr.matchAll(/^loads (.*)$/gm)].map(([, url = '']) => url);
      resolve({ stdout, loaded: loaded.filter((url) => url.startsWith('file:')) });
    });
  });
}

/** kubectl waits for `vcp token` before every command, and people for the help. */
describe('vcp starts without what it does not need', () => {
  const commands = (loaded: readonly string[]) => loaded.filter((url) => url.includes('/cli/commands/'));
  const large = /typebox|undici|yaml|cli-table3/;

  it('for its help', async () => {
    const { stdout, loaded } = await run('--help');
    assert.match(stdout, /^Usage: vcp /);
    assert.match(stdout, /\n {2}describe +Tell everything about/);
    assert.deepEqual(commands(loaded), []);
    assert.deepEqual(
      loaded.filter((url) => large.test(url)),
      [],
    );
  });

  it('for its version', async () => {
    const { stdout, loaded } = await run('--version');
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    assert.deepEqual(commands(loaded), []);
  });

  it('for a key', async () => {
    const { loaded } = await run('token', '--platform', 'https://127.0.0.1:1');
    assert.deepEqual(
      commands(loaded).map((url) => url.split('/').at(-1)),
      ['token.ts'],
    );
    assert.deepEqual(
      loaded.filter((url) => large.test(url)),
      [],
    );
  });

  it('for the help of one command', async () => {
    const { stdout, loaded } = await run('help', 'token');
    assert.match(stdout, /--platform <url>/);
    assert.deepEqual(
      commands(loaded).map((url) => url.split('/').at(-1)),
      ['token.ts'],
    );
  });

  it('though every command is in the help', async () => {
    const { stdout } = await run('--help');
    for (const name of ['list', 'update', 'wakeup', 'share', 'why', 'projects', 'access-key', 'completion'])
      assert.match(stdout, new RegExp(`^ {2}${name}\\b`, 'm'));
  });
});
