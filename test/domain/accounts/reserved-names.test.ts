import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  identities,
  internalPrefixes,
  reservedPrefixes,
  teamGroup,
  userGroup,
} from '../../../contracts/names.ts';
import { nameOfUser, reservedNameOf } from '../../../domain/accounts/identity-names.ts';
import { isInternalName, isReservedName } from '../../../domain/accounts/reserved-names.ts';

/** Spellings of a reserved beginning that something on the way to Kubernetes, or a person, may take for it. */
const spellings: [string, (prefix: string) => string][] = [
  ['as it is', (prefix) => prefix],
  ['in upper case', (prefix) => prefix.toUpperCase()],
  ['with an upper-case initial', (prefix) => prefix.charAt(0).toUpperCase() + prefix.slice(1)],
  ['after a blank', (prefix) => ` ${prefix}`],
  ['after a tab', (prefix) => `\t${prefix}`],
  ['after a no-break space', (prefix) => `\u00a0${prefix}`],
  ['after a line break', (prefix) => `\r\n${prefix}`],
  ['after a null character', (prefix) => `\0${prefix}`],
  ['after a byte order mark', (prefix) => `\ufeff${prefix}`],
  ['with a blank before the colon', (prefix) => prefix.replace(':', ' :')],
  ['with a zero-width space in it', (prefix) => `${prefix.slice(0, 2)}\u200b${prefix.slice(2)}`],
  ['with a zero-width joiner in it', (prefix) => `${prefix.slice(0, 3)}\u200d${prefix.slice(3)}`],
  ['with a soft hyphen in it', (prefix) => `${prefix.slice(0, 2)}\u00ad${prefix.slice(2)}`],
  ['with a variation selector in it', (prefix) => `${prefix.slice(0, 1)}\ufe0f${prefix.slice(1)}`],
  ['with a right-to-left override', (prefix) => `\u202e${prefix}`],
  ['with a full-width colon', (prefix) => prefix.replace(':', '\uff1a')],
  [
    'in full width',
    (prefix) => prefix.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  ],
  [
    'in mathematical letters',
    (prefix) => prefix.replace(/[a-z]/g, (char) => String.fromCodePoint(0x1d41a + char.charCodeAt(0) - 97)),
  ],
  ['with a long s', (prefix) => prefix.replaceAll('s', '\u017f')],
];

describe('reserved names', () => {
  for (const [spelling, spell] of spellings) {
    it(`are found ${spelling}`, () => {
      for (const prefix of reservedPrefixes) assert.ok(isReservedName(`${spell(prefix)}masters`), prefix);
      for (const prefix of internalPrefixes) assert.ok(isInternalName(`${spell(prefix)}masters`), prefix);
    });
  }

  it('are those of the platform’s own processes, and the groups that it gives', () => {
    for (const name of Object.values(identities))
      assert.ok(isInternalName(name) && isReservedName(name), name);
    for (const name of [teamGroup('devs'), userGroup('anna'), 'loft:vcluster:x', 'loft:anything']) {
      assert.ok(isReservedName(name), name);
      assert.equal(isInternalName(name), false, name); // who may act as them is for RBAC to say
    }
  });

  it('are not what merely looks like them in part', () => {
    for (const name of [
      'anna@example.org',
      'oidc:anna',
      'oidc:system:masters',
      'system',
      'systems:masters',
      'my-system:masters',
      'loft',
      'lofty:team:devs',
      'vcluster-platform',
      'Käthe Müller',
      '張偉',
      '',
    ])
      assert.equal(isReservedName(name) || isInternalName(name), false, name);
  });

  it('of other alphabets are other names', () => {
    assert.equal(isReservedName('\u0455ystem:masters'), false); // Cyrillic dze; no header can carry it
  });
});

describe('a user with a reserved name', () => {
  const user = (spec: { subject?: string; groups?: string[]; ssoGroups?: string[] }) => ({
    metadata: { name: 'eve' },
    spec,
  });

  it('is found by subject and by groups, their own and those from outside', () => {
    assert.deepEqual(reservedNameOf(user({ subject: 'System:admin' })), {
      kind: 'subject',
      name: 'System:admin',
    });
    for (const field of ['groups', 'ssoGroups'] as const) {
      const found = reservedNameOf(user({ [field]: ['staff', 'loft:x'] }));
      assert.deepEqual(found, { kind: 'group', name: 'loft:x' });
    }
    assert.equal(reservedNameOf(user({ subject: '', groups: ['staff', ''] })), undefined);
  });

  it('carries none of the reserved groups, however they are spelt', () => {
    const eve = user({ groups: ['staff', 'SYSTEM:masters', ' loft:team:devs', ''] });
    const groups = ['staff', 'system:authenticated', 'loft:user:eve', 'loft:team:blue'];
    assert.deepEqual(nameOfUser(eve, ['blue']), { user: 'eve', groups });
  });
});
