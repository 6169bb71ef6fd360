import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { writers } from '../../../contracts/names.ts';

test('every request names the process that sends it, once', async () => {
  const agents: string[][] = [];
  const server = createServer((request, response) => {
    const { rawHeaders } = request;
    agents.push(
      rawHeaders.filter(
        (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'user-agent',
      ),
    );
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = {
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    clusters: [
      { name: 'a', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'a', user: { token: 'x' } }],
  };
  const { kubeConfig, core } = connectCluster(JSON.stringify(kubeconfig), { writer: writers.worker });
  try {
    await requestJson(kubeConfig, { path: '/x', method: 'PATCH', body: {} });
    await core.createNamespace({ body: { metadata: { name: 'a' } } });
    assert.deepEqual(agents, [[writers.worker], [writers.worker]]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
