import { join } from 'node:path';
import type { ProgramFile } from '../adapters/processes/program.ts';

/**
 * Has a kube-apiserver dial nothing that its own objects name: nodes, pods, Services, webhooks, APIServices
 * (CVE-2022-3294). No socket can be created below /dev/null. Its etcd is not affected.
 * @param clusterSocket of an HTTP CONNECT proxy that decides about nodes, pods and Services
 */
export function egressSelector(
  dir: string,
  clusterSocket = '/dev/null/closed-by-the-platform',
): { args: string[]; file: ProgramFile } {
  const path = join(dir, 'egress-selector.json');
  const selection = (name: string, udsName: string) => ({
    name,
    connection: { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName } } },
  });
  const content = {
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [
      selection('cluster', clusterSocket),
      selection('controlplane', '/dev/null/closed-by-the-platform'),
    ],
  };
  return {
    args: [`--egress-selector-config-file=${path}`],
    file: { path, content: JSON.stringify(content) },
  };
}
