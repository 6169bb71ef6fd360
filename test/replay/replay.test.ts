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

const payloadsOf = (file: string) =>
  [...readFileSync(join(dir, file), 'utf8').matchAll(/"data":\s*"([^"]*)"/g)].map((match) =>
    Buffer.from(match[1] ?? '', 'base64').toString(),
  );

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

test('there is a recorded history of each way that a patch opened', () => {
  const workflows = join(import.meta.dirname, '..', '..', 'workflows');
  const sources = readdirSync(workflows, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const patches = sources.flatMap((name) =>
    [...readFileSync(join(workflows, name), 'utf8').matchAll(/patched\('([^']+)'\)/g)].map(
      ([, id]) => id ?? '',
    ),
  );
  assert.ok(patches.length > 5, patches.join(', '));
  const recorded = new Set(
    files.flatMap((file) => payloadsOf(file).map((payload) => /^\{"id":"([^"]+)"/.exec(payload)?.[1])),
  );
  for (const id of patches) assert.ok(recorded.has(id), id);
  const inside = ['update', 'restore'].flatMap((verb) => [
    `${verb}-refused-access`,
    `${verb}-maintain-store`,
  ]);
  for (const way of [
    'update-failed',
    'sleep-failed',
    'restore-failed',
    'update-rebuild',
    'restore-rebuild',
    'wake-space-rebuild',
    'wake-maintain-store',
    ...inside,
  ])
    assert.ok(
      files.some((file) => file.startsWith(`${way}-`)),
      way,
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
    const payloads = payloadsOf(file);
    assert.ok(payloads.length > 0, file);
    assert.doesNotMatch(payloads.join('\n'), /PRIVATE KEY|client-key-data|kubeconfig/i, file);
    assert.ok(read(file).events.length < 200, file);
  }
});
