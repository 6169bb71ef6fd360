import assert from 'node:assert/strict';
import { renderKubeconfig } from '../../../adapters/certificates/kubeconfig.ts';
import { connectCluster } from '../../../adapters/kubernetes/client.ts';
import { requestJson } from '../../../adapters/kubernetes/request.ts';
import { defaultHostNamespace, projectNamespace } from '../../../contracts/names.ts';
import type { Operation, OperationRequest } from '../../../contracts/operations.ts';
import { vclusterChartVersion } from '../../../toolchain/vcluster-chart.ts';
import { eventually } from '../eventually.ts';
import { newMember } from '../members.ts';
import type { Answer, TestPlatform } from '../platform.ts';
import type { UpstreamTenant } from './upstream-tenant.ts';

const project = 'rival';
const management = '/kubernetes/management/apis/management.loft.sh/v1';
const instances = `${management}/namespaces/${projectNamespace(project)}/virtualclusterinstances`;

/** A second tenant cluster of the chart, of the same name: `up` of project `rival`, whose one member is in no other. */
export interface UpstreamNeighbour {
  /** Its host namespace. */
  readonly namespace: string;
  /** Path of its API on the gateway. */
  readonly path: string;
  /** As its owner. */
  call(method: string, path: string, body?: object): Promise<Answer>;
  /** The end of its creation. */
  created(): Promise<Operation>;
  /** The end of an operation that its owner asks for. */
  operate(request: OperationRequest): Promise<Operation>;
  /** The end of the creation of another one, by values that its owner wrote. */
  createBy(name: string, values: object): Promise<Operation>;
}

/** Has the member make it from template `vcluster`; does not wait until it runs. */
export async function createNeighbour(platform: TestPlatform): Promise<UpstreamNeighbour> {
  const member = await newMember(platform, 'rita');
  member.forget(); // her key is enough
  const call: UpstreamNeighbour['call'] = (method, path, body) =>
    platform.call(method, path, body, { key: member.key });
  const any = [{ name: '*' }];
  const made = await platform.call('POST', `${management}/projects`, {
    apiVersion: 'management.loft.sh/v1',
    kind: 'Project',
    metadata: { name: project },
    spec: {
      allowedClusters: any,
      allowedTemplates: any,
      requireTemplate: { disabled: true },
      members: [{ kind: 'User', name: 'rita', clusterRole: 'loft-management-project-user' }],
    },
  });
  assert.equal(made.status, 201, made.text);
  const create = (name: string, spec: object) =>
    eventually(`rita makes ${name}`, async () => {
      const answer = await call('POST', instances, {
        apiVersion: 'management.loft.sh/v1',
        kind: 'VirtualClusterInstance',
        metadata: { name },
        spec,
      });
      assert.equal(answer.status, 201, answer.text);
      return answer;
    });
  const operationsOf = (name: string) => `/api/v1/projects/${project}/virtualclusters/${name}/operations`;
  const created = async (name: string) => {
    const { id } = await eventually(`${name} is being made`, async () => {
      const { items } = (await call('GET', operationsOf(name))).json<{ items: Operation[] }>();
      return items.find(({ type }) => type === 'create');
    });
    return platform.ended(id);
  };
  await create('up', { templateRef: { name: 'vcluster' } });
  return {
    namespace: defaultHostNamespace(project, 'up'),
    path: `/kubernetes/project/${project}/virtualcluster/up`,
    call,
    created: () => created('up'),
    async operate(request) {
      const answer = await call('POST', operationsOf('up'), request);
      assert.equal(answer.status, 202, answer.text);
      return platform.ended(answer.json<Operation>().id);
    },
    async createBy(name, values) {
      const chart = { name: 'vcluster', version: vclusterChartVersion };
      // Values are rendered once before the chart is: what is meant for the chart is quoted.
      const text = JSON.stringify(values).replaceAll('{{', '{{ "{{" }}');
      await create(name, { template: { helmRelease: { chart, values: text } } });
      return created(name);
    },
  };
}

/** Values that would read the keys of the control plane in `namespace` while they are installed. */
export function takingKeysOf(namespace: string): object {
  const manifestsTemplate = `{{- with lookup "v1" "Secret" "${namespace}" "up-certs" }}
apiVersion: v1
kind: ConfigMap
metadata: { name: taken }
data: { keys: {{ .data | toJson | quote }} }
{{- end }}`;
  return {
    policies: { podSecurityStandard: 'baseline' },
    experimental: { deploy: { host: { manifestsTemplate } } },
  };
}

/**
 * What the neighbour's owner reaches of `tenant` through the gateway, and what the ServiceAccount of its control plane
 * does in the connected cluster, which whoever takes that over has: none, if all is well.
 */
export async function reachedByRights(
  neighbour: UpstreamNeighbour,
  tenant: UpstreamTenant,
): Promise<string[]> {
  const { client } = tenant.cluster;
  const { status } = await client.core.createNamespacedServiceAccountToken({
    namespace: neighbour.namespace,
    name: 'vc-up',
    body: { spec: { audiences: [], expirationSeconds: 600 } },
  });
  const cluster = client.kubeConfig.getCurrentCluster();
  const certificateAuthority = Buffer.from(cluster?.caData ?? '', 'base64').toString();
  const server = cluster?.server ?? '';
  const { kubeConfig } = connectCluster(
    renderKubeconfig({ server, certificateAuthority, token: status?.token ?? '' }),
  );
  const tries = async (method: 'GET' | 'POST', path: string, body?: object) =>
    requestJson(kubeConfig, { method, path, body }).then(
      () => 200,
      (error: { code?: number }) => error.code,
    );
  const own = `/api/v1/namespaces/${neighbour.namespace}`;
  assert.equal(await tries('GET', `${own}/secrets`), 200); // it is the identity that it is taken for
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const binding = {
    metadata: { name: 'taken' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'vc-up', namespace: neighbour.namespace }],
  };
  const ways: Record<string, () => Promise<number | undefined>> = {
    'its API': async () => (await neighbour.call('GET', `${tenant.path}/api/v1/namespaces`)).status,
    'its Secrets': () => tries('GET', `/api/v1/namespaces/${tenant.namespace}/secrets`),
    'its pods': () => tries('GET', `/api/v1/namespaces/${tenant.namespace}/pods`),
    'all Secrets': () => tries('GET', '/api/v1/secrets'),
    nodes: () => tries('GET', '/api/v1/nodes'),
    'a binding beside it': () =>
      tries('POST', `${rbac}/namespaces/${neighbour.namespace}/rolebindings`, binding),
    'a binding in kube-system': () => tries('POST', `${rbac}/namespaces/kube-system/rolebindings`, binding),
    'a token of Helm': () => tries('POST', `${own}/serviceaccounts/vcluster-platform-helm/token`, {}),
  };
  const reached: string[] = [];
  for (const [what, way] of Object.entries(ways)) {
    const answer = await way();
    if (answer !== 403 && answer !== 404) reached.push(`${what}: ${answer}`);
  }
  return reached;
}
