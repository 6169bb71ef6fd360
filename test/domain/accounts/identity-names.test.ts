import assert from 'node:assert/strict';
import { it } from 'node:test';
import { impersonatedNames, teamsOf } from '../../../domain/accounts/identity-names.ts';

const anna = {
  metadata: { name: 'anna' },
  spec: { subject: 'anna@example.org', groups: ['staff'], ssoGroups: ['sso'] },
};
const bob = { metadata: { name: 'bob' } };
const left = { metadata: { name: 'left' }, spec: { disabled: true, groups: ['secret'] } };
const forged = {
  metadata: { name: 'forged' },
  spec: { subject: 'system:admin', groups: ['system:masters', 'loft:user:anna', ''] },
};
const devs = { metadata: { name: 'devs' }, spec: { users: ['bob'], groups: ['sso'] } };

it('names exactly the identities that the gateway may impersonate, without reserved ones', () => {
  assert.deepEqual(impersonatedNames([anna, bob, left, forged], [devs]), {
    users: ['anna@example.org', 'bob', 'loft:team:devs'],
    groups: ['loft:team:devs', 'loft:user:anna', 'loft:user:bob', 'loft:user:forged', 'sso', 'staff'],
  });
});

it('finds the teams of a user by name and by group', () => {
  assert.deepEqual(teamsOf(anna, [devs]), ['devs']);
  assert.deepEqual(teamsOf(bob, [devs]), ['devs']);
  assert.deepEqual(teamsOf(left, [devs]), []);
});
