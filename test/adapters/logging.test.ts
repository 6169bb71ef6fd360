import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const logging = pathToFileURL(join(import.meta.dirname, '..', '..', 'adapters', 'logging.ts')).href;

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Runs `script` with a gathered `logger` in a process of its own; gives its lines and how it ended. */
async function run(script: string): Promise<{ lines: Line[]; code: number | null; signal: string | null }> {
  const source = `import { createLogger, withoutRedaction } from ${JSON.stringify(logging)};
    const logger = createLogger('test', 'info', { gathered: true });
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const jsonLines = text.split('\n').filter((line) => line.startsWith('{'));
  return { lines: jsonLines.map((line) => JSON.parse(line) as Line), code, signal };
}

describe('gathered log lines', () => {
  it('are all there after an ordinary end, in order, however many', async () => {
    const { lines, code } = await run(
      'for (let index = 0; index < 500; index++) logger.info({ index }, "line");',
    );
    assert.equal(code, 0);
    assert.deepEqual(
      lines.map(({ index }) => index),
      Array.from({ length: 500 }, (_, index) => index),
    );
  });

  it('are there after process.exit and after an error that nobody caught', async () => {
    const ended = await run('logger.info("last"); process.exit(3);');
    assert.deepEqual([ended.code, ended.lines.map(({ msg }) => msg)], [3, ['last']]);
    const thrown = await run('logger.info("last"); throw new Error("x");');
    assert.deepEqual(
      thrown.lines.map(({ msg }) => msg),
      ['last'],
    );
  });

  it('are out at once when a warning comes, even if the process is killed then', async () => {
    const { lines, signal } = await run(
      'logger.info("before"); logger.warn("warned"); logger.info("after"); process.kill(process.pid, "SIGKILL");',
    );
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['before', 'warned'],
    );
  });

  it('come a moment later when nothing follows', async () => {
    const { lines } = await run(
      'logger.info("alone"); setTimeout(() => process.kill(process.pid, "SIGKILL"), 2_000);',
    );
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['alone'],
    );
  });

  it('are blanked where they hold secrets, but where nothing is looked for', async () => {
    const { lines } = await run(
      'logger.info({ token: "t", a: { b: { password: "p" } } }, "one"); withoutRedaction(logger).info({ token: "seen" }, "two");',
    );
    assert.deepEqual(
      lines.map(({ token, a }) => [token, a]),
      [
        ['[redacted]', { b: { password: '[redacted]' } }],
        ['seen', undefined],
      ],
    );
  });
});
