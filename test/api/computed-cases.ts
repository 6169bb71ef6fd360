import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { AccessFixture } from './access-fixture.ts';

const base = '/kubernetes/management/apis/management.loft.sh/v1';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Shown {
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: { readonly clusterRef?: object; readonly displayName?: string };
  readonly status?: {
    readonly canUse?: boolean;
    readonly canUpdate?: boolean;
    readonly online?: boolean;
    readonly sleepModeConfig?: { readonly spec: object; readonly status: Record<string, number> };
  };
}

/** Mia owns vc-0 and vc-2 in alpha; tom may use vc-4 there and administers beta with vc-1; anna administers everything. */
export function computedCases(fixture: () => AccessFixture): void {
  const inAlpha = 'namespaces/p-alpha/virtualclusterinstances';
  const placed = { namespace: 'p-alpha', name: 'vc-2' };
  const place = { cluster: 'local', namespace: 'loft-alpha-v-vc-2' };

  async function read(user: string, path: string): Promise<Shown> {
    const answer = await fixture().call(user, 'GET', `${base}/${path}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as unknown as Shown;
  }

  /** Puts back what was read, with annotations; again if a controller wrote it meanwhile. */
  async function putBack(user: string, path: string, added: Record<string, string> = {}): Promise<Shown> {
    const answer = await eventually('no one else writes it', async () => {
      const shown = await read(user, path);
      const annotations = { ...shown.metadata.annotations, ...added };
      const changed = { ...shown, metadata: { ...shown.metadata, annotations } };
      const put = await fixture().call(user, 'PUT', `${base}/${path}`, changed);
      return put.status !== 409 && put;
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.json() as unknown as Shown;
  }

  /** The object as GET, LIST and watch of `collection` show it. */
  async function everyWay(user: string, collection: string, name: string): Promise<Shown[]> {
    const list = (await fixture().call(user, 'GET', `${base}/${collection}?extended=true`)).json() as {
      items: Shown[];
    };
    const watched = await fixture().call(user, 'GET', `${base}/${collection}?watch=true&timeoutSeconds=1`);
    const events = watched.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { object: Shown }).object);
    return [
      await read(user, `${collection}/${name}?extended=true`),
      ...[list.items, events].flatMap((all) => {
        const found = all.findLast(({ metadata }) => metadata.name === name);
        return found === undefined ? [] : [found];
      }),
    ];
  }

  before(async () => {
    await fixture().resources.virtualclusterinstances.patchStatus(placed, { clusterRef: place });
    await fixture().resources.virtualclusterinstances.patch(placed, { spec: { displayName: 'Zürich' } });
  });

  it('callers read what they may do themselves: GET, LIST and watch', async () => {
    const cases: [user: string, collection: string, name: string, canUse: boolean, canUpdate: boolean][] = [
      ['mia', inAlpha, 'vc-2', true, true],
      ['tom', inAlpha, 'vc-4', true, false],
      ['tom', 'namespaces/p-beta/virtualclusterinstances', 'vc-1', true, true],
      ['anna', inAlpha, 'vc-2', true, true],
      ['mia', 'projects', 'alpha', true, false],
      ['tom', 'projects', 'beta', true, true],
      ['anna', 'projects', 'alpha', true, true],
      ['mia', 'virtualclustertemplates', 't1', true, false],
      ['anna', 'virtualclustertemplates', 't1', true, true],
    ];
    await Promise.all(
      cases.map(async ([user, collection, name, canUse, canUpdate]) => {
        const shown = await everyWay(user, collection, name);
        assert.deepEqual(
          shown.map(({ status }) => [status?.canUse, status?.canUpdate]),
          [0, 1, 2].map(() => [canUse, canUpdate]),
          `${user} ${collection}/${name}`,
        );
      }),
    );
  });

  it('an instance is shown with its place and release, which are not stored', async () => {
    for (const user of ['mia', 'anna'])
      for (const { spec, status } of await everyWay(user, inAlpha, 'vc-2')) {
        assert.deepEqual(spec?.clusterRef, { ...place, virtualCluster: 'vc-2' });
        assert.equal(spec?.displayName, 'Zürich');
        assert.equal(status?.online, false);
        assert.deepEqual(status?.sleepModeConfig, { metadata: {}, spec: {}, status: {} });
      }
    const stored = (await fixture().resources.virtualclusterinstances.get(placed)) as unknown as Shown;
    assert.equal(stored.spec?.clusterRef, undefined);
    const { status = {} } = stored;
    assert.deepEqual(
      ['canUse', 'canUpdate', 'online', 'sleepModeConfig', 'why'].filter((field) => field in status),
      [],
    );
    assert.equal((await read('anna', 'clusters/local')).status?.online, true);
  });

  it('what was read and is put back changes nothing, and a sleep by PUT its annotations only', async () => {
    const stored = () =>
      fixture().resources.virtualclusterinstances.get(placed) as Promise<unknown> as Promise<Shown>;
    const own = `${inAlpha}/vc-2`;
    const before = await stored();
    const answered = await putBack('mia', own);
    assert.deepEqual(answered.spec?.clusterRef, { ...place, virtualCluster: 'vc-2' });
    const after = await stored();
    assert.deepEqual(
      [after.metadata.generation, after.spec, after.metadata.annotations],
      [before.metadata.generation, before.spec, before.metadata.annotations],
    );
    await putBack('mia', own, { 'example.com/put': 'yes' });
    const changed = await stored();
    assert.deepEqual([changed.metadata.generation, changed.spec], [before.metadata.generation, before.spec]);
    assert.equal(changed.metadata.annotations?.['example.com/put'], 'yes');
  });

  it('kubectl replace of what kubectl got changes nothing', async () => {
    const got = await fixture().kubectl('mia', ['get', 'vci', 'vc-2', '-n', 'p-alpha', '-o', 'yaml']);
    assert.match(got.stdout, /canUse: true/);
    const replaced = await fixture().kubectl('mia', ['replace', '-f', '-'], { input: got.stdout });
    assert.equal(replaced.code, 0, replaced.stderr);
    const again = await fixture().kubectl('mia', ['get', 'vci', 'vc-2', '-n', 'p-alpha', '-o', 'yaml']);
    const told = (text: string) => text.replace(/resourceVersion: .*/g, '');
    assert.equal(told(again.stdout), told(got.stdout));
  });

  it('a status that is put back loses what depends on its reader', async () => {
    assert.equal((await putBack('anna', `${inAlpha}/vc-2/status`)).status?.canUse, true);
    const { status = {} } = (await fixture().resources.virtualclusterinstances.get(
      placed,
    )) as unknown as Shown;
    assert.deepEqual(
      ['canUse', 'canUpdate', 'online', 'sleepModeConfig', 'why'].filter((field) => field in status),
      [],
    );
  });

  it('what a user asked for before it was placed stays in the spec', async () => {
    const { spaceinstances } = fixture().resources;
    const asking = { namespace: 'p-beta', name: 'asking' };
    const there = { cluster: 'local', namespace: 'loft-beta-s-asking' };
    await spaceinstances.create({
      metadata: asking,
      spec: { clusterRef: { cluster: 'local' }, owner: { user: 'anna' } },
    });
    await spaceinstances.patchStatus(asking, { clusterRef: there });
    const path = 'namespaces/p-beta/spaceinstances/asking';
    assert.deepEqual((await putBack('tom', path)).spec?.clusterRef, there);
    const stored = (await spaceinstances.get(asking)) as unknown as Shown;
    assert.deepEqual(stored.spec?.clusterRef, { cluster: 'local' });
  });

  it('sleep and its next times are shown as numbers', async () => {
    await fixture().resources.virtualclusterinstances.patch(
      { namespace: 'p-alpha', name: 'vc-0' },
      {
        metadata: {
          annotations: {
            'sleepmode.loft.sh/sleep-schedule': '0 18 * * *',
            'sleepmode.loft.sh/wakeup-schedule': '0 7 * * *',
            'sleepmode.loft.sh/timezone': 'Europe/Berlin#3600',
            'sleepmode.loft.sh/last-activity': '1700000000',
          },
        },
      },
    );
    const { sleepModeConfig } = (await read('mia', `${inAlpha}/vc-0`)).status ?? {};
    assert.deepEqual(sleepModeConfig?.spec, {
      sleepSchedule: '0 18 * * *',
      wakeupSchedule: '0 7 * * *',
      timezone: 'Europe/Berlin#3600',
    });
    const { lastActivity, scheduledSleep = 0, scheduledWakeup = 0 } = sleepModeConfig?.status ?? {};
    assert.equal(lastActivity, 1_700_000_000);
    const now = Date.now() / 1000;
    for (const next of [scheduledSleep, scheduledWakeup])
      assert.ok(next > now && next < now + 86_400 + 3_600);
  });

  it('what is nested as deeply as an API server takes it takes no list or watch from anyone', async () => {
    const levels = 9_000;
    const ballast = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const rest = '"metadata":{"name":"deep"},"spec":{"templateRef":{"name":"t1"},"owner":{"user":"mia"}';
    const body = `{"apiVersion":"management.loft.sh/v1","kind":"VirtualClusterInstance",${rest},"ballast":${ballast}}}`;
    const created = await fixture().call('mia', 'POST', `${base}/${inAlpha}`, body);
    assert.equal(created.status, 201, created.text.slice(0, 300));
    try {
      for (const user of ['mia', 'anna']) {
        const shown = await everyWay(user, inAlpha, 'deep');
        assert.deepEqual(
          shown.map(({ status }) => status?.canUse),
          [true, true, true],
          user,
        );
        for (const path of [inAlpha, 'virtualclusterinstances'])
          assert.ok((await fixture().call(user, 'GET', `${base}/${path}`)).text.includes(ballast), path);
      }
    } finally {
      await fixture().resources.virtualclusterinstances.delete({ namespace: 'p-alpha', name: 'deep' });
    }
  });

  it('tables and metadata alone are shown as the API server shows them', async () => {
    for (const user of ['anna', 'mia'])
      for (const accept of [table, table.replace('Table', 'PartialObjectMetadataList')]) {
        const path = `${base}/${inAlpha}?includeObject=Object`;
        const answer = await fixture().call(user, 'GET', path, undefined, { accept });
        assert.equal(answer.status, 200, answer.text);
        assert.doesNotMatch(answer.text, /"canUse"/, `${user} ${accept}`);
      }
  });

  it('what a member made is theirs as soon as the answer says that it is made', async () => {
    const made = await fixture().call('mia', 'POST', `${base}/${inAlpha}`, {
      apiVersion: 'management.loft.sh/v1',
      kind: 'VirtualClusterInstance',
      metadata: { name: 'at-once' },
      spec: { templateRef: { name: 't1' } },
    });
    assert.equal(made.status, 201, made.text);
    const { status } = made.json() as unknown as Shown;
    assert.deepEqual([status?.canUse, status?.canUpdate], [true, true]);
    assert.equal((await read('mia', `${inAlpha}/at-once`)).status?.canUse, true);
  });
}
