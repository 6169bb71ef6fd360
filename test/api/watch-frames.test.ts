import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { watchFramesOf } from '../../api/streams/watch-frames.ts';

const json = Buffer.from('{"type":"ADDED"}\n{"type":"MODIFIED","text":"a\\nb"}\n');
const protobuf = Buffer.concat(
  [3, 0, 70_000, 1].flatMap((length) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    return [head, Buffer.alloc(length, 0x0a)];
  }),
);
const ends = { json: [17, json.length], protobuf: [7, 11, 70_015, 70_020] };

describe('events in a watch response', () => {
  for (const [name, type, stream, expected] of [
    ['JSON', 'application/json', json, ends.json],
    ['protobuf', 'application/vnd.kubernetes.protobuf;stream=watch', protobuf, ends.protobuf],
  ] as const) {
    it(`${name}: their ends are found however the bytes arrive`, () => {
      for (const size of [1, 2, 3, 5, 16, 1_000, stream.length]) {
        const frames = watchFramesOf(type) ?? assert.fail();
        const found: number[] = [];
        for (let at = 0; at < stream.length; ) {
          const chunk = stream.subarray(at, at + size);
          const taken = frames.take(chunk, true);
          assert.ok(taken > 0 && taken <= chunk.length);
          at += taken;
          if (frames.between) found.push(at);
        }
        assert.deepEqual(found, [...expected], `${size} bytes at a time`);
        const whole = watchFramesOf(type) ?? assert.fail();
        assert.equal(whole.take(stream.subarray(0, stream.length - 1)), stream.length - 1);
        assert.equal(whole.between, false);
      }
    });
  }

  it('an unknown content type has no known event ends', () => {
    assert.equal(watchFramesOf('application/cbor-seq'), undefined);
  });
});
