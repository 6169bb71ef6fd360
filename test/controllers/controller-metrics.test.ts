import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createControllerMetrics, createMetricsServer } from '../../controllers/controller-metrics.ts';

test('what was put back is counted by kind and cluster, and read at /metrics alone', async () => {
  const metrics = createControllerMetrics();
  const server = createMetricsServer(metrics).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    metrics.putBack('Service', 'east');
    metrics.putBack('Service', 'east');
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/);
    assert.match(await answer.text(), /^vcp_controllers_put_back_total\{kind="Service",cluster="east"\} 2$/m);
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
  } finally {
    server.close();
  }
});
