import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { targetOfKubeconfig } from '../../api/upstreams/kubeconfig-target.ts';
import { PlatformError } from '../../contracts/errors.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function kubeconfig(cluster: object = {}, user: object = {}): string {
  const server = { server: 'https://api.example:6443', 'certificate-authority-data': base64('CA') };
  return stringify({
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    clusters: [{ name: 'a', cluster: { ...server, ...cluster } }],
    users: [{ name: 'a', user: { token: 's3cret-token', ...user } }],
  });
}

describe('targetOfKubeconfig', () => {
  it('takes address, names and credential', () => {
    assert.deepEqual(targetOfKubeconfig(kubeconfig({ 'tls-server-name': 'kubernetes' })), {
      host: 'api.example',
      port: 6443,
      servername: 'kubernetes',
      ca: 'CA',
      token: 's3cret-token',
    });
    const pair = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY'), token: '' };
    const target = targetOfKubeconfig(kubeconfig({}, pair));
    assert.deepEqual([target.cert, target.key, target.token], ['CERT', 'KEY', undefined]);
  });

  const refused: [text: string, message: RegExp][] = [
    [kubeconfig({ 'proxy-url': 'http://127.0.0.1:1' }), /proxy-url/],
    [kubeconfig({ 'insecure-skip-tls-verify': true }), /insecure-skip-tls-verify/],
    [kubeconfig({ server: 'http://127.0.0.1:1' }), /not https/],
    [kubeconfig({ server: 'nonsense' }), /not have a server/],
    [kubeconfig({ 'certificate-authority': '/etc/passwd' }), /has certificate-authority:/],
    [kubeconfig({}, { exec: { command: 'sh' } }), /has exec/],
    [kubeconfig({}, { tokenFile: '/etc/passwd' }), /has tokenFile/],
    [kubeconfig({}, { as: 'system:admin' }), /has as:/],
    [kubeconfig({}, { token: '' }), /neither client-certificate-data/],
    ['current-context: [s3cret-token', /cannot be used/],
    ['', /not have a current context/],
  ];
  for (const [text, message] of refused) {
    it(`refuses what matches ${message}`, () =>
      assert.throws(
        () => targetOfKubeconfig(text),
        (error) =>
          error instanceof PlatformError &&
          error.code === 'cluster_unreachable' &&
          message.test(error.message) &&
          !error.message.includes('s3cret'),
      ));
  }
});
