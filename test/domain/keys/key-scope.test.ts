import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AccessKeyScope } from '../../../contracts/resources/access-key.ts';
import { opensNothing, scopeAllows } from '../../../domain/keys/key-scope.ts';
import type { ScopeTarget } from '../../../domain/keys/scoped-request.ts';
import { kubernetesRequest } from '../../../domain/requests/kubernetes-request.ts';

const management: ScopeTarget = { kind: 'management' };
const group = '/apis/management.loft.sh/v1';
const tenant = (project: string, name: string): ScopeTarget => ({ kind: 'tenant', project, name });
const space = (project: string, name: string): ScopeTarget => ({ kind: 'space', project, name });
const cluster = (name: string): ScopeTarget => ({ kind: 'cluster', name });

function may(scope: AccessKeyScope, method: string, path: string, target: ScopeTarget = management): boolean {
  return scopeAllows(scope, { target, request: kubernetesRequest(method, path) });
}

const alpha: AccessKeyScope = { projects: [{ project: 'alpha' }] };
const one: AccessKeyScope = { virtualClusters: [{ project: 'alpha', virtualCluster: 'one' }] };

const cases: [scope: AccessKeyScope, allowed: boolean, method: string, path: string, target?: ScopeTarget][] =
  [
    // What every scope opens.
    [alpha, true, 'GET', '/version'],
    [alpha, true, 'GET', '/apis/management.loft.sh/v1'],
    [alpha, true, 'GET', '/openapi/v3/apis/apps/v1'],
    [alpha, true, 'POST', `${group}/selves`],
    [alpha, false, 'DELETE', '/version'],
    [alpha, false, 'GET', '/metrics'],
    [alpha, false, 'GET', '/logs/kube-apiserver.log'],
    // A project.
    [alpha, true, 'DELETE', `${group}/namespaces/p-alpha/virtualclusterinstances/one`],
    [alpha, true, 'POST', `${group}/namespaces/p-alpha/virtualclusterinstances/one/kubeconfig`],
    [alpha, true, 'GET', `${group}/namespaces/p-alpha/spaceinstances?watch=true`],
    [alpha, true, 'GET', '/api/v1/namespaces/p-alpha/events'],
    [alpha, true, 'GET', `${group}/projects/alpha/members`],
    [alpha, true, 'GET', '/api/v1/secrets', tenant('alpha', 'one')],
    [alpha, true, 'GET', '/api/v1/pods', space('alpha', 's')],
    [alpha, false, 'PATCH', `${group}/projects/alpha`],
    [alpha, false, 'GET', `${group}/projects/beta`],
    [alpha, false, 'GET', `${group}/projects`],
    [alpha, false, 'GET', `${group}/virtualclusterinstances`],
    [alpha, false, 'GET', `${group}/namespaces/p-alphabet/virtualclusterinstances`],
    [alpha, false, 'GET', `${group}/namespaces/p-alpha/accesskeys/admin`],
    [alpha, false, 'POST', `${group}/accesskeys`],
    [alpha, false, 'POST', `${group}/ownedaccesskeys`],
    [alpha, false, 'GET', '/api/v1/namespaces/p-alpha/secrets'],
    [alpha, false, 'GET', '/api/v1/watch/namespaces/p-alpha/secrets'],
    [alpha, false, 'POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/p-alpha/rolebindings'],
    [alpha, false, 'GET', '/api/v1/namespaces/p-alpha'],
    [alpha, false, 'GET', '/api/v1/pods', tenant('beta', 'one')],
    [alpha, false, 'GET', '/api/v1/pods', cluster('local')],
    // One tenant cluster.
    [one, true, 'POST', '/api/v1/namespaces/a/pods/p/exec', tenant('alpha', 'one')],
    [one, true, 'GET', `${group}/namespaces/p-alpha/virtualclusterinstances/one`],
    [
      one,
      true,
      'GET',
      `${group}/namespaces/p-alpha/virtualclusterinstances?watch=1&fieldSelector=metadata.name%3Done`,
    ],
    [one, true, 'POST', `${group}/namespaces/p-alpha/virtualclusterinstances/one/kubeconfig`],
    [one, false, 'GET', `${group}/namespaces/p-alpha/virtualclusterinstances`],
    [
      one,
      false,
      'GET',
      `${group}/namespaces/p-alpha/virtualclusterinstances?fieldSelector=metadata.name%3Done&fieldSelector=metadata.name%3Dtwo`,
    ],
    [
      one,
      false,
      'GET',
      `${group}/namespaces/p-alpha/virtualclusterinstances?fieldSelector=metadata.name!%3Done`,
    ],
    [one, false, 'PATCH', `${group}/namespaces/p-alpha/virtualclusterinstances/one`],
    [one, false, 'GET', `${group}/namespaces/p-alpha/virtualclusterinstances/two`],
    [one, false, 'GET', '/api', tenant('alpha', 'two')],
    [one, false, 'GET', '/api', tenant('beta', 'one')],
    [one, false, 'GET', '/api', space('alpha', 'one')],
    // Others.
    [{ clusters: [{ cluster: 'local' }] }, true, 'GET', '/api/v1/nodes', cluster('local')],
    [{ clusters: [{ cluster: 'local' }] }, false, 'GET', '/api/v1/nodes', cluster('other')],
    [{ clusters: [{ cluster: 'local' }] }, true, 'GET', `${group}/clusters/local`],
    [{ clusters: [{ cluster: 'local' }] }, false, 'GET', `${group}/clusters/local/accesskey`],
    [{ spaces: [{ project: 'alpha', space: 's' }] }, true, 'GET', '/api/v1/pods', space('alpha', 's')],
    [{ spaces: [{ project: 'alpha', space: 's' }] }, false, 'GET', '/api/v1/pods', space('alpha', 't')],
    [{ projects: [{ project: '*' }] }, true, 'GET', `${group}/projects`],
    [{ projects: [{ project: '*' }] }, false, 'GET', '/api/v1/namespaces/vcluster-platform/secrets'],
    [
      { roles: [{ role: 'loft-cli', projects: ['alpha'] }] },
      true,
      'GET',
      `${group}/projects/alpha/templates`,
    ],
    [{ roles: [{ role: 'loft-cli', projects: ['alpha'] }] }, false, 'GET', '/api', tenant('alpha', 'one')],
    [{ allowLoftCli: true }, true, 'POST', `${group}/selves`],
    [{ allowLoftCli: true }, false, 'GET', `${group}/projects/alpha`],
    // Rules as in vCluster Platform.
    [
      { rules: [{ verbs: ['get'], resources: [{ group: '', resources: ['pods'] }] }] },
      true,
      'GET',
      '/api/v1/namespaces/a/pods/b',
    ],
    [
      { rules: [{ verbs: ['get'], resources: [{ group: '', resources: ['pods'] }] }] },
      false,
      'GET',
      '/api/v1/namespaces/a/pods/b/log',
    ],
    [
      { rules: [{ verbs: ['get'], resources: [{ group: 'apps', resources: ['*'] }] }] },
      false,
      'GET',
      '/api/v1/namespaces/a/pods/b',
    ],
    [{ rules: [{ requestTargets: ['ProjectVirtualCluster'] }] }, true, 'GET', '/api', tenant('alpha', 'one')],
    [{ rules: [{ requestTargets: ['ProjectVirtualCluster'] }] }, false, 'GET', `${group}/projects`],
    [{ rules: [{ cluster: 'local' }] }, false, 'GET', '/api', cluster('other')],
    [{ rules: [{ virtualClusters: [{ name: 'one' }] }] }, false, 'GET', '/api', tenant('alpha', 'one')],
    [{ rules: [{ verbs: ['get'], unless: 'monday' }] }, false, 'GET', '/api/v1/pods'],
  ];

describe('the scope of a key', () => {
  for (const [scope, allowed, method, path, target] of cases) {
    const where = target === undefined ? '' : ` in ${Object.values(target).join(' ')}`;
    it(`${JSON.stringify(scope)} ${allowed ? 'opens' : 'does not open'} ${method} ${path}${where}`, () => {
      assert.equal(may(scope, method, path, target), allowed);
    });
  }

  const nothing: AccessKeyScope[] = [
    {},
    { projects: [] },
    { projects: [{}] },
    { projects: [{ project: '' }] },
    { virtualClusters: [{ project: 'alpha' }] },
    { virtualClusters: [{ virtualCluster: 'one' }] },
    {
      roles: [{ role: 'agent' }, { role: 'vcluster' }, { role: 'network-peer' }, { role: 'metrics-reader' }],
    },
    { projects: [{ project: 'alpha' }], tenants: [{ tenant: 'a' }] } as AccessKeyScope,
    { projects: [{ project: 'alpha', verbs: ['get'] }] } as unknown as AccessKeyScope,
    { projects: { project: 'alpha' } } as unknown as AccessKeyScope,
    { projects: null } as unknown as AccessKeyScope,
    { projects: [{ project: 'alpha' }], toString: false } as unknown as AccessKeyScope,
    JSON.parse('{"projects":[{"project":"alpha"}],"__proto__":true}') as AccessKeyScope,
  ];
  for (const scope of nothing) {
    it(`${JSON.stringify(scope)} allows nothing`, () => {
      assert.ok(opensNothing(scope));
      assert.ok(!may(scope, 'GET', '/version'));
      assert.ok(!may(scope, 'GET', '/api', tenant('alpha', 'one')));
    });
  }

  it('adds up its parts, and a further part never removes rights', () => {
    const scopes = fc.constantFrom<AccessKeyScope>(
      alpha,
      one,
      { clusters: [{ cluster: 'local' }] },
      { spaces: [{ project: 'beta', space: 's' }] },
    );
    fc.assert(
      fc.property(scopes, scopes, fc.constantFrom(...cases), (first, second, [, , method, path, target]) => {
        const merge = (field: 'projects' | 'virtualClusters' | 'clusters' | 'spaces') => [
          ...(first[field] ?? []),
          ...(second[field] ?? []),
        ];
        const both = {
          projects: merge('projects'),
          virtualClusters: merge('virtualClusters'),
          clusters: merge('clusters'),
          spaces: merge('spaces'),
        } as AccessKeyScope;
        assert.equal(
          may(both, method, path, target),
          may(first, method, path, target) || may(second, method, path, target),
        );
      }),
    );
  });

  it('with an unknown field allows nothing', () => {
    const known = ['projects', 'virtualClusters', 'spaces', 'clusters', 'roles', 'rules', 'allowLoftCli'];
    const field = fc.string({ minLength: 1 }).filter((name) => !known.includes(name) && name !== '__proto__');
    fc.assert(
      fc.property(
        field,
        fc.jsonValue(),
        fc.constantFrom(...cases),
        (name, value, [scope, , method, path, target]) => {
          assert.ok(!may({ ...scope, [name]: value } as AccessKeyScope, method, path, target));
        },
      ),
    );
  });
});
