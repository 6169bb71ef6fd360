import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthenticate, type Directory } from '../../api/auth/authenticate.ts';
import type { Caller } from '../../api/auth/caller.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import { PlatformError } from '../../contracts/errors.ts';
import type { AccessKey } from '../../contracts/resources/access-key.ts';
import type { Team } from '../../contracts/resources/team.ts';
import type { User } from '../../contracts/resources/user.ts';
import { hashOf } from './test-gateway.ts';

const now = Date.parse('2026-01-01T00:01:40Z');
const key = 'a-key_with.all~the+characters/==';

interface Given {
  spec?: Partial<AccessKey['spec']>;
  created?: string;
  user?: Partial<User['spec']> | null;
  teams?: Record<string, Team['spec']>;
  synced?: boolean;
  authorization?: string;
  used?: string;
}

function authenticate(given: Given): Promise<Caller> {
  const {
    spec = {},
    created = '2026-01-01T00:00:00Z',
    user = {},
    teams = {},
    synced = true,
    authorization = `Bearer ${key}`,
    used,
  } = given;
  const accessKey: AccessKey = {
    metadata: { name: 'k', creationTimestamp: created },
    spec: { keyHash: hashOf(key), ...('team' in spec ? {} : { user: 'anna' }), ...spec },
    ...(used === undefined ? {} : { status: { lastActivity: used } }),
  };
  const all: Team[] = Object.entries(teams).map(([name, team]) => ({
    metadata: { name },
    ...(team === undefined ? {} : { spec: team }),
  }));
  const directory: Directory = {
    accessKey: (hash) => (hash === accessKey.spec.keyHash ? accessKey : undefined),
    user: (name) => (name === 'anna' && user !== null ? { metadata: { name }, spec: user } : undefined),
    team: (name) => all.find(({ metadata }) => metadata.name === name),
    teams: () => all,
    synced,
  };
  return createAuthenticate(directory, { now: () => now })({ authorization });
}

describe('authenticate', () => {
  it('gives a user its subject, own groups, and those of the platform', async () => {
    const caller = await authenticate({
      user: { subject: 'anna@example.com', groups: ['devs'], ssoGroups: ['sso'] },
      teams: { blue: { users: ['anna'] }, green: { groups: ['sso'] }, red: { users: ['ben'] } },
    });
    assert.equal(caller.name, 'anna');
    assert.deepEqual(caller.identity, {
      user: 'anna@example.com',
      groups: ['devs', 'sso', 'system:authenticated', 'loft:user:anna', 'loft:team:blue', 'loft:team:green'],
    });
  });

  it('takes the name where there is no subject', async () => {
    assert.equal((await authenticate({})).identity.user, 'anna');
  });

  it('lets a team’s key act as the team alone', async () => {
    const caller = await authenticate({ spec: { team: 'blue' }, teams: { blue: { users: ['anna'] } } });
    assert.equal(caller.kind, 'team');
    assert.deepEqual(caller.identity, {
      user: 'loft:team:blue',
      groups: ['system:authenticated', 'loft:team:blue'],
    });
  });

  it('lets a key live for its ttl', async () => {
    assert.equal((await authenticate({ spec: { ttl: 101 } })).name, 'anna');
    assert.equal((await authenticate({ spec: { ttl: 0 } })).name, 'anna');
  });

  it('counts a sliding ttl from the last use', async () => {
    const sliding = { spec: { ttl: 50, ttlAfterLastActivity: true } };
    assert.equal((await authenticate({ ...sliding, used: '2026-01-01T00:01:00Z' })).name, 'anna');
    for (const given of [
      sliding,
      { ...sliding, used: '2026-01-01T00:00:40Z' },
      { spec: { ttl: 50 }, used: '2026-01-01T00:01:00Z' },
    ])
      await assert.rejects(authenticate(given), /expired/);
  });

  const refused: [name: string, given: Given, code: ErrorCode, message: RegExp][] = [
    ['no header', { authorization: '' }, 'unauthenticated', /Bearer/],
    ['another scheme', { authorization: `Basic ${key}` }, 'unauthenticated', /no "Bearer/],
    ['two keys', { authorization: `Bearer ${key},${key}` }, 'unauthenticated', /no "Bearer/],
    ['a very long key', { authorization: `Bearer ${'a'.repeat(600)}` }, 'unauthenticated', /no "Bearer/],
    [
      'an unknown key',
      { authorization: 'Bearer other' },
      'unauthenticated',
      /not found\. Please login again/,
    ],
    ['a disabled key', { spec: { disabled: true } }, 'unauthenticated', /disabled/],
    ['an expired key', { spec: { ttl: 100 } }, 'unauthenticated', /expired/],
    ['a key of unknown age', { spec: { ttl: 100 }, created: 'never' }, 'unauthenticated', /expired/],
    ['a disabled owner', { user: { disabled: true } }, 'unauthenticated', /owner .* disabled/],
    ['an owner that is gone', { user: null }, 'unauthenticated', /does not exist/],
    ['a team that is gone', { spec: { team: 'blue' } }, 'unauthenticated', /does not exist/],
    ['a reserved subject', { user: { subject: 'system:admin' } }, 'forbidden', /reserved subject/],
    [
      'a reserved subject in odd case',
      { user: { subject: 'System:kube-scheduler' } },
      'forbidden',
      /reserved subject/,
    ],
    [
      'the gateway’s reader as subject',
      { user: { subject: 'vcluster-platform:gateway-reader' } },
      'forbidden',
      /reserved subject/,
    ],
    ['another’s group as subject', { user: { subject: 'loft:user:ben' } }, 'forbidden', /reserved subject/],
    [
      'group system:masters',
      { user: { groups: ['devs', 'system:masters'] } },
      'forbidden',
      /reserved group "system:masters"/,
    ],
    [
      'a reserved group from outside',
      { user: { ssoGroups: ['system:serviceaccounts'] } },
      'forbidden',
      /reserved group/,
    ],
    ['another user’s own group', { user: { groups: ['loft:user:ben'] } }, 'forbidden', /reserved group/],
    ['a team’s group by hand', { user: { groups: ['loft:team:blue'] } }, 'forbidden', /reserved group/],
    [
      'a group in wide letters',
      { user: { groups: ['ｓｙｓｔｅｍ:masters'] } },
      'forbidden',
      /reserved group/,
    ],
    ['a key whose scope is empty', { spec: { scope: {} } }, 'forbidden', /opens nothing/],
    ['anybody before the caches are full', { synced: false }, 'management_unavailable', /not read yet/],
  ];
  for (const [name, given, code, message] of refused) {
    it(`${code}: ${name}`, async () => {
      await assert.rejects(
        () => authenticate(given),
        (error) => error instanceof PlatformError && error.code === code && message.test(error.message),
      );
    });
  }
});
