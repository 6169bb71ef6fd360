import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import { migrate } from '../../db/migrate.ts';
import { applyObject } from '../../local/bootstrap/apply-manifests.ts';
import { eventually } from '../support/eventually.ts';
import { oidcClient, startOidcProvider, type TestOidcProvider } from '../support/oidc-provider.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { type FixtureAnswer } from './user-calls.ts';

let postgres: TestPostgres;
let provider: TestOidcProvider;
let fixture: ManagementFixture;
let dir: string;
const callback = 'https://127.0.0.1:1/auth/oidc/callback';

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vcp-oidc-'));
  const clientSecretFile = join(dir, 'secret');
  writeFileSync(clientSecretFile, oidcClient.secret);
  provider = await startOidcProvider(callback);
  postgres = await startPostgres();
  await migrate(postgres.url);
  fixture = await startManagementFixture({
    databaseUrl: await urlOfRole(postgres.url, 'gateway'),
    auth: { oidc: { issuerUrl: provider.issuer, clientId: oidcClient.id, clientSecretFile } },
  });
});
after(async () => {
  await fixture?.stop();
  await postgres?.stop();
  await provider?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const cookieOf = (answer: FixtureAnswer, name: string) =>
  [answer.headers['set-cookie'] ?? []]
    .flat()
    .find((line) => line.startsWith(`${name}=`))
    ?.split(';')[0];

async function begin(): Promise<{ url: string; cookie: string }> {
  const answer = await fixture.call('', 'GET', '/auth/oidc/login?returnTo=/projects');
  assert.equal(answer.status, 302, answer.text);
  return { url: String(answer.headers['location']), cookie: cookieOf(answer, '__Host-vcp-login') ?? '' };
}

const comeBack = (url: URL, cookie: string) =>
  fixture.call('', 'GET', `${url.pathname}${url.search}`, undefined, cookie === '' ? {} : { cookie });

async function logIn(sub: string): Promise<FixtureAnswer> {
  const { url, cookie } = await begin();
  return comeBack(await provider.logIn(url, sub), cookie);
}

async function userOf(answer: FixtureAnswer): Promise<string> {
  const cookie = cookieOf(answer, '__Host-vcp-session') ?? '';
  const session = await fixture.call('', 'GET', '/auth/session', undefined, { cookie });
  assert.equal(session.status, 200, session.text);
  return String(session.json()['user']);
}

describe('login at an OpenID provider', () => {
  it('creates a user with groups, and starts a session', async () => {
    provider.accounts['d-1'] = {
      email: 'dora@example.com',
      email_verified: true,
      name: 'Dora',
      groups: ['devs', 'ops'],
    };
    const answer = await logIn('d-1');
    assert.equal(answer.status, 303, answer.text);
    assert.equal(answer.headers['location'], '/projects');
    assert.equal(await userOf(answer), 'dora');
    const spec = (await fixture.resources.users.get({ name: 'dora' }))?.spec;
    assert.equal(spec?.subject, 'dora@example.com');
    assert.deepEqual(spec?.ssoGroups, ['devs', 'ops']);
  });

  it('is in the audit log with the user who logged in', async () => {
    const { log } = fixture.parts.gateway.audit;
    const event = await eventually('the login is in the audit log', async () =>
      (await log.list({ pathKind: 'login', code: 303, limit: 10 })).at(0),
    );
    assert.deepEqual(
      [event.path, event.user, event.credentialKind],
      ['/auth/oidc/callback', 'dora@example.com', 'oidc'],
    );
  });

  it('takes names of any language, with the rights that are given to them', async () => {
    provider.accounts['k-1'] = {
      email: 'büro@example.com',
      email_verified: true,
      groups: ['Entwickler-Köln', '開発, 部門'],
    };
    const group = 'rbac.authorization.k8s.io';
    await applyObject(fixture.admin, {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'koeln', namespace: 'p-beta' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'loft-management-project-admin' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'Entwickler-Köln' }],
    } as never);
    const cookie = cookieOf(await logIn('k-1'), '__Host-vcp-session') ?? '';
    const get = (path: string) =>
      fixture.call('', 'GET', `/kubernetes/management${path}`, undefined, { cookie });
    // What the controllers write on a running platform.
    const rules = [
      { resource: 'users', names: ['büro@example.com'] },
      { resource: 'groups', names: ['Entwickler-Köln', '開発, 部門', 'loft:user:b-ro'] },
    ].map(({ resource, names }) => ({
      apiGroups: [''],
      resources: [resource],
      verbs: ['impersonate'],
      resourceNames: names,
    }));
    const metadata = { name: 'gateway-koeln' };
    await applyObject(fixture.admin, {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules,
    } as never);
    await applyObject(fixture.admin, {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'gateway-koeln' },
      subjects: [{ apiGroup: group, kind: 'User', name: 'vcluster-platform:gateway' }],
    } as never);
    const list = '/apis/management.loft.sh/v1/namespaces/p-beta/virtualclusterinstances';
    await eventually('their group may list', async () => (await get(list)).status === 200);
    assert.equal((await get('/api/v1/namespaces/p-beta/secrets')).status, 403);
    const { log } = fixture.parts.gateway.audit;
    await eventually('the denial is in the audit log', async () => {
      const events = await log.list({ user: 'büro@example.com', code: 403, limit: 1 });
      return events.length === 1;
    });
  });

  it('updates groups at the next login', async () => {
    provider.accounts['d-1'] = { ...provider.accounts['d-1'], groups: ['ops'] };
    // Tokens are told apart by the second.
    await eventually('a token of a later second', async () => {
      await logIn('d-1');
      const spec = (await fixture.resources.users.get({ name: 'dora' }))?.spec;
      return JSON.stringify(spec?.ssoGroups) === '["ops"]';
    });
  });

  it('never logs in as an existing user that is not bound to it', async () => {
    provider.accounts['b-1'] = { email: 'ben@elsewhere.example', email_verified: true };
    const other = await logIn('b-1');
    assert.match(await userOf(other), /^ben-[0-9a-f]{8}$/);
    provider.accounts['b-2'] = { email: 'ben@example.com', email_verified: true }; // ben's subject
    const same = await logIn('b-2');
    assert.equal(same.status, 403);
    assert.match(same.text, /another user/);
  });

  it('does not take a name that any grant mentions', async () => {
    const { resources, admin } = fixture;
    const group = 'rbac.authorization.k8s.io';
    const bind = (name: string, subject: { kind: string; name: string }) =>
      applyObject(admin, {
        apiVersion: `${group}/v1`,
        kind: 'RoleBinding',
        metadata: { name, namespace: 'p-beta' },
        roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'loft-management-project-admin' },
        subjects: [{ apiGroup: group, ...subject }],
      } as never);
    await resources.teams.create({ metadata: { name: 'waiting' }, spec: { users: ['emil'] } });
    await resources.projects.patch(
      { name: 'beta' },
      { spec: { members: [{ kind: 'User', name: 'ella', clusterRole: 'loft-management-project-user' }] } },
    );
    await resources.accesskeys.create({
      metadata: { name: 'left-behind' },
      spec: { user: 'egon', keyHash: 'e'.repeat(64) },
    });
    await bind('of-a-group', { kind: 'Group', name: 'loft:user:edda' });
    await bind('of-a-user', { kind: 'User', name: 'edwin@example.com' });
    const { cache } = fixture.parts.gateway;
    await eventually('the gateway has seen them', () =>
      cache.accessKeys().some(({ metadata }) => metadata.name === 'left-behind'),
    );
    await eventually('and the team', () => cache.team('waiting') !== undefined);
    const seen = () => cache.projects().some(({ spec }) => spec?.members?.[0]?.name === 'ella');
    await eventually('and the member', seen);
    for (const name of ['emil', 'ella', 'egon', 'edda']) {
      provider.accounts[name] = { email: `${name}@example.com`, email_verified: true };
      assert.match(await userOf(await logIn(name)), new RegExp(`^${name}-[0-9a-f]{8}$`));
    }
    provider.accounts['edwin'] = { email: 'edwin@example.com', email_verified: true };
    const refused = await logIn('edwin');
    assert.equal(refused.status, 403);
    assert.match(refused.text, /roles are already bound/);
  });

  const refused: [string, Record<string, unknown>, RegExp][] = [
    ['an address that is not verified', { email: 'e@example.com', email_verified: false }, /not verified/],
    ['no address', { email_verified: true }, /does not send the claim/],
    ['a reserved name', { email: 'system:admin', email_verified: true }, /reserved/],
    [
      'a reserved group',
      { email: 'f@example.com', email_verified: true, groups: ['a', 'system:masters'] },
      /reserved/,
    ],
    [
      'a group of the platform',
      { email: 'f@example.com', email_verified: true, groups: ['loft:user:anna'] },
      /reserved/,
    ],
    [
      'a group with the prefix of the platform’s',
      { email: 'f@example.com', email_verified: true, groups: ['Loft:admins'] },
      /reserved/,
    ],
    [
      'a group with a character that no one sees',
      { email: 'f@example.com', email_verified: true, groups: ['system\u00ad:masters'] },
      /reserved/,
    ],
    [
      'a group in a second spelling',
      { email: 'f@example.com', email_verified: true, groups: ['Ko\u0308ln'] },
      /group .* is not in Unicode normal form C/,
    ],
    [
      'a group with a space at its end',
      { email: 'f@example.com', email_verified: true, groups: ['devs', 'ops '] },
      /group .*ops .* begins or ends with a space/,
    ],
    [
      'a group that is not text',
      { email: 'f@example.com', email_verified: true, groups: ['devs', 7] },
      /not the name of a group/,
    ],
    [
      'a look-alike of a reserved group',
      { email: 'f@example.com', email_verified: true, groups: ['\u0455ystem:masters'] },
      /looks like the reserved/,
    ],
    ['a name without end', { email: 'a'.repeat(1025), email_verified: true }, /longer than 1024 bytes/],
    ['the gateway itself', { email: 'vcluster-platform:gateway-reader', email_verified: true }, /reserved/],
  ];
  for (const [index, [what, claims, message]] of refused.entries()) {
    it(`refuses ${what}`, async () => {
      provider.accounts[`r-${index}`] = claims;
      const answer = await logIn(`r-${index}`);
      assert.equal(answer.status, 403, answer.text);
      assert.match(answer.text, message);
      assert.equal(cookieOf(answer, '__Host-vcp-session'), undefined);
    });
  }

  it('can be completed once, by the browser that started it', async () => {
    const first = await begin();
    const other = await begin();
    const back = await provider.logIn(first.url, 'd-1');
    assert.equal((await comeBack(back, '')).status, 401);
    assert.equal((await comeBack(back, other.cookie)).status, 401);
    const forged = new URL(back);
    forged.searchParams.set('state', 'made-up');
    assert.equal((await comeBack(forged, first.cookie)).status, 401);
    assert.equal((await comeBack(back, first.cookie)).status, 303);
    assert.equal((await comeBack(back, first.cookie)).status, 401);
  });

  it("redirects only to the platform's own pages", async () => {
    for (const returnTo of ['//evil.example', '/\\evil.example', 'https://evil.example']) {
      const begun = await fixture.call(
        '',
        'GET',
        `/auth/oidc/login?returnTo=${encodeURIComponent(returnTo)}`,
      );
      const back = await provider.logIn(String(begun.headers['location']), 'd-1');
      const answer = await comeBack(back, cookieOf(begun, '__Host-vcp-login') ?? '');
      assert.equal(answer.headers['location'], '/');
    }
  });
});

describe('an ID token as bearer', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const claims = (more: Record<string, unknown> = {}) => ({
    iss: provider.issuer,
    aud: oidcClient.id,
    sub: 'd-1',
    iat: seconds(),
    exp: seconds() + 300,
    email: 'dora@example.com',
    email_verified: true,
    groups: ['ops'],
    ...more,
  });
  const sign = (
    payload: Record<string, unknown>,
    { key, ...header }: { key?: KeyObject | Uint8Array; alg?: string; kid?: string } = {},
  ) =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: 'RS256', kid: provider.key().kid, ...header })
      .sign(key ?? provider.key().privateKey);
  const use = (token: string) =>
    fixture.call(
      '',
      'POST',
      '/kubernetes/management/apis/management.loft.sh/v1/selves',
      {},
      {
        authorization: `Bearer ${token}`,
      },
    );

  it('authenticates its user', async () => {
    const answer = await use(await sign(claims()));
    assert.equal(answer.status, 201, answer.text);
    const { status } = answer.json() as { status: { subject: string; groups: string[] } };
    assert.equal(status.subject, 'dora@example.com');
    assert.ok(status.groups.includes('ops'));
  });

  it('may hold 200 groups with long names', async () => {
    const groups = Array.from({ length: 200 }, (_one, index) => `group-${index}-${'g'.repeat(90)}`);
    // Tokens are told apart by the second.
    const before = seconds();
    await eventually('a later second', () => seconds() > before);
    const answer = await use(await sign(claims({ groups })));
    assert.equal(answer.status, 201, answer.text);
    const { status } = answer.json() as { status: { groups: string[] } };
    const held = status.groups.filter((group) => group.startsWith('group-'));
    assert.equal(held.length, 200, 'at the first request with them');
    assert.equal((await use(await sign(claims({ groups: [...groups, 'one more'] })))).status, 403);
  });

  it('has only the groups that the token holds', async () => {
    const answer = await use(await sign(claims({ groups: [], iat: seconds() - 200 })));
    const { status } = answer.json() as { status: { groups: string[] } };
    assert.ok(!status.groups.includes('ops'));
  });

  it("is accepted with the provider's rotated key, and no longer with the old one", async () => {
    const old = provider.key();
    await provider.rotate();
    await eventually('the new key is read', async () => (await use(await sign(claims()))).status === 201);
    assert.equal((await use(await sign(claims(), { key: old.privateKey, kid: old.kid }))).status, 401);
  });

  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicPem = () =>
    Buffer.from(createPublicKey(provider.key().privateKey).export({ type: 'spki', format: 'pem' }));
  const forged: [string, () => Promise<string>, number?][] = [
    ['of another audience', () => sign(claims({ aud: 'another-client' }))],
    ['for several, issued to another', () => sign(claims({ aud: [oidcClient.id, 'x'], azp: 'x' }))],
    ['without audience', () => sign(claims({ aud: undefined }))],
    ['of another issuer', () => sign(claims({ iss: 'https://elsewhere.example' }))],
    ['that has expired', () => sign(claims({ exp: seconds() - 60 }))],
    ['that is not valid yet', () => sign(claims({ nbf: seconds() + 300 }))],
    ['that never expires', () => sign(claims({ exp: undefined }))],
    ['without subject', () => sign(claims({ sub: undefined }))],
    ['signed by another key', () => sign(claims(), { key: other })],
    ['of an unknown key', () => sign(claims(), { key: other, kid: 'unknown' })],
    ['with HMAC of the public key', () => sign(claims(), { key: publicPem(), alg: 'HS256' })],
    ['without signature (alg none)', async () => new UnsecuredJWT(claims()).encode()],
    ['with its signature cut off', async () => (await sign(claims())).replace(/[^.]+$/, '')],
    [
      'with changed claims',
      async () => {
        const [head, , signature] = (await sign(claims())).split('.');
        return [
          head,
          Buffer.from(JSON.stringify(claims({ sub: 'a' }))).toString('base64url'),
          signature,
        ].join('.');
      },
    ],
    ['of a subject that is a number', () => sign(claims({ sub: 1 })), 403],
    ['of a subject with half a character', () => sign(claims({ sub: 'a\ud800' })), 403],
    ['of a reserved subject', () => sign(claims({ sub: 'system:admin' })), 403],
    ['of a reserved user', () => sign(claims({ sub: 'n', email: 'system:kube-scheduler' })), 403],
    ['of a reserved group', () => sign(claims({ groups: ['system:masters'] })), 403],
  ];
  for (const [what, token, status = 401] of forged) {
    it(`is refused ${what}`, async () => {
      const answer = await use(await token());
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json()['kind'], 'Status');
    });
  }

  it('is refused for a disabled user', async () => {
    await fixture.resources.users.patch({ name: 'dora' }, { spec: { disabled: true } });
    await eventually('dora is refused', async () => (await use(await sign(claims()))).status === 401);
  });
});

describe('abandoned OpenID logins', () => {
  it('are limited per address', async () => {
    const answers: FixtureAnswer[] = [];
    while (answers.length <= 300 && answers.every(({ status }) => status === 302)) {
      const some = Array.from({ length: 20 }, () => fixture.call('', 'GET', '/auth/oidc/login'));
      answers.push(...(await Promise.all(some)));
    }
    const refused = answers.find(({ status }) => status === 429);
    assert.ok(refused, `${answers.length} were let through`);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal(refused.headers['set-cookie'], undefined);
  });
});
