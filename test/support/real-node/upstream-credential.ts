import { request } from 'node:https';
import { targetOfKubeconfig } from '../../../api/upstreams/kubeconfig-target.ts';
import { tenantObjects } from '../../../contracts/names.ts';
import type { UpstreamTenant } from './upstream-tenant.ts';

const log = '/api/v1/namespaces/kube-system/pods/any/log';

/** What the gateway's credential opens in the tenant cluster by itself, or as somebody who is not on its list; none, if all is well. */
export async function openedByCredential(tenant: UpstreamTenant): Promise<string[]> {
  const { namespace, cluster } = tenant;
  const name = tenantObjects.gatewaySecret('up');
  const secret = await cluster.client.core.readNamespacedSecret({ namespace, name });
  const target = targetOfKubeconfig(Buffer.from(secret.data?.['config'] ?? '', 'base64').toString());
  const [pod] = await tenant.hostPods('app=vcluster');
  const address = { ...target, host: pod?.status?.podIP, port: 8443, agent: false };
  const ask = (path: string, headers: Record<string, string>) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const outgoing = request({ ...address, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.once('error', reject);
    outgoing.end();
    return promise;
  };
  const { user } = tenant.platform.admin();
  const identities: Record<string, string>[] = [
    { 'Impersonate-User': 'system:admin' },
    { 'Impersonate-User': 'system:serviceaccount:kube-system:default' },
    { 'Impersonate-User': 'nobody-known' },
    { 'Impersonate-User': user, 'Impersonate-Group': 'system:masters' },
    { 'Impersonate-User': user, 'Impersonate-Uid': 'any' },
    { 'Impersonate-User': user, 'Impersonate-Extra-Other': 'any' },
  ];
  const cases: [path: string, headers: Record<string, string>][] = [
    ...['/api/v1/namespaces', '/api/v1/secrets', log, '/metrics/syncer', '/api/v1/nodes/n/proxy/'].map(
      (path): [string, Record<string, string>] => [path, {}],
    ),
    ...identities.flatMap((headers): [string, Record<string, string>][] => [
      ['/api/v1/namespaces', headers],
      [log, headers],
    ]),
  ];
  const opened: string[] = [];
  for (const [path, headers] of cases) {
    const status = await ask(path, headers);
    if (status !== 403) opened.push(`${path} ${JSON.stringify(headers)}: ${status}`);
  }
  return opened;
}
