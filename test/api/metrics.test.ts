import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createGatewayMetrics } from '../../api/metrics/gateway-metrics.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { annaKey, hashOf, startTestGateway, type TestGateway, testObjects } from './test-gateway.ts';

const benKey = 'vcp-ben-key';
let upstream: EchoUpstream;
let gateway: TestGateway;

before(async () => {
  upstream = await startEchoUpstream();
  const objects = testObjects();
  objects.users.push({ metadata: { name: 'ben' }, spec: { subject: 'ben@example.com' } });
  objects.accessKeys.push({
    metadata: { name: 'ben-key', creationTimestamp: '2020-01-01T00:00:00Z' },
    spec: { user: 'ben', keyHash: hashOf(benKey) },
  });
  gateway = await startTestGateway({
    target: upstream.target,
    objects,
    allows: ({ user }) => user === 'anna@example.com',
  });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
});

async function read(): Promise<string> {
  const { status, text } = await gateway.call('GET', '/metrics');
  assert.equal(status, 200, text);
  return text;
}

describe('metrics', () => {
  it('are for administrators of the platform', async () => {
    assert.equal((await gateway.call('GET', '/metrics', { key: '' })).status, 401);
    assert.equal((await gateway.call('GET', '/metrics', { key: benKey })).status, 403);
  });

  it('count requests by path kind, verb and code, and time them', async () => {
    for (let index = 0; index < 3; index++) await gateway.call('GET', '/kubernetes/management/api/v1/pods');
    await gateway.call('DELETE', '/kubernetes/management/api/v1/namespaces/a/pods/b');
    await gateway.call('GET', '/kubernetes/project/alpha/virtualcluster/one/api/v1/pods', { key: benKey });
    const text = await read();
    assert.match(text, /^vcp_gateway_requests_total\{path_kind="management",verb="list",code="200"\} 3$/m);
    assert.match(text, /^vcp_gateway_requests_total\{path_kind="management",verb="delete",code="200"\} 1$/m);
    assert.match(text, /^vcp_gateway_requests_total\{path_kind="tenant",verb="list",code="404"\} 1$/m);
    assert.match(text, /^vcp_gateway_request_duration_seconds_count\{path_kind="management"\} 4$/m);
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
    assert.match(text, /^vcp_gateway_open_streams \d+$/m);
    assert.match(text, /^vcp_gateway_audit_events_lost_total 0$/m);
  });

  it('have bounded labels for any upstream status', async () => {
    const metrics = createGatewayMetrics();
    for (let code = 200; code < 1_000; code++)
      metrics.requested({ pathKind: 'tenant', verb: `verb-${code}`, code, seconds: 0 });
    const labels = (await metrics.text()).match(/^vcp_gateway_requests_total\{.*$/gm) ?? [];
    assert.ok(labels.length < 80, `${labels.length} time series`);
  });

  it('count outcomes of authentication', async () => {
    await gateway.call('GET', '/kubernetes/management/api', { key: 'not-a-key' });
    const text = await read();
    assert.match(text, /^vcp_gateway_authentications_total\{outcome="success"\} [1-9]\d*$/m);
    assert.match(text, /^vcp_gateway_authentications_total\{outcome="unauthenticated"\} [1-9]\d*$/m);
  });

  it('have bounded label values for any client input', async () => {
    const lines = async () =>
      (await read()).split('\n').filter((line) => line.startsWith('vcp_gateway_requests_total{'));
    await gateway.call('GET', '/kubernetes/management/api/v1/first');
    const before = (await lines()).length;
    for (const name of ['a', 'b', 'c', annaKey])
      await gateway.call('GET', `/kubernetes/management/apis/${name}/v1/${name}?watchful=${name}`);
    assert.equal((await lines()).length, before);
  });
});
