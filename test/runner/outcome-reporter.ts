import type { TestEvent } from 'node:test/reporters';

/** What the tests of one process came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** How long the suites of each file took, by its absolute path, in milliseconds. */
  readonly times: Readonly<Record<string, number>>;
}

/** Reporter of node:test: an `Outcome` as one line of JSON, once all tests have ended. */
export default async function* outcomeReporter(events: AsyncIterable<TestEvent>): AsyncIterable<string> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const times: Record<string, number> = {};
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { file = '', nesting, details, skip } = data;
    if (nesting === 0) times[file] = (times[file] ?? 0) + details.duration_ms;
    if (skip !== undefined && skip !== false) counts.skipped += 1;
    else if (details.type === 'suite') continue;
    else if (type === 'test:pass') counts.passed += 1;
    else counts.failed += 1;
  }
  yield `${JSON.stringify({ ...counts, times } satisfies Outcome)}\n`;
}
