import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppParameter } from '../../../contracts/resources/app-parameter.ts';
import type { Project } from '../../../contracts/resources/project.ts';
import { durationParts, secondsAsDuration, secondsOf } from '../../../web/instances/create/duration-units.ts';
import { manifestText, readManifest } from '../../../web/instances/create/manifest-text.ts';
import { parameterFault } from '../../../web/instances/create/parameter-faults.ts';
import {
  onlyDeclared,
  passwordMask,
  readParameters,
  withParameter,
} from '../../../web/instances/create/parameter-values.ts';
import { withoutGrant, withRole } from '../../../web/instances/detail/access/access-changes.ts';
import { shownDuration } from '../../../web/instances/detail/sleep/sleep-form-state.ts';
import { heldZone, triedPolicy } from '../../../web/instances/detail/sleep/tried-policy.ts';
import { changesOf, editablePart, overlap, patched } from '../../../web/instances/detail/three-way.ts';
import { allowedTemplates, clusterList, templateList } from '../../../web/pages/projects/allowed.ts';
import { mergedNames } from '../../../web/pages/users/merged-names.ts';

const parameter = (given: Partial<AppParameter>): AppParameter => ({ variable: 'p', ...given });

describe('parameters of a template', () => {
  test('a value is judged by its declaration, and what is missing only when it is due', () => {
    const faulty = (given: Partial<AppParameter>, value: string, isDue = false) =>
      parameterFault(parameter(given), value, isDue) !== undefined;
    assert.equal(faulty({ required: true }, ''), false);
    assert.equal(faulty({ required: true }, '', true), true);
    assert.equal(faulty({ required: true, defaultValue: 'x' }, '', true), false);
    for (const value of ['0', '-1.5', '1e3', ' 7 '])
      assert.equal(faulty({ type: 'number' }, value), false, value);
    for (const value of ['007', '0x10', 'NaN', '1,5'])
      assert.equal(faulty({ type: 'number' }, value), true, value);
    assert.equal(faulty({ type: 'number', min: 2, max: 4 }, '5'), true);
    assert.equal(faulty({ options: ['a', 'b'] }, 'c'), true);
    assert.equal(faulty({ validation: '^[1-9][0-9]*Gi$' }, '0Gi'), true);
    assert.equal(faulty({ validation: '^[1-9][0-9]*Gi$' }, '10Gi'), false);
    assert.equal(faulty({ invalidation: 'prod' }, 'production'), true);
  });

  test('expressions that a browser could not end, or reads otherwise, are left to the platform', () => {
    const startedAt = performance.now();
    for (const validation of [
      '^(a+)+$',
      '^(a|a)*$',
      '.*.*.*.*.*.*x',
      `${'a?'.repeat(30)}${'a'.repeat(30)}`,
      `^${'(a|a)'.repeat(30)}$`,
      String.raw`\pL+`,
      String.raw`^\x{41}$`,
      '[[:alpha:]]',
      '(?i)abc',
      '(',
    ])
      assert.equal(parameterFault(parameter({ validation }), 'a'.repeat(150), false), undefined, validation);
    for (const [validation, length] of [
      ['.*.*x', 200],
      [`^${'[a-z]*'.repeat(3)}!$`, 50],
      [String.raw`^v?\d+\.\d+$`, 12],
    ] as const)
      assert.notEqual(parameterFault(parameter({ validation }), 'a'.repeat(length), false), undefined);
    assert.ok(performance.now() - startedAt < 2_000);
  });

  test('another value leaves the rest as it is written, and an empty one goes', () => {
    const source = '# mine\nsize: 007\nimage:\n  tag: "1.10"\n';
    const declared = [parameter({ variable: 'size' }), parameter({ variable: 'image.tag' })];
    const read = readParameters(source, declared);
    assert.ok('values' in read);
    assert.deepEqual(
      [...read.values],
      [
        ['size', '007'],
        ['image.tag', '1.10'],
      ],
    );
    const changed = withParameter(source, parameter({ variable: 'image.tag' }), 'yes: no');
    assert.equal(changed, '# mine\nsize: 007\nimage:\n  tag: "yes: no"\n');
    assert.equal(withParameter(source, parameter({ variable: 'image.tag' }), ''), '# mine\nsize: 007\n');
    assert.equal(onlyDeclared(source, [parameter({ variable: 'image.tag' })]), 'image:\n  tag: "1.10"\n');
  });

  test('passwords are masked in the YAML, and come back from it', () => {
    const place = { kind: 'tenant', project: 'default' } as const;
    const declared = [parameter({ variable: 'size' }), parameter({ variable: 'secret', type: 'password' })];
    const draft = { metadata: { name: 'shop' }, spec: { parameters: 'size: 1Gi\nsecret: "hunter2"\n' } };
    const shown = manifestText(place, draft, declared);
    assert.doesNotMatch(shown, /hunter2/);
    assert.match(shown, new RegExp(passwordMask));
    const read = readManifest(shown.replace('1Gi', '2Gi'), place, draft, declared);
    assert.ok('draft' in read);
    assert.equal(read.draft.spec.parameters, 'size: 2Gi\nsecret: hunter2\n');
    for (const text of ['[]', 'kind: Pod', shown.replace('namespace: p-default', 'namespace: p-other')])
      assert.ok('fault' in readManifest(text, place, draft, declared), text);
  });
});

describe('durations and time zones of sleep', () => {
  test('seconds are shown in the longest unit that they are whole in', () => {
    assert.deepEqual(durationParts('86400'), { count: 1, unit: 'd' });
    assert.deepEqual(durationParts('5400'), { count: 90, unit: 'm' });
    assert.deepEqual(durationParts('0'), { count: 0, unit: 'h' });
    assert.equal(durationParts('soon'), undefined);
    assert.equal(secondsOf(90, 'm'), '5400');
    assert.deepEqual(['172800', '5400', '0', 'x'].map(secondsAsDuration), ['48h', '90m', '0', 'x']);
    assert.deepEqual(['5400', '7200', '3661', '0', ''].map(shownDuration), [
      '1h30m',
      '2h',
      '1h1m1s',
      '0',
      '',
    ]);
  });

  test('a schedule is in the zone of the form, or in the one that holds anyway', () => {
    const form = {
      sleepAfter: '',
      sleepSchedule: '0 20 * * *',
      wakeupSchedule: '',
      timezone: '',
      deleteAfter: '',
      preventDeletion: false,
    };
    const inherited = { timezone: 'Asia/Tokyo', sources: { timezone: 'project' } } as const;
    assert.equal(heldZone(form, inherited), 'Asia/Tokyo');
    assert.equal(heldZone({ ...form, timezone: 'Europe/Berlin' }, inherited), 'Europe/Berlin');
    assert.equal(heldZone(form, {}), 'UTC');
    assert.equal(heldZone(form, { timezone: 'Asia/Tokyo', sources: { timezone: 'annotation' } }), 'UTC');
    assert.deepEqual(triedPolicy(form, inherited), { sleepSchedule: '0 20 * * *', timezone: 'Asia/Tokyo' });
    assert.equal(triedPolicy({ ...form, sleepSchedule: 'never' }, inherited), undefined);
    assert.equal(triedPolicy({ ...form, sleepAfter: 'soon' }, inherited), undefined);
  });
});

describe('changes beside those of others', () => {
  const base = {
    metadata: { name: 'shop', resourceVersion: '1' },
    spec: { a: 1, list: [1, 2] },
    status: { x: 1 },
  };

  test('of a YAML only what one changed is sent, and the same fields are a conflict', () => {
    const before = editablePart(base);
    assert.deepEqual(before, { metadata: { name: 'shop' }, spec: { a: 1, list: [1, 2] } });
    const mine = changesOf(before, { metadata: { name: 'shop' }, spec: { a: 2, list: [1] } });
    assert.deepEqual(mine, { spec: { a: 2, list: [1] } });
    assert.deepEqual(overlap(mine, { spec: { b: 3 } }), []);
    assert.deepEqual(overlap(mine, { spec: { a: 2 } }), []);
    assert.deepEqual(overlap(mine, { spec: { a: 5, list: [] } }), ['spec.a', 'spec.list']);
    assert.deepEqual(patched({ spec: { a: 1, b: 3 } }, { spec: { a: null, c: { d: 1 } } }), {
      spec: { b: 3, c: { d: 1 } },
    });
  });

  test('of a list only what one added or removed', () => {
    assert.deepEqual(mergedNames(['a', 'b'], ['b', 'c'], ['a', 'b', 'd']), ['b', 'd', 'c']);
    assert.deepEqual(mergedNames(['a'], ['a', 'b'], ['b']), ['b']);
    assert.deepEqual(mergedNames(['a'], ['a'], []), []);
  });

  test('a grant is taken from the one whom it names, and rules that name no one go', () => {
    const spec = {
      extraAccessRules: [
        { users: ['anna', 'ben'], clusterRole: 'view' },
        { users: ['anna'], clusterRole: 'edit' },
      ],
    };
    const anna = { kind: 'user', name: 'anna' } as const;
    assert.deepEqual(withoutGrant(spec, anna, { field: 'extraAccessRules', clusterRole: 'edit' }), {
      extraAccessRules: [{ users: ['anna', 'ben'], clusterRole: 'view' }],
    });
    assert.deepEqual(withoutGrant(spec, anna, { field: 'extraAccessRules', clusterRole: 'view' }), {
      extraAccessRules: [{ users: ['ben'], teams: [], clusterRole: 'view' }, spec.extraAccessRules[1]],
    });
    assert.deepEqual(withRole(spec, { users: ['anna'], teams: [] }, 'view'), spec);
  });

  test('what a project allows survives the form', () => {
    const all: NonNullable<Project['spec']> = {};
    assert.deepEqual(allowedTemplates('tenant', all), { only: undefined, byDefault: undefined });
    assert.equal(templateList({ tenant: { only: undefined }, space: { only: undefined } }, all), null);
    assert.equal(clusterList({ only: undefined }), null);
    assert.deepEqual(clusterList({ only: [] }), []);
    const list = templateList({ tenant: { only: undefined, byDefault: 'small' }, space: { only: [] } }, all);
    assert.deepEqual(allowedTemplates('tenant', { allowedTemplates: list ?? [] }), {
      only: undefined,
      byDefault: 'small',
    });
    assert.deepEqual(allowedTemplates('space', { allowedTemplates: list ?? [] }).only, []);
  });
});
