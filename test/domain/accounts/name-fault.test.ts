import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { internalPrefixes, reservedPrefixes, teamGroup } from '../../../contracts/names.ts';
import { nameFault, shownName } from '../../../domain/accounts/name-fault.ts';
import { isReservedName } from '../../../domain/accounts/reserved-names.ts';

describe('a user or group towards Kubernetes', () => {
  it('may have letters of any language, and signs', () => {
    for (const name of [
      'anna@example.org',
      'CN=devs,OU=groups,DC=example',
      'büro@example.com',
      'Entwickler-Köln',
      'Straße',
      'Ødegård, Åse',
      'Łódź',
      'İstanbul',
      'Київ',
      'Ελλάδα',
      '张伟',
      '山田 太郎',
      '김철수',
      'محمد',
      'नमस्ते',
      'ทีม',
      'team 🚀',
      'oidc:Entwickler-Köln',
      'büro:köln',
      '開発部門:係',
      'loftübergreifend',
      'systemübergreifend',
      teamGroup('devs'),
      'system:authenticated',
    ])
      assert.equal(nameFault(name), undefined, name);
  });

  const refused: [string, string[], RegExp][] = [
    ['empty', [''], /empty/],
    ['a character that cannot be read', ['a\ud800', '\udc00b', 'a\ufffdb'], /cannot be read/],
    [
      'a character that no one sees',
      [
        'a\0b',
        'a\tb',
        'a\r\nb',
        'a\x7f',
        'a\x85b',
        'a\u200bb',
        'a\u202eb',
        'a\u2066b',
        'a\u00adb',
        'a\ufeffb',
        'a\ufe0f',
        'a\u034fb',
        'a\u3164b',
        'a\ue000',
        'a\u{e0041}',
      ],
      /no one sees \(U\+[0-9A-F]{4,}\)/,
    ],
    ['another blank', ['a\u00a0b', 'a\u3000b', 'a\u2003', '\u2028ä'], /blank that is not/],
    ['a space at an end', [' a', 'a ', ' ä', 'ä ', ' '], /begins or ends/],
    ['a mark that hangs in the air', ['\u0308a'], /combining/],
    ['a second spelling', ['Ko\u0308ln', '\u212bngström', 'Stra\u1e9e\u0301\u0301e\u0323\u0301'], /NFC/],
    [
      'the look of a reserved name',
      [
        '\u0455ystem:masters',
        's\u0443stem:masters',
        '\u0405\u0423\u0405\u0422\u0415\u041c:masters',
        'sÿstem:masters',
        'system\ua789masters',
        'system\u02d0masters',
        'system\u2236masters',
        'l\u043eft:team:devs',
        'löft:user:anna',
        '\u217coft:user:anna',
        'vcluster\u2010platform:gateway',
        'vclu\u0455ter-platform:gateway',
      ],
      /looks like|NFC/,
    ],
  ];
  for (const [what, names, why] of refused)
    it(`may not be or have ${what}`, () => {
      for (const name of names) assert.match(nameFault(name) ?? 'nothing', why, JSON.stringify(name));
    });

  it('is one spelling of what it looks like: none that passes is another one in compatible form', () => {
    for (const prefix of [...reservedPrefixes, ...internalPrefixes])
      for (const letter of ['\u0430', '\u0435', '\u043e', '\u0440', '\u0441', '\u03bf'])
        for (const { index: at } of prefix.matchAll(/[a-z]/g)) {
          const name = `${prefix.slice(0, at)}${letter}${prefix.slice(at + 1)}x`;
          assert.ok(nameFault(name) !== undefined || isReservedName(name), name);
        }
  });

  it('is shown without anything that a terminal would obey', () => {
    assert.equal(shownName('a\u202eb\x1b[31m'), 'a<U+202E>b<U+001B>[31m');
    assert.equal(shownName('x'.repeat(1000)).length, 80);
  });
});
