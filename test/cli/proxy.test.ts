import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { proxyFor } from '../../cli/connection/proxy.ts';

const url = 'https://vcp.example.com:8443';
const HTTPS_PROXY = 'http://proxy:3128';

/** As Go's golang.org/x/net/http/httpproxy, which kubectl uses. */
describe('the proxy of the environment', () => {
  const proxied: [string, Record<string, string>, string?][] = [
    ['HTTPS_PROXY', { HTTPS_PROXY }],
    ['https_proxy', { https_proxy: HTTPS_PROXY }],
    ['the upper case first', { HTTPS_PROXY, https_proxy: 'http://lower:1' }],
    ['an empty HTTPS_PROXY', { HTTPS_PROXY: '', https_proxy: HTTPS_PROXY }],
    ['no scheme', { HTTPS_PROXY: 'proxy:3128' }],
    ['another host in NO_PROXY', { HTTPS_PROXY, NO_PROXY: 'example.org, ,ple.com,10.0.0.0/8' }],
    ['a longer name in NO_PROXY', { HTTPS_PROXY, NO_PROXY: 'a.vcp.example.com' }],
    ['another port in NO_PROXY', { HTTPS_PROXY, NO_PROXY: 'vcp.example.com:443' }],
    ['only what is below the name in NO_PROXY', { HTTPS_PROXY, NO_PROXY: '.vcp.example.com' }],
    ['an address outside of the network', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, 'https://11.0.0.1'],
    ['no network', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/99' }, 'https://10.0.0.1'],
    ['another address', { HTTPS_PROXY, NO_PROXY: '10.0.0.2' }, 'https://10.0.0.1'],
    ['a name that begins like localhost', { HTTPS_PROXY }, 'https://localhost.example.com'],
    ['a host below localhost', { HTTPS_PROXY }, 'https://vcp.localhost'],
  ];
  for (const [title, env, asked = url] of proxied)
    it(`is used: ${title}`, () => assert.equal(proxyFor(asked, env)?.href, 'http://proxy:3128/'));

  const direct: [string, Record<string, string>, string?][] = [
    ['no variable', {}],
    ['only HTTP_PROXY and ALL_PROXY', { HTTP_PROXY: HTTPS_PROXY, ALL_PROXY: HTTPS_PROXY }],
    ['the host in NO_PROXY', { HTTPS_PROXY, NO_PROXY: 'a, VCP.example.com' }],
    ['the host in no_proxy', { HTTPS_PROXY, no_proxy: 'vcp.example.com' }],
    ['host and port', { HTTPS_PROXY, NO_PROXY: 'vcp.example.com:8443' }],
    [
      'the port that is left out',
      { HTTPS_PROXY, NO_PROXY: 'vcp.example.com:443' },
      'https://vcp.example.com',
    ],
    ['a domain', { HTTPS_PROXY, NO_PROXY: 'example.com' }],
    ['a domain with a dot', { HTTPS_PROXY, NO_PROXY: '.example.com' }],
    ['a domain with a star', { HTTPS_PROXY, NO_PROXY: '*.example.com:8443' }],
    ['a star', { HTTPS_PROXY, NO_PROXY: '*' }],
    ['an address', { HTTPS_PROXY, NO_PROXY: '10.0.0.1' }, 'https://10.0.0.1'],
    ['address and port', { HTTPS_PROXY, NO_PROXY: '10.0.0.1:9' }, 'https://10.0.0.1:9'],
    ['a network', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, 'https://10.9.9.9'],
    ['a network of IPv6', { HTTPS_PROXY, NO_PROXY: 'fd00::/8' }, 'https://[fd00::1]'],
    ['an address of IPv6', { HTTPS_PROXY, NO_PROXY: '[fd00::1]:9' }, 'https://[fd00::1]:9'],
    ['an address of IPv6 without brackets', { HTTPS_PROXY, NO_PROXY: 'fd00::1' }, 'https://[fd00::1]:9'],
    ['localhost', { HTTPS_PROXY }, 'https://localhost:9898'],
    ['loopback', { HTTPS_PROXY }, 'https://127.0.0.1:9898'],
    ['all of loopback', { HTTPS_PROXY }, 'https://127.1.2.3'],
    ['loopback of IPv6', { HTTPS_PROXY }, 'https://[::1]:9898'],
  ];
  for (const [title, env, asked = url] of direct)
    it(`is not used: ${title}`, () => assert.equal(proxyFor(asked, env), undefined));

  for (const value of ['http://', 'ftp://proxy:1', 'http://u:s3cret@:1', 'http://u:%zz@proxy:1', 'a b'])
    it(`is refused without its password: ${value}`, () =>
      assert.throws(() => proxyFor(url, { HTTPS_PROXY: value }), {
        code: 'invalid_request',
        message: 'HTTPS_PROXY is not the URL of a proxy: write http://host:port',
      }));
});
