import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Agent, request } from 'undici';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { connectCluster } from '../../adapters/kubernetes/client.ts';
import { dialTcp } from '../../adapters/services/dial-tcp.ts';
import { targetOfKubeconfig } from '../../api/upstreams/kubeconfig-target.ts';
import { createUpstream, type UpstreamTarget } from '../../api/upstreams/upstream.ts';
import { eventually } from '../support/eventually.ts';
import { type AggregatedApi, startAggregatedApi } from './aggregated-api.ts';
import { hostNamespace, startTenantFixture, type TenantFixture, tenantPath } from './tenant-fixture.ts';
import { keyOf } from './user-calls.ts';

let fixture: TenantFixture;
let api: AggregatedApi;
let watch: Awaited<ReturnType<typeof openWatch>>;
before(async () => {
  fixture = await startTenantFixture();
  api = await startAggregatedApi(connectCluster(fixture.tenant.adminKubeconfig));
  watch = await openWatch();
});
after(async () => {
  await watch?.close();
  await api?.close();
  await fixture?.stop();
});

const get = (path: string, headers = {}) =>
  fixture.call('ben', 'GET', `${tenantPath}${path}`, undefined, headers);

/** A watch of Ben's that must outlive whatever others are answered. */
async function openWatch() {
  const agent = new Agent({ connect: { ca: readFileSync(fixture.caFile) } });
  const path = `${tenantPath}/api/v1/namespaces/default/configmaps?watch=true`;
  const { statusCode, body } = await request(`${fixture.url}${path}`, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${keyOf('ben')}` },
  });
  assert.equal(statusCode, 200);
  let text = '';
  let isOpen = true;
  body.on('data', (chunk) => (text += String(chunk)));
  body.on('error', () => undefined);
  body.once('close', () => (isOpen = false));
  return {
    async goesOn(name: string) {
      const admin = connectCluster(fixture.tenant.adminKubeconfig);
      await admin.core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name } } });
      await eventually(`the watch tells of ${name}`, () => text.includes(`"name":"${name}"`) || !isOpen);
      assert.ok(isOpen, 'the watch ended');
    },
    close: () => agent.destroy(),
  };
}

const status = (code: number, message: string) =>
  JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message,
    reason: 'Unauthorized',
    code,
  });

describe('what an aggregated API answers reaches the client as it is, once, and ends nothing', () => {
  const impersonation =
    'users "ben" is forbidden: User "vcluster-platform:gateway" cannot impersonate resource "users"';
  const answers: [what: string, code: number, headers: Record<string, string>, body: string][] = [
    ['a login of its own', 401, { 'www-authenticate': 'Basic realm="app"' }, 'who are you?'],
    [
      "an API server's own refusal, forged",
      401,
      { 'content-type': 'application/json' },
      status(401, 'Unauthorized'),
    ],
    [
      'the refusal of the gateway, forged',
      403,
      { 'content-type': 'application/json' },
      status(403, impersonation),
    ],
    ['a large refusal', 401, {}, 'x'.repeat(300_000)],
    ['an empty one', 401, {}, ''],
    ['too many requests', 429, { 'retry-after': '1' }, 'later'],
    ['an error', 500, {}, 'oops'],
    ['unavailable', 503, { 'retry-after': '1' }, 'away'],
    ['a proxy before it', 407, {}, 'no'],
  ];
  for (const [what, code, headers, body] of answers)
    it(`${code}: ${what}`, async () => {
      api.behave((_request, response) => response.writeHead(code, headers).end(body));
      api.asked.length = 0;
      const all = await Promise.all([1, 2, 3].map((nth) => get(`${api.path}/x/${nth}`)));
      for (const answer of all) {
        assert.equal(answer.status, code, answer.text);
        assert.equal(answer.text, body);
        for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name], value);
      }
      assert.equal(api.asked.length, 3, api.asked.join(' '));
      await watch.goesOn(`${code}-${what}`.replaceAll(/[^a-z0-9]+/g, '-').toLowerCase());
    });

  it('kubectl asks once', async () => {
    api.behave((_request, response) => response.writeHead(401).end('who are you?'));
    api.asked.length = 0;
    const { code, stderr } = await fixture.kubectl('ben', ['get', '--raw', `${api.path}/x`], {
      path: tenantPath,
    });
    assert.equal(code, 1);
    assert.match(stderr, /Unauthorized|must be logged in/);
    assert.equal(api.asked.length, 1);
  });

  it('a connection that it resets', async () => {
    api.behave((incoming) => incoming.socket.destroy());
    const answer = await get(`${api.path}/x`);
    assert.ok(answer.status >= 500, answer.text);
    await watch.goesOn('reset');
  });

  it("the API server's own refusals have no mark of being let in, what stands behind it has", async () => {
    api.behave((_request, response) => response.writeHead(401).end());
    const mark = 'x-kubernetes-pf-flowschema-uid';
    assert.ok((await get(`${api.path}/x`)).headers[mark]);
    const target = targetOfKubeconfig(await fixture.tenant.kubeconfig('somebody'));
    const direct = async (credential: Partial<UpstreamTarget>, headers: string[]) => {
      const { host, port } = target;
      const upstream = createUpstream({ ...target, ...credential }, () => dialTcp(host, port));
      const {
        statusCode,
        headers: answered,
        body,
      } = await upstream.dispatcher.request({
        method: 'GET',
        path: '/version',
        headers,
      });
      await body.dump();
      await upstream.close();
      return { statusCode, mark: answered[mark] };
    };
    assert.deepEqual(await direct(await foreignCredential(), []), { statusCode: 401, mark: undefined });
    const mayNot = await direct({}, ['Impersonate-User', 'ben']);
    assert.deepEqual(mayNot, { statusCode: 403, mark: undefined });
  });
});

async function foreignCredential() {
  const authority = await createCertificateAuthority('foreign');
  const { certificate, key } = await authority.issue({
    commonName: 'vcluster-platform:gateway',
    usages: ['client'],
  });
  return { cert: certificate, key };
}

describe('a credential of the gateway that the API server does not know any more', () => {
  it('is read again, answers 503 until there is a right one, and ends no stream', async () => {
    const { core } = fixture.admin;
    const there = { name: 'vc-demo-gateway', namespace: hostNamespace };
    const write = async (config: string) => {
      const secret = await core.readNamespacedSecret(there);
      await core.replaceNamespacedSecret({
        ...there,
        body: { ...secret, data: { config: Buffer.from(config).toString('base64') } },
      });
    };
    const secret = await core.readNamespacedSecret(there);
    const right = Buffer.from(secret.data?.['config'] ?? '', 'base64').toString();
    const { cert, key } = await foreignCredential();
    const wrong = JSON.parse(right) as { users: { user: Record<string, string> }[] };
    for (const { user } of wrong.users) {
      user['client-certificate-data'] = Buffer.from(cert).toString('base64');
      user['client-key-data'] = Buffer.from(key).toString('base64');
    }
    const { gateway } = fixture.parts;
    const instance = gateway.cache.instance({ kind: 'tenant', project: 'alpha', name: 'demo' });
    assert.ok(instance);
    await write(JSON.stringify(wrong));
    gateway.tenants.recheck(instance);
    for (let nth = 0; nth < 3; nth++) {
      const { status: code, text, headers } = await get('/api/v1/namespaces');
      assert.equal(code, 503, text);
      assert.equal(headers['retry-after'], undefined);
    }
    await watch.goesOn('with-a-wrong-credential');
    await write(right);
    assert.equal((await get('/api/v1/namespaces')).status, 200);
    await watch.goesOn('with-the-right-one-again');
  });

  it('is read again when the API server was made again with keys of its own', async () => {
    const { core } = fixture.admin;
    const there = { name: 'vc-demo-gateway', namespace: hostNamespace };
    const secret = await core.readNamespacedSecret(there);
    const right = secret.data?.['config'] ?? '';
    const former = JSON.parse(Buffer.from(right, 'base64').toString()) as {
      clusters: { cluster: Record<string, string> }[];
    };
    const { cert } = await foreignCredential();
    for (const { cluster } of former.clusters)
      cluster['certificate-authority-data'] = Buffer.from(cert).toString('base64');
    const write = (config: string) =>
      core.replaceNamespacedSecret({ ...there, body: { ...secret, metadata: there, data: { config } } });
    const { gateway } = fixture.parts;
    const instance = gateway.cache.instance({ kind: 'tenant', project: 'alpha', name: 'demo' });
    assert.ok(instance);
    await write(Buffer.from(JSON.stringify(former)).toString('base64'));
    gateway.tenants.recheck(instance);
    const { status: code, text } = await get('/api/v1/namespaces');
    assert.equal(code, 503, text);
    await write(right);
    const again = await get('/api/v1/namespaces');
    assert.equal(again.status, 200, again.text);
  });
});
