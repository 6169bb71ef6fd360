import type { Program } from '../../../adapters/processes/program.ts';
import { findProgram } from '../../../toolchain/find-program.ts';
import { nodeNetwork } from './network.ts';

/** Its metrics, which answer when it runs; the namespace has nobody else who could want the port. */
export const kubeProxyPort = 10_249;

/** kube-proxy with iptables rules; it leaves the kernel's limits of connections alone. */
export function kubeProxy(options: { nodeName: string; kubeconfig: string }): Program {
  return {
    binary: findProgram('kube-proxy'),
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      `--hostname-override=${options.nodeName}`,
      `--bind-address=${nodeNetwork.nodeAddress}`,
      `--cluster-cidr=${nodeNetwork.podRange}`,
      '--proxy-mode=iptables',
      '--iptables-localhost-nodeports=false',
      '--iptables-min-sync-period=100ms',
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
      '--healthz-bind-address=',
      `--metrics-bind-address=127.0.0.1:${kubeProxyPort}`,
    ],
  };
}
