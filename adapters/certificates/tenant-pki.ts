import { createCertificateAuthority, createSigningKeys } from './certificate-authority.ts';
import { renderKubeconfig } from './kubeconfig.ts';

export interface TenantPki {
  /** Keys and PEM or kubeconfig texts of the Secret that the control plane takes its keys from. */
  pki: Record<string, string>;
  /** Administrator kubeconfig for Secret `vc-<name>`. */
  kubeconfig: string;
}

/**
 * New keys of one tenant cluster: its authority, what its control plane serves and dials with, the
 * service-account keys and its administrator's kubeconfig. Every call makes different ones.
 *
 * `controller-manager.conf` and `scheduler.conf` name the server `https://control-plane:6443`: the chart puts the
 * pod's own address there at run time (`--master` would do the same, but drops `tls-server-name`).
 */
export async function createTenantPki(tenant: { name: string; hostNamespace: string }): Promise<TenantPki> {
  const { name, hostNamespace: namespace } = tenant;
  const authority = await createCertificateAuthority(`vcluster:${name}`);
  const [apiserver, etcdClient, etcd, admin, controllerManager, scheduler, signing] = await Promise.all([
    authority.issue({
      commonName: 'kube-apiserver',
      names: servingNames(name, namespace),
      usages: ['server'],
    }),
    authority.issue({ commonName: 'etcd-client', usages: ['client'] }),
    // etcd dials itself with its serving certificate, hence both usages.
    authority.issue({
      commonName: 'etcd',
      names: ['etcd', 'localhost', '127.0.0.1'],
      usages: ['server', 'client'],
    }),
    authority.issue({ commonName: 'vcluster-admin', organizations: ['system:masters'], usages: ['client'] }),
    authority.issue({ commonName: 'system:kube-controller-manager', usages: ['client'] }),
    authority.issue({ commonName: 'system:kube-scheduler', usages: ['client'] }),
    createSigningKeys(),
  ]);
  const inPod = {
    server: 'https://control-plane:6443',
    tlsServerName: 'kubernetes',
    certificateAuthority: authority.certificate,
  };
  const kubeconfig = renderKubeconfig({
    ...tenantServer(tenant),
    certificateAuthority: authority.certificate,
    client: admin,
  });
  return {
    kubeconfig,
    pki: {
      'ca.crt': authority.certificate,
      'ca.key': authority.key,
      'apiserver.crt': apiserver.certificate,
      'apiserver.key': apiserver.key,
      'apiserver-etcd-client.crt': etcdClient.certificate,
      'apiserver-etcd-client.key': etcdClient.key,
      'etcd.crt': etcd.certificate,
      'etcd.key': etcd.key,
      'sa.key': signing.privateKey,
      'sa.pub': signing.publicKey,
      'admin.conf': kubeconfig,
      'controller-manager.conf': renderKubeconfig({ ...inPod, client: controllerManager }),
      'scheduler.conf': renderKubeconfig({ ...inPod, client: scheduler }),
    },
  };
}

/** Where a tenant cluster's API server is within its connected cluster, and the name that all charts' certificates hold. */
export function tenantServer(tenant: { name: string; hostNamespace: string }): {
  server: string;
  tlsServerName: string;
} {
  const { name, hostNamespace } = tenant;
  return { server: `https://${name}.${hostNamespace}.svc:443`, tlsServerName: `${name}.${hostNamespace}` };
}

function servingNames(name: string, namespace: string): string[] {
  return [
    name,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'localhost',
  ];
}
