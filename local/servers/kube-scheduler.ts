import type { Program } from '../../adapters/processes/program.ts';

export interface KubeSchedulerOptions {
  binary: string;
  /** Path of its kubeconfig. */
  kubeconfig: string;
}

/** A kube-scheduler alone (no leader election, no port). */
export function kubeScheduler(options: KubeSchedulerOptions): Program {
  return {
    binary: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      '--secure-port=0',
      '--leader-elect=false',
      '--profiling=false',
    ],
  };
}
