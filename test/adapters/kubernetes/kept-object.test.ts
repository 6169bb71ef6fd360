import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptObject } from '../../../adapters/kubernetes/kept-object.ts';

interface Sleeper {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
  status: { conditions: { type: string; at: string }[] };
}

const text = (name: string, at: string, more = '') =>
  `{"metadata":{"annotations":{"a":"1"},"managedFields":[{"manager":"kubectl"}],"name":"${name}"},"spec":{"templateRef":{"name":"default"}${more}},"status":{"conditions":[{"type":"Ready","at":"${at}"},{"type":"Synced","at":"2026"}]}}`;
const parsed = (json: string) => JSON.parse(json) as Sleeper;

test('an object is kept without managedFields, and shares with one like it what is the same', () => {
  const like = keptObject(parsed(text('a', '2025')), undefined);
  const kept = keptObject(parsed(text('b', '2026')), like);
  const { metadata, ...whole } = parsed(text('b', '2026'));
  assert.deepEqual(kept, { metadata: { annotations: metadata.annotations, name: 'b' }, ...whole });
  assert.equal(kept.spec, like.spec);
  assert.equal(kept.metadata.annotations, like.metadata.annotations);
  assert.notEqual(kept.status.conditions[0], like.status.conditions[0]);
  assert.equal(kept.status.conditions[1], like.status.conditions[1]);
  assert.deepEqual(like.status.conditions[0], { type: 'Ready', at: '2025' });
});

test('what is nested as deeply as an API server takes it is kept', () => {
  const deep = `,"x":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`;
  const like = keptObject(parsed(text('a', '2025', deep)), undefined);
  const kept = keptObject(parsed(text('b', '2026', deep)), like);
  assert.equal(kept.spec['templateRef'], like.spec['templateRef']);
  let [levels, at] = [0, kept.spec['x']];
  for (; typeof at === 'object'; levels++) at = (at as { a: unknown }).a;
  assert.equal(levels, 9_000);
});

test('what has more, less or other fields than one like it stays as it is', () => {
  const like = () => keptObject(parsed(text('a', '2025', ',"x":{"y":[1,{"z":null}]}')), undefined);
  for (const more of [
    '',
    ',"x":{}',
    ',"x":[]',
    ',"x":null',
    ',"x":{"y":[1]}',
    ',"x":{"y":[1,{"z":null},2]}',
    ',"x":"y"',
    ',"__proto__":{"a":1}',
    ',"constructor":{}',
    ',"y":1',
  ]) {
    const { spec } = parsed(text('a', '2025', more));
    assert.deepEqual(keptObject(parsed(text('a', '2025', more)), like()).spec, spec, more);
    const back = keptObject(
      parsed(text('a', '2025', ',"x":1')),
      keptObject(parsed(text('a', '2025', more)), undefined),
    );
    assert.deepEqual(back.spec, parsed(text('a', '2025', ',"x":1')).spec, more);
  }
});
