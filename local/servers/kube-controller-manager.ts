import type { Program } from '../../adapters/processes/program.ts';

export interface KubeControllerManagerOptions {
  binary: string;
  /** Path of its kubeconfig. */
  kubeconfig: string;
  /** Path. */
  serviceAccountKeyFile: string;
  /** Path. */
  caFile: string;
  /** As `--controllers` takes them, e.g. `*` or names. */
  controllers: readonly string[];
}

/** A kube-controller-manager alone (no leader election, no port), each controller under its own service account. */
export function kubeControllerManager(options: KubeControllerManagerOptions): Program {
  return {
    binary: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      '--secure-port=0',
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${options.serviceAccountKeyFile}`,
      `--root-ca-file=${options.caFile}`,
      `--controllers=${options.controllers.join(',')}`,
      '--kube-api-qps=100',
      '--kube-api-burst=200',
      '--profiling=false',
    ],
  };
}
