import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AuthorizationV1Api } from '@kubernetes/client-node';
import { eventually } from '../support/eventually.ts';
import { type AccessFixture, startAccessFixture } from './access-fixture.ts';
import { computedCases } from './computed-cases.ts';
import { secretCases } from './secret-cases.ts';
import { unseenCases } from './unseen-cases.ts';
import { previewCases } from './preview-cases.ts';
import { virtualCases } from './virtual-cases.ts';
import { openWebSocket, type WebSocketSession } from './web-socket.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

let fixture: AccessFixture;
before(async () => {
  fixture = await startAccessFixture();
  await fixture.addUser('mia');
  await fixture.addUser('tom');
  await fixture.resources.teams.create({ metadata: { name: 'ops' }, spec: { users: ['tom'] } });
  const { resources } = fixture;
  // Before beta allows no template any more.
  for (const name of ['t1', 't2', 't3'])
    await resources.virtualclustertemplates.create({ metadata: { name } });
  for (const [index, namespace] of ['p-alpha', 'p-beta', 'p-alpha', 'p-beta', 'p-alpha', 'p-beta'].entries())
    await resources.virtualclusterinstances.create({
      metadata: { name: `vc-${index}`, namespace, labels: { parity: index % 2 === 0 ? 'even' : 'odd' } },
      spec: {
        templateRef: { name: 't1' },
        owner: { user: index < 3 ? 'mia' : 'anna' },
        ...(index === 4 ? { access: [{ users: ['tom'], verbs: ['get', 'use'] }] } : {}),
      },
    });
  const role = 'loft-management-project-';
  await resources.projects.patch(
    { name: 'alpha' },
    {
      spec: {
        members: [
          { name: 'mia', clusterRole: `${role}user` },
          { kind: 'Team', name: 'ops', clusterRole: `${role}viewer` },
        ],
        allowedTemplates: [{ name: 't1' }],
        allowedClusters: [],
      },
    },
  );
  await resources.projects.patch(
    { name: 'beta' },
    {
      spec: {
        members: [{ kind: 'Team', name: 'ops', clusterRole: `${role}admin` }],
        allowedTemplates: [],
        allowedClusters: [{ name: 'local' }],
      },
    },
  );
  // Roles of projects, templates and instances are made one after the other.
  const rights =
    'mia projects 1, mia virtualclustertemplates 1, mia virtualclusterinstances 3, tom projects 2';
  for (const right of `${rights}, tom clusters 1, tom virtualclusterinstances 4`.split(', ')) {
    const [user = '', plural = '', count] = right.split(' ');
    await eventually(right, async () => (await names(user, plural)).length === Number(count));
  }
});
after(() => fixture?.stop());

async function names(user: string, path: string, headers: Record<string, string> = {}): Promise<string[]> {
  const answer = await fixture.call(user, 'GET', `${base}/${path}`, undefined, headers);
  assert.equal(answer.status, 200, answer.text);
  const { items, rows } = answer.json() as {
    items?: { metadata: { name: string } }[];
    rows?: { object: { metadata: { name: string } } }[];
  };
  return (items ?? rows?.map(({ object }) => object) ?? []).map(({ metadata }) => metadata.name).toSorted();
}

describe('filtered lists', () => {
  const kinds = ['projects', 'clusters', 'virtualclustertemplates', 'virtualclusterinstances'] as const;

  for (const user of ['mia', 'tom', 'carl', 'anna'])
    for (const plural of kinds)
      it(`${user} sees the ${plural} that a review of each object allows, as JSON and as Table`, async () => {
        const caller = await fixture.parts.gateway.authenticate({ authorization: `Bearer key-of-${user}` });
        const reviews = fixture.admin.kubeConfig.makeApiClient(AuthorizationV1Api);
        const expected: string[] = [];
        for (const { metadata } of await fixture.resources[plural].list()) {
          const { status } = await reviews.createSubjectAccessReview({
            body: {
              spec: {
                user: caller.identity.user,
                groups: [...caller.identity.groups],
                resourceAttributes: {
                  group: 'management.loft.sh',
                  resource: plural,
                  verb: 'get',
                  name: metadata.name,
                  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
                },
              },
            },
          });
          if (status?.allowed === true) expected.push(metadata.name);
        }
        assert.deepEqual(await names(user, plural), expected.toSorted());
        assert.deepEqual(await names(user, plural, table), expected.toSorted());
      });

  it('kubectl get -A shows a member only visible objects', async () => {
    const { code, stdout, stderr } = await fixture.kubectl('mia', [
      'get',
      'virtualclusterinstances',
      '-A',
      '--no-headers',
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/).slice(0, 2).join('/'))
        .toSorted(),
      ['p-alpha/vc-0', 'p-alpha/vc-2', 'p-beta/vc-1'],
    );
  });

  it('kubectl get -A --as shows what the impersonated user may see, if impersonation is allowed', async () => {
    const list = (user: string, ...flags: string[]) =>
      fixture.kubectl(user, ['get', 'virtualclusterinstances', '-A', '-o', 'name', ...flags]);
    const asMia = await list('anna', '--as=mia@example.com', '--as-group=loft:user:mia');
    assert.equal(asMia.code, 0, asMia.stderr);
    assert.deepEqual(asMia.stdout.trim().split('\n').toSorted(), [
      'virtualclusterinstance.management.loft.sh/vc-0',
      'virtualclusterinstance.management.loft.sh/vc-1',
      'virtualclusterinstance.management.loft.sh/vc-2',
    ]);
    // Without groups with all that mia has.
    const alone = await list('anna', '--as=mia@example.com');
    assert.deepEqual([alone.code, alone.stdout], [0, asMia.stdout], alone.stderr);
    // With other groups than those that hold mia's rights there is nothing to see, as at any API server.
    const other = await list('anna', '--as=mia@example.com', '--as-group=loft:user:carl');
    assert.deepEqual([other.code, other.stdout], [0, ''], other.stderr);
    const foreign = await list('mia', '--as=tom@example.com');
    assert.match(foreign.stderr, /you may not impersonate user "tom@example.com"/);
    const stranger = await list('anna', '--as=stranger@example.com');
    assert.match(stranger.stderr, /only users and groups that the platform knows/);
  });

  it('does not open other kinds or writes', async () => {
    for (const plural of ['users', 'teams', 'accesskeys'])
      assert.equal((await fixture.call('mia', 'GET', `${base}/${plural}`)).status, 403, plural);
    assert.equal((await fixture.call('mia', 'DELETE', `${base}/projects`)).status, 403);
    assert.equal((await fixture.call('mia', 'GET', `${base}/watch/projects`)).status, 403);
    assert.equal((await fixture.call('mia', 'GET', `${base}/namespaces/p-alpha/secrets`)).status, 403);
  });

  it('pages with limit and continue; tokens reveal no names and are bound to their user', async () => {
    const seen: string[] = [];
    let next = '';
    do {
      const answer = await fixture.call(
        'tom',
        'GET',
        `${base}/virtualclusterinstances?limit=1${next && `&continue=${next}`}`,
      );
      const list = answer.json() as {
        metadata: { continue?: string; remainingItemCount?: number };
        items: { metadata: { name: string } }[];
      };
      assert.equal(list.metadata.remainingItemCount, undefined);
      assert.ok(list.items.length <= 1);
      seen.push(...list.items.map(({ metadata }) => metadata.name));
      next = list.metadata.continue ?? '';
      if (next !== '') {
        assert.ok(!Buffer.from(next, 'base64url').toString('latin1').includes('vc-'));
        const stolen = await fixture.call(
          'mia',
          'GET',
          `${base}/virtualclusterinstances?limit=1&continue=${next}`,
        );
        assert.equal(stolen.status, 410);
      }
    } while (next !== '');
    assert.deepEqual(seen.toSorted(), await names('tom', 'virtualclusterinstances'));
  });

  it("works in a project's namespace for callers who see the project or something in it", async () => {
    const inAlpha = 'namespaces/p-alpha/virtualclusterinstances';
    assert.deepEqual(await names('mia', inAlpha), ['vc-0', 'vc-2']);
    assert.deepEqual(await names('mia', 'namespaces/p-beta/virtualclusterinstances'), ['vc-1']);
    assert.deepEqual(await names('tom', inAlpha), ['vc-4']);
    assert.equal((await fixture.call('carl', 'GET', `${base}/${inAlpha}`)).status, 403);
  });

  it('honours selectors and includeObject', async () => {
    assert.deepEqual(await names('mia', 'virtualclusterinstances?labelSelector=parity%3Deven'), [
      'vc-0',
      'vc-2',
    ]);
    assert.deepEqual(await names('mia', 'virtualclusterinstances?fieldSelector=metadata.name%3Dvc-3'), []);
    const answer = await fixture.call(
      'mia',
      'GET',
      `${base}/virtualclusterinstances?includeObject=None`,
      undefined,
      table,
    );
    const { rows } = answer.json() as { rows: { object?: unknown; cells: unknown[] }[] };
    assert.equal(rows.length, 3);
    assert.ok(rows.every(({ object }) => object === undefined || object === null));
  });
});

describe('kubectl auth can-i', () => {
  const canI = async (user: string, ...question: string[]) =>
    (await fixture.kubectl(user, ['auth', 'can-i', ...question])).stdout.trim();

  it('says yes where the filtered list works, and no other yes', async () => {
    const rows: [user: string, question: string, expected: string][] = [
      ['mia', 'list vci -A', 'yes'],
      ['mia', 'watch vci -A', 'yes'],
      ['carl', 'list vci -A', 'yes'], // an empty list
      ['mia', 'list vci -n p-alpha', 'yes'],
      ['mia', 'list spaceinstances -n p-alpha', 'yes'],
      ['mia', 'list projects', 'yes'],
      ['mia', 'watch clusters.management.loft.sh', 'yes'],
      ['mia', 'list virtualclustertemplates', 'yes'],
      ['anna', 'list vci -A', 'yes'],
      ['carl', 'list vci -n p-alpha', 'no'],
      ['mia', 'list vci -n default', 'no'],
      ['mia', 'get vci -A', 'no'],
      ['mia', 'delete vci -A', 'no'],
      ['mia', 'deletecollection vci -A', 'no'],
      ['mia', 'create projects', 'no'],
      ['mia', 'list vci --subresource=status -A', 'no'],
      ['mia', 'list users.management.loft.sh', 'no'],
      ['mia', 'list secrets -A', 'no'],
      ['mia', 'list *.management.loft.sh -A', 'no'],
    ];
    for (const [user, question, expected] of rows)
      assert.equal(await canI(user, ...question.split(' ')), expected, `${user}: ${question}`);
    assert.equal(await canI('anna', 'list', 'vci', '-A', '--as=mia@example.com'), 'yes');
  });

  it('agrees with the lists themselves', async () => {
    for (const user of ['mia', 'tom', 'carl', 'anna'])
      for (const place of ['-A', '-n p-alpha', '-n p-beta', '-n default']) {
        const args = ['get', 'vci', '--chunk-size=1', ...place.split(' ')];
        const { code } = await fixture.kubectl(user, args);
        const said = await canI(user, 'list', 'vci', ...place.split(' '));
        assert.equal(said, code === 0 ? 'yes' : 'no', `${user} ${place}`);
      }
  });

  it('--list names them too', async () => {
    const listable = async (user: string) => {
      const { stdout } = await fixture.kubectl(user, ['auth', 'can-i', '--list', '-n', 'p-alpha']);
      const lines = stdout.split('\n').filter((line) => /\[([a-z]+ )*list( [a-z]+)* watch\b/.test(line));
      return [...new Set(lines.map((line) => line.replace(/\..*/s, '')))]; // one for each object, too
    };
    assert.deepEqual((await listable('mia')).toSorted(), [
      'clusters',
      'projects',
      'spaceinstances',
      'spacetemplates',
      'virtualclusterinstances',
      'virtualclustertemplates',
    ]);
    assert.deepEqual((await listable('carl')).toSorted(), [
      'clusters',
      'projects',
      'spacetemplates',
      'virtualclustertemplates',
    ]);
  });

  it('is answered in JSON as in protobuf, and what is not a question as by the API server', async () => {
    const path = '/kubernetes/management/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const resourceAttributes = { verb: 'list', group: 'management.loft.sh', resource: 'projects' };
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    const answer = await fixture.call('mia', 'POST', path, review, { 'accept-encoding': 'gzip' });
    assert.equal((answer.json() as { status: { allowed: boolean } }).status.allowed, true, answer.text);
    assert.equal((await fixture.call('mia', 'POST', path, '{')).status, 400);
  });
});

describe('filtered watches', () => {
  it('kubectl get -A -w shows a member additions, changes and deletions of visible objects only', async () => {
    const watch = fixture.watch('mia', [
      'get',
      'virtualclusterinstances',
      '-A',
      '-w',
      '--output-watch-events',
      '--no-headers',
    ]);
    let text = '';
    watch.stdout?.on('data', (chunk) => {
      text += String(chunk);
    });
    const { resources } = fixture;
    const saw = (event: string, name: string) =>
      eventually(`${event} ${name}`, () => new RegExp(`^${event}\\s+p-alpha\\s+${name}\\b`, 'm').test(text));
    try {
      await saw('ADDED', 'vc-0');
      const make = (name: string, user: string) =>
        resources.virtualclusterinstances.create({
          metadata: { name, namespace: 'p-alpha' },
          spec: { templateRef: { name: 't1' }, owner: { user } },
        });
      await make('foreign', 'anna');
      await make('own', 'mia');
      await saw('ADDED', 'own');
      await resources.virtualclusterinstances.patch(
        { namespace: 'p-alpha', name: 'own' },
        { metadata: { labels: { a: 'b' } } },
      );
      await saw('MODIFIED', 'own');
      // Only a right changes.
      await resources.virtualclusterinstances.patch(
        { namespace: 'p-alpha', name: 'foreign' },
        { spec: { access: [{ users: ['mia'], verbs: ['get'] }] } },
      );
      await saw('ADDED', 'foreign');
      await resources.virtualclusterinstances.patch(
        { namespace: 'p-alpha', name: 'foreign' },
        { spec: { access: [] } },
      );
      await saw('DELETED', 'foreign');
      assert.ok(!text.includes('vc-4'), text);
      assert.equal(text.match(/foreign/g)?.length, 2 + (text.match(/MODIFIED.*foreign/g)?.length ?? 0), text);
    } finally {
      watch.kill();
    }
  });
});

describe('a watch behind a list in pages', () => {
  it('goes on where the last page ended, and only behind all pages', async () => {
    let next = '';
    let version = '';
    let pages = 0;
    do {
      const path = `${base}/virtualclusterinstances?limit=1${next && `&continue=${next}`}`;
      const { metadata } = (await fixture.call('tom', 'GET', path)).json() as {
        metadata: { resourceVersion: string; continue?: string };
      };
      version = metadata.resourceVersion;
      next = metadata.continue ?? '';
      pages++;
      if (pages > 1 || next === '') continue;
      const early = await fixture.call(
        'tom',
        'GET',
        `${base}/virtualclusterinstances?watch=1&timeoutSeconds=1&resourceVersion=${version}`,
      );
      assert.match(early.text, /"code":410/);
    } while (next !== '');
    assert.ok(pages > 3, String(pages));
    const { resources } = fixture;
    const there = { namespace: 'p-beta', name: 'vc-3' };
    await resources.virtualclusterinstances.patch(there, { metadata: { labels: { paged: 'yes' } } });
    const { text } = await fixture.call(
      'tom',
      'GET',
      `${base}/virtualclusterinstances?watch=1&timeoutSeconds=1&resourceVersion=${version}`,
    );
    const events = text.trim().split('\n');
    assert.deepEqual(
      events.map((line) => {
        const { type, object } = JSON.parse(line) as { type: string; object: { metadata: { name: string } } };
        return `${type} ${object.metadata.name}`;
      }),
      ['MODIFIED vc-3'],
    );
  });

  it('kubectl get --chunk-size=1 -w stays and shows what changes', async () => {
    const args = ['get', 'virtualclusterinstances', '-A', '-w', '--chunk-size=1', '--output-watch-events'];
    const watch = fixture.watch('mia', args);
    let text = '';
    for (const stream of [watch.stdout, watch.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
    try {
      await eventually('it lists', () => /ADDED.*vc-1/.test(text));
      const there = { namespace: 'p-alpha', name: 'vc-0' };
      await fixture.resources.virtualclusterinstances.patch(there, {
        metadata: { labels: { chunk: 'one' } },
      });
      await eventually('it tells of the change', () => /MODIFIED.*vc-0/.test(text));
      assert.doesNotMatch(text, /error|Expired/i);
    } finally {
      watch.kill();
    }
  });
});

describe('watches over WebSocket', () => {
  const own = `${base}/virtualclusterinstances?watch=true&fieldSelector=metadata.name%3Dvc-2`;
  const key = (user: string) => `Authorization: Bearer key-of-${user}`;
  const localhost = 'Origin: https://localhost:9898';
  const open = (user: string, path: string, ...headers: string[]) =>
    openWebSocket(fixture, path, [key(user), localhost, ...headers]);
  const headLines = (session: WebSocketSession) =>
    session
      .head()
      .split('\r\n')
      .filter((line) => !/^(x-request-id|cache-control):/i.test(line)) // the gateway's own
      .map((line) => (line.startsWith('HTTP') ? line : line.toLowerCase()))
      .toSorted();

  for (const [form, ...headers] of [
    ['JSON'],
    ['Table', `Accept: ${table.accept}`],
    ['subprotocol base64.binary.k8s.io', 'Sec-WebSocket-Protocol: base64.binary.k8s.io'],
    ['a key among the subprotocols', `Sec-WebSocket-Protocol: base64.binary.k8s.io`],
  ] as const)
    it(`a member gets what the API server sends to an administrator, byte for byte: ${form}`, async () => {
      const path = `${own}&timeoutSeconds=2`;
      const sessions = ['anna', 'mia'].map((user) => {
        if (form !== 'a key among the subprotocols') return open(user, path, ...headers);
        const bearer = Buffer.from(`key-of-${user}`).toString('base64url');
        const protocol = `${headers[0]}, base64url.bearer.authorization.k8s.io.${bearer}`;
        return openWebSocket(fixture, path, [localhost, protocol]);
      });
      await eventually('both have ended', () => sessions.every(({ closed }) => closed()));
      const [fromServer, fromGateway] = sessions as [WebSocketSession, WebSocketSession];
      assert.match(fromServer.head(), /^HTTP\/1\.1 101 /);
      assert.deepEqual(headLines(fromGateway), headLines(fromServer));
      assert.ok(fromServer.frames().length >= 2);
      assert.deepEqual(fromGateway.frames(), fromServer.frames());
    });

  it('shows changes of visible objects only, follows a list, and says 410 to an unknown state', async () => {
    const unknown = open('mia', `${base}/virtualclusterinstances?watch=true&resourceVersion=1`);
    await eventually('it says so', () => unknown.frames().some(({ text }) => text.includes('"code":410')));
    const list = await fixture.call('mia', 'GET', `${base}/virtualclusterinstances`);
    const version = String((list.json()['metadata'] as { resourceVersion: string }).resourceVersion);
    const behind = open('mia', `${base}/virtualclusterinstances?watch=true&resourceVersion=${version}`);
    await eventually('it is open', () => behind.head().startsWith('HTTP/1.1 101'));
    for (const name of ['vc-4', 'vc-2'])
      await fixture.resources.virtualclusterinstances.patch(
        { namespace: 'p-alpha', name },
        { metadata: { labels: { socket: 'yes' } } },
      );
    await eventually('it tells of the change', () => behind.frames().length > 0);
    assert.match(behind.frames()[0]?.text ?? '', /^\{"type":"MODIFIED".*"name":"vc-2".*\}\n$/);
    for (const session of [unknown, behind]) session.end();
  });

  it('of other projects is 403, of kinds that are not filtered too', async () => {
    for (const path of [
      `${base}/namespaces/p-alpha/virtualclusterinstances?watch=true`,
      `${base}/users?watch=true`,
    ]) {
      const session = open('carl', path);
      await eventually('it has ended', session.closed);
      assert.match(session.head(), /^HTTP\/1\.1 403 /);
    }
  });

  it('from a foreign page with a session is refused, and bad handshakes are 400', async () => {
    const cookie = `Cookie: __Host-vcp-session=${'A'.repeat(43)}`;
    const foreign = openWebSocket(fixture, own, ['Origin: https://evil.example', cookie]);
    await eventually('it has ended', foreign.closed);
    assert.match(foreign.head(), /^HTTP\/1\.1 403 /);
    const bad = openWebSocket({ ...fixture }, own, [key('mia'), localhost, 'Sec-WebSocket-Protocol: a b']);
    await eventually('it has ended', bad.closed);
    assert.match(bad.head(), /^HTTP\/1\.1 400 /);
  });

  it('ends within 10 s when the key is disabled', async () => {
    await fixture.addUser('nora');
    const session = open('nora', `${base}/projects?watch=true`);
    await eventually('it is open', () => session.head().startsWith('HTTP/1.1 101'));
    await fixture.resources.accesskeys.patch({ name: 'key-nora' }, { spec: { disabled: true } });
    await eventually('it ends', session.closed);
  });
});

describe('hidden fields', () => {
  const secret = 'canary-7f3a91c2';
  const named = `${base}/namespaces/p-alpha/virtualclusterinstances/vc-4`;
  const forms = [
    '',
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
    'application/yaml',
  ];
  before(async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `{"spec":"${secret}"}` };
    await fixture.resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'vc-4' },
      {
        metadata: { annotations },
        spec: {
          parameters: `password: ${secret}`,
          access: [{ users: ['tom'], verbs: ['get', 'use', 'delete'] }],
        },
      },
    );
    await fixture.resources.spaceinstances.create({
      metadata: { name: 'sp-1', namespace: 'p-alpha', annotations },
      spec: { parameters: `password: ${secret}`, owner: { user: 'anna' } },
    });
    await fixture.resources.virtualclustertemplates.patch(
      { name: 't1' },
      {
        metadata: { annotations },
        spec: {
          parameters: [{ variable: 'password', type: 'password', defaultValue: secret }],
          template: { helmRelease: { values: 'shown: yes', chart: { password: secret } } },
          versions: [
            {
              version: '1.0.0',
              parameters: [{ variable: 'password', type: 'password', defaultValue: secret }],
            },
          ],
        },
      },
    );
    await fixture.addUser('vic');
    const name = 'reads-all';
    await fixture.admin.rbac.createClusterRole({
      body: {
        metadata: { name },
        rules: [
          {
            apiGroups: ['management.loft.sh'],
            resources: ['*'],
            verbs: ['get', 'list', 'watch', 'deletecollection'],
          },
        ],
      },
    });
    await fixture.admin.rbac.createClusterRoleBinding({
      body: {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ kind: 'User', name: 'vic@example.com', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    });
    await eventually('vic reads', async () => (await fixture.call('vic', 'GET', named)).status === 200);
    await eventually(
      'tom may delete',
      async () => (await fixture.call('tom', 'DELETE', `${named}?dryRun=All`)).status === 200,
    );
  });

  const watch = 'watch=1&timeoutSeconds=1&resourceVersion=0';
  const ways: [who: string, method: string, path: string][] = [
    ['tom', 'GET', named],
    ['tom', 'GET', `${named}/status`],
    ['tom', 'DELETE', `${named}?dryRun=All`],
    ['tom', 'GET', `${base}/virtualclusterinstances?includeObject=Object`],
    ['tom', 'GET', `${base}/namespaces/p-alpha/virtualclusterinstances?limit=1`],
    ['tom', 'GET', `${base}/namespaces/p-alpha/virtualclusterinstances?${watch}`],
    ['mia', 'GET', `${base}/virtualclustertemplates/t1`],
    ['mia', 'GET', `${base}/virtualclustertemplates?includeObject=Object`],
    ['mia', 'GET', `${base}/virtualclustertemplates?${watch}&includeObject=Object`],
    ['vic', 'GET', named],
    ['vic', 'GET', `${named}?includeObject=Object`],
    ['vic', 'GET', `${base}/namespaces/p-alpha/virtualclusterinstances`],
    ['vic', 'GET', `${base}/virtualclusterinstances?includeObject=Object`],
    ['vic', 'GET', `${base}/virtualclusterinstances?fieldSelector=metadata.name=vc-4`],
    ['vic', 'GET', `${base}/virtualclusterinstances?${watch}&includeObject=Object`],
    ['vic', 'GET', `${base}/watch/virtualclusterinstances?timeoutSeconds=1`],
    ['vic', 'GET', `${base}/watch/namespaces/p-alpha/virtualclusterinstances/vc-4?timeoutSeconds=1`],
    ['vic', 'GET', `${base}/namespaces/p-alpha/virtualclusterinstances/vc-4?watch=1&timeoutSeconds=1`],
    ['vic', 'DELETE', `${base}/namespaces/p-alpha/virtualclusterinstances?dryRun=All`],
    ['vic', 'GET', `${base}/namespaces/p-alpha/spaceinstances/sp-1`],
    ['vic', 'GET', `${base}/spaceinstances?${watch}`],
    ['vic', 'GET', `${base}/virtualclustertemplates`],
    ['vic', 'GET', `${base}/virtualclustertemplates/t1/status`],
  ];

  for (const [who, method, path] of ways)
    it(`${who} may read and not change: ${method} ${path.slice(base.length)} hides them, in every form`, async () => {
      for (const accept of forms) {
        const headers = { ...(accept === '' ? {} : { accept }), 'accept-encoding': 'gzip' };
        const { status, text } = await fixture.call(who, method, path, undefined, headers);
        assert.ok(!text.includes(secret), `${status} ${accept}`);
        assert.ok(!text.includes(Buffer.from(secret).toString('base64')), accept);
      }
    });

  it('are hidden in requests to upgrade too', async () => {
    const upgrade = (path: string) =>
      openWebSocket(fixture, path, ['Authorization: Bearer key-of-vic', 'Origin: https://a']);
    const watches = [
      `${base}/namespaces/p-alpha/virtualclusterinstances?watch=1&timeoutSeconds=1`,
      `${base}/spaceinstances?${watch}`,
      `${base}/virtualclustertemplates?${watch}`,
    ].map(upgrade);
    const others = [
      named,
      `${base}/virtualclusterinstances`,
      `${base}/virtualclustertemplates/t1/status`,
    ].map(upgrade);
    await eventually('all have ended', () => [...watches, ...others].every(({ closed }) => closed()));
    for (const session of watches) {
      assert.match(session.head(), /^HTTP\/1\.1 101 /);
      assert.match(session.body(), /\(hidden: /);
    }
    for (const session of others) assert.match(session.head(), /^HTTP\/1\.1 400 /);
    for (const session of [...watches, ...others]) assert.ok(!session.body().includes(secret));
  });

  it('are marked as hidden, and other fields are shown', async () => {
    const { stdout } = await fixture.kubectl('tom', ['get', 'vci', '-n', 'p-alpha', 'vc-4', '-o', 'yaml']);
    assert.match(stdout, /parameters: '?\(hidden: visible only to users who may update this object\)/);
    assert.match(stdout, /name: t1/);
    const { text } = await fixture.call('mia', 'GET', `${base}/virtualclustertemplates/t1`);
    assert.match(text, /shown: yes/);
    const listed = await fixture.call('vic', 'GET', `${base}/virtualclusterinstances`);
    assert.ok((listed.json() as { items: unknown[] }).items.length >= 6, listed.text);
  });

  it('are shown to users who may change the object, and an unchanged edit changes nothing', async () => {
    for (const path of [named, `${base}/virtualclusterinstances`, `${base}/virtualclustertemplates/t1`])
      assert.match((await fixture.call('anna', 'GET', path)).text, new RegExp(secret));
  });
});

describe('objects that a caller may not see', () => unseenCases(() => fixture));

describe('computed fields', () => computedCases(() => fixture));

describe('virtual resources', () => virtualCases(() => fixture));

describe('secrets of projects and of the platform', () => secretCases(() => fixture));
describe('previews of templates', () => previewCases(() => fixture));
