import type { Program } from '../../adapters/processes/program.ts';

export interface KubeApiserverOptions {
  binary: string;
  port: number;
  /** Endpoint of etcd or Kine. */
  etcdEndpoint: string;
  pki: ApiserverKeys;
  /** Inside 127.0.0.0/8, so that no packet to a Service can leave the machine. */
  serviceRange: string;
  /** What differs between the clusters: `--flag=value`. */
  extraArgs?: readonly string[];
}

/** Paths. */
export interface ApiserverKeys {
  caFile: string;
  certificateFile: string;
  keyFile: string;
  serviceAccountKeyFile: string;
  serviceAccountPublicKeyFile: string;
  /** Empty folder: without `--cert-dir` the server wants to write under /var/run. */
  certificatesDir: string;
}

/** A kube-apiserver on loopback with client certificates and RBAC; anonymous requests are refused. */
export function kubeApiserver(options: KubeApiserverOptions): Program {
  const { pki } = options;
  return {
    binary: options.binary,
    stopGraceMs: 20_000,
    args: [
      '--bind-address=127.0.0.1',
      `--secure-port=${options.port}`,
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none', // the endpoint would be a loopback address, which EndpointSlices refuse
      `--etcd-servers=${options.etcdEndpoint}`,
      `--service-cluster-ip-range=${options.serviceRange}`,
      '--authorization-mode=RBAC',
      '--anonymous-auth=false',
      `--client-ca-file=${pki.caFile}`,
      `--tls-cert-file=${pki.certificateFile}`,
      `--tls-private-key-file=${pki.keyFile}`,
      `--cert-dir=${pki.certificatesDir}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${pki.serviceAccountKeyFile}`,
      `--service-account-key-file=${pki.serviceAccountPublicKeyFile}`,
      '--profiling=false',
      ...(options.extraArgs ?? []),
    ],
  };
}
