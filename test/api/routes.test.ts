import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Fastify from 'fastify';
import { access } from '../../api/plugins/access.ts';
import { requestGuard } from '../../api/http/request-guard.ts';
import { type EchoUpstream, startEchoUpstream } from './echo-upstream.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

let upstream: EchoUpstream;
let gateway: TestGateway;

before(async () => {
  upstream = await startEchoUpstream();
  gateway = await startTestGateway({ target: upstream.target });
});
after(async () => {
  await gateway?.close();
  await upstream?.close();
});

describe('routes', () => {
  it('a route without config.access is refused', async () => {
    const app = Fastify();
    await app.register(requestGuard);
    await app.register(access, {
      authenticate: () => assert.fail(),
      cache: { users: () => assert.fail(), teams: () => assert.fail() },
      review: {
        allows: () => assert.fail(),
        filter: () => assert.fail(),
        authorizes: () => assert.fail(),
        namespacesOf: () => assert.fail(),
        shows: () => assert.fail(),
        generationOf: () => assert.fail(),
      },
    });
    assert.throws(() => app.get('/forgotten', async () => 'secret'), /declares no config\.access/);
    await app.close();
  });

  it('exactly these routes are public', async () => {
    const document = JSON.parse((await gateway.call('GET', '/api/v1/openapi.json', { key: '' })).text) as {
      paths: Record<string, object>;
    };
    const paths = [...Object.keys(document.paths), '/kubernetes/management/api', '/kubernetes'];
    const open: string[] = [];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await gateway.call(
          method,
          path.replace('{id}', '6f1d1c1e-0000-4000-8000-000000000000').replaceAll(/\{\w+\}/g, 'a'),
          { key: '' },
        );
        if (status !== 401 && status !== 404 && status !== 405) open.push(`${method} ${path}`);
      }
    }
    assert.deepEqual(open.sort(), [
      'GET /api/v1/errors',
      'GET /api/v1/openapi.json',
      'GET /auth/info',
      'GET /healthz',
      'GET /login',
      'GET /readyz',
      'GET /spaces',
      'GET /version',
      'POST /auth/password/login',
      'POST /auth/session',
    ]);
  });

  it('the page of the API needs nothing from elsewhere', async () => {
    const get = (path: string) => gateway.call('GET', path, { key: '' });
    const page = await get('/api/v1/docs/');
    assert.equal(page.status, 200, page.text);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset]) => asset ?? '');
    assert.ok(assets.length >= 5, page.text);
    for (const asset of assets) {
      assert.match(asset, /^\.\/static\/[\w.-]+$/);
      assert.equal((await get(`/api/v1/docs/${asset.slice(2)}`)).status, 200, asset);
    }
    assert.match(String(page.headers['content-security-policy']), /default-src 'self'.*script-src 'self';/);
    assert.equal((await get('/api/v1/docs/static/nothing.js')).status, 404);
    assert.equal((await get('/api/v1/docs/static/..%2f..%2fpackage.json')).status, 404);
    const document = await get('/api/v1/docs/json');
    assert.equal(document.text, (await get('/api/v1/openapi.json')).text);
  });

  it('answers have a request id of ours, whatever the client sends', async () => {
    const { headers } = await gateway.call('GET', '/healthz', { headers: { 'x-request-id': 'mine' } });
    assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/);
  });

  it('idle connections stay open for longer than clients and load balancers keep them (90 s, 600 s)', async () => {
    for (const path of ['/healthz', '/kubernetes/management/api', '/api/v1/nothing'])
      assert.equal((await gateway.call('GET', path)).headers['keep-alive'], 'timeout=620', path);
  });

  it('every response has the security headers, refusals and unknown paths too', async () => {
    for (const [path, key] of [
      ['/healthz', undefined],
      ['/nothing/here', undefined],
      ['/api/v1/projects', ''],
    ] as const) {
      const { headers } = await gateway.call('GET', path, key === undefined ? {} : { key });
      assert.match(
        String(headers['content-security-policy']),
        /default-src 'self'.*frame-ancestors 'self'/,
        path,
      );
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['x-frame-options'], 'SAMEORIGIN', path);
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path);
      assert.equal(headers['referrer-policy'], 'no-referrer', path);
    }
  });

  it('content from clusters cannot run as our origin', async () => {
    const { headers } = await gateway.call('GET', '/kubernetes/management/api');
    assert.match(String(headers['content-security-policy']), /sandbox/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
});
