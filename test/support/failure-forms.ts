import assert from 'node:assert/strict';
import type { Answer, CommandResult } from './platform.ts';

/** `answer` is a problem document (REST). */
export function isProblem(answer: Answer, status: number, code: string | undefined, detail: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  const problem = answer.json<{ status: number; code: string; detail: string; requestId: string }>();
  assert.equal(problem.status, status);
  if (code !== undefined) assert.equal(problem.code, code, answer.text);
  assert.match(problem.detail, detail);
  assert.equal(problem.requestId, answer.headers['x-request-id']);
}

/** `answer` is a Status (Kubernetes paths). */
export function isStatus(answer: Answer, code: number, reason: string, message: RegExp): void {
  assert.equal(answer.status, code, answer.text);
  const status = answer.json<{ kind: string; code: number; reason: string; message: string }>();
  assert.deepEqual([status.kind, status.code, status.reason], ['Status', code, reason], answer.text);
  assert.match(status.message, message);
}

/** The command said why in its last line, which is the only one that begins with `error:`. */
export function isFailure({ code, stderr }: CommandResult, exitCode: number, line: RegExp): void {
  assert.equal(code, exitCode, stderr);
  assert.equal(stderr.match(/^error: /gm)?.length, 1, stderr);
  assert.match(stderr.trimEnd().split('\n').at(-1) ?? '', line);
}
