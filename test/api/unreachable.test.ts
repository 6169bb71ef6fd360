import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ForwardFailure } from '../../api/proxy/forward-failure.ts';
import { discoveryWarning, retryAfterOf } from '../../api/http/status.ts';
import { failureOf } from '../../api/proxy/proxy.ts';
import { DialError } from '../../api/upstreams/upstream.ts';
import { PlatformError } from '../../contracts/errors.ts';

const destination = {
  upstream: () => Promise.reject(new Error('not part of this test')),
  refused: () => undefined,
  unreachable: { code: 'cluster_unreachable', message: 'tenant cluster demo is unreachable; try again' },
} as const;
const failed = (kind: ForwardFailure['kind'], cause: unknown) =>
  failureOf(new ForwardFailure(kind, true, 0, cause), destination, {
    user: 'ben',
    groups: [],
  }) as PlatformError;

test('a tenant cluster whose connected cluster is away says so, and names nothing else of what was dialled', () => {
  const dial = (cause: unknown) => failed('dial', new DialError('dialling', { cause }));
  const host = new PlatformError('cluster_unreachable', 'connected cluster local is unreachable; try again', {
    details: { connectedCluster: 'local' },
  });
  assert.equal(dial(host).message, host.message);
  const inside = new PlatformError('cluster_unreachable', 'no running pod behind service loft-a-v-demo/demo');
  for (const other of [dial(inside), dial(new Error('ECONNREFUSED')), failed('connection', host)])
    assert.equal(other.message, destination.unreachable.message);
});

test('only what a second helps against has Retry-After', () => {
  assert.equal(retryAfterOf(failed('dial', new Error('away'))), undefined);
  assert.equal(retryAfterOf(failed('refused', new Error('not yet'))), 1);
  for (const [code, expected] of [
    ['sleeping', undefined],
    ['cluster_unreachable', undefined],
    ['not_found', undefined],
    ['internal', undefined],
    ['management_unavailable', 1],
    ['database_unavailable', 1],
    ['too_many_attempts', 1],
  ] as const)
    assert.equal(retryAfterOf(new PlatformError(code, 'why')), expected, code);
});

test('discovery alone carries its refusal as a warning, in one line that a header can hold', () => {
  const why = new PlatformError('sleeping', 'asleep: "demo"\nwake it');
  const prefixes = ['management', 'cluster/local', 'project/a/virtualcluster/b', 'project/a/space/b'];
  for (const prefix of prefixes) {
    const warning = (path: string, error = why) => discoveryWarning(error, `/kubernetes/${prefix}${path}`);
    for (const path of [
      '/api',
      '/api?timeout=32s',
      '/apis/',
      '/api/v1',
      '/apis/apps/v1',
      '/openapi/v3/apis/apps/v1',
      '/version',
    ])
      assert.equal(warning(path), '299 - "asleep: \\"demo\\" wake it"', path);
    for (const path of [
      '',
      '/',
      '/api/v1/pods',
      '/apis/apps/v1/deployments',
      '/apis/apps/v1/namespaces/a/x',
      '/healthz',
    ])
      assert.equal(warning(path), undefined, path);
    const text = `für ${'x'.repeat(5_000)}`;
    const [, encoded = ''] =
      /^299 - "=\?utf-8\?b\?([A-Za-z0-9+/=]+)\?="$/.exec(
        warning('/api', new PlatformError('sleeping', text)) ?? '',
      ) ?? [];
    assert.equal(Buffer.from(encoded, 'base64').toString(), text.slice(0, 1_000));
  }
});
