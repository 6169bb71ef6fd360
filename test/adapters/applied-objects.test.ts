import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApplied } from '../../adapters/applied-objects.ts';
import { lastChanger, scaledBy } from '../../adapters/kubernetes/field-owners.ts';

const release = 'vcluster-platform.io/applied-release';
const noted = (objects: Record<string, unknown>) => ({ [release]: JSON.stringify(objects) });

test('notes that somebody rewrote are read as far as they name objects', () => {
  const found = readApplied(
    noted({
      'Service/a': 'x',
      'Gadget/a': 'x',
      'Secret/': 'x',
      'Secret/\u001b[2J': 'x',
      [`Secret/${'a'.repeat(254)}`]: 'x',
      'Role/b': 1,
    }),
  );
  assert.deepEqual(found, [{ kind: 'Service', name: 'a', state: 'x' }]);
  assert.deepEqual(readApplied({ [release]: '[' }), []);
  assert.deepEqual(readApplied({ [release]: '"text"' }), []);
});

test('of notes without end only some are followed', () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`Secret/s${index}`, 'x']));
  assert.equal(readApplied(noted(many)).length, 200);
});

test('a field manager is named as a terminal may show it', () => {
  const entry = {
    manager: `\u001b[2J${'m'.repeat(1_000)}`,
    operation: 'Update',
    time: '2026-01-01T00:00:00Z',
  };
  assert.match(lastChanger([entry]) ?? '', /^\?\[2Jm{60}$/);
  assert.match(scaledBy([{ ...entry, fieldsV1: { 'f:spec': { 'f:replicas': {} } } }]) ?? '', /^\?\[2Jm{60}$/);
});
