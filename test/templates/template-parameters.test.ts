import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveParameters } from '../../templates/template-parameters.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { AppParameter } from '../../contracts/resources/app-parameter.ts';

/** One that declares none stands for an inline template here. */
const template = (parameters: AppParameter[]) => ({ parameters, inline: parameters.length === 0 });

test('values are typed, nested and defaulted', () => {
  const cases: [declared: AppParameter[], text: string, expected: object][] = [
    [[], 'a: { b: 1 }', { a: { b: 1 } }],
    [[], '', {}],
    [[{ variable: 'size', type: 'number', defaultValue: '3' }], '', { size: 3 }],
    [[{ variable: 'size', type: 'number' }], 'size: "7"', { size: 7 }],
    [[{ variable: 'enabled', type: 'boolean' }], '', { enabled: false }],
    [[{ variable: 'enabled', type: 'boolean' }], 'enabled: yes', { enabled: true }],
    [
      [{ variable: 'a.b.c' }, { variable: 'a.d', type: 'multiline' }],
      'a: { b: { c: x }, d: "1\\n2" }',
      { a: { b: { c: 'x' }, d: '1\n2' } },
    ],
    [[{ variable: 'enabled', type: 'boolean' }], 'enabled: "NO"', { enabled: false }],
    [[{ variable: 'enabled', type: 'boolean', options: ['true'] }], 'enabled: On', { enabled: true }],
    [[{ variable: 'size', type: 'number' }], 'size: 1.30', { size: 1.3 }],
    // Free ones are what Helm reads.
    [[], 'a: [22:30, 1.30, NO, 0755, e3, 2026-11-29]', { a: ['22:30', 1.3, false, 493, 'e3', '2026-11-29'] }],
    [[{ variable: 'note' }], 'note: ""', {}],
    [[{ variable: 'tier', options: ['gold', 'silver'], defaultValue: 'gold' }], '', { tier: 'gold' }],
  ];
  for (const [declared, text, expected] of cases)
    assert.deepEqual(structuredClone(resolveParameters(template(declared), text)), expected, text);
});

test('a text stays what was typed, whatever YAML takes it for', () => {
  const texts = [
    '1.30',
    '22:30',
    '0755',
    'NO',
    'y',
    'True',
    '2026-11-29',
    '0x1F',
    '1_000',
    '1e3',
    '-0',
    '+1',
    '.5',
    '.inf',
  ].concat(
    '12345678901234567890',
    '0o17',
    '<<',
    '=',
    'e3',
    '1e2026',
    '012345678',
    'v1.30',
    '10m',
    '1Gi',
    '5m30s',
  );
  for (const type of ['string', 'password', 'multiline', '', undefined] as const)
    for (const text of texts) {
      const declared = template([{ variable: 'x', ...(type === undefined ? {} : { type }) }]);
      for (const written of [text, JSON.stringify(text), `'${text}'`, `!!str ${text}`])
        assert.deepEqual({ ...resolveParameters(declared, `x: ${written}`) }, { x: text }, written);
    }
  const defaulted = template([{ variable: 'x', defaultValue: '1.30' }]);
  assert.deepEqual({ ...resolveParameters(defaulted, 'x: ~') }, { x: '1.30' });
});

test('expressions are those of RE2', () => {
  const cases: [expression: string, matching: string, other: string][] = [
    ['(?i)^[a-z]+$', 'ABC', 'a1'],
    ['^[[:alpha:]]+$', 'abc', 'a1'],
    ['^(?P<major>\\d+)\\z', '12', 'a12'],
    ['^\\pL+$', 'Köln', 'K2'],
    ['^\\Qa.b\\E$', 'a.b', 'axb'],
    ['^(a+)+$', 'a'.repeat(60), `${'a'.repeat(60)}!`],
  ];
  for (const [expression, matching, other] of cases) {
    const given = (text: string, field: 'validation' | 'invalidation') => () =>
      resolveParameters(template([{ variable: 'x', [field]: expression }]), JSON.stringify({ x: text }));
    assert.doesNotThrow(given(matching, 'validation'), expression);
    assert.throws(given(other, 'validation'), /"x" must match/, expression);
    assert.doesNotThrow(given(other, 'invalidation'), expression);
    assert.throws(given(matching, 'invalidation'), /"x" must not match/, expression);
  }
});

test('anchors may be used often, but not to grow without end', () => {
  const free = (text: string) => resolveParameters({ parameters: [], inline: true }, text);
  const used = free(`a: &a { b: 1 }\nc: [${'*a, '.repeat(1000)}]`);
  assert.deepEqual(
    used['c'],
    Array.from({ length: 1000 }, () => ({ b: 1 })),
  );
  const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]`);
  const refusals: [text: string, message: RegExp][] = [
    [`a0: &a0 x\n${levels.join('\n')}`, /longer than 1 MiB once their aliases/],
    [`a: &a ${'x'.repeat(2000)}\nb: [${'*a, '.repeat(1000)}]`, /longer than 1 MiB once their aliases/],
    [`a: &a x\nb: [${'*a, '.repeat(6000)}]`, /more than 5000 aliases/],
    ['a: &a [*a]', /an anchor that contains itself at line 1, column 8/],
    ['a: *.example.com', /an alias without an anchor at line 1, column 4; .* in quotes/],
    [`a: ${'['.repeat(20_000)}`, /nested too deeply/],
    ['a: 12345678901234567890', /a number that is too large/],
    ['a: !!binary aGVsbG8=', /cannot be written as JSON/],
  ];
  for (const [text, message] of refusals) {
    const before = process.cpuUsage();
    assert.throws(() => free(text), message, text.slice(0, 60));
    // Not by the clock: others may have the processor meanwhile.
    assert.ok(process.cpuUsage(before).user < 5_000_000, text.slice(0, 60));
  }
});

test('invalid parameters are refused by name, without their value', () => {
  const secret = 'S3cret-canary';
  const cases: [declared: AppParameter[], text: string, message: RegExp][] = [
    [[{ variable: 'x', type: 'number' }], `x: ${secret}`, /"x" must be a number/],
    [[{ variable: 'x', type: 'number', min: 3 }], 'x: 2', /at least 3/],
    [[{ variable: 'x', type: 'boolean' }], `x: ${secret}`, /true or false/],
    [[{ variable: 'x', type: 'password', required: true }], '', /"x" is required/],
    [[{ variable: 'x', options: ['a', 'b'] }], `x: ${secret}`, /one of a, b/],
    [[{ variable: 'x', type: 'password', options: [secret] }], 'x: other', /one of the template's options/],
    [[{ variable: 'x', validation: '^[0-9]+$' }], `x: ${secret}`, /"x" must match/],
    [[{ variable: 'x', invalidation: 'canary' }], `x: ${secret}`, /"x" must not match/],
    [
      [{ variable: 'x', validation: '(' }],
      `x: ${secret}`,
      /validation expression is not valid in RE2: .*missing closing \)/,
    ],
    [
      [{ variable: 'x', invalidation: '(?=a)' }],
      `x: ${secret}`,
      /invalidation expression is not valid in RE2/,
    ],
    [
      [{ variable: 'x', type: 'number' }],
      'x: 0755',
      /"x" must be a number in decimal, without leading zeros/,
    ],
    [[{ variable: 'x', type: 'number' }], 'x: 22:30', /"x" must be a number in decimal/],
    [[{ variable: 'x', type: 'number' }], 'x: 12345678901234567890', /between -2\^53 and 2\^53/],
    [
      [{ variable: 'x', type: 'number', defaultValue: 'many' }],
      '',
      /default of parameter "x" must be a number/,
    ],
    [[{ variable: 'x', type: 'boolean' }], 'x: 2', /"x" must be true or false/],
    [[{ variable: 'x' }], `x: [${secret}]`, /single value/],
    [[{ variable: 'x' }], `y: ${secret}`, /not have a parameter "y"; it has x/],
    [[{ variable: 'x' }], `- ${secret}`, /YAML object/],
    [[{ variable: 'x' }], `x: [${secret}`, /not valid YAML \(line 1/],
    [[], 'x'.repeat(70_000), /longer than 64 KiB/],
    [[{ variable: 'x' }], `x: "${secret}\\n"`, /"x" must be one line/],
    [[{ variable: 'x', type: 'password' }], `x: "a\\n${secret}"`, /"x" must be one line/],
    [[{ variable: 'x' }], `x: "${secret}\\u0000"`, /"x" has control characters/],
    [[{ variable: 'x' }], `x: "${secret}\\t"`, /"x" has control characters/],
    [[{ variable: 'x', type: 'multiline' }], `x: "${secret}\\u2028"`, /"x" has control characters/],
    [[{ variable: 'x' }], `x: ${secret.repeat(400)}`, /"x" is longer than 4096/],
  ];
  for (const [declared, text, message] of cases) {
    assert.throws(
      () => resolveParameters(template(declared), text),
      (error) => {
        assert.ok(error instanceof PlatformError);
        assert.equal(error.code, 'invalid_parameters');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, new RegExp(secret));
        return true;
      },
    );
  }
});

test('a template by reference without declared parameters accepts none', () => {
  const declaresNone = { parameters: [], inline: false };
  assert.deepEqual(resolveParameters(declaresNone, ''), {});
  assert.throws(
    () => resolveParameters(declaresNone, 'x: { y: 1 }'),
    /not have a parameter "x"; it declares none/,
  );
});

test('a parameter cannot reach into prototypes', () => {
  resolveParameters(template([{ variable: '__proto__.polluted', defaultValue: 'yes' }]), '');
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
