import { bearer, type Expected, type IdentityCase, rows, spdy, webSocket } from './identity-case.ts';

/** The space of the matrix: namespace `mine` of connected cluster `local`. */
export const matrixSpace = { project: 'a', name: 'own', namespace: 'mine', cluster: 'local' };

const prefix = `/kubernetes/project/${matrixSpace.project}/space/${matrixSpace.name}`;
const inside = '/api/v1/namespaces/mine';

/** A request through the space's path. */
function spaceCase(
  expected: Expected,
  method: string,
  path: string,
  lines: readonly string[] = [],
  body = '',
): IdentityCase {
  const url = (mark: string) => `${path}${path.includes('?') ? '&' : '?'}${mark}`;
  const length = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`];
  const head = (mark: string) => [
    `${method} ${prefix}${url(mark)} HTTP/1.1`,
    'Host: a',
    bearer,
    ...lines,
    ...length,
  ];
  return {
    row: rows.space,
    name: `${method} ${path} ${lines.join(' ')}`,
    expected,
    url,
    bytes: (mark) => `${head(mark).join('\r\n')}\r\n\r\n${body}`,
  };
}

const elsewhere = JSON.stringify({ kind: 'Pod', metadata: { name: 'p', namespace: 'kube-system' } });

/** What stays in one namespace, and what tries to leave it. */
export function spaceCases(): IdentityCase[] {
  const stays = (method: string, path: string, lines?: readonly string[], body?: string) =>
    spaceCase('identity', method, path, lines, body);
  const leaves = (method: string, path: string, lines?: readonly string[], body?: string) =>
    spaceCase('refused', method, path, lines, body);
  return [
    stays('GET', inside),
    stays('GET', `${inside}/pods`),
    stays('GET', `${inside}/pods?watch=true`),
    stays('POST', `${inside}/pods`, [], elsewhere), // the API server compares body and path
    stays('GET', '/apis'),
    stays('GET', '/openapi/v3/api/v1'),
    stays('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', [], '{}'),
    stays('POST', `${inside}/pods/p/exec`, spdy),
    stays('GET', `${inside}/pods/p/portforward`, webSocket),
    leaves('GET', '/api/v1/namespaces'),
    leaves('GET', '/api/v1/namespaces?watch=true'),
    leaves('GET', '/api/v1/namespaces?fieldSelector=metadata.name%3Dmine'),
    leaves('GET', '/api/v1/namespaces/other'),
    leaves('GET', '/api/v1/namespaces/other/pods'),
    leaves('GET', '/api/v1/namespaces/mine2/pods'),
    leaves('GET', '/api/v1/namespaces/Mine/pods'),
    leaves('GET', '/api/v1/namespaces/mine%20/pods'),
    leaves('GET', '/api/v1/namespaces/%6Dine/pods'),
    leaves('GET', '/api/v1/namespaces/mine%2Fpods'),
    leaves('GET', '/api/v1/namespaces/mine%2F..%2Fother/pods'),
    leaves('GET', `${inside}/../other/pods`),
    leaves('GET', `${inside}/..;/other/pods`),
    leaves('GET', `${inside}/%2e%2e/other/pods`),
    leaves('GET', '/api/v1//namespaces/mine/pods'),
    leaves('GET', '/api/v1/namespaces//mine/pods'),
    leaves('GET', '//api/v1/namespaces/mine/pods'),
    leaves('GET', '/api/v1/namespaces/mine;other/pods'),
    leaves('GET', '/api/v1/namespaces/mine\\..\\other/pods'),
    leaves('DELETE', inside),
    leaves('PATCH', inside, [], '{}'),
    leaves('PUT', `${inside}/finalize`, [], '{}'),
    leaves('PATCH', `${inside}/status`, [], '{}'),
    leaves('GET', `${inside}/status`),
    leaves('GET', '/api/v1/watch/namespaces/mine'),
    leaves('GET', '/api/v1/watch/pods'),
    leaves('GET', '/api/v1/watch/namespaces/other/pods'),
    leaves('GET', '/api/v1/proxy/namespaces/mine/pods/p'),
    leaves('GET', '/api/v1/pods'),
    leaves('GET', '/api/v1/pods?namespace=mine'),
    leaves('GET', '/api/v1/nodes'),
    leaves('GET', '/api/v1/nodes/n/proxy/exec', webSocket),
    leaves('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'),
    leaves('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', [], '{}'),
    leaves('POST', '/apis/authentication.k8s.io/v1/tokenreviews', [], '{}'),
    leaves('GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'),
    leaves('GET', '/metrics'),
    leaves('GET', '/logs/'),
    leaves('GET', '/healthz'),
    leaves('GET', ''),
    leaves('POST', '/api/v1/namespaces/other/pods/p/exec', spdy),
    leaves('GET', '/api/v1/namespaces/other/pods/p/attach', webSocket),
    leaves('GET', `${inside}/pods`, ['Impersonate-Uid: 1']),
    leaves('OPTIONS', `${inside}/pods`),
    leaves('GET', `${inside}/pods`, [
      'X-HTTP-Method-Override: DELETE',
      'X-Original-URL: /api/v1/nodes',
      'Transfer-Encoding: x',
    ]),
  ];
}
