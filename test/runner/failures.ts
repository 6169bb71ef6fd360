import { relative } from 'node:path';
import type { Failure } from './outcome-reporter.ts';
import type { EndedProcess } from './test-process.ts';

/** How many lines of an error are told, and how many when so much failed that only the ends would be read. */
const lines = { few: 15, many: 5 };
const many = 10;
const longestLine = 240;

/** What failed in a process of tests, or in what ran before them. */
export interface FailedProcess extends Pick<EndedProcess, 'failures' | 'running' | 'output'> {
  readonly title: string;
  /** Why it was ended before its tests were. */
  readonly ended?: string | undefined;
}

/**
 * All that failed, told once more for the end of the output, which may be all that is kept of it: each test with its
 * file and the beginning of its error; of a process that ended without a failed test, what ran and what it said last.
 */
export function failureReport(root: string, failed: readonly FailedProcess[]): string {
  const count = failed.reduce((sum, { failures }) => sum + Math.max(failures.length, 1), 0);
  const most = count > many ? lines.many : lines.few;
  return failed.map((process) => reportOf(root, process, most)).join('\n\n');
}

function reportOf(root: string, process: FailedProcess, most: number): string {
  const { title, failures, ended, running, output } = process;
  const reports = failures.map((failure) => reportOfTest(root, failure, most));
  if (ended === undefined && failures.length > 0) return reports.join('\n\n');
  const ran = running.length === 0 ? '' : `, while running: ${running.join(' > ')}`;
  const last = output.trimEnd().split('\n').slice(-most).map(shortened);
  return [
    ...reports,
    [`FAILED ${title} (${ended ?? 'without a failed test'}${ran}); it said last:`, ...last].join('\n'),
  ].join('\n\n');
}

function reportOfTest(root: string, { title, file, error }: Failure, most: number): string {
  const all = error.split('\n').filter((line) => !/^\s+at .*\bnode:/.test(line));
  const told = all.slice(0, most);
  // Where in the tests it was, if a long message hides that.
  const place = all.find((line) => line.includes('/test/') && line.trimStart().startsWith('at '));
  if (place !== undefined && !told.includes(place)) told.push('…', place);
  return [`FAILED ${title} (${relative(root, file)})`, ...told.map((line) => `  ${shortened(line)}`)].join(
    '\n',
  );
}

const shortened = (line: string) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line);
