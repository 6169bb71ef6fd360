import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { eventually } from '../eventually.ts';
import { created, management, project } from './person.ts';
import { openStockCli } from './stock-cli.ts';
import { read, said, succeeded, type Verb } from './verb.ts';

const inProject = `--project ${project}`;
/** Where a login by browser waits for its key. */
const listens = 'http://localhost:25843/login';

/** In the order in which they are tried: a login is first. */
export const accountVerbs: readonly Verb[] = [
  {
    verb: 'login',
    async keeps({ cli, key, platform }) {
      const { url } = platform.admin();
      const loggedIn = said(await cli.platform(`login ${url} --access-key ${key}`));
      assert.match(loggedIn, /Successfully logged into/);
      assert.deepEqual([cli.config().host, cli.config().accesskey], [url, key]);
    },
  },
  {
    verb: 'login (browser)',
    only: 'administrator',
    async keeps({ platform, name }) {
      const cli = openStockCli(platform);
      const { url, password } = platform.admin();
      const command = cli.platform(`login ${url}`);
      try {
        await eventually('a browser is opened', () => cli.opened() === `${url}/login?cli=true`);
        // What the page does once its user has logged in and agreed.
        const headers = { origin: url };
        const login = { username: name, password };
        const session = await platform.call('POST', '/auth/session', login, { key: null, headers });
        const { csrfToken } = session.json<{ csrfToken: string }>();
        const cookie = [session.headers['set-cookie']].flat()[0]?.split(';')[0] ?? '';
        const inSession = { ...headers, cookie, 'x-csrf-token': csrfToken };
        const made = await platform.call('POST', '/auth/session/key', undefined, {
          key: null,
          headers: inSession,
        });
        assert.equal(made.status, 201, made.text);
        const { accessKey } = made.json<{ accessKey: string }>();
        const sent = await fetch(`${listens}?key=${accessKey}`, { redirect: 'manual' });
        assert.equal(sent.headers.get('location'), `${url}/spaces`);
        assert.match(said(await command), /Successfully logged into/);
        assert.equal(cli.config().accesskey, accessKey);
      } finally {
        // Where it still waits, this ends it.
        await fetch(`${listens}?key=none`, { redirect: 'manual' }).catch(() => undefined);
        await command;
        cli.close();
      }
    },
  },
  {
    verb: 'get current-user',
    async keeps({ cli, name }) {
      const user = read<{ name: string; username: string }>(
        succeeded(await cli.platform('get current-user -o json')),
      );
      assert.deepEqual([user.name, user.username], [name, name]);
    },
  },
  {
    verb: 'list projects',
    async keeps({ cli, role }) {
      const listed = read<Array<{ Project: string }>>(
        succeeded(await cli.platform('list projects --output json')),
      ).map(({ Project }) => Project);
      // Other suites on this platform may have projects of their own.
      const known =
        role === 'plain user' ? listed : listed.filter((name) => ['default', project].includes(name));
      assert.deepEqual(known, role === 'plain user' ? [project] : ['default', project]);
    },
  },
  {
    verb: 'list clusters',
    async keeps({ cli }) {
      assert.match(said(await cli.platform('list clusters')), /\blocal\b/);
    },
  },
  {
    verb: 'list teams',
    async keeps({ cli, role }) {
      const listed = said(await cli.platform('list teams'));
      assert.match(listed, /\bNAME\b/);
      assert.equal(/\bstockers\b/.test(listed), role === 'plain user', listed);
    },
  },
  {
    verb: 'access-key',
    async keeps({ cli, key }) {
      const { status } = read<{ status: { token: string } }>(succeeded(await cli.platform('access-key')));
      assert.equal(status.token, key);
    },
  },
  {
    verb: 'create accesskey',
    async keeps({ cli, call, name }) {
      const key = succeeded(await cli.platform(`create accesskey more-${name} --expire-after 1h`)).trim();
      const self = await call('POST', `${management}/selves`, {}, key);
      const { status } = self.json<{ status: { user: { name: string }; accessKey: string } }>();
      assert.deepEqual([status.user.name, status.accessKey], [name, `more-${name}`]);
    },
  },
];

/** Of contexts, and of keys and passwords that are made by a kubeconfig of the management API. */
export const clusterVerbs: readonly Verb[] = [
  {
    verb: 'connect management',
    async keeps({ cli }) {
      const config = succeeded(await cli.platform('connect management --print'));
      const listed = succeeded(await cli.kubectl(config, 'get projects -o name'));
      assert.match(listed, new RegExp(`^project.management.loft.sh/${project}$`, 'm'));
    },
  },
  {
    verb: 'connect cluster',
    async keeps({ cli, role }) {
      const config = succeeded(await cli.platform('connect cluster local --print'));
      const listed = await cli.kubectl(config, 'get namespaces -o name');
      if (role === 'plain user') {
        // Members may know the cluster, and go nowhere in it but into what is theirs.
        assert.match(listed.stderr, /forbidden|not found/i);
        assert.equal(listed.code, 1);
        return 'refused';
      }
      assert.match(succeeded(listed), /^namespace\/default$/m);
      return undefined;
    },
  },
  {
    verb: 'get cluster-access-key',
    only: 'administrator',
    async keeps(person) {
      const metadata = { name: 'keyed' };
      const made = await person.call('POST', `${management}/clusters`, {
        apiVersion: 'management.loft.sh/v1',
        kind: 'Cluster',
        metadata,
        spec: { networkPeer: true },
      });
      assert.equal(made.status, 201, made.text);
      try {
        const key = succeeded(await person.cli.platform('get cluster-access-key keyed --output json'));
        assert.match(key, /"accessKey": *"vcpj_/);
      } finally {
        await person.call('DELETE', `${management}/clusters/keyed`);
      }
    },
  },
  {
    verb: 'create accesskey --vcluster-role',
    async keeps({ cli, name }) {
      const key = succeeded(await cli.platform(`create accesskey attaching-${name} --vcluster-role`));
      assert.notEqual(key.trim(), '');
    },
  },
  {
    verb: 'create accesskey --in-cluster',
    only: 'administrator',
    async keeps(person) {
      const { cli, call, friend } = person;
      succeeded(await cli.platform('connect management'));
      const made = await cli.platform(`create accesskey theirs --in-cluster --user ${friend.name}`);
      const key = succeeded(made).trim();
      await person.eventually('the key is its user', async () => {
        const self = await call('POST', `${management}/selves`, {}, key);
        return self.json<{ status: { user?: { name: string } } }>().status.user?.name === friend.name;
      });
    },
  },
  {
    verb: 'backup management',
    only: 'administrator',
    async keeps({ cli }) {
      succeeded(await cli.platform('connect management'));
      const file = join(cli.home, 'backup.yaml');
      assert.match(said(await cli.atTerminal(`backup management --filename ${file}`)), /Wrote backup to/);
      const saved = parseAllDocuments(readFileSync(file, 'utf8')).map(
        (document) => document.toJS() as { apiVersion: string; kind: string; metadata: { name: string } },
      );
      const isSaved = (kind: string, name: string) =>
        saved.some(
          (one) => one.apiVersion === 'storage.loft.sh/v1' && one.kind === kind && one.metadata.name === name,
        );
      const kinds = {
        Team: 'stockers',
        Project: project,
        VirtualClusterTemplate: 'default',
        Cluster: 'local',
      };
      for (const [kind, name] of Object.entries({ ...kinds, AccessKey: 'login-stella', User: 'stella' }))
        assert.ok(isSaved(kind, name), `${kind} ${name} is not in the backup`);
    },
  },
  {
    verb: 'reset password',
    only: 'administrator',
    async keeps({ cli, platform, name }) {
      succeeded(await cli.platform('connect management'));
      const user = 'forgetful';
      const password = 'remembered-from-now-on';
      await created(platform, 'users', { kind: 'User', metadata: { name: user }, spec: { username: user } });
      const reset = await cli.platform(`reset password --user ${user} --password ${password} --force`);
      assert.match(said(reset), /Successfully reset password/);
      const login = { username: user, password };
      await eventually(
        'the new password opens',
        async () =>
          (await platform.call('POST', '/auth/password/login', login, { key: null })).status === 200,
        { intervalMs: 1_000 },
      );
      // One's own is not changed by a key alone.
      const own = await cli.platform(`reset password --user ${name} --password ${password} --force`);
      assert.match(`${own.stdout}${own.stderr}`, /your own password is changed with the present one/);
      assert.notEqual(own.code, 0);
    },
  },
];

/** Of secrets of a project, and of the platform, whose namespace is looked up in the current kubeconfig. */
export const secretVerbs: readonly Verb[] = [` ${inProject}`, ''].flatMap((where): Verb[] => {
  const isShared = where === '';
  const only = isShared ? ({ only: 'administrator' } as const) : {};
  const called = (verb: string) => (isShared ? `${verb} (shared)` : verb);
  return [
    {
      ...only,
      verb: called('set secret'),
      async keeps({ cli, name }) {
        if (isShared) succeeded(await cli.platform('connect management'));
        const set = said(await cli.platform(`set secret of-${name}.word hello${where}`));
        assert.match(set, /Successfully created secret/);
        const changed = said(await cli.platform(`set secret of-${name}.other again${where}`));
        assert.match(changed, /Successfully set secret key/);
      },
    },
    {
      ...only,
      verb: called('get secret'),
      async keeps({ cli, name }) {
        assert.equal(succeeded(await cli.platform(`get secret of-${name}.word${where}`)), 'hello');
        const all = read<object>(
          succeeded(await cli.platform(`get secret of-${name} --all -o json${where}`)),
        );
        assert.deepEqual(all, { other: 'again', word: 'hello' });
      },
    },
    {
      ...only,
      verb: called('list secrets'),
      async keeps({ cli, name, role }) {
        const listed = said(await cli.platform(`list secrets${where}`));
        assert.match(listed, new RegExp(`\\bof-${name}\\b`));
        // A user sees no secret of others; an administrator does.
        if (role === 'plain user') assert.doesNotMatch(listed, /\bof-admin\b/);
      },
    },
  ];
});

/** Comes last. */
export const logoutVerb: Verb = {
  verb: 'logout',
  async keeps({ cli, call, eventually }) {
    assert.match(said(await cli.platform('logout')), /Successfully logged out/);
    assert.deepEqual([cli.config().host, cli.config().accesskey], [undefined, undefined]);
    await eventually('the key of the login is gone', async () => {
      const { status } = await call('GET', `${management}/projects`);
      return status === 401;
    });
  },
};
