import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownPlace } from '../../../domain/placement/known-place.ts';

const here = { cluster: 'local', namespace: 'here' };
const there = { cluster: 'other', namespace: 'there' };

for (const [title, instance, place] of [
  ['nothing is known of one that was not placed', {}, { cluster: undefined, namespace: undefined }],
  [
    'empty fields say nothing',
    { spec: { clusterRef: { cluster: '' } } },
    { cluster: undefined, namespace: undefined },
  ],
  ['before it is placed, the spec says it', { spec: { clusterRef: there } }, there],
  [
    'what the platform wrote comes first',
    { spec: { clusterRef: there }, status: { clusterRef: here } },
    here,
  ],
  [
    'each field by itself, while its namespace does not exist yet',
    { spec: { clusterRef: here }, status: { clusterRef: { cluster: 'local' } } },
    here,
  ],
] as const)
  test(title, () => assert.deepEqual(knownPlace(instance), place));
