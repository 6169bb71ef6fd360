import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Snapshot } from '../../../contracts/operations.ts';
import { ticksTo } from '../../../web/components/charts/scale.ts';
import { diffLines } from '../../../web/components/diff-lines.ts';
import { newestFirst } from '../../../web/components/template-versions.ts';
import { localField, timestampOf } from '../../../web/components/time-range.ts';
import { bytesText, durationText, relativeTime } from '../../../web/components/time.ts';
import { LogLines, mostLines } from '../../../web/instances/resources/log-lines.ts';
import { objectsIn, yamlOf } from '../../../web/instances/resources/kubernetes-yaml.ts';
import { matching, sortedRows } from '../../../web/instances/resources/table-rows.ts';
import { matching as matchingSnapshots, sorted } from '../../../web/pages/snapshots/snapshot-order.ts';
import { asTable } from '../../../web/server/kubernetes-table.ts';
import { createThrottle } from '../../../web/server/throttle.ts';

describe('times in words', () => {
  test('durations have their two greatest units', () => {
    assert.deepEqual([0, 850, 1_500, 59_600, 72_000, 3_600_000, 90_061_000, -5].map(durationText), [
      '0 ms',
      '850 ms',
      '1.5 s',
      '1 m',
      '1 m 12 s',
      '1 h',
      '1 d 1 h',
      '0 ms',
    ]);
  });

  test('an age counts whole units, and never says yesterday of the day before', () => {
    const now = Date.UTC(2026, 10, 3, 10);
    const hours = (count: number) => relativeTime(now - count * 3_600_000, now);
    assert.deepEqual([0, 1, 23, 47, 49].map(hours), [
      'just now',
      '1 hr. ago',
      '23 hr. ago',
      '1 day ago',
      '2 days ago',
    ]);
    assert.equal(hours(-47), 'in 1 day');
  });

  test('a range counts back from now; what is not a time is left out', () => {
    const now = Date.UTC(2026, 10, 3, 10);
    assert.equal(timestampOf('1h', now), '2026-11-03T09:00:00.000Z');
    assert.equal(timestampOf('2026-11-01T00:00:00+02:00', now), '2026-10-31T22:00:00.000Z');
    assert.equal(timestampOf('soon', now), undefined);
    const at = '2026-11-01T12:34:56.000Z';
    assert.equal(Math.abs(Date.parse(localField(at)) - Date.parse(at)) < 60_000, true);
    assert.equal(localField('soon'), '');
  });

  test('bytes and axes are round', () => {
    assert.deepEqual([0, 1023, 1024, 13_002_342].map(bytesText), ['0 B', '1023 B', '1.0 KiB', '12.4 MiB']);
    for (const most of [0, 1, 3, 7, 42, 999, 12_345]) {
      const ticks = ticksTo(most);
      assert.ok((ticks.at(-1) ?? 0) >= most && ticks.length <= 6, `${most}: ${ticks.join(' ')}`);
      assert.ok(ticks.every(Number.isInteger));
    }
  });
});

describe('texts compared', () => {
  const apply = (lines: ReturnType<typeof diffLines>, marks: string) =>
    lines.flatMap(({ mark, text }) => (marks.includes(mark) ? [text] : [])).join('\n');

  test('what is removed and added makes one text of the other, whatever they are', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const textOf = () => Array.from({ length: random(12) }, () => 'abcd'.charAt(random(4))).join('\n');
    for (let times = 0; times < 300; times += 1) {
      const [before, after] = [textOf(), textOf()];
      const lines = diffLines(before, after);
      assert.equal(apply(lines, ' -'), before);
      assert.equal(apply(lines, ' +'), after);
    }
    assert.deepEqual(
      diffLines('a\nb\nc', 'a\nx\nc')
        .map(({ mark }) => mark)
        .join(''),
      ' -+ ',
    );
  });

  test('versions are in the order of their numbers', () => {
    assert.deepEqual(newestFirst(['1.2.0', 'v1.10.0', '0.9.0']), ['v1.10.0', '1.2.0', '0.9.0']);
  });
});

describe('what a tenant answers', () => {
  test('a log keeps its last lines, without what moves a terminal', () => {
    const log = new LogLines();
    log.add('one\ntw');
    log.add('o\n\u001B[31mred\u001B[0m\r\n');
    log.add('rest');
    assert.deepEqual(
      log.lines.map(({ text }) => text),
      ['one', 'two', 'red'],
    );
    log.end();
    assert.equal(log.lines.at(-1)?.text, 'rest');
    log.add(Array.from({ length: mostLines + 10 }, (_, index) => `${index}\n`).join(''));
    assert.equal(log.lines.length, mostLines);
    assert.equal(log.lines.at(-1)?.text, String(mostLines + 9));
    assert.equal(new Set(log.lines.map(({ number }) => number)).size, mostLines);
    log.add('x'.repeat(100_000));
    log.add(`${'y'.repeat(100_000)}\n`);
    assert.ok((log.lines.at(-1)?.text.length ?? 0) < 20_000);
  });

  test('rows are sorted by their column: numbers, ages and texts each in their way', () => {
    const table = asTable({
      kind: 'List',
      items: [
        { metadata: { name: 'pod-10', creationTimestamp: '2026-01-02T00:00:00Z' } },
        { metadata: { name: 'pod-9', creationTimestamp: '2026-01-03T00:00:00Z', namespace: 'Sys' } },
      ],
    });
    const type = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', isNamespaced: true };
    const names = (sort: string | undefined) =>
      sortedRows(table.rows, { pages: [table], type, sort }).map(({ object }) => object.metadata.name);
    assert.deepEqual(names(undefined), ['pod-10', 'pod-9']);
    assert.deepEqual(names('Name'), ['pod-9', 'pod-10']);
    assert.deepEqual(names('Age'), ['pod-9', 'pod-10']);
    assert.deepEqual(names('-Age'), ['pod-10', 'pod-9']);
    assert.deepEqual(
      table.rows.map((row) => matching(row, 'sys')),
      [false, true],
    );
  });

  test('YAML is read as Kubernetes reads it, and lists are taken apart', () => {
    const [secret, ...others] = objectsIn(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {at: 22:22, day: 2026-01-01, mode: 0644, flag: yes}\n',
    );
    assert.deepEqual(others, []);
    assert.deepEqual(secret?.['data'], { at: '22:22', day: '2026-01-01', mode: 0o644, flag: true });
    const list =
      'kind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n';
    assert.deepEqual(
      objectsIn(`${list}---\n# nothing\n`).map(({ kind }) => kind),
      ['A', 'B'],
    );
    for (const text of ['kind: Pod', '- 1', 'a: [', 'apiVersion: v1\nkind: A\nmetadata: {}'])
      assert.throws(() => objectsIn(text), text);
    const text = yamlOf({
      apiVersion: 'v1',
      kind: 'A',
      metadata: { name: 'a' },
      data: { on: 'yes', port: '08' },
    });
    assert.deepEqual(objectsIn(text)[0]?.['data'], { on: 'yes', port: '08' });
  });
});

describe('lists', () => {
  test('snapshots are found and sorted; what cannot be sorted by gives the newest first', () => {
    const snapshot = (name: string, given: Partial<Snapshot>) =>
      ({
        name,
        project: 'p',
        tenantCluster: 'shop',
        state: 'completed',
        createdAt: '2026-01-01T00:00:00Z',
        ...given,
      }) as Snapshot;
    const all = [
      snapshot('a', { sizeBytes: 10 }),
      snapshot('b', { createdAt: '2026-01-02T00:00:00Z', state: 'failed' }),
    ];
    const names = (sort: string) => sorted(all, sort).map(({ name }) => name);
    assert.deepEqual(
      [names('name'), names('-size'), names('nothing')],
      [
        ['a', 'b'],
        ['a', 'b'],
        ['b', 'a'],
      ],
    );
    assert.equal(matchingSnapshots(all, { search: ' SHOP ', state: 'failed' }).length, 1);
  });

  test('what is called often is done at once, and a last time after a pause', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const done: string[] = [];
    const call = createThrottle(1_000, (key) => done.push(key));
    for (const key of ['a', 'a', 'b', 'a']) call(key);
    assert.deepEqual(done, ['a', 'b']);
    context.mock.timers.tick(1_000);
    assert.deepEqual(done, ['a', 'b', 'a']);
    context.mock.timers.tick(5_000);
    call('a');
    assert.deepEqual(done, ['a', 'b', 'a', 'a']);
  });
});
