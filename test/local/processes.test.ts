import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { takeLock } from '../../adapters/processes/exclusive-lock.ts';
import { identify, isRunning, sendSignal } from '../../adapters/processes/identity.ts';
import { logSays, openLog, closeLog, trimLog } from '../../adapters/processes/log-file.ts';
import { runCommand } from '../../adapters/processes/run-command.ts';
import { startProcess } from '../../adapters/processes/start-process.ts';
import { eventually } from '../support/eventually.ts';

const dir = mkdtempSync(join(tmpdir(), 'vcp-processes-'));
after(() => rmSync(dir, { recursive: true }));
const sh = (script: string) => ({ binary: '/bin/sh', args: ['-c', script] });

describe('identity of a process', () => {
  test('names exactly one process: the same pid with another start time is a different one', () => {
    const self = identify(process.pid);
    assert.ok(self !== undefined && isRunning(self));
    const predecessor = { ...self, startTime: '1' };
    assert.equal(isRunning(predecessor), false);
    assert.equal(sendSignal(predecessor, 'SIGKILL'), false, 'the reused pid must not be signalled');
    assert.equal(isRunning({ ...self, bootId: 'another boot' }), false);
  });

  test('is undefined for a free pid', () => {
    assert.equal(identify(2 ** 22 + 1), undefined);
  });
});

describe('a started process', () => {
  test('inherits no environment and writes to its log', async () => {
    process.env['KUBECONFIG'] = '/somewhere';
    const logFile = join(dir, 'env.log');
    await runCommand('env', { binary: '/usr/bin/env', args: [], env: { GIVEN: 'yes' } }, logFile);
    const log = readFileSync(logFile, 'utf8');
    assert.match(log, /^GIVEN=yes$/m);
    assert.doesNotMatch(log, /KUBECONFIG/);
    assert.equal(statSync(logFile).mode & 0o777, 0o600);
  });

  test('finds its files written first, with mode 0600', async () => {
    const file = join(dir, 'deep', 'file');
    await runCommand(
      'cat',
      { ...sh(`cat ${file}`), files: [{ path: file, content: 'hello' }] },
      join(dir, 'cat.log'),
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(dir, 'cat.log'), 'utf8'), 'hello');
  });

  test('is killed with its group after its grace period if it ignores SIGTERM', async () => {
    const started = join(dir, 'started');
    const script = `trap '' TERM; sleep 1000 & echo $! > ${started}.tmp; mv ${started}.tmp ${started}; while :; do wait; sleep 1; done`;
    const child = await startProcess(
      'stubborn',
      { ...sh(script), stopGraceMs: 200 },
      join(dir, 'stubborn.log'),
    );
    await eventually('it began', () => existsSync(started), { intervalMs: 10 });
    const grandchild = identify(Number(readFileSync(started, 'utf8')));
    assert.ok(grandchild !== undefined);
    await child.stop();
    assert.equal(await child.exited, 'signal SIGKILL');
    assert.equal(isRunning(child.identity), false);
    await eventually('its child ended', () => !isRunning(grandchild), { intervalMs: 10 });
  });

  test('toolchain_unavailable: the binary is missing', async () => {
    const start = startProcess(
      'nothing',
      { binary: join(dir, 'missing'), args: [] },
      join(dir, 'nothing.log'),
    );
    await assert.rejects(start, { code: 'toolchain_unavailable', message: /nothing could not be started/ });
  });

  test('internal: a command that fails tells the end of its log', async () => {
    const run = runCommand('the command', sh('echo because; exit 3'), join(dir, 'fails.log'));
    await assert.rejects(run, { code: 'internal', message: /the command failed \(code 3\)[^]*because/ });
  });
});

describe('a log file of a process', () => {
  test('is rotated to .1 when it is too large, and its writer continues', () => {
    const file = join(dir, 'big.log');
    const descriptor = openLog(file);
    writeFileSync(descriptor, 'x'.repeat(100));
    trimLog(file, 50);
    writeFileSync(descriptor, 'after');
    closeLog(descriptor);
    assert.equal(readFileSync(file, 'utf8'), 'after');
    assert.equal(statSync(`${file}.1`).size, 100);
  });

  test('is searched from the start of the process', () => {
    const file = join(dir, 'says.log');
    appendFileSync(file, 'worker ready\n');
    const offset = statSync(file).size;
    assert.equal(logSays(file, offset, /ready/), false);
    appendFileSync(file, 'worker ready\n');
    assert.equal(logSays(file, offset, /ready/), true);
  });
});

test('a lock has one holder, and is free after its release', async () => {
  const release = await takeLock('test lock');
  assert.ok(release !== undefined);
  assert.equal(await takeLock('test lock'), undefined);
  release();
  const again = await takeLock('test lock');
  assert.ok(again !== undefined);
  again();
});
