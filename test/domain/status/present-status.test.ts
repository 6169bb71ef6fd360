import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { SpaceInstance } from '../../../contracts/resources/space-instance.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import type { VirtualClusterTemplate } from '../../../contracts/resources/virtual-cluster-template.ts';
import {
  fallbackOf,
  type OperationOutcome,
  statusAfter,
  undeterminedHash,
} from '../../../domain/status/after-operation.ts';
import { descriptorOf } from '../../../domain/kinds/kinds.ts';
import { type OpenOperation, presentStatus } from '../../../domain/status/present-status.ts';
import {
  nextOperation,
  rebuildOperation,
  requestedRebuild,
} from '../../../domain/lifecycle/desired-state.ts';
import { kstatusOf } from '../kstatus.ts';

type Instance = VirtualClusterInstance & SpaceInstance;
const now = '2026-01-01T00:00:00Z';
const force = { 'sleepmode.loft.sh/force': 'true' };
const template: VirtualClusterTemplate = {
  metadata: { name: 't' },
  spec: { versions: [{ version: '1.0.0', template: {} }] },
};

/** An instance that lives through events as worker and controllers write its status. */
function newInstance(kind: ManagedKind, spec: object = {}) {
  let serial = 0;
  let instance = {
    metadata: { name: 'a', uid: 'u', generation: 1, finalizers: ['loft.sh/cleanup'] },
    spec,
  } as Instance;
  const write = (patch: Record<string, unknown> | undefined) => {
    const fields = Object.entries({ ...instance.status, ...patch }).filter(([, value]) => value !== null);
    instance = { ...instance, status: Object.fromEntries(fields) } as Instance;
  };
  const it = {
    get now() {
      return instance;
    },
    get status() {
      return instance.status ?? {};
    },
    condition: (type: string) => instance.status?.conditions?.find((one) => one.type === type),
    /** Phase, reason, and what kstatus reads. */
    get told() {
      return [instance.status?.phase, instance.status?.reason, kstatusOf(instance)];
    },
    next: () => nextOperation(kind, instance, template)?.type,
    hash: () => descriptorOf(kind).desiredHash(instance, template),
    settle(open: readonly OpenOperation[] = []) {
      write(presentStatus(kind, instance, { template, open, now }));
      assert.equal(presentStatus(kind, instance, { template, open, now }), undefined, 'settled once');
      assert.equal(instance.status?.observedGeneration, instance.metadata.generation);
    },
    change(change: { spec?: object; metadata?: object }) {
      const { spec: changed, metadata = {} } = change;
      const generation = (instance.metadata.generation ?? 0) + (changed === undefined ? 0 : 1);
      instance = {
        ...instance,
        metadata: { ...instance.metadata, ...metadata, generation },
        spec: { ...instance.spec, ...changed },
      } as Instance;
      if (changed !== undefined && instance.status?.observedGeneration !== undefined)
        assert.notEqual(kstatusOf(instance), 'Current', 'nobody has looked at it yet');
      it.settle();
    },
    announce(nextAttempt: NonNullable<Instance['status']>['nextAttempt']) {
      write({ nextAttempt: nextAttempt ?? null });
      it.settle();
    },
    end(
      type: OperationOutcome['operation']['type'],
      state: 'succeeded' | 'failed',
      more: Omit<OperationOutcome, 'operation'> = {},
    ) {
      const operation = { id: `o${++serial}`, type, state };
      write(statusAfter(kind, { operation, ...more }, instance, { template, now }));
      assert.equal(presentStatus(kind, instance, { template, now }), undefined, 'told with the record');
    },
    created() {
      it.settle();
      it.end('create', 'succeeded', { phase: 'Ready', observedHash: it.hash() });
    },
  };
  return it;
}
const failure = (message: string) => ({ reason: 'control_plane_not_ready', message });

for (const kind of ['tenant', 'space'] as const) {
  const { ready } = descriptorOf(kind).conditions;
  describe(`status of a ${kind}`, () => {
    it('is in progress until it is made, ready, asleep and awake', () => {
      const one = newInstance(kind);
      one.settle();
      assert.deepEqual(one.told, ['Pending', undefined, 'InProgress']);
      one.created();
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
      one.change({ metadata: { annotations: force } });
      assert.deepEqual(one.told, ['Pending', undefined, 'InProgress']);
      assert.equal(one.next(), 'sleep', 'Pending hides nothing');
      one.end('sleep', 'succeeded', { phase: 'Sleeping' });
      assert.deepEqual(one.told, ['Sleeping', undefined, 'Current']);
      assert.deepEqual([one.condition('Ready')?.reason, one.condition(ready)?.status], ['Sleeping', 'False']);
      one.change({ metadata: { annotations: {} } });
      assert.equal(one.next(), 'wake');
      one.end('wake', 'succeeded', { phase: 'Ready' });
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
    });

    it('follows a change that needs no operation', () => {
      const one = newInstance(kind);
      one.created();
      one.change({ spec: { displayName: 'x' } });
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
      assert.equal(one.condition(ready)?.status, 'True');
    });

    it('a failed create is stalled, and in progress once the spec changes', () => {
      const one = newInstance(kind);
      one.settle();
      one.end('create', 'failed', { phase: 'Failed', ...failure('no'), failed: true });
      assert.deepEqual(one.told, ['Failed', 'control_plane_not_ready', 'Failed']);
      one.change({ spec: { parameters: 'a: 1' } });
      assert.deepEqual(one.told, ['Pending', undefined, 'InProgress']);
    });

    it('conditions say when what failed is tried again, and stop saying so', () => {
      const one = newInstance(kind);
      one.settle();
      one.end('create', 'failed', { phase: 'Failed', ...failure('no'), failed: true });
      const message = 'create failed; next attempt at 2026-01-01T00:00:30.000Z (attempt 2)';
      one.announce({ type: 'create', targetHash: one.hash(), message });
      for (const type of ['Ready', 'Stalled']) assert.equal(one.condition(type)?.message, `no; ${message}`);
      assert.equal(one.status.message, 'no', 'the status has a field of its own for it');
      one.announce(undefined);
      assert.equal(one.condition('Ready')?.message, 'no');
    });

    it('a failed sleep is told until nothing asks for it any more', () => {
      const one = newInstance(kind);
      one.created();
      one.change({ metadata: { annotations: force } });
      one.end('sleep', 'failed', { ...failure('no'), failed: true });
      assert.deepEqual(one.told, ['Ready', 'control_plane_not_ready', 'Failed']);
      one.change({ metadata: { annotations: {} } });
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
      one.change({ metadata: { annotations: force } });
      assert.equal(one.next(), 'sleep', 'asked again, it is tried again');
    });

    it('says what an operation waits for, and what holds a delete', () => {
      const one = newInstance(kind);
      one.created();
      one.settle([{ id: 'x', type: 'wake', message: 'Waiting behind sleep' }]);
      assert.deepEqual(
        [...one.told, one.status.message],
        ['Pending', 'WakeInProgress', 'InProgress', 'Waiting behind sleep'],
      );
      one.settle();
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
      one.change({ metadata: { deletionTimestamp: now } });
      assert.deepEqual(one.told, ['Pending', undefined, 'Terminating']);
      one.settle([{ id: 'y', type: 'delete', message: 'configmap keep has the finalizer a/b' }]);
      assert.deepEqual([one.status.phase, one.status.reason], ['Pending', 'DeletionBlocked']);
      assert.match(one.status.message ?? '', /configmap keep/);
      one.change({ metadata: { finalizers: ['other/one'] } });
      assert.deepEqual([one.status.phase, one.status.reason], ['Pending', 'DeletionBlocked']);
      assert.match(one.status.message ?? '', /other\/one/);
    });

    it('what is wrong with it is told, and gone when it is', () => {
      const one = newInstance(kind);
      one.created();
      const full = {
        type: 'StoreWritable',
        status: 'False',
        severity: 'Error',
        reason: 'StoreFull',
      } as const;
      const before = one.status.conditions ?? [];
      Object.assign(one.status, { conditions: [...before, { ...full, message: 'full' }] });
      one.settle();
      assert.deepEqual(one.told, ['Ready', 'StoreFull', 'Failed']);
      Object.assign(one.status, { conditions: before });
      one.settle();
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
    });

    it('a namespace that is missing is told, and what is done about it', () => {
      const one = newInstance(kind);
      one.created();
      const lost = { status: 'False', severity: 'Error', reason: 'Missing', message: 'gone' } as const;
      const conditions = [
        { type: 'NamespaceFound', ...lost },
        { type: ready, ...lost },
      ];
      Object.assign(one.status, {
        phase: 'Failed',
        reason: 'namespace_missing',
        message: 'gone',
        conditions,
      });
      one.settle();
      assert.deepEqual(one.told, ['Failed', 'namespace_missing', 'Failed']);
      one.settle([{ id: 'x', type: 'wake' }]);
      assert.deepEqual(one.told, ['Pending', undefined, 'InProgress']);
      one.settle();
      assert.deepEqual(one.told, ['Failed', 'Missing', 'Failed']);
      one.end('wake', 'succeeded', { phase: 'Ready' });
      assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
    });
  });
}

describe('status of an update', () => {
  const size = (value: string) => ({ spec: { template: { helmRelease: { values: `size: ${value}` } } } });

  it('is in progress, then as the spec asks', () => {
    const one = newInstance('tenant', size('1').spec);
    one.created();
    one.change(size('2'));
    assert.deepEqual(one.told, ['Pending', undefined, 'InProgress']);
    assert.deepEqual(one.condition('VirtualClusterSynced')?.reason, 'OutOfDate');
    assert.equal(one.condition('VirtualClusterReady')?.status, 'True', 'it serves meanwhile');
    one.end('update', 'succeeded', { phase: 'Ready', observedHash: one.hash() });
    assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
    assert.equal(one.condition('VirtualClusterSynced')?.status, 'True');
  });

  it('that failed and was rolled back: a spec that is deployed is green', () => {
    const one = newInstance('tenant', size('1').spec);
    one.created();
    one.change(size('2'));
    one.end('update', 'failed', { ...failure('2 is too much'), failed: one.hash() });
    assert.deepEqual(one.told, ['Ready', 'control_plane_not_ready', 'Failed']);
    one.change({ spec: { displayName: 'x' } });
    assert.deepEqual(one.told, ['Ready', 'control_plane_not_ready', 'Failed'], 'the same failure');
    one.change(size('1'));
    assert.deepEqual([...one.told, one.status.message], ['Ready', undefined, 'Current', undefined]);
    assert.equal(one.condition('VirtualClusterSynced')?.status, 'True');
    one.change(size('2'));
    assert.equal(one.next(), 'update', 'asked again, it is tried again');
  });

  it('that failed is told through sleep and wake, while what runs is not what the spec asks', () => {
    const one = newInstance('tenant', size('1').spec);
    one.created();
    one.change(size('2'));
    one.end('update', 'failed', { ...failure('2 is too much'), failed: one.hash() });
    for (const [type, phase] of [
      ['sleep', 'Sleeping'],
      ['wake', 'Ready'],
      ['restore', 'Ready'],
    ] as const) {
      if (type !== 'restore') one.change({ metadata: { annotations: phase === 'Sleeping' ? force : {} } });
      one.end(type, 'succeeded', { phase });
      assert.deepEqual([one.told[1], one.status.message], ['control_plane_not_ready', '2 is too much'], type);
      assert.equal(one.condition('VirtualClusterSynced')?.status, 'False');
    }
  });

  it('that failed and was not rolled back makes every spec another', () => {
    const one = newInstance('tenant', size('1').spec);
    one.created();
    one.change(size('2'));
    one.end('update', 'failed', { phase: 'Failed', ...failure('no'), failed: one.hash() });
    assert.deepEqual(one.told, ['Failed', 'control_plane_not_ready', 'Failed']);
    assert.equal(one.status.observedHash, undeterminedHash);
    one.change(size('1'));
    assert.equal(one.next(), 'update');
  });

  it('to a version that the template does not have is told, and what runs goes on', () => {
    const one = newInstance('tenant', { templateRef: { name: 't', version: '1.x.x' } });
    one.created();
    one.change({ spec: { templateRef: { name: 't', version: '2.0.x' } } });
    assert.deepEqual(one.told, ['Failed', 'template_not_found', 'Failed']);
    assert.match(one.status.message ?? '', /template t does not have a version that 2\.0\.x selects/);
    one.change({ metadata: { annotations: force } });
    assert.equal(one.next(), 'sleep', 'it can sleep all the same');
    one.end('sleep', 'succeeded', { phase: 'Sleeping' });
    assert.deepEqual(one.told, ['Failed', 'template_not_found', 'Failed']);
    one.change({ metadata: { annotations: {} } });
    assert.equal(one.next(), 'wake');
    one.end('wake', 'succeeded', { phase: 'Ready' });
    one.change({ spec: { templateRef: { name: 't', version: '1.x.x' } } });
    assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
  });
});

it('what other hands run is left to these', () => {
  const one = newInstance('tenant', { external: true });
  one.settle();
  assert.deepEqual(
    [one.status.phase, one.status.conditions, kstatusOf(one.now)],
    [undefined, undefined, 'Current'],
  );
});

it('a control plane that a sleep or wake did not find is told, and a request rebuilds it', () => {
  const one = newInstance('tenant');
  one.created();
  one.change({ metadata: { annotations: force } });
  one.end('sleep', 'failed', { reason: 'control_plane_missing', message: 'it was deleted', failed: true });
  assert.deepEqual(one.told, ['Ready', 'control_plane_missing', 'Failed']);
  assert.equal(one.condition('ControlPlaneReachable')?.status, 'False');
  assert.equal(rebuildOperation('tenant', one.now, template)?.type, 'update');
  assert.equal(requestedRebuild('tenant', one.now, template), undefined);
  one.change({ metadata: { annotations: { ...force, 'vcluster-platform.io/retry': '1' } } });
  assert.equal(requestedRebuild('tenant', one.now, template)?.type, 'update');
  one.end('update', 'succeeded', { phase: 'Ready', observedHash: one.hash() });
  assert.equal(one.condition('ControlPlaneReachable'), undefined);
  assert.equal(requestedRebuild('tenant', one.now, template), undefined);
});

it('that it began empty is told until its data are back, or what is there now is kept', () => {
  const begunEmpty = 'Its volume was deleted, so that it begins empty';
  const told = (one: ReturnType<typeof newInstance>) => {
    const { status, severity, reason, message } = one.condition('DataKept') ?? {};
    return [status, severity, reason, message];
  };
  const lost = ['False', 'Warning', 'BegunEmpty', begunEmpty];
  for (const type of ['restore', 'snapshot'] as const) {
    const one = newInstance('tenant');
    one.created();
    one.end('update', 'failed', { ...failure('no'), begunEmpty });
    assert.deepEqual(told(one), lost);
    one.end('update', 'succeeded', { phase: 'Ready', observedHash: one.hash() });
    one.end('sleep', 'succeeded', { phase: 'Sleeping' });
    one.end('wake', 'succeeded', { phase: 'Ready' });
    one.end(type, 'failed');
    assert.deepEqual(told(one), lost);
    assert.deepEqual(one.told, ['Ready', undefined, 'Current'], 'it serves');
    one.end(type, 'succeeded', type === 'restore' ? { phase: 'Ready' } : {});
    assert.equal(one.condition('DataKept'), undefined);
  }
  const space = newInstance('space');
  space.created();
  space.end('wake', 'succeeded', { phase: 'Ready', begunEmpty });
  assert.deepEqual(told(space), lost);
  space.end('sleep', 'succeeded', { phase: 'Sleeping' });
  assert.equal(space.condition('DataKept'), undefined);
});

describe('what a wake may go back to', () => {
  const values = (text: string) => ({ spec: { template: { helmRelease: { values: text } } } });
  const asleep = () => {
    const one = newInstance('tenant', values('a: 1').spec);
    one.created();
    one.end('sleep', 'succeeded', { phase: 'Sleeping' });
    return one;
  };
  const update = (one: ReturnType<typeof newInstance>, text: string) => {
    one.change(values(text));
    one.end('update', 'succeeded', { phase: 'Sleeping', observedHash: one.hash() });
  };

  it('is what was up last, however often a sleeper was updated since', () => {
    const one = asleep();
    assert.equal(fallbackOf(one.status), undefined, 'that is what is deployed');
    const { observedHash, deployedBy } = one.status;
    update(one, 'a: 2');
    update(one, 'a: 3');
    assert.deepEqual(fallbackOf(one.status), { hash: observedHash, deployedBy });
    one.end('wake', 'succeeded', { phase: 'Ready' });
    assert.equal(fallbackOf(one.status), undefined, 'it was up');
  });

  it('is what was deployed before, for statuses of earlier versions', () => {
    const one = asleep();
    const { observedHash } = one.status;
    for (const field of ['deployedBy', 'lastUp'] as const) delete one.status[field];
    update(one, 'a: 2');
    assert.deepEqual(fallbackOf(one.status), { hash: observedHash });
  });

  it('once it went back, status says that what runs is not what the spec asks, until it is', () => {
    const one = asleep();
    const { observedHash = '', deployedBy = '' } = one.status;
    update(one, 'a: 2');
    const failed = one.hash();
    one.end('wake', 'succeeded', {
      phase: 'Ready',
      observedHash,
      deployedBy,
      failed,
      ...failure('no image'),
    });
    for (let twice = 0; twice < 2; twice += 1) {
      assert.deepEqual(one.told, ['Ready', 'control_plane_not_ready', 'Failed']);
      assert.deepEqual([one.status.message, one.next()], ['no image', undefined]);
      assert.equal(one.condition('VirtualClusterSynced')?.status, 'False');
      one.end('sleep', 'succeeded', { phase: 'Sleeping' });
      one.end('wake', 'succeeded', { phase: 'Ready' });
    }
    one.change(values('a: 1'));
    assert.deepEqual(one.told, ['Ready', undefined, 'Current']);
  });
});
