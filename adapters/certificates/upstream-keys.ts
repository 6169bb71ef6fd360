import { createCertificateAuthority, createSigningKeys } from './certificate-authority.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { tenantServer, type TenantPki } from './tenant-pki.ts';

/**
 * New keys of one tenant cluster of vCluster's chart: the authorities that its replicas must share, the
 * service-account keys and its administrator's kubeconfig. What they sign, the control plane makes at its first
 * start and adds to the Secret; `admin.conf` and Secret `vc-<name>` become its own then.
 */
export async function createUpstreamKeys(tenant: {
  name: string;
  hostNamespace: string;
}): Promise<TenantPki> {
  const [authority, frontProxy, etcd, signing] = await Promise.all([
    createCertificateAuthority(`vcluster:${tenant.name}`),
    createCertificateAuthority('front-proxy-ca'),
    createCertificateAuthority('etcd-ca'),
    createSigningKeys(),
  ]);
  const kubeconfig = renderKubeconfig({
    ...tenantServer(tenant),
    certificateAuthority: authority.certificate,
    client: await authority.issue({
      commonName: 'vcluster-admin',
      organizations: ['system:masters'],
      usages: ['client'],
    }),
  });
  return {
    kubeconfig,
    pki: {
      'ca.crt': authority.certificate,
      'ca.key': authority.key,
      'front-proxy-ca.crt': frontProxy.certificate,
      'front-proxy-ca.key': frontProxy.key,
      'etcd-ca.crt': etcd.certificate,
      'etcd-ca.key': etcd.key,
      'sa.key': signing.privateKey,
      'sa.pub': signing.publicKey,
      'admin.conf': kubeconfig,
    },
  };
}
