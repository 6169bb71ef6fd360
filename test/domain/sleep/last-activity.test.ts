import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  activityIntervalMs,
  isOnlyUse,
  lastActivityInfo,
  readLastActivityInfo,
  wokenAt,
} from '../../../domain/sleep/last-activity.ts';

const instance = (annotations: Record<string, string>) => ({ metadata: { name: 'demo', annotations } });
const annotated = (text: string) => instance({ 'sleepmode.loft.sh/last-activity-info': text });

describe('lastActivityInfo', () => {
  it('keeps what says something, of its fields only', () => {
    const info = { subject: 'ben', verb: 'get', apiGroup: '', resource: 'pods', name: undefined, other: 'x' };
    assert.deepEqual(lastActivityInfo(info), { subject: 'ben', verb: 'get', resource: 'pods' });
  });

  it('is bounded, and has nothing that a terminal would obey or that no one sees', () => {
    const escape = String.fromCodePoint(0x1b);
    const turned = String.fromCodePoint(0x202e);
    const nothing = String.fromCodePoint(0);
    const line = String.fromCodePoint(0x2028);
    const { userAgent, name, subject } = lastActivityInfo({
      userAgent: `curl${escape}[31m${turned}\r\nx`,
      name: `a${nothing}${line}b`,
      subject: 'Zoë Кузнецов',
    });
    assert.deepEqual([userAgent, name, subject], ['curl[31mx', 'ab', 'Zoë Кузнецов']);
    const long = lastActivityInfo({ userAgent: 'x'.repeat(100_000), name: '😀'.repeat(1_000) });
    assert.deepEqual([long.userAgent?.length, long.name?.isWellFormed()], [200, true]);
    assert.ok((long.name?.length ?? 0) <= 253);
    const all = ['subject', 'host', 'verb', 'apiGroup', 'resource', 'subresource', 'name', 'userAgent'];
    const worst = lastActivityInfo(Object.fromEntries(all.map((field) => [field, '"'.repeat(1_000)])));
    // What admission takes (policy-activity.yaml).
    assert.ok(JSON.stringify(worst).length <= 4096);
  });

  it('is read as it was written, and what somebody else wrote does no harm', () => {
    const info = { subject: 'ben', userAgent: 'kubectl/v1.36.3', name: 'ü"\\' };
    assert.deepEqual(readLastActivityInfo(annotated(JSON.stringify(info))), info);
    for (const text of [
      '',
      'x',
      'null',
      '3',
      '[]',
      '{}',
      '{"subject":3}',
      `{"subject":"${'x'.repeat(20_000)}"}`,
    ])
      assert.equal(readLastActivityInfo(annotated(text)), undefined, text.slice(0, 20));
    assert.equal(readLastActivityInfo(instance({})), undefined);
    assert.deepEqual(readLastActivityInfo(annotated('{"subject":"a\\u001bb","__proto__":{"verb":"get"}}')), {
      subject: 'ab',
    });
  });
});

describe('wokenAt', () => {
  const activity = { 'sleepmode.loft.sh/last-activity': '200' };
  const use = { ...activity, 'sleepmode.loft.sh/last-activity-info': '{}' };
  const woken = { 'vcluster-platform.io/woken-at': '100' };
  const cases: [what: string, annotations: Record<string, string>, expected: number | undefined][] = [
    ['nothing', {}, undefined],
    ['woken before wakes were noted', activity, 200],
    ['used, and never woken', use, undefined],
    ['used after it was woken', { ...use, ...woken }, 100],
    ['nonsense', { ...use, 'vcluster-platform.io/woken-at': 'today' }, undefined],
  ];
  for (const [what, annotations, expected] of cases)
    it(what, () => assert.equal(wokenAt(instance(annotations)), expected));
});

describe('activityIntervalMs', () => {
  it('is a tenth of what the policy waits for, from a second to the setting', () => {
    const interval = (afterInactivitySeconds?: number, deleteAfterSeconds?: number) =>
      activityIntervalMs({ afterInactivitySeconds, deleteAfterSeconds }, 60_000);
    assert.deepEqual(
      [interval(), interval(1800), interval(600), interval(300), interval(10), interval(1)],
      [60_000, 60_000, 60_000, 30_000, 1_000, 1_000],
    );
    assert.equal(interval(600, 100), 10_000);
    assert.equal(activityIntervalMs(undefined, 5_000), 5_000);
  });
});

/** As deeply as an API server takes it. */
const nested = (levels: number): object =>
  JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as object;

describe('isOnlyUse', () => {
  const at = 'sleepmode.loft.sh/last-activity';
  const version = (resourceVersion: string, annotations?: Record<string, string>, rest = {}) => ({
    metadata: { name: 'demo', resourceVersion, ...(annotations && { annotations }) },
    spec: { description: 'x' },
    ...rest,
  });
  const used = version('2', { [at]: '2', 'sleepmode.loft.sh/last-activity-info': '{}', mine: 'x' });
  const cases: [what: string, before: object, after: object, expected: boolean][] = [
    ['the first use', version('1', { mine: 'x' }), used, true],
    ['of one without annotations', version('1'), version('2', { [at]: '2' }), true],
    ['a later use', used, version('3', { ...used.metadata.annotations, [at]: '3' }), true],
    ['the same version', used, used, false],
    [
      'a wake',
      version('1', { [at]: '1', 'sleepmode.loft.sh/force': 'true' }),
      version('2', { [at]: '2' }),
      false,
    ],
    ['another annotation, too', version('1', { mine: 'y' }), used, false],
    ['a status, too', version('1', { mine: 'x' }), { ...used, status: { phase: 'Ready' } }, false],
    ['a spec, too', version('1', { mine: 'x' }), { ...used, spec: {} }, false],
    ['a list, too', { ...version('1', { mine: 'x' }), list: [1, 2] }, { ...used, list: [1, 3] }, false],
    ['with an equal list', { ...version('1', { mine: 'x' }), list: [1, 2] }, { ...used, list: [1, 2] }, true],
    [
      'with what is nested too deeply to compare',
      { ...version('1', { mine: 'x' }), spec: nested(9_000) },
      { ...used, spec: nested(9_000) },
      false,
    ],
  ];
  for (const [what, before, after, expected] of cases)
    it(what, () => assert.equal(isOnlyUse(before as typeof used, after as typeof used), expected));
});
