import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpaceInstance } from '../../contracts/resources/space-instance.ts';
import {
  lossNoted,
  nextOperation,
  rebuildOperation,
  requestedRebuild,
} from '../../domain/lifecycle/desired-state.ts';
import { space as descriptor } from '../../domain/kinds/space.ts';

const nextSpaceOperation = (instance: SpaceInstance) => nextOperation('space', instance, undefined);

const space = (
  more: Partial<SpaceInstance> = {},
  annotations: Record<string, string> = {},
): SpaceInstance => ({
  ...more,
  metadata: { name: 'a', uid: 'u', finalizers: ['loft.sh/cleanup'], annotations, ...more.metadata },
});
const asleep = { 'sleepmode.loft.sh/force': 'true' };
const hash = descriptor.desiredHash(space(), undefined);

test('a new space is created, a failed one waits for a change of its spec', () => {
  assert.deepEqual(nextSpaceOperation(space()), {
    type: 'create',
    targetHash: hash,
    idempotencyKey: `u:create:${hash}:none`,
  });
  assert.equal(nextSpaceOperation(space({ status: { failedHash: hash } })), undefined);
  const placed = { clusterRef: { cluster: 'local', namespace: 'n' } };
  assert.equal(
    nextSpaceOperation(space({ spec: placed, status: { failedHash: hash } })),
    undefined,
    'where the platform placed it is not a change',
  );
  const changed = space({ spec: { displayName: 'x' }, status: { failedHash: hash } });
  assert.equal(nextSpaceOperation(changed)?.type, 'create');
});

test('a lost namespace is made again on request only: by an update, or the wake of a space', () => {
  const conditions = [{ type: 'NamespaceFound', status: 'False' as const }];
  const lost = { observedHash: hash, phase: 'Failed', conditions } as const;
  const status = { ...lost, conditions: [...conditions] };
  assert.equal(nextSpaceOperation(space({ status })), undefined);
  assert.equal(rebuildOperation('space', space({ status }), undefined)?.type, 'wake');
  assert.equal(rebuildOperation('space', space({ status: { observedHash: hash } }), undefined), undefined);
  assert.equal(
    rebuildOperation('space', space({ status: { conditions: [...conditions] } }), undefined),
    undefined,
  );
  const tenant = { metadata: { name: 'a', uid: 'u' }, status };
  assert.equal(rebuildOperation('tenant', tenant, undefined)?.type, 'update');
});

test('the annotation asks to make it again if it changed since the loss was seen, and nothing else does', () => {
  const conditions = [{ type: 'NamespaceFound', status: 'False' as const }];
  const retry = (value: string) => ({ 'vcluster-platform.io/retry': value });
  const lost = (more: object, annotations = {}) =>
    space(
      { status: { observedHash: hash, phase: 'Failed', conditions: [...conditions], ...more } },
      annotations,
    );
  const asked = (instance: SpaceInstance) => requestedRebuild('space', instance, undefined)?.type;
  assert.equal(asked(lost({ lost: { request: '' } })), undefined);
  assert.equal(asked(lost({ lost: { request: '' } }, retry('1'))), 'wake');
  assert.equal(asked(lost({ lost: { request: '1' } }, retry('1'))), undefined, 'it was there before');
  assert.equal(asked(lost({}, retry('1'))), undefined, 'noted by an earlier version, without it');
  const found = space({ status: { observedHash: hash, lost: { request: '' } } }, retry('1'));
  assert.equal(asked(found), undefined);
  const before = space({ status: { observedHash: hash, lost: { request: '0' } } }, retry('1'));
  assert.deepEqual(lossNoted(before), { lost: { request: '1' } }, 'of a new loss');
  assert.deepEqual(lossNoted(lost({ lost: { request: '0' } }, retry('1'))), { lost: { request: '0' } });
});

test('sleep and wake follow the annotation, and a failed one is not repeated', () => {
  const ready = { observedHash: hash, phase: 'Ready' } as const;
  const sleeping = { observedHash: hash, phase: 'Sleeping' } as const;
  assert.equal(nextSpaceOperation(space({ status: ready })), undefined);
  assert.equal(nextSpaceOperation(space({ status: ready }, asleep))?.type, 'sleep');
  assert.equal(nextSpaceOperation(space({ status: sleeping }, asleep)), undefined);
  assert.equal(nextSpaceOperation(space({ status: sleeping }))?.type, 'wake');
  const failed = { ...ready, failedHash: `sleep:${hash}` };
  assert.equal(nextSpaceOperation(space({ status: failed }, asleep)), undefined);
  const renamed = space({ spec: { displayName: 'other' }, status: ready });
  assert.equal(nextSpaceOperation(renamed), undefined, 'nothing of a space is updated by an operation');
});

test('a deleted space is deleted while our finalizer holds it', () => {
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const deleted = space({
    metadata: { name: 'a', uid: 'u', deletionTimestamp, finalizers: ['loft.sh/cleanup'] },
  });
  assert.equal(nextSpaceOperation(deleted)?.type, 'delete');
  const released = space({ metadata: { name: 'a', uid: 'u', deletionTimestamp, finalizers: ['other'] } });
  assert.equal(nextSpaceOperation(released), undefined);
});
