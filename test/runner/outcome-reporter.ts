import { inspect } from 'node:util';
import type { TestEvent } from 'node:test/reporters';

/** A test that failed, or a suite whose set-up or end did. */
export interface Failure {
  /** With the suites that it is in. */
  readonly title: string;
  /** Absolute path. */
  readonly file: string;
  /** What it failed with: message, stack, causes. */
  readonly error: string;
}

/** What the tests of one process came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** How long the suites of each file took, by its absolute path, in milliseconds. */
  readonly times: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  /** What had begun and not ended: tests, and the suites that they are in. */
  readonly running: readonly string[];
}

/** Of an error of node:test: what the test itself failed with, where there is something. */
const textOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (typeof cause === 'string') return cause;
  if (!(cause instanceof Error)) return inspect(cause, { depth: 4 });
  // Not `inspect`: of a failed comparison it prints both sides whole a second time.
  const why = cause.cause === undefined ? '' : `\ncause: ${inspect(cause.cause, { depth: 2 })}`;
  return `${cause.stack ?? String(cause)}${why}`;
};

/** A test's failure that another one, which is told by itself, brought about. */
const followsFromAnother = (error: unknown): boolean =>
  error instanceof Error &&
  'failureType' in error &&
  ['subtestsFailed', 'cancelledByParent'].includes(String(error.failureType));

/**
 * Reporter of node:test: an `Outcome` as a line of JSON after each event, so that the last line tells what a process came
 * to that was ended in the middle.
 */
export default async function* outcomeReporter(events: AsyncIterable<TestEvent>): AsyncIterable<string> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const times: Record<string, number> = {};
  const failures: Failure[] = [];
  const running = new Map<string, string>();
  const suites: string[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:dequeue') running.set(placeOf(data), data.name);
    else if (type === 'test:complete') running.delete(placeOf(data));
    else if (type === 'test:start') suites.splice(data.nesting, Infinity, data.name);
    else if (type === 'test:pass' || type === 'test:fail') {
      const { file = '', name, nesting, details, skip } = data;
      if (nesting === 0) times[file] = (times[file] ?? 0) + details.duration_ms;
      if (skip !== undefined && skip !== false) counts.skipped += 1;
      else if (details.type !== 'suite') counts[type === 'test:pass' ? 'passed' : 'failed'] += 1;
      if (type === 'test:fail' && !followsFromAnother(data.details.error))
        failures.push({
          title: [...suites.slice(0, nesting), name].join(' > '),
          file,
          error: textOf(data.details.error),
        });
    } else continue;
    const outcome: Outcome = { ...counts, times, failures, running: [...running.values()] };
    yield `${JSON.stringify(outcome)}\n`;
  }
}

const placeOf = ({ file, line, column, name, nesting }: PlacedTest) =>
  [file, line, column, nesting, name].join(':');

interface PlacedTest {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}
