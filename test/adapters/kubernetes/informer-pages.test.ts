import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createInformer } from '../../../adapters/kubernetes/informer.ts';
import { eventually } from '../../support/eventually.ts';

/** A server of our own: a real one cannot be made to end a connection between two pages. */
test('a list that breaks off between two pages is begun again; no watch goes on behind its first page', async () => {
  const item = (name: string, resourceVersion: string) => ({
    metadata: { namespace: 'a', name, resourceVersion },
  });
  const list = (version: string, items: object[], next = '') =>
    JSON.stringify({ metadata: { resourceVersion: version, continue: next }, items });
  const gone = `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410 } })}\n`;
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => response.end(list('10', [item('first', '9')])),
    (response) => response.end(gone),
    (response) => response.end(list('20', [item('first', '19')], 'more')),
    (response) => response.destroy(),
    (response) => response.end(list('21', [item('first', '19')], 'more')),
    (response) => response.end(list('21', [item('second', '15')])),
  ];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(
      searchParams.has('watch')
        ? `watch ${searchParams.get('resourceVersion')}`
        : `list ${searchParams.get('continue') ?? ''}`,
    );
    const answer = answers.shift();
    if (answer === undefined) response.flushHeaders();
    else answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const informer = createInformer({
    kubeConfig: {
      getCurrentCluster: () => ({ server: `http://127.0.0.1:${port}` }),
      applySecurityAuthentication: async () => undefined,
    },
    path: '/api/v1/configmaps',
  });
  try {
    await eventually('both are known', () => informer.list().length === 2);
    await eventually('they are watched', () => asked.length === 7);
    assert.deepEqual(asked, ['list ', 'watch 10', 'list ', 'list more', 'list ', 'list more', 'watch 21']);
    assert.equal(informer.get('a/first')?.metadata.resourceVersion, '19');
  } finally {
    server.closeAllConnections();
    await informer.stop();
    server.close();
  }
});
