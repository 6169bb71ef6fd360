import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { ensureWorkflowBundle } from '../../worker/bundle.ts';

const dir = join(import.meta.dirname, 'histories');
const files = readdirSync(dir).filter((name) => name.endsWith('.json'));
Runtime.install({ logger: new DefaultLogger('ERROR') });
let codePath: string;
before(async () => {
  codePath = await ensureWorkflowBundle();
});

const read = (file: string): History => JSON.parse(readFileSync(join(dir, file), 'utf8'));
const replay = (history: unknown) => Worker.runReplayHistory({ workflowBundle: { codePath } }, history);

interface History {
  events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

test('there are recorded histories of every verb', () => {
  const verbs = ['create', 'update', 'sleep', 'wake', 'snapshot', 'restore', 'delete'];
  const ofSpaces = ['create', 'sleep', 'wake', 'delete'].map((verb) => `${verb}-space`);
  for (const verb of [...verbs, ...ofSpaces])
    assert.ok(
      files.some((file) => new RegExp(`^${verb}-\\d`).test(file)),
      verb,
    );
});

for (const file of files) {
  test(`${file} replays`, async () => {
    await replay(read(file));
  });
}

test('a history that does not match the workflow is refused', async () => {
  const file = files.find((name) => /^create-\d/.test(name)) ?? '';
  const history = read(file);
  const scheduled = history.events.find(
    ({ activityTaskScheduledEventAttributes: it }) => it?.activityType.name === 'installRelease',
  );
  assert.ok(scheduled?.activityTaskScheduledEventAttributes);
  scheduled.activityTaskScheduledEventAttributes.activityType.name = 'installSomethingElse';
  await assert.rejects(replay(history), DeterminismViolationError);
});

test('histories hold names and ids only, and stay small', () => {
  for (const file of files) {
    const text = readFileSync(join(dir, file), 'utf8');
    const payloads = [...text.matchAll(/"data":\s*"([^"]*)"/g)].map((match) =>
      Buffer.from(match[1] ?? '', 'base64').toString(),
    );
    assert.ok(payloads.length > 0, file);
    assert.doesNotMatch(payloads.join('\n'), /PRIVATE KEY|client-key-data|kubeconfig/i, file);
    assert.ok(read(file).events.length < 200, file);
  }
});
