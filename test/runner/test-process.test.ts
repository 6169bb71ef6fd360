import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { failureReport } from './failures.ts';
import { runTestProcess } from './test-process.ts';

const failing = `
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
describe('outer', () => {
  test('passes', () => {});
  test('compares', () => assert.equal('a', 'b'));
  describe('inner', () => {
    before(() => { throw new Error('no server'); });
    test('never runs', () => {});
  });
});
`;
const hanging = `
import { describe, test } from 'node:test';
describe('outer', () => {
  test('passes', () => {});
  test('hangs', async () => { console.log('still here'); await new Promise((end) => setTimeout(end, 60_000)); });
});
`;
const endingBadly = `
import { after, test } from 'node:test';
after(() => { throw new Error('still mounted'); });
test('passes', () => {});
`;

/** What a red run says last. */
describe('failures of a process of tests', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'vcp-runner-'));
    writeFileSync(join(dir, 'failing.mjs'), failing);
    writeFileSync(join(dir, 'hanging.mjs'), hanging);
    writeFileSync(join(dir, 'ending-badly.mjs'), endingBadly);
  });
  after(() => rmSync(dir, { recursive: true }));

  const report = async (file: string, limitMs?: number) => {
    const tests = { title: file, files: [join(dir, file)], ...(limitMs === undefined ? {} : { limitMs }) };
    const ended = await runTestProcess(tests);
    return { ...ended, report: failureReport(dir, [{ ...ended, title: file }]) };
  };

  test('each is told with its suite, file and error; what follows from one is not', async () => {
    const { passed, failed, ok, report: text } = await report('failing.mjs');
    assert.deepEqual({ passed, failed, ok }, { passed: 1, failed: 2, ok: false });
    assert.match(text, /^FAILED outer > compares \(failing\.mjs\)\n {2}AssertionError.*strictly equal/);
    assert.match(text, /\n\nFAILED outer > inner \(failing\.mjs\)\n {2}Error: no server\n/);
    assert.doesNotMatch(text, /never runs/);
  });

  test('a hook outside of all suites that fails makes it red', async () => {
    const { passed, failed, ok, report: text } = await report('ending-badly.mjs');
    assert.deepEqual({ passed, failed, ok }, { passed: 1, failed: 1, ok: false });
    assert.match(text, /Error: still mounted\n/);
  });

  test('of one that was ended it tells why, what ran and what it said last', async () => {
    const { passed, failed, ok, report: text } = await report('hanging.mjs', 3_000);
    assert.deepEqual({ passed, failed, ok }, { passed: 1, failed: 1, ok: false });
    assert.match(
      text,
      /^FAILED hanging\.mjs \(ended after 0\.05 minutes, while running: outer > hangs\); it said last:\n/,
    );
    assert.match(text, /\nstill here\n/);
  });
});
