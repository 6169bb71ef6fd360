import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IdentityCache } from '../../api/identity/identity-cache.ts';
import { createAuthenticate } from '../../api/auth/authenticate.ts';
import type { Caller } from '../../api/identity/caller.ts';
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
  /** Keys that it may have been made with. */
  issuers?: AccessKey[];
  /** Sessions that go on. */
  sessions?: string[];
  /** uid that the key was made for, and uid and time of the user who has the name now. */
  ownerUid?: string;
  userUid?: string;
  userCreated?: string;
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
    issuers = [],
    sessions = [],
    ownerUid,
    userUid,
    userCreated,
  } = given;
  const status = {
    ...(used === undefined ? {} : { lastActivity: used }),
    ...(ownerUid === undefined ? {} : { ownerUid }),
  };
  const person = {
    ...(userUid === undefined ? {} : { uid: userUid }),
    ...(userCreated === undefined ? {} : { creationTimestamp: userCreated }),
  };
  const accessKey: AccessKey = {
    metadata: { name: 'k', creationTimestamp: created },
    spec: { keyHash: hashOf(key), ...('team' in spec ? {} : { user: 'anna' }), ...spec },
    status,
  };
  const all: Team[] = Object.entries(teams).map(([name, team]) => ({
    metadata: { name },
    ...(team === undefined ? {} : { spec: team }),
  }));
  const cache: IdentityCache = {
    accessKey: (hash) => (hash === accessKey.spec.keyHash ? accessKey : undefined),
    accessKeyNamed: (name) => issuers.find(({ metadata }) => metadata.name === name),
    user: (name) =>
      name === 'anna' && user !== null ? { metadata: { name, ...person }, spec: user } : undefined,
    team: (name) => all.find(({ metadata }) => metadata.name === name),
    teams: () => all,
    synced,
  };
  const sessionGoesOn = async (session: string) => sessions.includes(session);
  return createAuthenticate(cache, { now: () => now, sessionGoesOn })({ authorization });
}

describe('authenticate', () => {
  it('a deleted user’s key is not valid for a later user of the name', async () => {
    const allowed = async (given: Given) =>
      authenticate(given).then(
        () => true,
        (error: PlatformError) => {
          assert.equal(error.code, 'unauthenticated');
          return false;
        },
      );
    assert.equal(
      await allowed({ ownerUid: 'u-1', userUid: 'u-1', userCreated: '2030-01-01T00:00:00Z' }),
      true,
    );
    assert.equal(await allowed({ ownerUid: 'u-1', userUid: 'u-2' }), false);
    // From before uids were written down: by time, however close keys and users that are applied together are.
    assert.equal(
      await allowed({ created: '2026-01-01T00:00:00Z', userCreated: '2026-01-01T00:00:30Z' }),
      true,
    );
    assert.equal(
      await allowed({ created: '2025-12-31T00:00:00Z', userCreated: '2026-01-01T00:00:30Z' }),
      false,
    );
  });

  it("a user has their subject, own groups, and the platform's groups", async () => {
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

  it('a user without subject is identified by name', async () => {
    assert.equal((await authenticate({})).identity.user, 'anna');
  });

  it('a team’s key acts as the team only', async () => {
    const caller = await authenticate({ spec: { team: 'blue' }, teams: { blue: { users: ['anna'] } } });
    assert.equal(caller.kind, 'team');
    assert.deepEqual(caller.identity, {
      user: 'loft:team:blue',
      groups: ['system:authenticated', 'loft:team:blue'],
    });
  });

  it('a key expires after its ttl', async () => {
    assert.equal((await authenticate({ spec: { ttl: 101 } })).name, 'anna');
    assert.equal((await authenticate({ spec: { ttl: 0 } })).name, 'anna');
  });

  it('a sliding ttl counts from the last use', async () => {
    const sliding = { spec: { ttl: 50, ttlAfterLastActivity: true } };
    assert.equal((await authenticate({ ...sliding, used: '2026-01-01T00:01:00Z' })).name, 'anna');
    for (const given of [
      sliding,
      { ...sliding, used: '2026-01-01T00:00:40Z' },
      { spec: { ttl: 50 }, used: '2026-01-01T00:01:00Z' },
    ])
      await assert.rejects(authenticate(given), /expired/);
  });

  describe('a key created with another key', () => {
    const issuer = (spec: Partial<AccessKey['spec']> = {}, uid = 'u1', name = 'above'): AccessKey => ({
      metadata: { name, uid, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { keyHash: hashOf(`key ${name}`), user: 'anna', ...spec },
    });
    const made = (given: Omit<Given, 'spec'>, issuedBy: object = { accessKey: 'above', uid: 'u1' }) =>
      authenticate({ ...given, spec: { issuedBy } });

    it('is valid as long as that key', async () => {
      const caller = await made({ issuers: [issuer({ ttl: 160 })] });
      assert.equal(caller.credential.expiresAt?.toISOString(), '2026-01-01T00:02:40.000Z');
      assert.equal(caller.credential.generation, 1);
      for (const issuers of [
        [],
        [issuer({}, 'u2')],
        [issuer({ ttl: 100 })],
        [issuer({ disabled: true })],
        [issuer({ issuedBy: { accessKey: 'higher', uid: 'u3' } })],
        [issuer({ issuedBy: { accessKey: 'above', uid: 'u1' } })],
        [issuer({ issuedBy: { session: 'over' } })],
      ])
        await assert.rejects(made({ issuers }), { code: 'unauthenticated' });
      const higher = issuer({ ttl: 130 }, 'u3', 'higher');
      const two = await made({
        issuers: [issuer({ issuedBy: { accessKey: 'higher', uid: 'u3' } }), higher],
      });
      assert.equal(two.credential.expiresAt?.toISOString(), '2026-01-01T00:02:10.000Z');
    });

    it('is valid as long as the session that created it', async () => {
      assert.equal((await made({ sessions: ['s1'] }, { session: 's1' })).credential.generation, 1);
      await assert.rejects(made({ sessions: ['s2'] }, { session: 's1' }), { code: 'unauthenticated' });
      await assert.rejects(made({}, {}), { code: 'unauthenticated' });
    });
  });

  const refused: [name: string, given: Given, code: ErrorCode, message: RegExp][] = [
    ['no header', { authorization: '' }, 'unauthenticated', /Bearer/],
    ['another scheme', { authorization: `Basic ${key}` }, 'unauthenticated', /not "Bearer/],
    ['two keys', { authorization: `Bearer ${key},${key}` }, 'unauthenticated', /not "Bearer/],
    ['a very long key', { authorization: `Bearer ${'a'.repeat(600)}` }, 'unauthenticated', /not "Bearer/],
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
    [
      'a group with the platform’s prefix',
      { user: { groups: ['loft:admins'] } },
      'forbidden',
      /reserved group/,
    ],
    [
      'a group with a character that no one sees',
      { user: { ssoGroups: ['sys\u200btem:masters'] } },
      'forbidden',
      /reserved group/,
    ],
    ['a key whose scope is empty', { spec: { scope: {} } }, 'forbidden', /allows nothing/],
    ['anybody before the caches are full', { synced: false }, 'management_unavailable', /not synced/],
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
