import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hashPassword, passwordMatches } from '../../adapters/password-hash.ts';
import { migrate } from '../../db/migrate.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { urlOfRole } from '../support/runtime-role.ts';
import { type ManagementFixture, startManagementFixture } from './management-fixture.ts';
import { type FixtureAnswer } from './user-calls.ts';

let postgres: TestPostgres;
let fixture: ManagementFixture;
const group = '/kubernetes/management/apis/management.loft.sh/v1';
const origin = 'https://127.0.0.1:1';
/** Foreign, opaque, a sibling domain, another port, without TLS. */
const foreignOrigins = [
  'https://evil.example',
  'null',
  'https://sibling.127.0.0.1:1',
  'https://127.0.0.1:2',
  'http://127.0.0.1:1',
];
const password = 'a password of some length';
const keysPerOwner = 20;

before(async () => {
  postgres = await startPostgres();
  await migrate(postgres.url);
  fixture = await startManagementFixture({
    databaseUrl: await urlOfRole(postgres.url, 'gateway'),
    auth: { accessKeysPerOwner: keysPerOwner },
  });
  for (const user of ['ben', 'carl']) {
    const answer = await fixture.call('anna', 'POST', `${group}/users/${user}/profile`, {
      spec: { password },
    });
    assert.equal(answer.status, 201, answer.text);
  }
});
after(async () => {
  await fixture?.stop();
  await postgres?.stop();
});

const withKey = (
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => fixture.call('', method, path, body, { authorization: `Bearer ${key}`, ...headers });

async function makeKey(key: string, spec: unknown, name?: string): Promise<FixtureAnswer> {
  return withKey(key, 'POST', `${group}/ownedaccesskeys`, { metadata: { name }, spec });
}

const keyIn = (answer: FixtureAnswer) => String((answer.json() as { spec: { key: string } }).spec.key);
const login = (username: string, given: string) =>
  fixture.call('', 'POST', '/auth/password/login', { username, password: given });
let benKey: string;

describe('login by password', () => {
  it('returns an access key that expires', async () => {
    const answer = await login('ben', password);
    assert.equal(answer.status, 200, answer.text);
    const given = answer.json() as { user: string; accessKey: string };
    assert.equal(given.user, 'ben');
    assert.match(given.accessKey, /^vcp_[A-Za-z0-9_-]{43}$/);
    benKey = given.accessKey;
    const self = (await withKey(benKey, 'POST', `${group}/selves`, {})).json() as {
      status: { accessKeyType: string; user: { name: string } };
    };
    assert.equal(self.status.accessKeyType, 'Login');
    assert.equal(self.status.user.name, 'ben');
  });

  it('leads to the address in use, if it is one of ours', async () => {
    const hostFor = async (headers: Record<string, string>) => {
      const self = await fixture.call(
        '',
        'POST',
        `${group}/selves`,
        {},
        { ...headers, authorization: `Bearer ${benKey}` },
      );
      return (self.json() as { status: { loftHost: string } }).status.loftHost;
    };
    assert.equal(await hostFor({}), fixture.url);
    assert.equal(await hostFor({ host: 'localhost:9443' }), 'https://localhost:9443');
  });

  it('is in the audit log with the user who logged in', async () => {
    const { log } = fixture.parts.gateway.audit;
    const event = await eventually('the login is in the audit log', async () =>
      (await log.list({ pathKind: 'login', code: 200, limit: 10 })).find(
        ({ path }) => path === '/auth/password/login',
      ),
    );
    assert.deepEqual([event.user, event.credentialKind], ['ben@example.com', 'password']);
    assert.ok(!JSON.stringify(event).includes(password));
  });

  it('records the last use of the key', async () => {
    const usedAt = await eventually('the use is written', async () => {
      const keys = await fixture.resources.accesskeys.list();
      return keys.find(({ spec }) => spec.user === 'ben' && spec.type === 'Login')?.status?.lastActivity;
    });
    assert.ok(Math.abs(Date.now() - Date.parse(usedAt)) < 120_000);
  });

  it('gives the same answer for wrong passwords, unknown users and users without password', async () => {
    const answers = await Promise.all([
      login('ben', 'wrong'),
      login('nobody-of-that-name', password),
      login('anna', password),
      login('../secrets/x', password),
    ]);
    for (const answer of answers) {
      assert.equal(answer.status, 401);
      assert.equal(answer.json()['detail'], 'wrong user name or password');
    }
  });

  it('slows down guessing, without revealing a right guess', async () => {
    const answers: FixtureAnswer[] = [];
    for (let attempt = 0; attempt < 8; attempt++) answers.push(await login('carl', `wrong ${attempt}`));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401, 429]));
    const right = await login('carl', password);
    assert.equal(right.status, 429);
    assert.ok(Number(right.headers['retry-after']) >= 1);
  });

  it('stores only a hash, in a separate namespace', async () => {
    const { items } = await fixture.admin.core.listNamespacedSecret({
      namespace: 'vcluster-platform-passwords',
    });
    const hashes = items.map(({ data }) => Buffer.from(data?.['hash'] ?? '', 'base64').toString());
    assert.equal(hashes.length, 2);
    for (const hash of hashes) assert.match(hash, /^\$scrypt\$ln=14,r=8,p=5\$/);
    assert.notEqual(hashes[0], hashes[1]);
    assert.ok(await passwordMatches(password, hashes[0]));
    assert.ok(!(await passwordMatches(`${password}!`, hashes[0])));
    assert.ok(!(await passwordMatches(password, '$scrypt$ln=30,r=8,p=5$AAAAAAAAAAAAAAAAAAAAAA$AAAA')));
    assert.notEqual(await hashPassword('x'), await hashPassword('x'));
  });
});

describe("a user's own access keys", () => {
  it('are shown once, listed without key and hash, changed and deleted', async () => {
    const made = await makeKey(benKey, { displayName: 'CI', ttl: 3600 }, 'ben-ci');
    assert.equal(made.status, 201, made.text);
    const key = keyIn(made);
    assert.equal((await withKey(key, 'POST', `${group}/selves`, {})).status, 201);
    const list = await withKey(benKey, 'GET', `${group}/ownedaccesskeys`);
    assert.match(list.text, /"ben-ci"/);
    assert.doesNotMatch(list.text, /keyHash|key-anna/);
    assert.ok(!list.text.includes(key));
    const change = (spec: unknown) =>
      withKey(
        benKey,
        'PATCH',
        `${group}/ownedaccesskeys/ben-ci`,
        { spec },
        { 'content-type': 'application/merge-patch+json' },
      );
    assert.equal((await change({ ttl: 0 })).status, 400);
    assert.equal((await change({ user: 'anna' })).status, 400);
    assert.equal((await change({ disabled: true })).status, 200);
    await eventually(
      'the key is refused',
      async () => (await withKey(key, 'GET', '/auth/session')).status === 401,
    );
    assert.equal((await withKey(benKey, 'DELETE', `${group}/ownedaccesskeys/ben-ci`)).status, 200);
    assert.equal(await fixture.resources.accesskeys.get({ name: 'ben-ci' }), undefined);
  });

  it('are invisible to other users', async () => {
    for (const spec of [{ user: 'anna' }, { team: 'blue' }, { user: 'ben', team: 'blue' }])
      assert.equal((await makeKey(benKey, spec)).status, 403, JSON.stringify(spec));
    for (const spec of [
      { key: 'chosen' },
      { keyHash: 'a'.repeat(64) },
      { groups: ['system:masters'] },
      { subject: 'anna' },
    ])
      assert.equal((await makeKey(benKey, spec)).status, 400, JSON.stringify(spec));
    for (const method of ['GET', 'DELETE'])
      assert.equal((await withKey(benKey, method, `${group}/ownedaccesskeys/key-anna`)).status, 404);
    assert.equal((await withKey(benKey, 'GET', `${group}/users/anna/accesskeys`)).status, 403);
    assert.equal((await withKey(benKey, 'GET', `${group}/users/ben/accesskeys`)).status, 200);
    assert.equal((await fixture.call('anna', 'GET', `${group}/users/ben/accesskeys`)).status, 200);
    const direct = {
      apiVersion: 'management.loft.sh/v1',
      kind: 'AccessKey',
      metadata: { name: 'x' },
      spec: { user: 'anna', keyHash: 'a'.repeat(64) },
    };
    assert.equal((await withKey(benKey, 'POST', `${group}/accesskeys`, direct)).status, 403);
  });

  it('with a scope are limited, and cannot create keys', async () => {
    assert.equal((await makeKey(benKey, { scope: { projcts: [{ project: 'alpha' }] } })).status, 400);
    const key = keyIn(await makeKey(benKey, { scope: { projects: [{ project: 'alpha' }] } }));
    const instances = (project: string) => `${group}/namespaces/p-${project}/virtualclusterinstances`;
    assert.equal((await withKey(key, 'GET', instances('alpha'))).status, 200);
    assert.equal((await withKey(key, 'GET', instances('beta'))).status, 403);
    assert.equal((await makeKey(key, {})).status, 403);
    const self = (await withKey(key, 'POST', `${group}/selves`, {})).json() as {
      status: { accessKeyScope: unknown };
    };
    assert.deepEqual(self.status.accessKeyScope, { projects: [{ project: 'alpha' }] });
  });

  it('in kubeconfigs give access to one tenant cluster, and expire with their creator', async () => {
    for (const name of ['one', 'two']) {
      const made = await withKey(benKey, 'POST', `${group}/namespaces/p-alpha/virtualclusterinstances`, {
        apiVersion: 'management.loft.sh/v1',
        kind: 'VirtualClusterInstance',
        metadata: { name },
        spec: { templateRef: { name: 'default' } },
      });
      assert.equal(made.status, 201, made.text);
    }
    const path = (name: string) => `${group}/namespaces/p-alpha/virtualclusterinstances/${name}`;
    const issue = (key: string, spec: unknown) => withKey(key, 'POST', `${path('one')}/kubeconfig`, { spec });
    const answer = await eventually('the instance is known', async () => {
      const given = await issue(benKey, { certificateTTL: 600 });
      return given.status === 201 ? given : undefined;
    });
    const { kubeConfig } = (answer.json() as { status: { kubeConfig: string } }).status;
    const token = /token: (\S+)/.exec(kubeConfig)?.[1] ?? '';
    assert.doesNotMatch(kubeConfig, /client-key|client-certificate|exec:/);
    assert.equal((await withKey(token, 'GET', path('one'))).status, 200);
    assert.equal((await withKey(token, 'GET', path('two'))).status, 403);
    assert.equal((await withKey(token, 'DELETE', path('one'))).status, 403);
    assert.equal((await makeKey(token, {})).status, 403);
    assert.equal((await issue(token, { certificateTTL: 86_400 })).status, 201);
    const issued = (await fixture.resources.accesskeys.list()).filter(({ spec }) => spec.type === 'Other');
    assert.equal(issued.length, 2);
    for (const { spec } of issued) {
      assert.ok((spec.ttl ?? 0) >= 1 && (spec.ttl ?? 0) <= 600);
      assert.deepEqual(spec.scope, { virtualClusters: [{ project: 'alpha', virtualCluster: 'one' }] });
    }
    const { text } = await issue(benKey, {});
    assert.match(text, /exec/);
    // Not the configured one, at which the gateway does not listen here.
    assert.ok(text.includes(`server: ${fixture.url}/kubernetes/project/alpha/virtualcluster/one`), text);
    assert.equal((await issue(benKey, { certificateTTL: 1e9 })).status, 400);
  });

  it('created with a key never outlive it', async () => {
    const brief = keyIn(await makeKey(benKey, { ttl: 60 }, 'ben-brief'));
    const children = [
      await makeKey(brief, {}),
      await makeKey(brief, { ttl: 86_400 }, 'ben-outliving'),
      await makeKey(brief, { ttlAfterLastActivity: true, ttl: 3600 }, 'ben-sliding'),
    ];
    for (const child of children) {
      assert.equal(child.status, 201, child.text);
      const { spec } = child.json() as { spec: { ttl: number; issuedBy: { accessKey: string } } };
      assert.ok(spec.ttl >= 1 && spec.ttl <= 60, String(spec.ttl));
      assert.equal(spec.issuedBy.accessKey, 'ben-brief');
    }
    const keys = children.map(keyIn);
    const works = async (key: string) => (await withKey(key, 'GET', '/auth/session')).status;
    for (const key of keys) assert.equal(await works(key), 200);
    const grandchild = keyIn(await makeKey(keys[1] ?? '', {}));
    assert.equal(await works(grandchild), 200);
    assert.equal((await withKey(benKey, 'DELETE', `${group}/ownedaccesskeys/ben-brief`)).status, 200);
    for (const key of [...keys, grandchild])
      await eventually('it has ended', async () => (await works(key)) === 401);
  });

  it('cannot set a first password unless they are as good as their owner', async () => {
    const anna = await fixture.call('anna', 'POST', `${group}/ownedaccesskeys`, { spec: { ttl: 60 } });
    const set = await withKey(keyIn(anna), 'POST', `${group}/users/anna/profile`, { spec: { password } });
    assert.equal(set.status, 403, set.text);
    assert.equal((await login('anna', password)).status, 401);
  });

  it('without expiry create independent keys only if they are independent themselves', async () => {
    const of = async (key: string, name?: string) => {
      const made = await makeKey(key, {}, name);
      assert.equal(made.status, 201, made.text);
      const { spec } = made.json() as { spec: { issuedBy?: { accessKey: string }; ttl?: number } };
      return { key: keyIn(made), issuer: spec.issuedBy?.accessKey, ttl: spec.ttl };
    };
    const free = await of(benKey, 'ben-free');
    const bound = await of(free.key);
    const named = await of(bound.key, 'ben-named');
    assert.deepEqual(
      [free.issuer, free.ttl, bound.issuer, bound.ttl],
      [undefined, undefined, 'ben-free', undefined],
    );
    assert.ok(named.issuer !== undefined);
    assert.equal((await withKey(benKey, 'DELETE', `${group}/ownedaccesskeys/ben-free`)).status, 200);
    for (const { key } of [bound, named])
      await eventually(
        'it has ended',
        async () => (await withKey(key, 'GET', '/auth/session')).status === 401,
      );
  });

  it('created with a login end at its logout, unless they have a name', async () => {
    const { accessKey } = (await login('ben', password)).json() as { accessKey: string };
    const unnamed = keyIn(await makeKey(accessKey, {}));
    const named = keyIn(await makeKey(accessKey, {}, 'ben-kept'));
    const kubeconfig = await withKey(
      accessKey,
      'POST',
      `${group}/namespaces/p-alpha/virtualclusterinstances/one/kubeconfig`,
      { spec: { certificateTTL: 3600 } },
    );
    const token = /token: (\S+)/.exec(kubeconfig.text.replaceAll('\\n', '\n'))?.[1] ?? '';
    const works = async (key: string) => (await withKey(key, 'POST', `${group}/selves`, {})).status;
    for (const key of [unnamed, named, token]) assert.equal(await works(key), 201);
    assert.equal((await withKey(accessKey, 'POST', '/auth/logout')).status, 204);
    for (const key of [unnamed, token])
      await eventually('it has ended', async () => (await works(key)) === 401);
    assert.equal(await works(named), 201);
    await withKey(benKey, 'DELETE', `${group}/ownedaccesskeys/ben-kept`);
  });

  it('are limited in number, and the refusal says what to do', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => makeKey(benKey, {})));
    const refusals = answers.filter(({ status }) => status === 403);
    const own = (await fixture.resources.accesskeys.list()).filter(
      ({ spec }) => spec.user === 'ben' && spec.type !== 'Login',
    );
    assert.equal(own.length, keysPerOwner);
    assert.ok(refusals.length > 0);
    for (const { text } of refusals)
      assert.match(text, /has \d+ access keys and the limit is 20: delete some/);
    for (const { metadata } of own.filter(({ spec }) => spec.issuedBy !== undefined && spec.type !== 'Other'))
      await withKey(benKey, 'DELETE', `${group}/ownedaccesskeys/${metadata.name}`);
    await eventually('there is room again', async () => (await makeKey(benKey, {})).status === 201);
  });

  it('are shown by selves to their owner only', async () => {
    const other = keyIn(await makeKey(benKey, { displayName: 'other' }, 'ben-other'));
    const own = await withKey(benKey, 'POST', `${group}/selves`, { spec: { accessKey: other } });
    assert.equal(own.status, 201, own.text);
    assert.equal((own.json() as { status: { accessKey: string } }).status.accessKey, 'ben-other');
    const foreign = await fixture.call('anna', 'POST', `${group}/selves`, { spec: { accessKey: other } });
    assert.equal(foreign.status, 404);
  });
});

describe('a browser session', () => {
  const begin = async (cookie?: string) => {
    const answer = await fixture.call(
      '',
      'POST',
      '/auth/session',
      { username: 'ben', password },
      { origin, ...(cookie === undefined ? {} : { cookie }) },
    );
    assert.equal(answer.status, 200, answer.text);
    const line = String(answer.headers['set-cookie']);
    assert.match(line, /^__Host-vcp-session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    return { cookie: line.split(';')[0] ?? '', csrf: String(answer.json()['csrfToken']) };
  };
  const path = `${group}/namespaces/p-alpha/virtualclusterinstances`;

  it('may read, and change with its CSRF token, from our own pages only', async () => {
    const { cookie, csrf } = await begin();
    const read = (headers: Record<string, string>) =>
      fixture.call('', 'GET', path, undefined, { cookie, ...headers });
    assert.equal((await read({})).status, 200);
    assert.equal((await read({ origin, 'sec-fetch-site': 'same-origin' })).status, 200);
    assert.equal((await read({ origin: fixture.url })).status, 200, 'at the address that the browser has');
    assert.equal(
      (await read({ origin: 'https://localhost:5', host: 'localhost:5' })).status,
      200,
      'a forward',
    );
    assert.equal((await read({ origin: 'http://localhost:5', host: 'localhost:5' })).status, 403);
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'https://127.0.0.1:2' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[])
      assert.equal((await read(headers)).status, 403, JSON.stringify(headers));

    const change = (headers: Record<string, string>) =>
      fixture.call('', 'POST', `${path}?dryRun=All`, { metadata: { name: 'x' } }, { cookie, ...headers });
    const own = { origin, 'x-csrf-token': csrf };
    assert.notEqual((await change(own)).status, 403, 'our own page');
    for (const headers of [
      {},
      { origin },
      { 'x-csrf-token': csrf },
      { ...own, 'x-csrf-token': 'wrong' },
      { ...own, origin: 'https://evil.example' },
      { ...own, 'content-type': 'text/plain' },
      { ...own, 'content-type': 'application/x-www-form-urlencoded' },
    ] as Record<string, string>[]) {
      const answer = await change(headers);
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.match(answer.text, /it was refused/);
    }
  });

  it('is refused for requests from another origin', async () => {
    const { cookie } = await begin();
    const events = '/api/v1/operations/0b9d6a53-8e5b-4d1e-9a59-6d9f1c7f0b11/events';
    const paths: [string, number][] = [
      ['/auth/session', 200],
      ['/api/v1/projects', 200],
      [path, 200],
      [events, 404],
    ];
    for (const [each, status] of paths) {
      const read = (headers: Record<string, string>) =>
        fixture.call('', 'GET', each, undefined, { cookie, ...headers });
      assert.equal((await read({ origin })).status, status, each);
      for (const other of foreignOrigins)
        assert.equal((await read({ origin: other })).status, 403, `${each} from ${other}`);
    }
    // The origin of a program with a key does not matter, unless a cookie says that a browser sends the request.
    for (const [each, status] of paths)
      for (const other of foreignOrigins) {
        const read = (headers: Record<string, string>) =>
          withKey(benKey, 'GET', each, undefined, { origin: other, ...headers });
        assert.equal((await read({})).status, status, `${each} from ${other}`);
        assert.equal((await read({ cookie })).status, 403, `${each} from ${other} with a cookie too`);
      }
    assert.equal((await withKey(benKey, 'GET', path, undefined, { origin, cookie })).status, 200);
    assert.equal((await withKey(benKey, 'GET', path, undefined, { cookie })).status, 200);
  });

  it('is replaced at every login', async () => {
    const first = await begin('__Host-vcp-session=' + 'A'.repeat(43)); // chosen by an attacker
    assert.ok(!first.cookie.includes('AAAAAAAA'));
    const second = await begin(first.cookie);
    assert.notEqual(first.cookie, second.cookie);
    assert.equal((await fixture.call('', 'GET', path, undefined, { cookie: first.cookie })).status, 401);
    assert.equal((await fixture.call('', 'GET', path, undefined, { cookie: second.cookie })).status, 200);
    const token = await fixture.call('', 'GET', '/auth/session', undefined, { cookie: second.cookie });
    assert.deepEqual(token.json(), { user: 'ben', csrfToken: second.csrf });
  });

  it('gives a program on its computer the key of a login, which no other credential gets', async () => {
    const { cookie, csrf } = await begin();
    const ask = (headers: Record<string, string>) =>
      fixture.call('', 'POST', '/auth/session/key', undefined, { cookie, ...headers });
    for (const headers of [{}, { origin }, { origin: 'https://evil.example', 'x-csrf-token': csrf }])
      assert.equal((await ask(headers)).status, 403, JSON.stringify(headers));
    assert.equal((await withKey(benKey, 'POST', '/auth/session/key')).status, 403);
    const made = await ask({ origin, 'x-csrf-token': csrf });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers['cache-control'], 'no-store');
    const self = await withKey(String(made.json()['accessKey']), 'GET', `${group}/selves/self`);
    const { status } = self.json() as { status: { user: { name: string }; accessKeyType: string } };
    assert.deepEqual([status.user.name, status.accessKeyType], ['ben', 'Login']);
    const done = await fixture.call('', 'GET', '/spaces');
    assert.deepEqual([done.status, done.headers['location']], [303, '/login?done=true']);
  });

  it('ends at logout, with the keys created in it', async () => {
    const { cookie, csrf } = await begin();
    const own = { cookie, origin, 'x-csrf-token': csrf };
    const made = await fixture.call('', 'POST', `${group}/ownedaccesskeys`, { spec: {} }, own);
    assert.equal(made.status, 201, made.text);
    const key = keyIn(made);
    assert.equal((await withKey(key, 'GET', '/auth/session')).status, 200);
    const out = await fixture.call('', 'POST', '/auth/logout', undefined, {
      cookie,
      origin,
      'x-csrf-token': csrf,
    });
    assert.equal(out.status, 204, out.text);
    assert.match(String(out.headers['set-cookie']), /^__Host-vcp-session=; .*Max-Age=0/);
    assert.equal((await fixture.call('', 'GET', path, undefined, { cookie })).status, 401);
    assert.equal((await withKey(key, 'GET', '/auth/session')).status, 401);
  });

  it('is stored as a hash, and malformed or duplicate cookies are refused', async () => {
    const { cookie } = await begin();
    for (const bad of [`${cookie}; ${cookie}`, '__Host-vcp-session=short', `${cookie}x`])
      assert.equal((await fixture.call('', 'GET', path, undefined, { cookie: bad })).status, 401, bad);
  });
});

describe('a new password', () => {
  it('requires the current one, and ends all keys and sessions of the user', async () => {
    const session = await fixture.call(
      '',
      'POST',
      '/auth/session',
      { username: 'ben', password },
      { origin },
    );
    const cookie = String(session.headers['set-cookie']).split(';')[0] ?? '';
    const change = (spec: unknown) => withKey(benKey, 'POST', `${group}/users/ben/profile`, { spec });
    const next = 'another password of some length';
    assert.equal((await change({ password: next })).status, 401);
    assert.equal((await change({ password: 'short', currentPassword: password })).status, 400);
    assert.equal(
      (await withKey(benKey, 'POST', `${group}/users/anna/profile`, { spec: { password: next } })).status,
      404,
    );
    assert.equal((await change({ password: next, currentPassword: password })).status, 201);
    await eventually(
      'ben’s keys are refused',
      async () => (await withKey(benKey, 'GET', '/auth/session')).status === 401,
    );
    assert.equal((await fixture.call('', 'GET', '/auth/session', undefined, { cookie })).status, 401);
    assert.deepEqual(
      (await fixture.resources.accesskeys.list()).filter(({ spec }) => spec.user === 'ben'),
      [],
    );
    await eventually('the new password is known', async () => (await login('ben', next)).status === 200);
    assert.equal((await login('ben', password)).status, 401);
  });
});
