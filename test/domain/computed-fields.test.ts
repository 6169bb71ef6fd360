import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withComputedFields } from '../../domain/computed-fields.ts';
import { sleepModeConfigOf } from '../../domain/sleep/sleep-mode-config.ts';

const rights = { canUse: true, canUpdate: false };
const now = new Date('2026-03-02T12:00:00Z');
const known = { rights, recorded: undefined, now };
const metadata = { name: 'demo', namespace: 'p-alpha' };
const up = [{ type: 'VirtualClusterReady', status: 'True' }];

interface Shown {
  spec?: { clusterRef?: object };
  status?: { online?: boolean; canUse?: boolean; phase?: string; [field: string]: unknown };
}

describe('computed fields', () => {
  it('of a tenant cluster name its place and its release, whatever its spec leaves out', () => {
    const clusterRef = { cluster: 'local', namespace: 'n' };
    for (const [spec, status, expected] of [
      [undefined, undefined, { virtualCluster: 'demo' }],
      [{}, { clusterRef }, { ...clusterRef, virtualCluster: 'demo' }],
      [{ clusterRef: { cluster: 'local' } }, undefined, { cluster: 'local', virtualCluster: 'demo' }],
      [
        {},
        { clusterRef, virtualCluster: { clusterRef: { ...clusterRef, virtualCluster: 'r' } } },
        { ...clusterRef, virtualCluster: 'r' },
      ],
      [{ clusterRef: { virtualCluster: 'own' } }, { clusterRef }, { ...clusterRef, virtualCluster: 'own' }],
    ] as const) {
      const object: Shown = { metadata, spec, status } as Shown;
      assert.deepEqual(
        withComputedFields('virtualclusterinstances', object, known).spec?.clusterRef,
        expected,
      );
    }
  });

  it('say that a tenant cluster is online while it is awake and answers', () => {
    const silent = { type: 'ControlPlaneReachable', status: 'False' };
    for (const [status, online] of [
      [undefined, false],
      [{ phase: 'Ready', observedHash: 'h', conditions: up }, true],
      [{ phase: 'Pending', observedHash: 'h', conditions: up }, true],
      [{ phase: 'Ready', observedHash: 'h', conditions: [...up, silent] }, false],
      [{ phase: 'Sleeping', observedHash: 'h', conditions: [] }, false],
    ] as const) {
      const object = { metadata, status } as Shown;
      assert.equal(withComputedFields('virtualclusterinstances', object, known).status?.online, online);
    }
  });

  it('of a space are its place and no release; of a cluster, whether it is initialised', () => {
    const space: Shown = { metadata, status: { clusterRef: { cluster: 'c', namespace: 'n' } } } as Shown;
    const shown = withComputedFields('spaceinstances', space, known);
    assert.deepEqual(shown.spec?.clusterRef, { cluster: 'c', namespace: 'n' });
    assert.equal(shown.status?.online, undefined);
    const cluster: Shown = { metadata, spec: {}, status: { phase: 'Initialized' } } as Shown;
    assert.deepEqual(withComputedFields('clusters', cluster, known).status, {
      phase: 'Initialized',
      online: true,
    });
  });

  it('change nothing of the object that is given', () => {
    const object = Object.freeze({ metadata, status: Object.freeze({ phase: 'Ready' }) });
    assert.equal(withComputedFields('projects', object, known).status.phase, 'Ready');
  });
});

describe('sleep as clients of vCluster Platform read it', () => {
  const of = (annotations: Record<string, string>, at = now) =>
    sleepModeConfigOf({ metadata: { ...metadata, annotations } }, at);

  it('takes from the annotations what can be read', () => {
    const { spec, status } = of({
      'sleepmode.loft.sh/force': 'true',
      'sleepmode.loft.sh/force-duration': '0',
      'sleepmode.loft.sh/sleeping-since': '1772000000',
      'sleepmode.loft.sh/sleep-type': 'forcedDurationSleep',
      'sleepmode.loft.sh/last-activity': 'yesterday',
    });
    assert.deepEqual(spec, { forceSleep: true, forceSleepDuration: 0 });
    assert.deepEqual(status, { sleepingSince: 1_772_000_000, sleepType: 'forcedDurationSleep' });
  });

  it('gives the next times of schedules, and those after them when they have come', () => {
    const annotations = {
      'sleepmode.loft.sh/sleep-schedule': '0 18 * * *',
      'sleepmode.loft.sh/wakeup-schedule': '0 7 * * *',
      'sleepmode.loft.sh/timezone': 'Europe/Berlin',
    };
    const seconds = (text: string) => Date.parse(text) / 1000;
    const sleep = seconds('2026-03-02T17:00:00Z');
    const wakeup = seconds('2026-03-03T06:00:00Z');
    assert.deepEqual(of(annotations).status, { scheduledSleep: sleep, scheduledWakeup: wakeup });
    assert.deepEqual(of(annotations, new Date('2026-03-02T16:59:59Z')).status, of(annotations).status);
    assert.deepEqual(of(annotations, new Date('2026-03-02T17:00:00Z')).status, {
      scheduledSleep: sleep + 86_400,
      scheduledWakeup: wakeup,
    });
    assert.deepEqual(of(annotations).status, { scheduledSleep: sleep, scheduledWakeup: wakeup });
  });

  it('of schedules that cannot be read shows the schedules alone', () => {
    const schedule = { 'sleepmode.loft.sh/sleep-schedule': 'at night' };
    assert.deepEqual(of(schedule), { metadata: {}, spec: { sleepSchedule: 'at night' }, status: {} });
  });
});
