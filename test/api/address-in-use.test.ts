import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, request } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { createCertificateAuthority } from '../../adapters/certificates/certificate-authority.ts';
import { addressInUse } from '../../api/http/address-in-use.ts';

const publicUrl = 'https://vcp.example.com';
const server = createServer((incoming, answer) => answer.end(addressInUse(incoming, publicUrl)));

before(async () => {
  const authority = await createCertificateAuthority('gateway');
  const names = ['localhost', '127.0.0.1', '::1', 'gateway.internal', '*.wild.example'];
  const { certificate, key } = await authority.issue({
    commonName: 'common.name',
    names,
    usages: ['server'],
  });
  server.setSecureContext({ cert: certificate, key });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => server.close());

async function addressFor(host: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const sent = request({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    rejectUnauthorized: false,
    headers: { host },
  });
  const [answer] = await once(sent.end(), 'response');
  return Buffer.concat(await answer.toArray()).toString();
}

describe('the address by which a request came', () => {
  const own: [host: string, address: string][] = [
    ['127.0.0.1:9443', 'https://127.0.0.1:9443'],
    ['localhost:9443', 'https://localhost:9443'],
    ['LOCALHOST', 'https://localhost'],
    ['[::1]:9443', 'https://[::1]:9443'],
    ['gateway.internal:443', 'https://gateway.internal'],
  ];
  for (const [host, address] of own)
    it(`is ${host}, which the certificate names`, async () => assert.equal(await addressFor(host), address));

  for (const host of [
    'evil.example',
    'localhost.evil.example:9443',
    'evil.example/localhost',
    'localhost@evil.example',
    '127.0.0.2',
    'common.name',
    'evil.wild.example',
    '*.wild.example',
    'local host',
    ':9443',
  ])
    it(`is the configured one for ${host}`, async () => assert.equal(await addressFor(host), publicUrl));
});
