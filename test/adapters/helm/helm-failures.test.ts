import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helmFailure } from '../../../adapters/helm/helm-failures.ts';
import { isLastingFailure } from '../../../contracts/errors.ts';

const output = (stderr: string, exitCode: number | null = 1, timedOut = false) => ({
  stdout: '',
  stderr,
  exitCode,
  timedOut,
});

test("Helm's output is mapped to codes and messages", () => {
  const cases: [stderr: string, code: string, message: RegExp][] = [
    [
      'Error: Kubernetes cluster unreachable: Get "https://x/version": dial tcp: connect: connection refused',
      'cluster_unreachable',
      /does not answer/,
    ],
    [
      'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress',
      'internal',
      /another run/,
    ],
    [
      "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nx:\n- at '/a/b': 'hunter22' does not match pattern '^x$'\n- at '': additional properties 'zz' not allowed",
      'invalid_values',
      /^the chart does not accept the values: \/a\/b: does not match pattern '\^x\$'; \/: additional properties 'zz' not allowed$/,
    ],
    [
      'Error: UPGRADE FAILED: StatefulSet.apps "x" is invalid: spec: Invalid value: "hunter22": no',
      'chart_failed',
      /is invalid: spec: Invalid value: no$/,
    ],
    ['fatal error: runtime: cannot allocate memory', 'chart_failed', /memory or CPU time limit/],
  ];
  for (const [stderr, code, message] of cases) {
    const error = helmFailure('Installing', output(stderr), 'a: { b: hunter22 }');
    assert.equal(error.code, code, stderr);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /hunter22/);
  }
  assert.match(helmFailure('Installing', output('', null, true)).message, /took too long/);
});

test('what a run of Helm failed for lasts only if no time mends it', () => {
  const cases: [stderr: string, lasts: boolean][] = [
    ['Error: failed calling webhook "a.b": context canceled', false],
    ['Error: pods "a" is forbidden: exceeded quota: b', false],
    ['Error: cannot patch "a" with kind StatefulSet: StatefulSet.apps "a" is invalid: spec: Forbidden', true],
    ['Error: field is immutable', true],
    ['Error: cannot parse template: template: gotpl:1: unclosed action', true],
    ['Error: execution error at (a/templates/b.yaml:1:2): no', true],
    ['Error: UPGRADE FAILED: resource mapping not found: no matches for kind "X"', true],
  ];
  for (const [stderr, lasts] of cases) {
    const error = helmFailure('Upgrading', output(stderr));
    assert.deepEqual([error.code, isLastingFailure(error.details)], ['chart_failed', lasts], stderr);
  }
  assert.equal(isLastingFailure(helmFailure('Installing', output('', null, true)).details), false);
});
