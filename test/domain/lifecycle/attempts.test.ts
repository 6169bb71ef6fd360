import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OperationState } from '../../../contracts/operations.ts';
import type { OperationType } from '../../../contracts/verbs.ts';
import {
  type Attempt,
  type AttemptMark,
  attemptSentence,
  markOf,
  type NextAttempt,
  nextAttempt,
} from '../../../domain/lifecycle/attempts.ts';
import { mayPass } from '../../../domain/lifecycle/failure-causes.ts';

const pauses = { firstMs: 30_000, longestMs: 1_800_000 };
const end = new Date('2026-01-01T00:00:00Z');
const mark: AttemptMark = { clusters: 'c', project: 'p', template: 't' };

function attempt(state: OperationState, more: Partial<Attempt> = {}): Attempt {
  return { id: 'a', state, reason: null, lasts: null, finishedAt: end, mark, ...more };
}
const failed = (reason: string, more: Partial<Attempt> = {}) => attempt('failed', { reason, ...more });
const unready = failed('control_plane_not_ready');
const decide = (type: OperationType, attempts: readonly Attempt[], now: AttemptMark = mark): NextAttempt =>
  nextAttempt(type, attempts, now, pauses);
const pauseOf = (next: NextAttempt) =>
  next.action === 'wait' ? next.at.getTime() - end.getTime() : Number.NaN;

describe('nextAttempt', () => {
  const asked = { ...mark, request: '2' };
  const cases: [
    title: string,
    type: OperationType,
    attempts: Attempt[],
    now: AttemptMark,
    expected: string,
  ][] = [
    ['never tried', 'wake', [], mark, 'submit'],
    ['under way', 'wake', [attempt('running'), unready], mark, 'submit'],
    ['succeeded last time', 'wake', [attempt('succeeded'), unready], mark, 'submit'],
    ['failed for a cause that passes', 'wake', [unready], mark, 'wait'],
    ['stopped by hand in Temporal', 'create', [failed('operation_failed')], mark, 'wait'],
    ['failed without a reason', 'create', [attempt('failed')], mark, 'wait'],
    ['failed for its values', 'create', [failed('invalid_values')], mark, 'lasting'],
    [
      'failed for its values, template changed',
      'create',
      [failed('invalid_values')],
      { ...mark, template: 'u' },
      'wait',
    ],
    [
      'failed for its values, cluster changed',
      'create',
      [failed('invalid_values')],
      { ...mark, clusters: 'd' },
      'lasting',
    ],
    [
      'failed for what cannot be changed',
      'update',
      [failed('chart_failed', { lasts: true })],
      mark,
      'lasting',
    ],
    ['failed for a webhook', 'update', [failed('chart_failed')], mark, 'wait'],
    ['asked again', 'create', [failed('invalid_values')], asked, 'submit'],
    ['asked again before', 'create', [failed('invalid_values', { mark: asked })], asked, 'lasting'],
    ['request taken off', 'create', [failed('invalid_values', { mark: asked })], mark, 'lasting'],
    ['cancelled', 'wake', [attempt('cancelled'), unready], mark, 'cancelled'],
    ['cancelled, clusters changed', 'wake', [attempt('cancelled')], { ...mark, clusters: 'd' }, 'cancelled'],
    ['cancelled, then asked', 'wake', [attempt('cancelled')], asked, 'submit'],
    ['a delete that failed for any cause', 'delete', [failed('invalid_values')], mark, 'wait'],
    ['an update that failed four times', 'update', Array(4).fill(unready), mark, 'wait'],
    ['an update that failed five times', 'update', Array(5).fill(unready), mark, 'exhausted'],
    ['that, and the clusters changed', 'update', Array(5).fill(unready), { ...mark, clusters: 'd' }, 'wait'],
    ['from before marks were kept', 'create', [failed('conflict', { mark: null })], mark, 'wait'],
  ];
  for (const [title, type, attempts, now, expected] of cases) {
    it(`${type}: ${title} → ${expected}`, () => {
      const next = decide(type, attempts, now);
      assert.equal(next.action === 'stop' ? next.because : next.action, expected);
    });
  }

  it('pauses grow from the first to the longest, and differ between operations', () => {
    for (let failures = 1; failures <= 12; failures += 1) {
      const pause = pauseOf(decide('create', Array(failures).fill(unready)));
      const full = Math.min(pauses.longestMs, pauses.firstMs * 2 ** (failures - 1));
      assert.ok(pause >= full / 2 && pause <= full, `${pause} after ${failures}`);
    }
    const ids = Array.from({ length: 20 }, (_, index) => failed('conflict', { id: `operation-${index}` }));
    assert.ok(new Set(ids.map((one) => pauseOf(decide('create', [one])))).size > 15);
  });

  it('after a change around it, and in a new series, the pause is the first again', () => {
    const many = Array<Attempt>(9).fill(unready);
    assert.ok(pauseOf(decide('create', many, { ...mark, clusters: 'd' })) <= pauses.firstMs);
    const series = failed('conflict', { mark: { ...mark, request: '2' } });
    assert.ok(pauseOf(decide('create', [series, ...many], { ...mark, request: '2' })) <= pauses.firstMs);
  });

  it('says when, or what it waits for', () => {
    const told = (next: NextAttempt) => (next.action === 'submit' ? '' : attemptSentence('wake', next));
    assert.match(
      told(decide('wake', [unready])),
      /^wake failed; next attempt at 2026-01-01T00:00:\d\d\.\d{3}Z \(attempt 2\)$/,
    );
    assert.match(
      told(decide('wake', [attempt('cancelled')])),
      /was cancelled.*vcp retry.*vcluster-platform\.io\/retry/,
    );
    assert.match(told(decide('wake', [failed('invalid_values')])), /change the spec or its template/);
  });
});

describe('mayPass', () => {
  it('is what the code says, unless the failure said that it lasts', () => {
    assert.equal(mayPass('chart_failed', null), true);
    assert.equal(mayPass('chart_failed', true), false);
    assert.equal(mayPass('invalid_values', null), false);
    assert.equal(mayPass('space_not_found', null), true);
  });

  it('what is not a code of ours may pass', () => assert.equal(mayPass('of-a-later-version', null), true));
});

describe('markOf', () => {
  const cluster = (name: string, spec: object, status: object = { phase: 'Initialized', online: true }) =>
    ({ metadata: { name }, spec: { local: true, ...spec }, status }) as never;
  const instance = { metadata: { name: 'a', annotations: { 'vcluster-platform.io/retry': '1' } }, spec: {} };
  const project = { metadata: { name: 'p' }, spec: { members: [] } };
  const around = { project, clusters: [cluster('a', {})], template: undefined };

  it('changes with what decides where it may be, and with nothing else', () => {
    const before = markOf(instance, around);
    assert.equal(before.request, '1');
    assert.notEqual(
      markOf(instance, { ...around, clusters: [cluster('a', { unusable: true })] }).clusters,
      before.clusters,
    );
    assert.notEqual(
      markOf(instance, { ...around, clusters: [...around.clusters, cluster('b', {})] }).clusters,
      before.clusters,
    );
    const elsewhere = { ...instance, spec: { clusterRef: { cluster: 'a' } } };
    assert.equal(
      markOf(elsewhere, { ...around, clusters: [...around.clusters, cluster('b', {})] }).clusters,
      markOf(elsewhere, around).clusters,
    );
    const status = { phase: 'Initialized', online: true, message: 'another', conditions: [] };
    assert.deepEqual(
      markOf(instance, { ...around, clusters: [cluster('a', { displayName: 'x' }, status)] }),
      before,
    );
    const members = { ...project, spec: { members: [{ name: 'anna' }] } };
    assert.deepEqual(markOf(instance, { ...around, project: members }), before);
    const allowed = { ...project, spec: { allowedTemplates: [{ name: 'small' }] } };
    assert.notEqual(markOf(instance, { ...around, project: allowed }).project, before.project);
    const template = { metadata: { name: 't' }, spec: { template: { helmRelease: { values: 'a: 1' } } } };
    assert.notEqual(markOf(instance, { ...around, template }).template, before.template);
  });
});
