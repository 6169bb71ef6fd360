import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPathRewriter } from '../../node/process-plan.ts';

const rewrite = createPathRewriter([
  { containerPath: '/data', hostPath: '/state/v/data' },
  { containerPath: '/data/wal', hostPath: '/fast/wal' },
  { containerPath: '/etc/pki/', hostPath: '/state/v/pki' },
  { containerPath: '/state', hostPath: '/elsewhere' },
]);

const cases: [text: string, expected: string][] = [
  ['/data', '/state/v/data'],
  ['/data/', '/state/v/data/'],
  ['/data/member/snap', '/state/v/data/member/snap'],
  ['--data-dir=/data', '--data-dir=/state/v/data'],
  ['--files=/data/a,/data/b:/etc/pki/ca.crt', '--files=/state/v/data/a,/state/v/data/b:/state/v/pki/ca.crt'],
  ['/data/wal/0.wal', '/fast/wal/0.wal'],
  ['--listen=unix:///data/etcd.sock', '--listen=unix:///state/v/data/etcd.sock'],
  [
    'cat "/data/x" >/data/y && echo $(ls /data)',
    'cat "/state/v/data/x" >/state/v/data/y && echo $(ls /state/v/data)',
  ],
  // not paths of their own
  ['/database', '/database'],
  ['/data-2', '/data-2'],
  ['/data.bak', '/data.bak'],
  ['/srv/data', '/srv/data'],
  ['https://host/data', 'https://host/data'],
  ['./data', './data'],
  ['${HOME}/data', '${HOME}/data'],
  // the host path of one mount begins with the container path of another
  ['/state/x', '/elsewhere/x'],
];

for (const [text, expected] of cases)
  test(`${text} becomes ${expected}`, () => assert.equal(rewrite(text), expected));

test('without mounts nothing changes', () => assert.equal(createPathRewriter([])('/data'), '/data'));
