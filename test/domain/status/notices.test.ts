import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Condition } from '../../../contracts/resources/condition.ts';
import type { VirtualClusterInstance } from '../../../contracts/resources/virtual-cluster-instance.ts';
import { problemNotices, statusNotices } from '../../../domain/status/notices.ts';

const full: Condition = {
  type: 'StoreWritable',
  status: 'False',
  severity: 'Error',
  reason: 'StoreFull',
  message: 'full',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const notices = (status: VirtualClusterInstance['status']) => {
  const instance = { metadata: { name: 'a', uid: 'u' }, status } as VirtualClusterInstance;
  return [...problemNotices('tenant', instance), ...statusNotices('tenant', instance)];
};
const reasons = (status: VirtualClusterInstance['status']) => notices(status).map(({ reason }) => reason);
const keys = (status: VirtualClusterInstance['status']) => notices(status).map(({ key }) => key);

it('nothing is noticed of what is well, or only for information', () => {
  assert.deepEqual(notices(undefined), []);
  const info = { ...full, severity: 'Info' };
  assert.deepEqual(notices({ phase: 'Ready', conditions: [{ ...full, status: 'True' }, info] }), []);
});

it('a problem is noticed once, by its condition and by the status that repeats it', () => {
  const own = { ...full, type: 'Ready', reason: 'StoreFull' };
  assert.deepEqual(
    notices({ reason: 'StoreFull', message: 'full', conditions: [own, full] }).map(
      ({ reason, message, condition }) => [reason, message, condition],
    ),
    [['StoreFull', 'full', 'StoreWritable']],
  );
  assert.deepEqual(keys({ conditions: [full] }), keys({ reason: 'StoreFull', conditions: [full] }));
  // The status has an error code for reason where the condition has a word.
  assert.deepEqual(reasons({ reason: 'store_full', message: 'full', conditions: [full] }), ['StoreFull']);
});

it('a failed operation is noticed beside a problem that is not its cause', () => {
  const status = { reason: 'chart_failed', message: 'no', conditions: [full] };
  assert.deepEqual(reasons(status), ['StoreFull', 'chart_failed']);
});

it('is another notice once it was over, and not because its words change', () => {
  const again = { ...full, lastTransitionTime: '2026-01-02T00:00:00Z' };
  assert.notDeepEqual(keys({ conditions: [again] }), keys({ conditions: [full] }));
  assert.deepEqual(keys({ conditions: [{ ...full, message: 'fuller' }] }), keys({ conditions: [full] }));
});

it('each failed attempt is another notice', () => {
  const failed = (since: string) => {
    const ready = { type: 'Ready', status: 'False', severity: 'Error', lastTransitionTime: since } as const;
    return keys({ reason: 'chart_failed', message: 'no', conditions: [ready] });
  };
  assert.notDeepEqual(failed('2026-01-01T00:00:00Z'), failed('2026-01-01T00:01:00Z'));
});
