import assert from 'node:assert/strict';
import { it } from 'node:test';
import { boundedLine } from '../../adapters/logging.ts';

it('a log line is bounded for any input, and stays JSON', () => {
  const short = `${JSON.stringify({ level: 30, msg: 'request' })}\n`;
  assert.equal(boundedLine(short), short);
  for (const text of ['x'.repeat(100_000), '😀'.repeat(50_000), '"\\\n'.repeat(30_000)]) {
    const line = boundedLine(
      `${JSON.stringify({ level: 40, time: 1, name: 'gateway', reqId: 'a', path: text, msg: 'it waits' })}\n`,
    );
    assert.ok(line.length < 16_384, `${line.length}`);
    assert.ok(line.endsWith('}\n') && line.isWellFormed());
    const { level, reqId, msg, cutFrom } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([level, reqId, msg], [40, 'a', 'it waits']);
    assert.ok(Number(cutFrom) > 90_000);
  }
});
