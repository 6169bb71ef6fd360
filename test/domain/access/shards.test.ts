import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardsOf } from '../../../domain/access/shards.ts';

const named = (count: number, length = 250) =>
  Array.from({ length: count }, (_, index) => ({ name: `${index}-`.padEnd(length, 'x') }));
const parts = (entries: readonly { name: string }[], depth = 4) =>
  new Map(
    shardsOf(entries, { depth, overhead: 3 }).map(({ suffix, entries: part }) => [
      suffix,
      part.map(({ name }) => name),
    ]),
  );
const sizeOf = (names: readonly string[]) => names.reduce((sum, name) => sum + name.length + 3, 0);

test('few names are in one part, and so are none', () => {
  assert.deepEqual([...parts(named(200)).keys()], ['']);
  assert.deepEqual([...parts([])], [['', []]]);
});

test('many names are in parts that are small, each name in one of them', () => {
  for (const count of [300, 5_590, 30_000]) {
    const found = parts(named(count));
    assert.ok(found.size > 1 && [...found.values()].every((names) => sizeOf(names) <= 64 * 1024));
    assert.deepEqual(
      [...found.values()].flat().toSorted(),
      named(count)
        .map(({ name }) => name)
        .toSorted(),
    );
    assert.ok(!found.has(''));
  }
});

test('a name that comes changes one part', () => {
  for (const count of [300, 5_590]) {
    const before = parts(named(count));
    const after = parts(named(count + 1));
    const changed = [...after].filter(([suffix, names]) => names.length !== before.get(suffix)?.length);
    assert.equal(changed.length, 1);
    assert.deepEqual([...before.keys()], [...after.keys()]);
  }
});

test('suffixes are as long as the depth allows, and then parts grow', () => {
  const found = parts(named(20_000), 1);
  assert.deepEqual([...found.keys()].join(''), '0123456789abcdef');
  assert.deepEqual([...parts(named(20_000), 0).keys()], ['']);
});
