import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AuthorizationV1Api } from '@kubernetes/client-node';
import { platformNamespaceOf } from '../../../adapters/cluster-setup.ts';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { defaultChart } from '../../../adapters/tenant-charts/known-charts.ts';
import { grantHelm } from '../../../adapters/kubernetes/helm-identity.ts';
import { readManifests } from '../../../adapters/kubernetes/manifests.ts';
import { applyManifests } from '../../../local/bootstrap/apply-manifests.ts';
import { startApiServer, type TestApiServer } from '../../support/api-server.ts';
import { eventually } from '../../support/eventually.ts';

const folder = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'deploy',
  'charts',
  'vcluster-platform',
  'connected-cluster',
);
const gateway = 'vcluster-platform:gateway';
const dialer = 'vcluster-platform:gateway-dialer';
const worker = 'vcluster-platform:worker';
const controllers = 'vcluster-platform:controllers';
/** Helm for a tenant cluster in the namespace that these reviews ask about, and for one in another. */
const helm = 'system:serviceaccount:kube-system:vcluster-platform-helm';
const strangersHelm = 'system:serviceaccount:default:vcluster-platform-helm';
/** Has a space: the namespace that these reviews ask about. */
const spaceAdmin = 'anna';

describe('RBAC in a connected cluster', () => {
  let server: TestApiServer;
  let reviews: AuthorizationV1Api;
  before(async () => {
    server = await startApiServer();
    const admin = connectCluster(server.adminKubeconfig);
    reviews = admin.kubeConfig.makeApiClient(AuthorizationV1Api);
    await applyManifests(admin, [platformNamespaceOf('east'), ...readManifests(folder)]);
    await admin.rbac.createNamespacedRoleBinding({
      namespace: 'kube-system',
      body: {
        metadata: { name: 'space' },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'loft-cluster-space-admin',
        },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: spaceAdmin }],
      },
    });
    for (const namespace of ['kube-system', 'default'])
      await grantHelm(admin, namespace, defaultChart.helmRole);
    await eventually(
      'the roles are in force',
      async () => (await may(worker, 'create namespaces')) && (await may(spaceAdmin, 'create pods')),
    );
  });
  after(() => server.stop());

  /** @param what `<verb> <resource>[.<group>] [<name>]` */
  async function may(user: string, what: string): Promise<boolean> {
    const [verb = '', kind = '', name = ''] = what.split(' ');
    const [path = '', ...group] = kind.split('.');
    const [resource = '', subresource = ''] = path.split('/');
    const resourceAttributes = {
      verb,
      resource,
      subresource,
      group: group.join('.'),
      name,
      namespace: 'kube-system',
    };
    const { status } = await reviews.createSubjectAccessReview({
      body: { spec: { user, resourceAttributes } },
    });
    return status?.allowed === true;
  }

  const cases: [user: string, what: string, expected: boolean][] = [
    [gateway, `impersonate users ${dialer}`, true],
    [gateway, 'impersonate users admin', false],
    [gateway, 'impersonate groups system:masters', false],
    [gateway, 'impersonate serviceaccounts default', false],
    [gateway, 'get services', false],
    [gateway, 'get secrets', false],
    [dialer, 'get services', true],
    [dialer, 'list pods', true],
    [dialer, 'get secrets', false],
    [dialer, 'create pods', false],
    // What charts make, Helm makes, in one namespace.
    ...[
      'create statefulsets.apps',
      'patch services',
      'delete configmaps',
      'create pods',
      'create pods/exec',
    ].map((what): [string, string, boolean] => [worker, what, false]),
    [worker, 'patch statefulsets.apps', true],
    [worker, 'patch statefulsets/scale.apps', true],
    [worker, 'create jobs.batch', true],
    [worker, 'get pods/log', true],
    [worker, 'list persistentvolumes', true],
    [worker, 'bind roles.rbac.authorization.k8s.io any', false],
    [worker, 'bind roles.rbac.authorization.k8s.io vcluster-platform-gateway', true],
    [worker, 'create serviceaccounts', true],
    [worker, 'create serviceaccounts/token vcluster-platform-helm', true],
    [worker, 'create serviceaccounts/token default', false],
    [worker, 'bind clusterroles.rbac.authorization.k8s.io vcluster-platform:helm-vcluster', true],
    [worker, 'create clusterrolebindings.rbac.authorization.k8s.io', false],
    ...['create secrets', 'create statefulsets.apps', 'patch services'].map(
      (what): [string, string, boolean] => [helm, what, true],
    ),
    ...[
      'create pods',
      'create pods/exec',
      'create roles.rbac.authorization.k8s.io',
      'create rolebindings.rbac.authorization.k8s.io',
      'create serviceaccounts',
      'create serviceaccounts/token vcluster-platform-helm',
      'create clusterroles.rbac.authorization.k8s.io',
      'get namespaces kube-system',
      'get nodes',
    ].map((what): [string, string, boolean] => [helm, what, false]),
    ...['get secrets', 'create services', 'create configmaps', 'list statefulsets.apps'].map(
      (what): [string, string, boolean] => [strangersHelm, what, false],
    ),
    [worker, 'delete persistentvolumes', false],
    [worker, 'create clusterroles.rbac.authorization.k8s.io', false],
    [worker, 'bind clusterroles.rbac.authorization.k8s.io cluster-admin', false],
    [worker, 'bind clusterroles.rbac.authorization.k8s.io loft-cluster-space-admin', true],
    [worker, 'create resourcequotas', true],
    [worker, 'patch cronjobs.batch', true],
    [worker, 'escalate roles.rbac.authorization.k8s.io', false],
    [worker, 'impersonate users admin', false],
    [worker, 'delete nodes', false],
    // Disconnecting: what is ours by its name.
    ...['get', 'patch', 'delete'].flatMap((verb): [string, string, boolean][] => [
      [worker, `${verb} clusterroles.rbac.authorization.k8s.io vcluster-platform:controllers`, true],
      [
        worker,
        `${verb} clusterrolebindings.rbac.authorization.k8s.io vcluster-platform:gateway-users-f`,
        true,
      ],
      [worker, `${verb} clusterroles.rbac.authorization.k8s.io cluster-admin`, false],
      [worker, `${verb} clusterrolebindings.rbac.authorization.k8s.io other`, false],
      [worker, `${verb} serviceaccounts worker`, false],
    ]),
    [worker, 'delete deployments.apps loft', false],
    [worker, 'list leases.coordination.k8s.io', false],
    [controllers, 'escalate clusterroles.rbac.authorization.k8s.io vcluster-platform:gateway-users', true],
    [controllers, 'create clusterroles.rbac.authorization.k8s.io vcluster-platform:gateway-users-f', true],
    [controllers, 'escalate clusterroles.rbac.authorization.k8s.io vcluster-platform:gateway-users-0', true],
    [
      controllers,
      'create clusterrolebindings.rbac.authorization.k8s.io vcluster-platform:gateway-users-0',
      true,
    ],
    [controllers, 'create clusterroles.rbac.authorization.k8s.io', false],
    [controllers, 'escalate clusterroles.rbac.authorization.k8s.io cluster-admin', false],
    [
      controllers,
      'patch clusterrolebindings.rbac.authorization.k8s.io vcluster-platform:administrators',
      true,
    ],
    [controllers, 'patch clusterrolebindings.rbac.authorization.k8s.io other', false],
    [controllers, 'create clusterrolebindings.rbac.authorization.k8s.io', false],
    [controllers, 'get secrets', false],
    [controllers, 'list namespaces', true],
    [controllers, 'delete namespaces', false],
    [controllers, 'create rolebindings.rbac.authorization.k8s.io', true],
    [controllers, 'watch rolebindings.rbac.authorization.k8s.io', true],
    [controllers, 'create roles.rbac.authorization.k8s.io', false],
    [controllers, 'bind clusterroles.rbac.authorization.k8s.io view', true],
    [controllers, 'bind clusterroles.rbac.authorization.k8s.io system:node', false],
    [controllers, 'bind roles.rbac.authorization.k8s.io anything', false],
    ...Object.entries({
      'create pods': true,
      'create pods/exec': true,
      'update pods/ephemeralcontainers': true,
      'create serviceaccounts/token': true,
      'patch deployments/scale.apps': true,
      'deletecollection secrets': true,
      'create rolebindings.rbac.authorization.k8s.io': true,
      'get namespaces kube-system': true,
      'list resourcequotas': true,
      'get endpointslices.discovery.k8s.io': true,
      'update namespaces kube-system': false,
      'delete namespaces kube-system': false,
      'update namespaces/finalize kube-system': false,
      'create resourcequotas': false,
      'delete resourcequotas': false,
      'create limitranges': false,
      'patch pods/status': false,
      'create bindings': false,
      'create pods/binding': false,
      'create endpoints': false,
      'patch endpointslices.discovery.k8s.io': false,
      'patch services/status': false,
      'escalate roles.rbac.authorization.k8s.io': false,
      'bind clusterroles.rbac.authorization.k8s.io view': false,
      'impersonate serviceaccounts default': false,
      'create clusterroles.rbac.authorization.k8s.io': false,
      'create customresourcedefinitions.apiextensions.k8s.io': false,
      'get nodes': false,
    }).map(([what, expected]): [string, string, boolean] => [spaceAdmin, what, expected]),
  ];
  for (const [user, what, expected] of cases) {
    it(`${user} ${expected ? 'may' : 'may not'} ${what}`, async () =>
      assert.equal(await may(user, what), expected));
  }
});
