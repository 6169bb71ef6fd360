import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import {
  createProcessRecords,
  leftovers,
  type ProcessRecord,
  stopLeftovers,
} from '../../local/process-records.ts';
import { isRunning, sendSignal } from '../../adapters/processes/identity.ts';
import { startProcess } from '../../adapters/processes/start-process.ts';
import { createSupervisor, type Service, type Supervisor } from '../../local/supervisor.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { eventually } from '../support/eventually.ts';

const dir = mkdtempSync(join(tmpdir(), 'vcp-supervisor-'));
after(() => rmSync(dir, { recursive: true }));
const recordsFile = join(dir, 'processes.json');
const events: string[] = [];
let supervisor: Supervisor;

beforeEach(() => {
  events.length = 0;
  supervisor = createSupervisor({
    logsDir: dir,
    records: createProcessRecords(recordsFile),
    onEvent: (line) => events.push(line),
  });
});

const recorded = () => JSON.parse(readFileSync(recordsFile, 'utf8')) as Record<string, ProcessRecord>;
const sleeper = (name: string, ready: Service['ready'] = async () => undefined): Service => ({
  name,
  program: () => ({ binary: '/bin/sleep', args: ['1000'] }),
  ready,
});

test('a process that is killed is started again, under its new pid in the record', async () => {
  await supervisor.start(sleeper('a'));
  const first = recorded()['a'];
  assert.ok(first !== undefined && isRunning(first));
  sendSignal(first, 'SIGKILL');
  await eventually('it runs again', () => {
    const second = recorded()['a'];
    return second !== undefined && second.pid !== first.pid && isRunning(second);
  });
  assert.match(events.join('\n'), /a ended \(signal SIGKILL\); starting it again in 50 ms/);
  await supervisor.stopAll([['a']]);
});

test('stopAll ends groups in their order and starts nothing again', async () => {
  await Promise.all([supervisor.start(sleeper('first')), supervisor.start(sleeper('second'))]);
  const [first, second] = [recorded()['first'], recorded()['second']];
  assert.ok(first !== undefined && second !== undefined);
  await supervisor.stopAll([['first'], ['second'], ['never started']]);
  assert.equal(isRunning(first) || isRunning(second), false);
  assert.deepEqual(Object.keys(recorded()), ['supervisor']);
  await assert.rejects(supervisor.start(sleeper('late')), /stopping/);
});

test('a service that never becomes ready fails its start after three attempts, with nothing left running', async () => {
  let attempts = 0;
  const pids: number[] = [];
  const start = supervisor.start(
    sleeper('unready', async ({ identity }) => {
      attempts += 1;
      pids.push(identity.pid);
      throw new Error('not ready');
    }),
  );
  await assert.rejects(start, /not ready/);
  assert.equal(attempts, 3);
  assert.equal(new Set(pids).size, 3);
  await supervisor.stopAll([['unready']]);
});

test('a process that says its configuration is not valid is not started again, and its line is the reason', async () => {
  let attempts = 0;
  const start = supervisor.start({
    name: 'misconfigured',
    program: () => {
      attempts += 1;
      const line = 'error: Invalid request: setting "x" must be y (invalid_request)';
      return { binary: '/bin/sh', args: ['-c', `echo more; echo '${line}' >&2; exit 2`] };
    },
    ready: (process) => waitUntil('the process', async () => false, { process }),
  });
  await assert.rejects(start, {
    code: 'invalid_request',
    message: 'the process: Invalid request: setting "x" must be y',
  });
  assert.equal(attempts, 1);
  await supervisor.stopAll([['misconfigured']]);
});

test('leftovers of a dead supervisor are found by identity and ended; a reused pid is not', async () => {
  const left = await startProcess('left', { binary: '/bin/sleep', args: ['1000'] }, join(dir, 'left.log'));
  const records = createProcessRecords(recordsFile);
  const how = { stopSignal: 'SIGTERM', stopGraceMs: 1000 } as const;
  records.set('left', { ...left.identity, ...how });
  records.set('reused', { ...left.identity, startTime: '1', ...how });
  const found = leftovers(recordsFile);
  assert.deepEqual([...found.keys()], ['left']);
  await stopLeftovers(found, [['left']]);
  assert.equal(await left.exited, 'signal SIGTERM');
});
