import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';
import { createTenantKeysActivities } from '../../activities/control-plane/tenant-keys.ts';
import type { TenantRef } from '../../contracts/instance-ref.ts';
import { type ActivityPlatform, startActivityPlatform } from './activity-platform.ts';

let platform: ActivityPlatform;
before(async () => {
  platform = await startActivityPlatform();
});
after(() => platform.stop());

async function readSecret(tenant: TenantRef, name: string): Promise<Record<string, string>> {
  const { data = {} } = await platform.client.core.readNamespacedSecret({
    namespace: tenant.hostNamespace,
    name,
  });
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

test('five calls at once agree on one set of keys, and a later call keeps it', async () => {
  const tenant = await platform.tenant('keys', {});
  const { applyTenantKeys } = createTenantKeysActivities(platform);
  await Promise.all([1, 2, 3, 4, 5].map(() => applyTenantKeys({ tenant })));
  const pki = await readSecret(tenant, 'keys-pki');
  assert.equal((await readSecret(tenant, 'vc-keys'))['config'], pki['admin.conf']);
  await applyTenantKeys({ tenant });
  assert.deepEqual(await readSecret(tenant, 'keys-pki'), pki);
});

test('a deleted vc-<name> Secret is created again from the same keys', async () => {
  const tenant = await platform.tenant('lost', {});
  const { applyTenantKeys } = createTenantKeysActivities(platform);
  await applyTenantKeys({ tenant });
  await platform.client.core.deleteNamespacedSecret({ namespace: tenant.hostNamespace, name: 'vc-lost' });
  await applyTenantKeys({ tenant });
  assert.equal(
    (await readSecret(tenant, 'vc-lost'))['config'],
    (await readSecret(tenant, 'lost-pki'))['admin.conf'],
  );
});

test('every certificate is P-256, signed by the tenant authority, for ten years, and a TLS handshake with it works', async () => {
  const tenant = await platform.tenant('tls', {});
  await createTenantKeysActivities(platform).applyTenantKeys({ tenant });
  const pki = await readSecret(tenant, 'tls-pki');
  const authority = new X509Certificate(pki['ca.crt'] ?? '');
  assert.ok(authority.ca);
  for (const name of ['apiserver.crt', 'apiserver-etcd-client.crt', 'etcd.crt']) {
    const certificate = new X509Certificate(pki[name] ?? '');
    assert.ok(certificate.verify(authority.publicKey), name);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1', name);
    assert.ok(certificate.validToDate.getTime() > Date.now() + 9.9 * 365 * 86_400_000, name);
  }
  const serving = new X509Certificate(pki['apiserver.crt'] ?? '');
  for (const name of [
    'tls',
    'tls.loft-default-v-tls',
    'tls.loft-default-v-tls.svc',
    'kubernetes',
    'localhost',
  ]) {
    assert.ok(serving.checkHost(name), name);
  }
  const server = createServer({
    cert: pki['apiserver.crt'],
    key: pki['apiserver.key'],
    ca: pki['ca.crt'],
    requestCert: true,
  });
  server.on('secureConnection', (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const admin = parse(pki['admin.conf'] ?? '').users[0].user;
  const socket = connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    ca: pki['ca.crt'],
    servername: 'tls.loft-default-v-tls.svc',
    cert: Buffer.from(admin['client-certificate-data'], 'base64'),
    key: Buffer.from(admin['client-key-data'], 'base64'),
  });
  const [answer] = await once(socket, 'data');
  assert.equal(String(answer), 'vcluster-admin');
  server.close();
});
