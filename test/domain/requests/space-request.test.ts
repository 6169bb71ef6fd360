import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leavesSpace } from '../../../domain/requests/space-request.ts';

const inside: [method: string, path: string][] = [
  ['GET', '/api'],
  ['GET', '/api/v1'],
  ['GET', '/apis'],
  ['GET', '/apis/apps/v1'],
  ['HEAD', '/version'],
  ['GET', '/openapi/v2'],
  ['GET', '/openapi/v3/apis/apps/v1?hash=A'],
  ['GET', '/api/v1/namespaces/mine'],
  ['GET', '/api/v1/namespaces/mine/pods?watch=true'],
  ['POST', '/api/v1/namespaces/mine/pods'],
  ['DELETE', '/api/v1/namespaces/mine/pods?labelSelector=a'],
  ['GET', '/api/v1/namespaces/mine/pods/web-0/exec?command=sh'],
  ['POST', '/api/v1/namespaces/mine/pods/web-0/portforward'],
  ['GET', '/api/v1/namespaces/mine/services/web:80/proxy/any/path'],
  ['GET', '/api/v1/watch/namespaces/mine/configmaps'],
  ['PATCH', '/apis/apps/v1/namespaces/mine/deployments/web/scale'],
  ['POST', '/apis/authorization.k8s.io/v1/namespaces/mine/localsubjectaccessreviews'],
  ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
  ['POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews?timeout=5s'],
  ['POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews'],
];

const outside: [method: string, path: string, why: RegExp][] = [
  ['GET', '/', /outside of it/],
  ['POST', '/version', /outside of it/],
  ['GET', '/healthz', /outside of it/],
  ['GET', '/metrics', /outside of it/],
  ['GET', '/logs/kube-apiserver.log', /outside of it/],
  ['GET', '/debug/pprof/', /outside of it/],
  ['GET', '/API/v1/namespaces/mine/pods', /outside of it/],
  ['GET', '/api/v1/namespaces', /whole cluster/],
  ['GET', '/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dmine', /whole cluster/],
  ['POST', '/api/v1/namespaces', /whole cluster/],
  ['DELETE', '/api/v1/namespaces/mine', /Namespace object/],
  ['PUT', '/api/v1/namespaces/mine', /Namespace object/],
  ['PATCH', '/api/v1/namespaces/mine', /Namespace object/],
  ['GET', '/api/v1/namespaces/mine/status', /namespaces\/status/],
  ['PUT', '/api/v1/namespaces/mine/finalize', /namespaces\/finalize/],
  ['GET', '/api/v1/watch/namespaces/mine', /Namespace object/],
  ['GET', '/api/v1/watch/pods', /whole cluster/],
  ['GET', '/api/v1/watch', /outside of it/],
  ['GET', '/api/v1/proxy/namespaces/mine/pods/web-0', /Namespace object|pods/],
  ['GET', '/api/v1/namespaces/other', /is a different one/],
  ['GET', '/api/v1/namespaces/other/pods', /namespace other is a different one/],
  ['GET', '/api/v1/namespaces/mine;x/pods', /is a different one/],
  ['GET', '/api/v1/namespaces/MINE/pods', /is a different one/],
  ['GET', '/api/v1/pods', /pods of the whole cluster/],
  ['GET', '/api/v1/pods?fieldSelector=metadata.namespace%3Dmine', /whole cluster/],
  ['GET', '/api/v1/nodes', /whole cluster/],
  ['GET', '/api/v1/nodes/n/proxy/pods', /whole cluster/],
  ['GET', '/api/v1/persistentvolumes', /whole cluster/],
  ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', /whole cluster/],
  ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', /whole cluster/],
  ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', /whole cluster/],
  ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', /whole cluster/],
  ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', /whole cluster/],
  ['POST', '/apis/example.com/v1/selfsubjectaccessreviews', /whole cluster/],
  ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x', /whole cluster/],
  ['GET', '/apis/example.com/v1/namespaces/mine', /Namespace object/],
  ['GET', '/apis/example.com/v1/namespaces', /whole cluster/],
  ['OPTIONS', '/api/v1/namespaces/mine/pods', /./],
  ['TRACE', '/api/v1/namespaces/mine/pods', /./],
];

for (const [method, path] of inside)
  test(`${method} ${path} stays in the space`, () =>
    assert.equal(leavesSpace(method, path, 'mine'), undefined));
for (const [method, path, why] of outside)
  test(`${method} ${path} leaves it`, () => assert.match(leavesSpace(method, path, 'mine') ?? '', why));
