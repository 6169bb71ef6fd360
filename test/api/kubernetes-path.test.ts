import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseKubernetesPath } from '../../api/http/kubernetes-path.ts';
import { PlatformError } from '../../contracts/errors.ts';

const management = '/kubernetes/management';
const cluster = '/kubernetes/cluster/local';
const tenant = '/kubernetes/project/default/virtualcluster/demo';
const space = '/kubernetes/project/default/space/demo';

describe('parseKubernetesPath', () => {
  const forwarded: [url: string, upstreamPath: string][] = [
    [management, '/'],
    [`${management}/`, '/'],
    [`${management}/api/v1/pods?limit=5&continue=a%2Fb`, '/api/v1/pods?limit=5&continue=a%2Fb'],
    [`${management}?a=b`, '/?a=b'],
    [
      `${management}/apis/rbac.authorization.k8s.io/v1/clusterroles/system:basic-user`,
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:basic-user',
    ],
    [
      `${management}/api/v1/namespaces/a/services/https:b:443/proxy/x%20y`,
      '/api/v1/namespaces/a/services/https:b:443/proxy/x%20y',
    ],
    [cluster, '/'],
    [`${cluster}/`, '/'],
    [`${cluster}/api/v1/namespaces?limit=5`, '/api/v1/namespaces?limit=5'],
    [space, '/'],
    [`${space}/api/v1/namespaces/a/pods?watch=true`, '/api/v1/namespaces/a/pods?watch=true'],
    [tenant, '/'],
    [`${tenant}/`, '/'],
    [`${tenant}/openapi/v3?timeout=32s`, '/openapi/v3?timeout=32s'],
    [`${tenant}/api/v1/namespaces/`, '/api/v1/namespaces/'],
  ];
  for (const [url, upstreamPath] of forwarded) {
    it(`forwards ${url} byte for byte`, () => {
      assert.equal(parseKubernetesPath(url).upstreamPath, upstreamPath);
    });
  }

  const refused = [
    ...[
      '..',
      '.',
      '%2e%2e',
      '%2E%2e',
      '..%2f',
      '%252e',
      '%2f',
      '%5c',
      '\\',
      '%00',
      '%0d%0a',
      '%7f',
      '%c0%ae',
      '%ff',
      '%',
      '%2',
      '%zz',
      '%61pi',
      '..;',
      '.;a',
      '#',
      'ä',
      ' ',
      '\t',
    ].map((segment) => `${management}/api/${segment}/v1`),
    `${management}//api`,
    `${management}/api//v1`,
    '/kubernetes/project/default/virtualcluster/demo/../other/api',
    '/kubernetes/project/def%2fault/virtualcluster/demo/api',
    '/kubernetes/project/Default/virtualcluster/demo/api',
    '/kubernetes/project/default/virtualcluster/demo.x/api',
    '/kubernetes/project/default;a=b/virtualcluster/demo/api',
    '/kubernetes/cluster/Local/api',
    '/kubernetes/cluster/lo.cal/api',
    '/kubernetes/cluster/local/../other/api',
    '/kubernetes/cluster/lo%63al/api',
    '/kubernetes/cluster/local;a=b/api',
    '//kubernetes/management/api',
    'http://other/kubernetes/management/api',
    `${management}/api?a= b`,
    `${management}/api?a#b`,
  ];
  for (const url of refused) {
    it(`refuses ${JSON.stringify(url)}`, () => {
      assert.throws(
        () => parseKubernetesPath(url),
        (error) =>
          error instanceof PlatformError && (error.code === 'invalid_request' || error.code === 'not_found'),
      );
    });
  }

  for (const url of [
    '/kubernetes',
    '/kubernetes/',
    '/kubernetes/managementx/api',
    '/kubernetes/cluster',
    '/kubernetes/cluster/',
    '/kubernetes/clusters/local/api',
    '/kubernetes/project/a/spaces/b',
  ]) {
    it(`does not match ${url}`, () => {
      assert.throws(
        () => parseKubernetesPath(url),
        (error) => error instanceof PlatformError && error.code === 'not_found',
      );
    });
  }
});
